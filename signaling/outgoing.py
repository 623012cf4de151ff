"""A call that a handset makes, until both sides have answered.

::

    handset            line                      PBX
      |--INVITE--------->| media offer             |
      |<--100------------|--INVITE---------------->|
      |                  |<--401 (signed by `far`)-|
      |<--180, 183 SDP---| media answer <--180,183-|
      |<--200------------| media answer <----200---|
"""

from .agent import Outcome
from .call import Call, Switchboard
from .causes import Cause, cause_of_status
from .commands import Audit, MediaAnswer, MediaOffer
from .context import Context
from .early import RELIABLE
from .events import MediaDescribed, MediaRefused
from .leg import Leg, LegState
from .message import Request, Response
from .near import NearAgent
from .ports import FAR
from .views import CallState, CallView, Direction


def near_status(status: int) -> int:
    """What a handset gets for a final failure of the far side: the same, except that a challenge and a redirection are
    none of its business."""
    if status < 400:
        return 480
    return 403 if status in (401, 407) else status


class OutgoingCall(Call):
    def __init__(
        self, context: Context, board: Switchboard, agent: NearAgent, invite: Request, number: str, call: str
    ) -> None:
        view = CallView(
            call=call,
            line=context.config.line,
            direction=Direction.OUT,
            state=CallState.DIALING,
            number=number,
            handset=agent.handset,
            near_call_id=invite.call_id,
        )
        super().__init__(context, board, view)
        self._number = number
        self._offer = invite.body
        self._offered_sdp = b""  # the same, as the PBX gets it
        self._reliable = False  # the INVITE that is at the PBX offers 100rel
        self._caller = Leg(agent, agent.handset, context.ids.token(), (("X-Ramal-Call", call),))
        self._caller.invited(invite)
        self._early: tuple[str | None, bytes] | None = None  # To tag and SDP of the early media that are heard
        self.near = self._caller

    def start(self) -> None:
        self._caller.progress(100)
        self.publish()
        if (refusal := self._context.config.dial.refusal(self._number)) is not None:
            self._context.do(Audit("dial_refused", f"{refusal} call={self.id}"))
            self.finish(Cause.FORBIDDEN, "gateway", near=403)
            return
        if not self._board.is_ready:
            self.finish(Cause.PBX_LOST, "gateway", near=503)
            return
        self._context.set_timer(self.timer("ringing"), self._context.timing.ringing, self._not_answered)
        offer = MediaOffer(self.id, "", self._caller.name, self._offer, FAR)
        self._context.ask_media(offer, self._offered)

    def _not_answered(self) -> None:
        self.finish(Cause.NO_ANSWER, "gateway", near=408)

    def _offered(self, event: MediaDescribed | MediaRefused) -> None:
        if isinstance(event, MediaRefused):
            self.finish(Cause.MEDIA_FAILED, "gateway", near=488 if event.whose == "peer" else 500)
        elif not event.description.audio:
            self.finish(Cause.MEDIA_FAILED, "gateway", near=488)
        else:
            self._offered_sdp = event.description.sdp
            self._invite(self.far_leg())

    def _invite(self, leg: Leg, *, reliable: bool = False) -> None:
        self.far, self._reliable = leg, reliable
        then, sdp = (lambda it: self._far_answered(leg, it)), self._offered_sdp
        leg.inviting(self._board.far.invite(self._number, sdp, leg.tag, then, reliable=reliable))

    def _far_answered(self, leg: Leg, outcome: Outcome) -> None:
        waited = leg.state is LegState.INVITING
        response = leg.answered(outcome)
        if self.is_over or not waited:
            return
        if outcome.response is None:
            self.finish(Cause.PBX_LOST, "gateway", near=503)
        elif response is None or response.status == 100:
            return
        elif response.status < 200:
            self._progressed(response)
        elif response.is_success:
            self._accepted(response)
        elif response.status == 421 and RELIABLE in response.require and not self._reliable:
            self._invite(self.far_leg(), reliable=True)
        else:
            sip = (response.status, response.reason)
            q850 = next((it.cause for it in response.reasons if it.protocol.upper() == "Q.850"), None)
            cause = cause_of_status(response.status, q850)
            self.finish(cause, "other", sip=sip, near=near_status(response.status))

    def _progressed(self, response: Response) -> None:
        if response.status == 180:
            self.update(state=CallState.RINGING)
        if response.body and self._early is None:
            self._early = (response.to_tag, response.body)
            answer = MediaAnswer(self.id, "", FAR, response.body, self._caller.name)
            self._context.ask_media(answer, self._early_described)
        elif response.status == 180 or (response.status == 183 and not response.body):
            self._caller.progress(response.status)

    def _early_described(self, event: MediaDescribed | MediaRefused) -> None:
        """Early media that cannot be had are no reason to end the call: the answer may be better."""
        if isinstance(event, MediaDescribed):
            self.update(state=CallState.RINGING, early_media=True)
            self._caller.progress(183, event.description.sdp)

    def _accepted(self, response: Response) -> None:
        body = response.body
        if not body and self._early is not None and self._early[0] == response.to_tag:
            body = self._early[1]
        if not body:
            self.finish(Cause.MEDIA_FAILED, "gateway", near=488)
            return
        answer = MediaAnswer(self.id, "", FAR, body, self._caller.name)
        self._context.ask_media(answer, lambda event: self._described(event, response))

    def _described(self, event: MediaDescribed | MediaRefused, response: Response) -> None:
        if isinstance(event, MediaRefused):
            self.finish(Cause.MEDIA_FAILED, "gateway", near=500)
            return
        told = {"sip_status": response.status, "sip_reason": response.reason}
        if self.attachment.is_detached:
            self.talk(self._caller, **told)
            self.attachment.answered()
            return
        self._caller.accept(event.description.sdp)
        self.await_ack(self._caller)
        self.talk(self._caller, **told)

    # A page that goes while it rings has forgotten its INVITE when it is back: it is offered the call at the answer.

    def handset_lost(self, agent: NearAgent) -> None:
        if self.is_active or self.is_over or self._caller.agent is not agent:
            super().handset_lost(agent)
        else:
            self._caller.lost()
            self.attachment.lost(self._context.timing.detached_ringing)

    def handset_registered(self, agent: NearAgent) -> None:
        if self.attachment.is_detached and not self.is_active and self._caller.agent is agent:
            self.attachment.waits_for_answer()
        super().handset_registered(agent)
