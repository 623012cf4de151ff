"""A call that comes from the PBX, until a handset and the line have answered. It rings on every registered handset.

The first 200 wins; the others get a CANCEL. A handset that answers 486 is out, the others ring on; 603 (or another 6xx)
is the person's refusal and ends it for all. A handset that registers while it rings, rings too.
"""

from collections.abc import Iterable

from .agent import Outcome
from .auto_answer import HEADER
from .call import Call, Switchboard
from .causes import Cause
from .commands import MediaAnswer, MediaDrop, MediaOffer
from .context import Context
from .events import MediaDescribed, MediaRefused
from .fields import Reason
from .leg import Header, Leg, LegState
from .message import Request, Response
from .near import NearAgent
from .ports import FAR
from .uri import NameAddr
from .views import CallState, CallView, Direction

_ELSEWHERE = ("Reason", str(Reason("SIP", 200, "Call completed elsewhere")))


def caller_of(invite: Request) -> tuple[str, str | None]:
    """Number and name of who calls: what the PBX asserts (RFC 3325), else From."""
    caller = invite.from_
    try:
        asserted = invite.headers.get_list("P-Asserted-Identity")
        caller = NameAddr.parse(asserted[0]) if asserted else caller
    except ValueError:
        pass  # it only informs
    return caller.uri.unescaped_user, caller.display_name


class IncomingCall(Call):
    def __init__(self, context: Context, board: Switchboard, invite: Request, call: str) -> None:
        number, name = caller_of(invite)
        number = number if number.isprintable() else ""
        view = CallView(
            call=call,
            line=context.config.line,
            direction=Direction.IN,
            state=CallState.RINGING,
            number=number,
            name=name,
        )
        super().__init__(context, board, view)
        self._offer = invite.body
        self._callee = self.far_leg()
        self._callee.invited(invite)
        self._ringing: dict[str, Leg] = {}
        self._refusals: list[tuple[int, str | None]] = []  # status and X-Ramal-Cause of each
        self._told_ringing = False
        self._hints: tuple[Header, ...] = ()  # of the INVITEs to the pages
        self.far = self._callee

    def legs(self) -> Iterable[Leg]:
        others = [leg for leg in self._ringing.values() if leg is not self.near]
        return [*super().legs(), *others]

    def start(self, *, room: bool, auto_answer: str | None = None) -> None:
        """``room`` is False where the line has all the calls that it may have; ``auto_answer`` is why the page may
        answer by itself.
        """
        self._hints = ((HEADER, auto_answer),) if auto_answer is not None else ()
        self._callee.progress(100)
        self.publish()
        if not room:
            self.finish(Cause.BUSY, "gateway", far=486)
        elif not self._board.registered():
            self.finish(Cause.UNAVAILABLE, "gateway", far=480)
        else:
            self._context.set_timer(self.timer("ringing"), self._context.timing.ringing, self._not_answered)
            for agent in self._board.registered():
                self._ring(agent)

    def _not_answered(self) -> None:
        self.finish(Cause.NO_ANSWER, "gateway", far=480)

    def _ring(self, agent: NearAgent) -> None:
        leg = Leg(agent, agent.handset, self._context.ids.token(), (("X-Ramal-Call", self.id),))
        self._ringing[agent.handset] = leg
        self._context.cancel_timer(self.timer("detached"))
        if not self._offer:
            self._invite(agent, leg, b"")
            return
        offer = MediaOffer(self.id, "", FAR, self._offer, agent.handset)
        self._context.ask_media(offer, lambda event: self._offered(agent, leg, event))

    def _offered(self, agent: NearAgent, leg: Leg, event: MediaDescribed | MediaRefused) -> None:
        if self._ringing.get(agent.handset) is not leg or self.near is not None:
            return
        if isinstance(event, MediaRefused):
            self.finish(Cause.MEDIA_FAILED, "gateway", far=488 if event.whose == "peer" else 500)
        elif not agent.is_registered:
            self._leave(leg, 480, None)
        else:
            self._invite(agent, leg, event.description.sdp)

    def _invite(self, agent: NearAgent, leg: Leg, sdp: bytes) -> None:
        headers = (*leg.headers, *self._hints)
        leg.inviting(agent.invite(self.other, sdp, leg.tag, lambda it: self._near_answered(leg, it), headers))

    def _near_answered(self, leg: Leg, outcome: Outcome) -> None:
        waited = leg.state is LegState.INVITING
        response = leg.answered(outcome)
        if self.is_over or not waited or self._ringing.get(leg.name) is not leg:
            return
        if response is None:
            self._leave(leg, 408, None)
        elif response.status < 200:
            self._rings(response)
        elif response.is_success:
            self._accepted(leg, response)
        else:
            self._refused(leg, response)

    def _rings(self, response: Response) -> None:
        if response.status > 100 and not self._told_ringing:
            self._told_ringing = True
            self._callee.progress(180)

    def _accepted(self, leg: Leg, response: Response) -> None:
        self.near = leg
        for other in [it for it in self._ringing.values() if it is not leg]:
            other.close(487, _ELSEWHERE)
            self._context.do(MediaDrop(self.id, other.name))
        self._ringing = {}
        if not response.body:
            self.finish(Cause.MEDIA_FAILED, "gateway", far=488)
            return
        asked = MediaAnswer if self._offer else MediaOffer
        described = asked(self.id, "", leg.name, response.body, FAR)
        self._context.ask_media(described, lambda event: self._described(leg, event))

    def _described(self, leg: Leg, event: MediaDescribed | MediaRefused) -> None:
        if isinstance(event, MediaRefused):
            self.finish(Cause.MEDIA_FAILED, "gateway", far=488 if event.whose == "peer" else 500)
            return
        self._callee.accept(event.description.sdp)
        self.await_ack(self._callee)
        if self._offer:
            self.talk(leg)

    def acknowledged(self, leg: Leg, ack: Request) -> None:
        """Where the caller made no offer, its answer is in its ACK."""
        super().acknowledged(leg, ack)
        if self._offer or self.is_active or leg is not self._callee or self.near is None:
            return
        answer = MediaAnswer(self.id, "", FAR, ack.body, self.near.name)
        self._context.ask_media(answer, self._answered_late)

    def _answered_late(self, event: MediaDescribed | MediaRefused) -> None:
        assert self.near is not None
        if isinstance(event, MediaRefused):
            self.finish(Cause.MEDIA_FAILED, "gateway")
        else:
            self.near.acknowledge(event.description.sdp)
            self.talk(self.near)

    def _refused(self, leg: Leg, response: Response) -> None:
        if response.status >= 600:
            self.update(handset=leg.name)
            del self._ringing[leg.name]
            self.finish(Cause.REFUSED, "agent", far=603)
        else:
            self._leave(leg, response.status, response.headers.get("X-Ramal-Cause"))

    def _leave(self, leg: Leg, status: int, cause: str | None) -> None:
        """This handset does not take the call. The last one decides, or the wait for one that may come back."""
        leg.close(480)
        del self._ringing[leg.name]
        self._context.do(MediaDrop(self.id, leg.name))
        self._refusals.append((status, cause))
        if self._ringing:
            return
        if not leg.agent.is_connected:
            self._context.set_timer(self.timer("detached"), self._context.timing.detached_ringing, self._nobody)
        else:
            self._nobody()

    def _nobody(self) -> None:
        statuses = [status for status, _ in self._refusals]
        if any(cause == Cause.NO_MICROPHONE for _, cause in self._refusals):
            self.finish(Cause.NO_MICROPHONE, "agent", far=480)
        elif 486 in statuses:
            self.finish(Cause.BUSY, "agent", far=486)
        elif 488 in statuses:
            self.finish(Cause.MEDIA_FAILED, "gateway", far=488)
        else:
            self.finish(Cause.UNAVAILABLE, "gateway", far=480)

    def withdrawn(self, leg: Leg, cancel: Request) -> None:
        elsewhere = any(reason.protocol.upper() == "SIP" and reason.cause == 200 for reason in cancel.reasons)
        self.finish(Cause.ANSWERED_ELSEWHERE if elsewhere else Cause.CANCELLED, "other", near=487, far=487)

    def hang_up(self) -> None:
        if self.is_active:
            super().hang_up()
        else:
            self.finish(Cause.REFUSED, "agent", far=603)

    def handset_registered(self, agent: NearAgent) -> None:
        if self.near is None and not self.is_over and agent.handset not in self._ringing:
            self._ring(agent)
        else:
            super().handset_registered(agent)

    def handset_lost(self, agent: NearAgent) -> None:
        leg = self._ringing.get(agent.handset)
        if self.near is None and leg is not None and not self.is_over:
            self._leave(leg, 480, None)  # its media offer was still under way: no INVITE was sent that could fail
        else:
            super().handset_lost(agent)

    def session_ended(self, handsets: tuple[str, ...]) -> None:
        if self.near is not None:
            super().session_ended(handsets)
            return
        for leg in [leg for name, leg in self._ringing.items() if name in handsets]:
            self._leave(leg, 480, None)
