"""One re-INVITE on its way from one leg of a call to the other, and its answer back: hold, resume, a new address. From
the PBX, an UPDATE with SDP (RFC 3311) goes the same way, to the handset as a re-INVITE.

::

    asker            line                    other
      |--INVITE------>| media offer            |
      |               |--INVITE--------------->|
      |               |<-----------------2xx---|
      |               | media answer, ACK ---->|
      |<--200---------|

The PBX's 491 to a handset's request is not passed on: JsSIP ends the call for it. It is asked again, twice at most
(RFC 3261 section 14.1). A handset's request that finds the PBX away waits until it is back.
"""

from typing import Protocol

from .agent import Outcome, Sent
from .causes import Cause
from .commands import MediaAnswer, MediaOffer
from .context import Context
from .events import MediaDescribed, MediaRefused
from .leg import Leg
from .message import Request, Response
from .ports import FAR

_TRIES = 3
_LOST = (408, 481)  # RFC 3261 section 12.2.1.2: the dialog is over


class Renegotiated(Protocol):
    """The call as a renegotiation sees it."""

    id: str

    def renegotiated(self, leg: Leg, direction: str | None) -> None: ...
    def await_ack(self, leg: Leg) -> None: ...
    def timer(self, name: str) -> str: ...
    def finish(self, cause: Cause, by: str) -> None: ...


class Renegotiation:
    def __init__(self, context: Context, call: Renegotiated, asker: Leg, other: Leg, request: Request) -> None:
        self._context = context
        self._call = call
        self._asker = asker
        self._other = other
        self._request = request
        self._offer: bytes | None = None
        self._direction = "sendrecv"
        self._sent: Sent | None = None
        self._tries = 0
        self._over = False

    def start(self) -> None:
        if self._request.method == "INVITE":
            self._asker.reply(self._request, 100)
        offer = MediaOffer(self._call.id, "", self._asker.name, self._request.body, self._other.name)
        self._context.ask_media(offer, self._offered)

    def _offered(self, event: MediaDescribed | MediaRefused) -> None:
        if isinstance(event, MediaRefused):
            self._fail(488 if event.whose == "peer" else 500)
            return
        self._offer, self._direction = event.description.sdp, event.description.direction
        self._send()

    def _send(self) -> None:
        if self._over or self._offer is None or not self._other.agent.is_connected:
            return  # `far_back` sends it, or the end of the call answers it
        self._tries += 1
        self._sent = self._other.request("INVITE", self._answered, body=self._offer)

    def far_back(self) -> None:
        """The PBX is back and knows the call."""
        if self._other.name == FAR and self._sent is None:
            self._send()

    def _answered(self, outcome: Outcome) -> None:
        response = outcome.response
        if response is not None and response.is_success:
            self._other.ack(outcome)
            if not outcome.repeated and not self._over:
                self._accepted(response)
        elif self._over:
            return
        elif response is None:
            self._unanswered()
        elif response.status == 491 and self._other.name == FAR and self._tries < _TRIES:
            seconds = 2.1 + 1.9 * self._context.random()
            self._sent = None
            self._context.set_timer(self._call.timer("glare"), seconds, self._send)
        elif response.is_final:
            self._fail(response.status)
            if response.status in _LOST:
                self._call.finish(Cause.PBX_LOST if self._other.name == FAR else Cause.INTERRUPTED, "gateway")

    def _unanswered(self) -> None:
        if self._other.agent.is_connected:
            self._fail(408)
        elif self._other.name == FAR:
            self._sent = None  # the connection to the PBX went: asked again when it is back
        else:
            self._fail(491)  # a 408 would end the PBX's dialog; the handset may come back

    def _accepted(self, response: Response) -> None:
        if not response.body:
            self._fail(488)
            return
        answer = MediaAnswer(self._call.id, "", self._other.name, response.body, self._asker.name)
        self._context.ask_media(answer, self._done)

    def _done(self, event: MediaDescribed | MediaRefused) -> None:
        if self._over:
            return
        if isinstance(event, MediaRefused):
            self._fail(488)
            return
        self._over = True
        self._asker.reply(self._request, 200, body=event.description.sdp)
        if self._request.method == "INVITE":
            self._call.await_ack(self._asker)
        self._call.renegotiated(self._asker, self._direction)

    def _fail(self, status: int) -> None:
        self._over = True
        shown = {401: 403, 407: 403}.get(status, 480 if status < 400 else status)
        self._asker.reply(self._request, shown)
        self._call.renegotiated(self._asker, None)

    def cancelled(self, invite: Request) -> bool:
        """A CANCEL came; False where it is for another INVITE."""
        if invite is not self._request:
            return False
        if self._sent is not None:
            self._other.agent.cancel(self._sent)
        self._context.cancel_timer(self._call.timer("glare"))
        self._fail(487)
        return True

    def abandon(self) -> None:
        """The call is over."""
        self._over = True
        self._asker.reply(self._request, 487)
