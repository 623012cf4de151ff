"""A call to one of the sandbox's numbers: a dialplan that runs against a WebRTC peer. Pure."""

from .commands import AnswerOffer, CancelTimer, ClosePeer, Command, EchoBack, Note, PlayKeys, PlaySound, SetTimer
from .dialplan import Answer, Echo, Play, Progress, Read, Refuse, Ring, SayKeys, Step, Wait, needs_media
from .leg import Leg, LegState


class NumberCall:
    """``call`` is its id; `leg` is its only side. Each method gives what is to be done next."""

    def __init__(self, call: str, leg: Leg, steps: tuple[Step, ...]) -> None:
        self.call = call
        self.leg = leg
        self._steps = iter(steps)
        self._step: Step | None = None  # the one that waits for something
        self._media = needs_media(steps)
        self._sdp: bytes | None = None  # the peer's answer to the first offer
        self._keys = ""

    @property
    def legs(self) -> tuple[Leg, ...]:
        return (self.leg,)

    @property
    def ended(self) -> bool:
        return self.leg.state is LegState.ENDED

    def start(self) -> list[Command]:
        assert self.leg.asked is not None
        if not self._media:
            return self._advance()
        return self._offer(self.leg.asked.body)

    def reoffered(self, leg: Leg) -> list[Command]:
        """A further INVITE: hold, resume."""
        assert leg.asked is not None
        return self._offer(leg.asked.body) if self._media else [leg.respond(488)]

    def cancelled(self, leg: Leg) -> list[Command]:
        return [leg.respond(487), *self._release()]

    def hung_up(self, leg: Leg) -> list[Command]:
        """By the client; its BYE is answered already."""
        leg.state = LegState.ENDED
        pending: list[Command] = [leg.respond(487)] if leg.asked is not None else []
        return pending + self._release()

    def gone(self, leg: Leg) -> list[Command]:
        """The client's connection did not come back."""
        return self.hang_up()

    def hang_up(self) -> list[Command]:
        """From our side, whatever the state."""
        final: Command = self.leg.bye() if self.leg.state is LegState.CONFIRMED else self.leg.respond(480)
        return [final, *self._release()]

    def offer_answered(self, sdp: bytes) -> list[Command]:
        if self._sdp is None:
            self._sdp = sdp
            return self._advance()
        return [self.leg.respond(200, sdp)] if self.leg.asked is not None else []

    def offer_refused(self, detail: str) -> list[Command]:
        first = self._sdp is None
        refusal: list[Command] = [Note(f"OFFER REFUSED {detail}")]
        if self.leg.asked is not None:
            refusal.append(self.leg.respond(488))
        return refusal + (self._release() if first else [])

    def sound_ended(self) -> list[Command]:
        return self._advance() if isinstance(self._step, Play | SayKeys) else []

    def key_pressed(self, key: str) -> list[Command]:
        if not isinstance(self._step, Read):
            return []
        self._keys += key
        if len(self._keys) < self._step.count:
            return [SetTimer(self._timer, self._step.seconds)]
        return [CancelTimer(self._timer), *self._read()]

    def timer_fired(self, name: str) -> list[Command]:
        if name != self._timer:
            return []
        return self._read() if isinstance(self._step, Read) else self._advance()

    @property
    def _timer(self) -> str:
        return f"step:{self.call}"

    def _read(self) -> list[Command]:
        return [Note(f"DTMF={self._keys}"), *self._advance()]

    def _offer(self, sdp: bytes) -> list[Command]:
        if not sdp:  # an INVITE without an offer (RFC 3261 section 13.2.1) is nothing a WebRTC client sends
            return [self.leg.respond(488), *(self._release() if self._sdp is None else [])]
        return [AnswerOffer(self.call, sdp)]

    def _advance(self) -> list[Command]:
        """Takes steps until one has to wait, or ends the call: every dialplan ends in one of these."""
        commands: list[Command] = []
        waits = False
        while not waits and not self.ended:
            self._step = step = next(self._steps)
            commands += self._take(step)
            waits = isinstance(step, Play | Echo | Wait | Read) or (isinstance(step, SayKeys) and self._keys != "")
        return commands

    def _take(self, step: Step) -> list[Command]:
        match step:
            case Ring():
                return [self.leg.respond(180)]
            case Progress():
                return [self.leg.respond(183, self._sdp or b"")]
            case Answer():
                return [self.leg.respond(200, self._sdp or b"")]
            case Refuse(status):
                return [self.leg.respond(status), *self._release()]
            case Play(sound, loop):
                return [PlaySound(self.call, sound, loop)]
            case Echo():
                return [EchoBack(self.call)]
            case Wait(seconds) | Read(_, seconds):
                return [SetTimer(self._timer, seconds)]
            case SayKeys():
                return [PlayKeys(self.call, self._keys)] if self._keys else []
            case _:
                return self.hang_up()

    def _release(self) -> list[Command]:
        self._step = None
        released: list[Command] = [CancelTimer(self._timer)]
        return [*released, ClosePeer(self.call)] if self._media else released
