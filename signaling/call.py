"""A call of a line: one far leg, the near legs of its handsets, one media session. What both directions have in common;
how a call is set up is in `signaling.outgoing` and `signaling.incoming`.

A conversation survives two kinds of loss for a while: its handset (`signaling.attachment`) and the connection to the
PBX (`Timing.lost`, then a request in the dialog asks whether the PBX still knows the call).
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Protocol

from .agent import Agent, Outcome
from .attachment import Attachment
from .causes import Cause
from .commands import MediaRelease, MediaSelect, Publish
from .context import Context
from .dialog import DialogId
from .digits import RELAY, Digit, passed_on
from .events import MediaDescribed, MediaHappening, MediaRefused
from .far import FarAgent
from .fields import Reason
from .late_offer import LateRenegotiation
from .leg import Header, Leg
from .message import Request
from .near import NearAgent
from .ports import FAR, NEAR_DOMAIN, Dtmf
from .renegotiation import Renegotiation
from .session_timer import SessionTimer
from .transfer import Transfer
from .uri import NameAddr, Uri, escape_user
from .views import CallState, CallView, RecordingState

_GONE = (404, 408, 410, 481)  # the PBX does not know the call any more

_RECORDING = {
    MediaHappening.RECORDING_STARTED: RecordingState.ON,
    MediaHappening.RECORDING_STOPPED: RecordingState.OFF,
    MediaHappening.RECORDING_DISK_FULL: RecordingState.DISK_FULL,
    MediaHappening.RECORDING_FAILED: RecordingState.FAILED,
}


class Switchboard(Protocol):
    """What a call needs of its line."""

    far: FarAgent

    @property
    def is_ready(self) -> bool: ...
    def registered(self) -> list[NearAgent]: ...
    def ended(self, call: "Call") -> None: ...


class Call:
    """The base of both directions. ``near`` is the leg of the handset in the conversation, None before."""

    def __init__(self, context: Context, board: Switchboard, view: CallView) -> None:
        self.id = view.call
        self.view = view
        self.far: Leg | None = None
        self.near: Leg | None = None
        self._context = context
        self._board = board
        self.attachment = Attachment(context, self)
        self.transfer = Transfer(context, self)
        self._postponed: Request | None = None  # of the near leg, until it is known whether it keeps the call
        self._connected: set[str] = set()  # legs whose audio can flow
        self._renegotiation: Renegotiation | LateRenegotiation | None = None

    @property
    def is_over(self) -> bool:
        return self.view.state is CallState.ENDED

    @property
    def number(self) -> str:
        return self.view.number

    @property
    def is_active(self) -> bool:
        return self.view.state is CallState.ACTIVE

    def legs(self) -> Iterable[Leg]:
        """Every leg that there is."""
        return [leg for leg in (self.near, self.far, self.attachment.offered) if leg is not None]

    def find(self, agent: Agent, wanted: DialogId) -> Leg | None:
        return next((leg for leg in self.legs() if leg.owns(agent, wanted)), None)

    def update(self, **changes: Any) -> None:
        """Changes the view (its fields by name) and publishes it, if it is another one then."""
        view = replace(self.view, **changes)
        if view != self.view:
            self.view = view
            self._context.do(Publish(view))

    def publish(self) -> None:
        """The first view of the call."""
        self._context.do(Publish(self.view))

    # The end

    def finish(
        self,
        cause: Cause,
        by: str,
        *,
        sip: tuple[int, str] | None = None,
        near: int = 480,
        far: int = 480,
        far_headers: Iterable[Header] = (),
    ) -> None:
        """The call is over, for ``cause``; ``by`` as `CallView.ended_by`; ``sip`` is the far side's final answer.

        Legs that are still being set up get ``near`` or ``far`` as their final response, or a CANCEL; others a BYE.
        """
        for name in ("ringing", "media", "lost", "probe", "glare", "session", "transfer", f"ack.{FAR}", "ack"):
            self._context.cancel_timer(self.timer(name))
        self._context.forget_media(self.id)
        if self._renegotiation is not None:
            self._renegotiation.abandon()
        for leg in self.legs():
            if leg.name == FAR:
                leg.close(far, *far_headers)
            else:
                leg.close(near, ("X-Ramal-Cause", cause.value))
        self.attachment.end()
        if self._postponed is not None and self.near is not None:
            self.near.reply(self._postponed, 487)
        status, reason = sip or (self.view.sip_status, self.view.sip_reason)
        ended = {"state": CallState.ENDED, "cause": cause, "ended_by": by, "detached": False, "grace": None}
        self.update(**ended, sip_status=status, sip_reason=reason)
        self._context.do(MediaRelease(self.id))
        self._board.ended(self)

    def timer(self, name: str) -> str:
        return f"call.{self.id}.{name}"

    def hang_up(self) -> None:
        """The agent wants the end, by the page's API or by logging out."""
        self.finish(Cause.ENDED if self.is_active else Cause.CANCELLED, "agent", near=487)

    def stop(self) -> None:
        """The gateway stops."""
        self.finish(Cause.INTERRUPTED, "gateway", near=503, far=480)

    def far_leg(self) -> Leg:
        """A new one, with its session timer."""
        leg = Leg(self._board.far, FAR, self._context.ids.token())
        leg.session = SessionTimer(self._context, self.timer("session"), leg.refresh, self._lost)
        return leg

    # The conversation

    def talk(self, near: Leg, **told: Any) -> None:
        """Both sides have answered: the handset of ``near`` is in the conversation; ``told`` as for `update`."""
        self._context.cancel_timer(self.timer("ringing"))
        self._select(near)
        self.update(state=CallState.ACTIVE, handset=_handset(near), **told)

    def _select(self, near: Leg) -> None:
        self.near = near
        select = MediaSelect(self.id, "", near.name, self._context.config.record and self._context.config.anchored)
        self._context.ask_media(select, self._not_selected)
        self._await_media()

    def _await_media(self) -> None:
        if self._context.config.anchored and not self.attachment.is_detached and not self._both_connected():
            self._context.set_timer(self.timer("media"), self._context.timing.media, self._no_media)

    def await_ack(self, leg: Leg) -> None:
        """We sent a 200 to an INVITE of ``leg``: without its ACK there is no call (RFC 3261 section 13.3.1.4)."""
        if not leg.agent.is_connected:
            return  # what it knows of the call is seen when it is back
        timer = self.timer("ack" if leg.name != FAR else f"ack.{FAR}")
        self._context.set_timer(timer, self._context.timing.transaction, self._no_ack)

    def acknowledged(self, leg: Leg, ack: Request) -> None:
        self._context.cancel_timer(self.timer("ack" if leg.name != FAR else f"ack.{FAR}"))
        if isinstance(self._renegotiation, LateRenegotiation):
            self._renegotiation.acknowledged(leg, ack)

    def _no_ack(self) -> None:
        self.finish(Cause.INTERRUPTED, "gateway")

    def _no_media(self) -> None:
        self.finish(Cause.MEDIA_FAILED, "gateway")

    def _not_selected(self, event: MediaDescribed | MediaRefused) -> None:
        self.finish(Cause.MEDIA_FAILED, "gateway")

    def _both_connected(self) -> bool:
        return FAR in self._connected and self.near is not None and self.near.name in self._connected

    def mute(self, muted: bool) -> None:
        self.update(muted=muted)

    def media_changed(self, what: MediaHappening, leg: str | None) -> None:
        concerned = leg == FAR or (self.near is not None and leg == self.near.name)
        if what in _RECORDING:
            self.update(recording=_RECORDING[what])
        elif what is MediaHappening.CALL_LOST or (what is MediaHappening.LEG_FAILED and concerned):
            self.finish(Cause.MEDIA_FAILED, "gateway", near=500, far=480)
        elif what is MediaHappening.LEG_FAILED and leg is not None:
            self.attachment.failed(leg)
        elif what is MediaHappening.LEG_SILENT and leg == FAR and self._board.is_ready:
            self._probe()  # its BYE may have got lost
        elif what is MediaHappening.LEG_CONNECTED and leg is not None:
            self._connected.add(leg)
            if self._both_connected():
                self._context.cancel_timer(self.timer("media"))

    # What a peer asks in the dialog

    def asked(self, leg: Leg, request: Request) -> None:
        """A request of ``leg``'s peer in its dialog, other than ACK and CANCEL."""
        if not leg.receive(request):
            return
        is_far = leg.name == FAR
        if request.method == "BYE":
            leg.left()
            leg.reply(request, 200)
            self.finish(Cause.ENDED if self.is_active else Cause.CANCELLED, "other" if is_far else "agent", far=487)
        elif request.method == "INVITE":
            self._reinvited(leg, request)
        elif request.method == "OPTIONS":
            leg.reply(request, 200)
        elif request.method == "NOTIFY" and is_far:
            leg.reply(request, 200)
            self.transfer.notified(request)
        elif request.method == "PRACK" and is_far:
            leg.reply(request, 200 if leg.acknowledges(request) else 481)
        elif request.method == "UPDATE" and is_far and not request.body:
            leg.reply(request, 200)
        elif request.method == "UPDATE" and is_far:
            self._reinvited(leg, request)
        elif request.method == "INFO" and not is_far and self._context.config.dtmf is Dtmf.INFO:
            self._digit(leg, request)
        else:
            leg.reply(request, 405)

    def _digit(self, leg: Leg, info: Request) -> None:
        """A key that was pressed: passed on as INFO, made anew."""
        digit = Digit.of(info)
        if digit is None:
            leg.reply(info, 415, headers=[("Accept", RELAY)])
        elif not self.is_active or self.far is None or not self.far.agent.is_connected:
            leg.reply(info, 480)
        else:
            self.far.request("INFO", lambda it: passed_on(leg, info, it), body=digit.body, content_type=RELAY)

    def _reinvited(self, leg: Leg, request: Request) -> None:
        other = self.near if leg is self.far else self.far
        if leg is self.near and self.attachment.is_moving and self._postponed is None:
            self._postponed = request
        elif not self.is_active or other is None or self._renegotiation is not None or self.attachment.is_moving:
            leg.reply(request, 491)
        elif not request.body and other is self.far:
            leg.reply(request, 488, "An offer is expected")
        elif other is self.near and not other.agent.is_connected:
            leg.reply(request, 491)  # the handset will be back, or the call over, when it is asked again
        else:
            kind = Renegotiation if request.body else LateRenegotiation
            self._renegotiation = kind(self._context, self, leg, other, request)
            self._renegotiation.start()

    @property
    def is_negotiating(self) -> bool:
        return self._renegotiation is not None

    def renegotiated(self, leg: Leg, direction: str | None) -> None:
        """The re-INVITE of ``leg`` is over; ``direction`` is the one that its offer wanted, None where it failed."""
        self._renegotiation = None
        if direction is not None:
            held = direction in ("sendonly", "inactive")
            self.update(**{"held_by_other" if leg.name == FAR else "held": held})
        self.attachment.settled()

    def cancelled(self, invite: Request, cancel: Request) -> bool:
        """A CANCEL came for ``invite``; False where it is none of this call's."""
        if self._renegotiation is not None and self._renegotiation.cancelled(invite):
            return True
        leg = next((leg for leg in self.legs() if leg.is_invited_by(invite)), None)
        if leg is not None:
            self.withdrawn(leg, cancel)
        return leg is not None

    def withdrawn(self, leg: Leg, cancel: Request) -> None:
        """The caller gave up before the answer."""
        self.finish(Cause.CANCELLED, "other" if leg.name == FAR else "agent", near=487, far=487)

    # Losses

    def handset_lost(self, agent: NearAgent) -> None:
        """The socket of ``agent`` has gone."""
        if self.near is not None and self.near.agent is agent:
            if self.is_active:
                self.near_lost()
            else:
                self.finish(Cause.INTERRUPTED, "gateway")

    def near_lost(self) -> None:
        for name in ("media", "ack"):
            self._context.cancel_timer(self.timer(name))
        self._postponed = None  # its page has given it up
        self.attachment.lost(self._context.timing.detached)

    def not_back(self) -> None:
        gone = ("Reason", str(Reason("SIP", 480, "The phone is gone")))
        self.finish(Cause.INTERRUPTED, "gateway", far_headers=[gone])

    def pages(self) -> set[str]:
        bindings = [agent.binding for agent in self._board.registered()]
        return {binding.uri.user or "" for binding in bindings if binding is not None}

    @property
    def other(self) -> NameAddr:
        """The other side as a handset sees it."""
        return NameAddr(Uri("sip", escape_user(self.view.number or "anonymous"), NEAR_DOMAIN), self.view.name)

    def handset_registered(self, agent: NearAgent) -> None:
        """``agent`` has a binding, a new one or a refreshed one."""
        if self.is_active:
            self.attachment.registered(agent)

    def take(self, agent: NearAgent) -> None:
        """The person wants to go on with it at ``agent``'s handset."""
        if self.is_active and self.near is not None and (self.near.agent is not agent or self.attachment.is_detached):
            self.attachment.take(agent)

    def attached(self, leg: Leg) -> None:
        if self._postponed is not None and self.near is not None:
            self.near.reply(self._postponed, 487)
            self._postponed = None
        self._context.cancel_timer(self.timer("ack"))
        self._select(leg)
        self.update(handset=_handset(leg), detached=False, grace=None)
        if not leg.agent.is_connected:
            self.near_lost()

    def reattached(self) -> None:
        self.update(detached=False, grace=None)
        self._await_media()

    def unmoved(self) -> None:
        request, self._postponed = self._postponed, None
        if request is not None and self.near is not None:
            self._reinvited(self.near, request)

    def session_ended(self, handsets: tuple[str, ...]) -> None:
        """The person of these handsets logged out."""
        if self.near is not None and _handset(self.near) in handsets:
            self.hang_up()

    def far_lost(self) -> None:
        """The line is not registered any more. A conversation waits for it; a call in the making cannot."""
        self._context.cancel_timer(self.timer("probe"))
        if self.is_active:
            self._context.set_timer(self.timer("lost"), self._context.timing.lost, self._lost)
        else:
            self.finish(Cause.PBX_LOST, "gateway", near=503)

    def far_back(self) -> None:
        """The line is registered again: does the PBX still know this call?"""
        self._context.cancel_timer(self.timer("lost"))
        self._probe()

    def _probe(self) -> None:
        if self.is_active:
            assert self.far is not None
            self._context.set_timer(self.timer("probe"), self._context.timing.probe, self._lost)
            self.far.probe(self._probed)

    def _probed(self, outcome: Outcome) -> None:
        if self.is_over or not self._board.is_ready:
            return  # lost once more meanwhile: `far_lost` has its timer
        self._context.cancel_timer(self.timer("probe"))
        if outcome.response is None or outcome.response.status in _GONE:
            self._lost()
        elif self._renegotiation is not None:
            self._renegotiation.far_back()

    def _lost(self) -> None:
        self.finish(Cause.PBX_LOST, "gateway", near=503)


def _handset(near: Leg) -> str:
    assert isinstance(near.agent, NearAgent)
    return near.agent.handset
