"""A line: the back-to-back user agent of one extension. `Line.handle` takes what happened and gives what to do.

No clock, no socket, no randomness: time comes as `TimerFired`, identifiers from `ports.Ids`. The parts share a
`Context`; the near side is one `NearAgent` for each handset, the far side one `FarAgent` with its `Registration`.
"""

import re
from collections.abc import Callable

from .agent import Agent
from .auto_answer import ExpectedCalls
from .call import Call
from .causes import Cause
from .commands import CloseHandset, Command
from .context import Context
from .dialog import DialogId
from .events import (
    CallExpected,
    Event,
    FarReceived,
    GatewayDrains,
    HandsetAttached,
    HandsetDetached,
    HangUpAsked,
    MediaChanged,
    MediaDescribed,
    MediaRefused,
    MuteAsked,
    NearReceived,
    Reconfigured,
    RetryAsked,
    SessionEnded,
    TakeAsked,
    TimerFired,
    TransferAsked,
    UpstreamClosed,
    UpstreamOpened,
    UpstreamWaits,
)
from .far import FarAgent
from .incoming import IncomingCall
from .message import Request
from .message_waiting import messages_waiting
from .near import NearAgent, Registrar, own_address
from .outgoing import OutgoingCall
from .ports import NEAR_DOMAIN, Ids, LineConfig, SecretTries
from .registration import Registration
from .session_timer import too_short
from .timing import Timing
from .tries import Unlimited

_IDLE = "line.idle"
_STOP = "line.stop"
_SESSION_ENDED = (4401, "the session ended")
_RESTART = (1012, "the gateway restarts")
# What may be dialled: an extension, a number, a star code, a name; nothing that means anything to a URI.
_DIALLED = re.compile(r"[0-9A-Za-z*#+._\-]{1,64}")
_EMERGENCY_CALLS = 2  # beyond the limit, for emergency numbers only
_OWED = 8  # handsets that have gone and will be told, if they come back, that their call has ended
_TIMING = Timing()
_UNLIMITED = Unlimited()


class Line:
    """``random`` gives numbers in [0, 1); ``max_calls`` counts live calls, not the legs of a fork;
    ``max_transactions`` the unfinished ones of one handset.

    ``is_down`` is True while nothing is attached, connected or due: the line can be forgotten.
    """

    def __init__(
        self,
        config: LineConfig,
        ids: Ids,
        *,
        timing: Timing = _TIMING,
        random: Callable[[], float],
        max_calls: int = 6,
        max_transactions: int = 32,
        tries: SecretTries = _UNLIMITED,
        user_agent: str = "Ramal",
    ) -> None:
        self._context = Context(config, ids, timing, random)
        self._max_calls = max_calls
        self._max_transactions = max_transactions
        self._handsets: dict[str, NearAgent] = {}  # attached ones, and those that a live call still waits for
        self._calls: dict[str, Call] = {}
        self._expected = ExpectedCalls(self._context)
        self._registrar = Registrar(self._context, self._registered)
        self._closed = False
        self._retry_after: int | None = None  # the gateway drains: what is new should come then
        self.far = FarAgent(self._context, self, user_agent=user_agent)
        self._registration = Registration(
            self._context,
            self.far,
            tries,
            on_ready=self._far_ready,
            on_lost=self._far_lost,
            handsets=self._count_handsets,
            busy=self._is_busy,
        )

    @property
    def config(self) -> LineConfig:
        return self._context.config

    @property
    def is_ready(self) -> bool:
        return self._registration.is_ready

    @property
    def is_down(self) -> bool:
        return self._registration.is_idle and not self._calls and not self._count_handsets()

    def registered(self) -> list[NearAgent]:
        """The handsets that ring."""
        return [agent for agent in self._handsets.values() if agent.is_registered]

    def _count_handsets(self) -> int:
        return sum(agent.is_connected for agent in self._handsets.values())

    def _is_busy(self) -> bool:
        return any(call.is_active for call in self._calls.values())

    def handle(self, event: Event) -> list[Command]:
        """One atomic step: the commands are to be done in order, before the next event."""
        match event:
            case NearReceived(handset, message):
                if (agent := self._handsets.get(handset)) and agent.is_connected:
                    agent.receive(message)
            case FarReceived(message):
                if self.far.is_connected:
                    self.far.receive(message)
            case TimerFired(name):
                self._context.fired(name)
            case MediaDescribed() | MediaRefused():
                self._context.media_answered(event)
            case MediaChanged(call, what, leg):
                if found := self._calls.get(call):
                    found.media_changed(what, leg)
            case UpstreamWaits(seconds):
                self._registration.waits(seconds)
            case UpstreamOpened():
                self._registration.opened()
            case UpstreamClosed(reason, detail):
                self._registration.closed(reason, detail)
            case _:
                self._handle_person(event)
        return self._context.take()

    def _handle_person(self, event: Event) -> None:
        """What pages, people and the gateway itself want."""
        match event:
            case HandsetAttached(handset):
                self._attach(handset)
            case HandsetDetached(handset):
                self._detach(handset)
            case MuteAsked(call, muted):
                if found := self._calls.get(call):
                    found.mute(muted)
            case HangUpAsked(call):
                if found := self._calls.get(call):
                    found.hang_up()
            case TransferAsked():
                self._transfer(event)
            case TakeAsked(call, handset):
                found, agent = self._calls.get(call), self._handsets.get(handset)
                if found is not None and agent is not None and agent.is_registered:
                    found.take(agent)
            case CallExpected(number, seconds):
                self._expected.expect(number, seconds)
            case RetryAsked():
                self._registration.retry()
            case Reconfigured(config):
                old, self._context.config = self._context.config, config
                self._registration.reconfigure(old)
            case SessionEnded(handsets):
                self._end_session(handsets)
            case GatewayDrains(retry_after):
                self._retry_after = retry_after
            case _:
                self._close()

    # Handsets

    def _attach(self, handset: str) -> None:
        if self._closed:
            self._context.do(CloseHandset(handset, *_RESTART))
            return
        agent = self._handsets.get(handset)
        if agent is None:
            agent = self._handsets[handset] = NearAgent(self._context, handset, self, self._max_transactions)
        elif agent.is_connected:
            self._disconnect(agent)
            self._handsets[handset] = agent  # the end of a call may have made it be forgotten
        agent.connected()
        self._context.cancel_timer(_IDLE)
        self._registration.want()
        self._registration.show()

    def _detach(self, handset: str) -> None:
        agent = self._handsets.get(handset)
        if agent is not None and agent.is_connected:
            self._disconnect(agent)
            self._settle()

    def _disconnect(self, agent: NearAgent) -> None:
        self._registrar.forget(agent)
        agent.disconnected()
        for call in tuple(self._calls.values()):
            call.handset_lost(agent)

    def _registered(self, agent: NearAgent) -> None:
        for call in tuple(self._calls.values()):
            call.handset_registered(agent)
        agent.back()

    def _end_session(self, handsets: tuple[str, ...]) -> None:
        for call in tuple(self._calls.values()):
            call.session_ended(handsets)
        for handset in handsets:
            self._context.do(CloseHandset(handset, *_SESSION_ENDED))
            self._detach(handset)

    def _settle(self) -> None:
        """After a handset or a call has gone: forget who is not needed, and leave the PBX after a while."""
        needed = {leg.agent for call in self._calls.values() for leg in call.legs()}
        gone = [it for it in self._handsets.values() if not it.is_connected and it not in needed]
        owed = [agent for agent in gone if agent.owes][-_OWED:]
        for agent in gone:
            if agent not in owed:
                del self._handsets[agent.handset]
        if self._count_handsets() == 0 and not self._closed:
            timing = self._context.timing
            self._context.set_timer(_IDLE, timing.idle_in_call if self._calls else timing.idle, self._leave)
        self._registration.show()

    def _leave(self) -> None:
        for call in tuple(self._calls.values()):
            call.stop()
        self._registration.leave(for_good=self._closed)

    def _close(self) -> None:
        self._closed = True
        self._context.cancel_timer(_IDLE)
        self._leave()
        for handset, agent in tuple(self._handsets.items()):
            if agent.is_connected:
                self._context.do(CloseHandset(handset, *_RESTART))

    def _transfer(self, asked: TransferAsked) -> None:
        call, consulted = self._calls.get(asked.call), self._calls.get(asked.consulted or "")
        if call is None or call is consulted or (consulted is None and asked.consulted is not None):
            return
        to = asked.to or ""
        dialable = _DIALLED.fullmatch(to) is not None and self._context.config.dial.refusal(to) is None
        call.transfer.ask(to if dialable else "", consulted)

    # The PBX

    def _far_ready(self) -> None:
        self.far.back()
        for call in tuple(self._calls.values()):
            call.far_back()

    def _far_lost(self) -> None:
        for call in tuple(self._calls.values()):
            call.far_lost()

    # Requests of either side

    def asked(self, agent: Agent, request: Request) -> None:
        """A new request: of a dialog, or one that may begin one."""
        if isinstance(agent, NearAgent) and request.max_forwards == 0:
            agent.reply(request, 483)  # what a handset sends would go further, so we are a hop
        elif unknown := [tag for tag in request.require if tag not in agent.extensions]:
            agent.reply(request, 420, headers=[("Unsupported", ", ".join(unknown))])
        elif request.to_tag is not None and request.method != "REGISTER":
            self._asked_in_dialog(agent, request)
        elif isinstance(agent, NearAgent):
            self._asked_near(agent, request)
        else:
            self._asked_far(request)

    def _asked_in_dialog(self, agent: Agent, request: Request) -> None:
        wanted = DialogId.of_request(request)
        for call in self._calls.values():
            if leg := call.find(agent, wanted):
                call.asked(leg, request)
                return
        agent.reply(request, 481)

    def _asked_near(self, agent: NearAgent, request: Request) -> None:
        own = own_address(self._context).uri
        if request.method == "REGISTER":
            self._registrar.register(agent, request)
        elif request.method not in ("INVITE", "OPTIONS"):
            agent.reply(request, 481 if request.method == "BYE" else 405, headers=[agent.allow])
        elif not own.same_aor(request.from_.uri):
            agent.reply(request, 403)
        elif request.method == "OPTIONS":
            agent.reply(request, 200, headers=[agent.allow])
        else:
            self._dialled(agent, request)

    def _dialled(self, agent: NearAgent, invite: Request) -> None:
        number = invite.uri.unescaped_user
        if invite.uri.host.lower() != NEAR_DOMAIN or not _DIALLED.fullmatch(number):
            agent.reply(invite, 404)
        elif not invite.body:
            agent.reply(invite, 488, "An offer is expected")
        elif self._retry_after is not None and not self._context.config.dial.is_emergency(number):
            agent.reply(invite, 503, headers=[("Retry-After", str(self._retry_after))])
        elif not self._has_room(number):
            agent.reply(invite, 503, "Too Many Calls", headers=[("X-Ramal-Cause", Cause.TOO_MANY.value)])
        else:
            call = OutgoingCall(self._context, self, agent, invite, number, self._context.ids.token())
            self._calls[call.id] = call
            call.start()

    def _has_room(self, number: str) -> bool:
        """For one more call to ``number``. Calls are counted, not the legs of a fork."""
        rules = self._context.config.dial
        if rules.is_emergency(number):
            return len(self._calls) < self._max_calls + _EMERGENCY_CALLS
        return len(self._calls) < min(self._max_calls, self._max_calls if rules.calls is None else rules.calls)

    def _asked_far(self, request: Request) -> None:
        if request.method == "OPTIONS":
            self.far.reply(request, 200, headers=[self.far.allow])
        elif request.method == "NOTIFY":
            self.far.reply(request, 200)
            self._registration.told(messages_waiting(request))  # Asterisk tells it unasked
        elif request.method != "INVITE":
            self.far.reply(request, 481 if request.method == "BYE" else 405, headers=[self.far.allow])
        elif request.uri.user != self.far.contact.uri.user:
            self.far.reply(request, 404)
        elif self._retry_after is not None:
            self.far.reply(request, 480, headers=[("Retry-After", str(self._retry_after))])
        elif (least := too_short(request)) is not None:
            self.far.reply(request, 422, headers=[("Min-SE", str(least))])
        else:
            room = len(self._calls) < self._max_calls
            call = IncomingCall(self._context, self, request, self._context.ids.token())
            self._calls[call.id] = call
            call.start(room=room, auto_answer=self._expected.reason(request, call.number) if room else None)

    def acknowledged(self, agent: Agent, request: Request) -> None:
        wanted = DialogId.of_request(request)
        for call in self._calls.values():
            if leg := call.find(agent, wanted):
                call.acknowledged(leg, request)
                return

    def cancelled(self, agent: Agent, invite: Request, cancel: Request) -> None:
        any(call.cancelled(invite, cancel) for call in tuple(self._calls.values()))

    def ended(self, call: Call) -> None:
        self._calls.pop(call.id, None)
        self._settle()
