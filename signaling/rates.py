"""How often something may be done: token buckets, and what a line may ask for in a minute. Time comes from outside."""

from dataclasses import dataclass

from .message import Request, Response


class Bucket:
    """``burst`` at once, ``rate`` a second after that; every time is in seconds of one clock that does not go back."""

    def __init__(self, rate: float, burst: int, now: float) -> None:
        self._rate, self._burst = rate, burst
        self._level, self._then = float(burst), now

    def take(self, now: float) -> float:
        """0 where there was one and it is taken now; else the seconds until there is one."""
        self._level = min(self._burst, self._level + (now - self._then) * self._rate)
        self._then = now
        if self._level < 1:
            return (1 - self._level) / self._rate
        self._level -= 1
        return 0.0


@dataclass(frozen=True, slots=True)
class MethodRates:
    """A minute, for one line with all its handsets; a minute's worth may come at once, except of REGISTER."""

    registers: int = 60
    register_burst: int = 20
    invites: int = 20
    messages: int = 30


class Rates:
    """What a line's handsets have asked for. Requests in a dialog, and those of other methods, are not counted: the
    rate of all messages of a handset bounds them.
    """

    def __init__(self, rates: MethodRates, now: float) -> None:
        self._rates = rates
        self._invites = rates.invites
        self._buckets = {
            "REGISTER": Bucket(rates.registers / 60, rates.register_burst, now),
            "INVITE": _a_minute(rates.invites, now),
            "MESSAGE": _a_minute(rates.messages, now),
        }

    def limit_invites(self, per_minute: int | None, now: float) -> None:
        """The account's own limit (None: it has none), which can only be lower than the gateway's."""
        invites = self._rates.invites if per_minute is None else min(per_minute, self._rates.invites)
        if invites != self._invites:
            self._invites = invites
            self._buckets["INVITE"] = _a_minute(invites, now)

    def wait(self, message: Request | Response, now: float) -> float:
        """0 where ``message`` may be handled now, else the seconds until one like it may be."""
        if isinstance(message, Response) or message.to_tag is not None:
            return 0.0
        bucket = self._buckets.get(message.method)
        return 0.0 if bucket is None else bucket.take(now)


def _a_minute(count: int, now: float) -> Bucket:
    return Bucket(count / 60, count, now)
