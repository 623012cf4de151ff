"""How often a secret may be tried that may be wrong: a PBX that bans addresses would ban every agent with one of them.

A secret that was right once is tried freely, in that version. All others take turns: one at a time in an account until
one was right there, and once one was refused, none in that account for a minute; five in all, refused in the last
minute or under way, for the gateway. What a person asks for (another secret, a new try) does not wait for its account,
only for the gateway.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

MINUTE = 60.0
SOON = 0.5  # seconds after which to ask again while another try is under way
_LEASE = 40.0  # seconds after which a try that nobody told the end of is forgotten: longer than any transaction


@dataclass(frozen=True, slots=True)
class _Try:
    account: str
    until: float


class Tries:
    """Implements `signaling.ports.SecretTries`; ``clock`` gives seconds that do not go back."""

    def __init__(self, clock: Callable[[], float], *, per_account: int = 1, in_all: int = 5) -> None:
        self._clock = clock
        self._per_account = per_account
        self._in_all = in_all
        self._right: dict[str, int] = {}  # line -> version
        self._sound: set[str] = set()  # accounts whose last secret was right: more at a time may be tried
        self._under_way: dict[str, _Try] = {}  # by line
        self._refused: deque[tuple[float, str]] = deque()  # when, account

    def ask(self, account: str, line: str, version: int, *, person: bool = False) -> float:
        """0 where the secret may be tried now; then `tell` what came of it. Else the seconds until to ask again."""
        if self._right.get(line) == version:
            return 0.0
        now = self._clock()
        self._forget(now)
        of_account = [at for at, who in self._refused if who == account]
        if len(of_account) >= self._per_account and not person:
            return of_account[-self._per_account] + MINUTE - now
        if len(self._refused) >= self._in_all:
            return self._refused[-self._in_all][0] + MINUTE - now
        others = [it.account for name, it in self._under_way.items() if name != line]
        waits = account in others and account not in self._sound and not person
        if waits or len(others) + len(self._refused) >= self._in_all:
            return SOON
        self._under_way[line] = _Try(account, now + _LEASE)
        return 0.0

    def tell(self, account: str, line: str, version: int, right: bool | None) -> None:
        """``right`` is None where the PBX did not say."""
        self._under_way.pop(line, None)
        if right:
            self._right[line] = version
            self._sound.add(account)
        elif right is False:
            self._right.pop(line, None)
            self._sound.discard(account)
            self._refused.append((self._clock(), account))

    def _forget(self, now: float) -> None:
        while self._refused and self._refused[0][0] <= now - MINUTE:
            self._refused.popleft()
        for line in [line for line, it in self._under_way.items() if it.until <= now]:
            del self._under_way[line]


class Unlimited:
    """For a line by itself."""

    def ask(self, account: str, line: str, version: int, *, person: bool = False) -> float:
        return 0.0

    def tell(self, account: str, line: str, version: int, right: bool | None) -> None:
        return None
