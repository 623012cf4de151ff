"""How fast the lines of a gateway may come to one PBX: all of them together, however many there are.

A PBX that was started again, or a network that came back, brings every line at once; a real PBX answers such a storm
with silence, and the lines with another storm. So whoever opens a connection or sends a REGISTER takes its turn here,
in lanes of one PBX address each: never more than so many in any second, the most urgent first.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable
from enum import IntEnum
from urllib.parse import urlsplit

WINDOW = 1.05  # seconds in which a lane lets through as many as its limit: a second, and what a network may shift
_AT_ONCE = 6  # turns that may follow each other without a pause, or make up for a late timer; the rest is spread


class Urgency(IntEnum):
    """Who goes first where not all can."""

    CALL = 0  # the line has a live call, which ends if the line stays away
    KNOWN = 1  # the line is connected: its REGISTER answers a challenge, whose nonce grows old, or keeps its binding
    NEW = 2
    LEAVING = 3  # takes the registration back; it ends by itself anyway


class Turn:
    """A place in a lane. ``then`` is called once, when it is this one's turn, unless it was given up before."""

    __slots__ = ("_then", "place")

    def __init__(self, place: tuple[int, int], then: Callable[[], None]) -> None:
        self.place = place
        self._then: Callable[[], None] | None = then

    def __lt__(self, other: "Turn") -> bool:
        return self.place < other.place

    @property
    def waits(self) -> bool:
        return self._then is not None

    def give_up(self) -> None:
        self._then = None

    def take(self) -> None:
        then, self._then = self._then, None
        if then is not None:
            then()


class Lane:
    """At most ``limit`` turns in any `WINDOW`, evenly; ``limit`` is at least one. Where nobody waits a turn costs no
    time.
    """

    def __init__(self, limit: int) -> None:
        self._limit = max(1, limit)
        self._taken: deque[float] = deque(maxlen=self._limit)
        self._even = 0.0  # when the next turn would come if all came evenly: the generic cell rate algorithm
        self._waiting: list[Turn] = []
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None

    def ask(self, urgency: Urgency, then: Callable[[], None]) -> Turn:
        """``then`` is called now or later, from the event loop."""
        self._count += 1
        turn = Turn((urgency, self._count), then)
        heapq.heappush(self._waiting, turn)
        if self._timer is None:
            self._serve()
        return turn

    @property
    def is_behind(self) -> bool:
        """More wait than one window takes."""
        return len(self._waiting) >= self._limit

    def seconds(self, turn: Turn) -> float:
        """About how long ``turn`` will wait, if nobody more urgent comes; 0.0 where it does not."""
        if not turn.waits:
            return 0.0
        ahead = sum(other.waits and other.place < turn.place for other in self._waiting)
        now = asyncio.get_running_loop().time()
        return max(0.0, self._free_at(now) - now) + ahead // self._limit * WINDOW

    def _free_at(self, now: float) -> float:
        whole = self._taken[0] + WINDOW if len(self._taken) == self._limit else now
        return max(whole, self._even - (_AT_ONCE - 1) * WINDOW / self._limit)

    def _serve(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        while self._waiting:
            if not self._waiting[0].waits:
                heapq.heappop(self._waiting)
                continue
            now = loop.time()
            at = self._free_at(now)
            if at > now:
                self._timer = loop.call_at(at, self._serve)
                return
            turn = heapq.heappop(self._waiting)
            self._taken.append(now)
            self._even = max(self._even, now) + WINDOW / self._limit
            turn.take()


class Pacer:
    """The lanes of every PBX. ``rate`` is in REGISTER a second for one PBX, whatever lines, users and accounts.

    Connections are opened at the same pace, and not while REGISTERs are behind: each brings one and, as a rule, a
    second one with the signature.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._registers: dict[str, Lane] = {}
        self._openings: dict[str, Lane] = {}

    def registers(self, url: str) -> Lane:
        return self._lane(self._registers, url, self._rate)

    def openings(self, url: str) -> Lane:
        return self._lane(self._openings, url, self._rate)

    @staticmethod
    def _lane(lanes: dict[str, Lane], url: str, limit: int) -> Lane:
        address = urlsplit(url).netloc.rpartition("@")[2].lower()
        if address not in lanes:
            lanes[address] = Lane(limit)
        return lanes[address]
