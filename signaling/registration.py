"""The far side of a line: the connection to the PBX and the registration there, as one state machine.

::

    IDLE --want--> CONNECTING --opened--> REGISTERING --200--> READY --half life--> (REGISTER again)
     ^                 ^  \\__closed__         |  |               |
     |                 |              \\       |  +--refused--> REFUSED      (until a person acts)
     |                 +--retry timer-- OFFLINE <--closed, no answer, 5xx --+
     +-- disconnected <-- LEAVING <--unwant-- (READY)

What is published is `signaling.views.LineState`; LEAVING shows as IDLE.
"""

import math
from collections.abc import Callable
from enum import Enum, auto

from .agent import Outcome
from .commands import Connect, Disconnect, Publish
from .context import Context
from .far import FarAgent
from .message import Response
from .ports import LineConfig, SecretTries
from .tries import SOON
from .views import LineState, LineView

_RETRY = "registration.retry"
_REFRESH = "registration.refresh"
_LEAVE = "registration.leave"
_TURN = "registration.turn"
_ANSWER = "registration.answer"
_LONGEST_RETRY_AFTER = 300  # seconds; a PBX that asks for more is asked again anyway


class _State(Enum):
    IDLE = auto()
    CONNECTING = auto()
    REGISTERING = auto()
    READY = auto()
    OFFLINE = auto()
    REFUSED = auto()
    LEAVING = auto()


_SHOWN = {
    _State.IDLE: LineState.IDLE,
    _State.CONNECTING: LineState.CONNECTING,
    _State.REGISTERING: LineState.REGISTERING,
    _State.READY: LineState.READY,
    _State.OFFLINE: LineState.OFFLINE,
    _State.REFUSED: LineState.REFUSED,
    _State.LEAVING: LineState.IDLE,
}


class Registration:
    """``on_ready`` is called when the line is registered anew, ``on_lost`` when it was ready and is no more;
    ``handsets`` counts the attached ones for the view; ``busy`` says whether a call waits for the line.
    """

    def __init__(
        self,
        context: Context,
        far: FarAgent,
        tries: SecretTries,
        *,
        on_ready: Callable[[], None],
        on_lost: Callable[[], None],
        handsets: Callable[[], int],
        busy: Callable[[], bool],
    ) -> None:
        self._context = context
        self._far = far
        self._secret_tries = tries
        self._trying: LineConfig | None = None  # the one whose secret is on trial
        self._asked = False  # a person wants it tried
        self._on_ready = on_ready
        self._on_lost = on_lost
        self._handsets = handsets
        self._busy = busy
        self._state = _State.IDLE
        self._reason: str | None = None
        self._detail: str | None = None
        self._retry_in: float | None = None
        self._tries = 0
        self._expires = context.timing.expires
        self._attempt = 0  # answers to a REGISTER of an older attempt are not for this one
        self._messages_waiting: int | None = None
        self._shown: LineView | None = None

    @property
    def is_ready(self) -> bool:
        return self._state is _State.READY

    @property
    def is_idle(self) -> bool:
        """Nothing is connected and nothing is due."""
        return self._state is _State.IDLE

    @property
    def _state_shown(self) -> LineState:
        """A line that waits for its turn after a failure is as offline as one that waits for the next try."""
        waits = self._state is _State.CONNECTING and self._retry_in is not None and self._reason is not None
        return LineState.OFFLINE if waits else _SHOWN[self._state]

    def show(self) -> None:
        """Publish the view if it has changed."""
        state = self._state_shown
        connecting = state is LineState.CONNECTING
        view = LineView(
            line=self._context.config.line,
            state=state,
            reason=None if connecting else self._reason,
            detail=None if connecting else self._detail,
            retry_in=self._retry_in,
            handsets=self._handsets(),
            messages_waiting=self._messages_waiting,
        )
        if view != self._shown:
            self._shown = view
            self._context.do(Publish(view))

    def told(self, messages_waiting: int | None) -> None:
        """The PBX told how many new messages there are; None where that was not what it told."""
        if messages_waiting is not None:
            self._messages_waiting = messages_waiting
            self.show()

    def want(self) -> None:
        """A handset is there: bring the line up, if it is not."""
        if self._state is _State.LEAVING:
            self._context.cancel_timer(_LEAVE)
            self._register()
        elif self._state is _State.IDLE:
            self._tries = 0
            self._connect()

    def retry(self) -> None:
        """A person asks for it: at once, and with a fresh back-off."""
        if self._state in (_State.OFFLINE, _State.REFUSED):
            self._context.cancel_timer(_RETRY)
            self._tries, self._asked = 0, True
            self._connect()

    def reconfigure(self, old: LineConfig) -> None:
        """`Context.config` is new: what of it the PBX must know is used at once."""
        new = self._context.config
        if self._state in (_State.IDLE, _State.LEAVING):
            return
        if (new.url, new.ca) != (old.url, old.ca):
            self._drop()
            self._connect()
        elif (new.domain, new.user, new.auth_user, new.secret) != (old.domain, old.user, old.auth_user, old.secret):
            self._asked = True
            self._tried(None)
            if self._state in (_State.READY, _State.REGISTERING):
                self._far.renew()
                self._register()
            elif self._state in (_State.OFFLINE, _State.REFUSED):
                self.retry()

    def leave(self, *, for_good: bool = False) -> None:
        """Nobody needs the line any more: take the registration back, then disconnect.

        A refused line stays refused, so that the next page does not try the same secret; not ``for_good``.
        """
        if self._state is _State.REFUSED and not for_good:
            return
        if self._state is _State.READY:
            self._stop_timers()
            self._go(_State.LEAVING)
            self._context.set_timer(_LEAVE, self._context.timing.stop, self._disconnect)
            self._send(0)
        elif self._state is not _State.LEAVING:
            self._disconnect()

    def waits(self, seconds: float) -> None:
        """Other lines connect first: this is one more wait for the next try, and shows as one."""
        if self._state is _State.CONNECTING:
            self._retry_in = round(seconds, 1)
            self.show()

    def opened(self) -> None:
        if self._state is _State.CONNECTING:
            self._far.connected()
            self._register()

    def closed(self, reason: str, detail: str) -> None:
        if self._state is _State.LEAVING:
            self._disconnect()
        elif self._state in (_State.CONNECTING, _State.REGISTERING, _State.READY):
            self._fail(reason, detail)

    def _connect(self) -> None:
        failed = self._state is _State.OFFLINE
        self._go(_State.CONNECTING, *((self._reason, self._detail) if failed else ()))
        self._context.do(Connect(self._context.config.url, self._context.config.ca))

    def _register(self) -> None:
        if self._state is not _State.READY:
            self._go(_State.REGISTERING)
        config = self._context.config
        wait = self._secret_tries.ask(config.account, config.line, config.secret.version, person=self._asked)
        if not wait:
            self._trying, self._asked = config, False
            self._send(self._expires)
        elif wait <= SOON or self._state is _State.READY:
            self._context.set_timer(_TURN, wait, self._register)
        else:
            self._fail("held_back", "secrets of other lines were refused a moment ago", math.ceil(wait))

    def _tried(self, right: bool | None) -> None:
        """Tells what came of the secret, once for each try."""
        config, self._trying = self._trying, None
        if config is not None:
            self._secret_tries.tell(config.account, config.line, config.secret.version, right)

    def _send(self, expires: int) -> None:
        self._attempt += 1
        attempt = self._attempt

        def answered(outcome: Outcome) -> None:
            if attempt == self._attempt:
                self._answered(outcome)

        if self._state is _State.REGISTERING:
            self._context.set_timer(_ANSWER, self._context.timing.register, self._unanswered)
        self._far.register(expires, answered)

    def _unanswered(self) -> None:
        """The transaction might wait longer, but people are to know what is wrong."""
        self._fail("timeout", "no answer to REGISTER")

    def _answered(self, outcome: Outcome) -> None:
        self._context.cancel_timer(_ANSWER)
        response = outcome.response
        if self._state is _State.LEAVING:
            self._disconnect()
        elif response is None:
            self._fail("timeout", "no answer to REGISTER")
        elif response.is_success:
            self._registered(response)
        elif response.status == 423 and self._raise_expires(response):
            self._send(self._expires)
        elif response.status in (401, 403, 404, 407):
            self._refuse(response, signed=outcome.signed)
        else:
            self._fail("server_error", f"{response.status} {response.reason}", response.retry_after)

    def _raise_expires(self, response: Response) -> bool:
        """RFC 3261 section 10.2.8; False where that makes no sense."""
        text = response.headers.get("Min-Expires") or ""
        if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) > self._expires):
            return False
        self._expires = int(text)
        return True

    def _registered(self, response: Response) -> None:
        granted = self._far.granted(response, self._expires)
        self._tried(True)
        self._tries = 0
        self._context.set_timer(_REFRESH, max(granted / 2, 1.0), self._register)
        if self._state is not _State.READY:
            self._go(_State.READY)
            self._on_ready()

    def _refuse(self, response: Response, *, signed: bool) -> None:
        if response.status == 404:
            reason = "not_found"
        elif signed or response.status in (401, 407):
            reason = "bad_secret"
        else:
            reason = "forbidden"
        self._tried(False if signed and reason == "bad_secret" else None)
        self._drop()
        self._go(_State.REFUSED, reason, f"{response.status} {response.reason}")

    def _fail(self, reason: str, detail: str, retry_after: int | None = None) -> None:
        """No service: try again later, each time later, spread so that not all lines come back at once."""
        self._drop()
        timing = self._context.timing
        most = timing.retry_in_call if self._busy() else timing.retry_most
        first = timing.retry_first
        ceiling = min(most, first * 2.0 ** min(self._tries + 1, 30))
        delay = first + self._context.random() * max(ceiling - first, 0.0)  # full jitter, above the shortest wait
        delay = max(delay, min(retry_after or 0, _LONGEST_RETRY_AFTER))
        self._tries += 1
        self._context.set_timer(_RETRY, delay, self._connect)
        self._go(_State.OFFLINE, reason, detail, round(delay, 1))

    def _drop(self) -> None:
        """Let the connection go; whoever relied on it is told."""
        was_ready = self._state is _State.READY
        self._tried(None)
        self._stop_timers()
        self._attempt += 1
        self._state = _State.OFFLINE
        self._context.do(Disconnect())
        self._far.disconnected()
        if was_ready:
            self._on_lost()

    def _disconnect(self) -> None:
        if self._state is not _State.IDLE:
            self._drop()
            self._go(_State.IDLE)

    def _stop_timers(self) -> None:
        for name in (_RETRY, _REFRESH, _LEAVE, _TURN, _ANSWER):
            self._context.cancel_timer(name)

    def _go(
        self, state: _State, reason: str | None = None, detail: str | None = None, retry_in: float | None = None
    ) -> None:
        self._state, self._reason, self._detail, self._retry_in = state, reason, detail, retry_in
        self.show()
