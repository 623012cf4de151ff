"""The session timer of a dialog with the PBX (RFC 4028): without a sign of life at half of the agreed interval from the
side that refreshes, or at its end from the other one, a call has been forgotten, and ends.

We offer it (``Supported: timer``) and leave the interval to the PBX. Where it is ours to refresh, that is an UPDATE
without SDP, or a re-INVITE that changes nothing where the PBX takes no UPDATE; every re-INVITE of a call refreshes too.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .context import Context
from .grammar import number
from .message import Message, Request, Response
from .parameters import Parameters

OPTION = "timer"
SUPPORTED = ("Supported", OPTION)
SHORTEST = 90  # seconds: RFC 4028 section 5
_LONGEST = 86_400
_TRIES = 3
_BEFORE_THE_END = 32  # seconds: section 10


@dataclass(frozen=True, slots=True)
class SessionExpires:
    """Session-Expires; ``refresher`` is ``uac``, ``uas`` or None."""

    seconds: int
    refresher: str | None = None

    @classmethod
    def of(cls, message: Message) -> "SessionExpires | None":
        """None where there is none that can be read: a timer is not worth a call."""
        text = message.headers.get("Session-Expires")
        if text is None:
            return None
        digits, semicolon, rest = text.partition(";")
        try:
            refresher = (Parameters.parse(semicolon + rest).get("refresher") or "").lower()
            return cls(number(digits.strip(" \t"), 2**31 - 1), refresher if refresher in ("uac", "uas") else None)
        except ValueError:
            return None

    def __str__(self) -> str:
        return str(self.seconds) + ("" if self.refresher is None else f";refresher={self.refresher}")


def too_short(request: Request) -> int | None:
    """The Min-SE to refuse ``request`` with (422), where it wants a shorter interval and can be told so."""
    wanted = SessionExpires.of(request)
    short = wanted is not None and wanted.seconds < SHORTEST and OPTION in request.supported
    return SHORTEST if short else None


class SessionTimer:
    """Of one dialog. ``refresh`` sends what refreshes it, and has `agreed` or `failed` called with the outcome;
    ``expired`` ends the call.
    """

    def __init__(self, context: Context, timer: str, refresh: Callable[[], None], expired: Callable[[], None]) -> None:
        self._context = context
        self._timer = timer
        self._refresh = refresh
        self._expired = expired
        self._interval: int | None = None
        self._ours = False
        self._failures = 0

    def offer(self) -> Iterable[tuple[str, str]]:
        """For an INVITE or UPDATE of ours."""
        if self._interval is None:
            return [SUPPORTED]
        wanted = SessionExpires(self._interval, "uac" if self._ours else "uas")
        return [SUPPORTED, ("Session-Expires", str(wanted))]

    def answer(self, request: Request) -> Iterable[tuple[str, str]]:
        """For our 2xx to ``request``, an INVITE or UPDATE; from now on it counts."""
        wanted, speaks = SessionExpires.of(request), OPTION in request.supported
        seconds = wanted.seconds if wanted is not None else self._interval
        if seconds is None:
            return [SUPPORTED]
        asked = wanted.refresher if wanted is not None else None
        refresher = (asked or "uac") if speaks else "uas"
        agreed = SessionExpires(seconds, refresher)
        self._start(agreed.seconds, ours=refresher == "uas")
        headers = [SUPPORTED, ("Session-Expires", str(agreed))]
        return [*headers, ("Require", OPTION)] if speaks else headers

    def agreed(self, response: Response) -> None:
        """A 2xx to an INVITE or UPDATE of ours came."""
        granted = SessionExpires.of(response)
        if granted is None:
            self.stop()
        else:
            self._start(granted.seconds, ours=granted.refresher != "uas")

    def failed(self, response: Response | None) -> None:
        """Our refresh was refused, or not answered."""
        if self._interval is None:
            return
        if response is not None and response.status == 422:
            self._interval = max(self._interval, _least(response))
        self._failures += 1
        if self._failures >= _TRIES:
            self._expired()
        else:
            self._context.set_timer(self._timer, self._interval / 8, self._refresh)

    def stop(self) -> None:
        self._interval = None
        self._context.cancel_timer(self._timer)

    def _start(self, seconds: int, *, ours: bool) -> None:
        self._interval, self._ours, self._failures = min(max(seconds, 2), _LONGEST), ours, 0
        if ours:
            self._context.set_timer(self._timer, self._interval / 2, self._refresh)
        else:
            late = self._interval - min(_BEFORE_THE_END, self._interval / 3)
            self._context.set_timer(self._timer, late, self._expired)


def _least(response: Response) -> int:
    text = (response.headers.get("Min-SE") or "").partition(";")[0].strip(" \t")
    try:
        return min(number(text, 2**31 - 1), _LONGEST)
    except ValueError:
        return SHORTEST
