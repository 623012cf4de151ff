"""A call from one line to another: every contact of the callee rings, the first answer wins. Pure.

The switch is a back-to-back user agent; SDP passes unchanged.
"""

from signaling.message import Response

from .commands import CancelTimer, Command, SetTimer
from .leg import Leg, LegState

RINGING = 30.0  # seconds until nobody answers
CANCELLING = 32.0  # seconds that a cancelled branch has for its 487: 64*T1


class LineCall:
    """``call`` is its id; ``branches`` are the callee's contacts, invited already. Each method gives what is next."""

    def __init__(self, call: str, caller: Leg, branches: tuple[Leg, ...]) -> None:
        self.call = call
        self._caller = caller
        self._branches = list(branches)  # those without a final answer
        self._callee: Leg | None = None
        self._ringing = False
        self._failures: list[int] = []

    @property
    def legs(self) -> tuple[Leg, ...]:
        return (self._caller, *self._branches, *([self._callee] if self._callee else []))

    @property
    def ended(self) -> bool:
        """Also the cancelled branches have to be over."""
        return self._caller.state is LegState.ENDED and not self._branches

    def start(self) -> list[Command]:
        return [SetTimer(self._timer, RINGING)]

    def answered(self, leg: Leg, response: Response) -> list[Command]:
        """A response to an INVITE of ours; the leg has taken it already."""
        if leg is self._callee or leg is self._caller:
            return self._reoffer_answered(leg, response)
        if response.status < 200:
            return self._progressed(response)
        self._branches.remove(leg)
        if response.is_success:
            return self._won(leg, response)
        self._failures.append(response.status)
        if self._branches or self._callee or self._caller.asked is None:
            return []
        return [CancelTimer(self._timer), self._caller.respond(_best(self._failures))]

    def reoffered(self, leg: Leg) -> list[Command]:
        """A further INVITE of one side goes to the other; `answered` brings its answer."""
        other = self._other(leg)
        assert leg.asked is not None and other is not None
        return [other.reinvite(leg.asked.body)]

    def cancelled(self, leg: Leg) -> list[Command]:
        return [CancelTimer(self._timer), leg.respond(487), *self._cancel_branches()]

    def hung_up(self, leg: Leg) -> list[Command]:
        other = self._other(leg)
        leg.state = LegState.ENDED
        commands: list[Command] = [CancelTimer(self._timer), *self._cancel_branches()]
        open_offers = [side for side in (leg, other) if side is not None and side.asked is not None]
        commands += [side.respond(487) for side in open_offers]
        if other is not None and other.state is LegState.CONFIRMED:
            commands.append(other.bye())
        return commands

    def gone(self, leg: Leg) -> list[Command]:
        """The connection of one side did not come back."""
        if leg in self._branches:
            leg.state = LegState.ENDED
            self._branches.remove(leg)
            self._failures.append(480)
            if not self._branches and self._callee is None and self._caller.asked is not None:
                return [CancelTimer(self._timer), self._caller.respond(_best(self._failures))]
            return []
        if leg is self._caller and leg.state is LegState.EARLY:
            return self.cancelled(leg)
        return self.hung_up(leg)

    def hang_up(self) -> list[Command]:
        """From our side, whatever the state."""
        if self._callee is not None and self._caller.state is LegState.CONFIRMED:
            return [self._caller.bye(), *self.hung_up(self._caller)]
        if self._caller.asked is None:
            return []
        return [CancelTimer(self._timer), self._caller.respond(480), *self._cancel_branches()]

    def timer_fired(self, name: str) -> list[Command]:
        """Nobody answered; or a branch that was cancelled said nothing."""
        if name != self._timer:
            return []
        if self._caller.asked is not None and self._caller.state is LegState.EARLY:
            return self.hang_up()
        self._branches = []
        return []

    @property
    def _timer(self) -> str:
        return f"ring:{self.call}"

    def _other(self, leg: Leg) -> Leg | None:
        return self._callee if leg is self._caller else self._caller

    def _progressed(self, response: Response) -> list[Command]:
        if response.status == 100 or self._caller.asked is None:
            return []
        if response.body and not self._failures and len(self._branches) == 1:
            self._ringing = True
            return [self._caller.respond(response.status, response.body)]
        if self._ringing:
            return []
        self._ringing = True
        return [self._caller.respond(180)]

    def _won(self, leg: Leg, response: Response) -> list[Command]:
        if self._callee is not None or self._caller.asked is None:  # another was faster, or the caller gave up
            return [leg.bye()]
        self._callee = leg
        return [CancelTimer(self._timer), self._caller.respond(200, response.body), *self._cancel_branches()]

    def _reoffer_answered(self, leg: Leg, response: Response) -> list[Command]:
        other = self._other(leg)
        if response.status < 200 or other is None or other.asked is None:
            return []
        return [other.respond(response.status, response.body if response.is_success else b"")]

    def _cancel_branches(self) -> list[Command]:
        cancels: list[Command] = [send for branch in self._branches for send in branch.cancel()]
        return [*cancels, SetTimer(self._timer, CANCELLING)] if self._branches else []


def _best(failures: list[int]) -> int:
    """The failure that tells most: a global one (6xx), else busy, else the lowest (RFC 3261 section 16.7)."""
    everywhere = [status for status in failures if status >= 600]
    return everywhere[0] if everywhere else 486 if 486 in failures else min(failures)
