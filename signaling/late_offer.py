"""A re-INVITE of the PBX without SDP: it asks for our offer, and answers it in its ACK (RFC 3264 section 5, RFC 3261
section 13.2.1). The handset is asked in the same way, so that the offer is its own.

::

    PBX              line                  handset
      |--INVITE------->|--INVITE-------------->|
      |                |<----------200, offer--|
      |<--200, offer---| media offer           |
      |--ACK, answer-->| media answer          |
      |                |--ACK, answer--------->|
"""

from .agent import Outcome, Sent
from .causes import Cause
from .commands import MediaAnswer, MediaOffer
from .context import Context
from .events import MediaDescribed, MediaRefused
from .leg import Leg
from .message import Request
from .renegotiation import Renegotiated


class LateRenegotiation:
    """As `signaling.renegotiation.Renegotiation`; ``asker`` is the far leg, ``other`` the near one."""

    def __init__(self, context: Context, call: Renegotiated, asker: Leg, other: Leg, request: Request) -> None:
        self._context = context
        self._call = call
        self._asker = asker
        self._other = other
        self._request = request
        self._sent: Sent | None = None
        self._accepted: Outcome | None = None
        self._offered = False  # our 200 is out
        self._over = False

    def start(self) -> None:
        self._asker.reply(self._request, 100)
        self._sent = self._other.request("INVITE", self._answered)

    def far_back(self) -> None:
        """The PBX is back, and its request is gone with the connection: nothing waits for it."""

    def _answered(self, outcome: Outcome) -> None:
        response = outcome.response
        if response is not None and response.is_success:
            if outcome.repeated:
                return
            self._accepted = outcome
            if self._over:
                self._other.ack(outcome)
            elif not response.body:
                self._other.ack(outcome)
                self._fail(488)
            else:
                offer = MediaOffer(self._call.id, "", self._other.name, response.body, self._asker.name)
                self._context.ask_media(offer, self._described)
        elif self._over:
            return
        elif response is None:
            self._fail(491)
        elif response.is_final:
            self._fail(response.status if response.status >= 400 else 480)
            if response.status in (408, 481):
                self._call.finish(Cause.INTERRUPTED, "gateway")

    def _described(self, event: MediaDescribed | MediaRefused) -> None:
        if self._over:
            return
        if isinstance(event, MediaRefused):
            self._acknowledge()
            self._fail(500)
            return
        self._offered = True
        self._asker.reply(self._request, 200, body=event.description.sdp)
        self._call.await_ack(self._asker)

    def acknowledged(self, leg: Leg, ack: Request) -> None:
        """The ACK of ``leg``'s peer came."""
        if leg is not self._asker or not self._offered or self._over:
            return
        if not ack.body:
            self._failed_late()
            return
        answer = MediaAnswer(self._call.id, "", self._asker.name, ack.body, self._other.name)
        self._context.ask_media(answer, self._done)

    def _done(self, event: MediaDescribed | MediaRefused) -> None:
        if isinstance(event, MediaRefused):
            self._failed_late()
            return
        self._over = True
        self._acknowledge(event.description.sdp)
        self._call.renegotiated(self._asker, event.description.direction)

    def _failed_late(self) -> None:
        """The offers and answers of the two sides do not fit together any more, and nobody is left to be told."""
        self._over = True
        self._acknowledge()
        self._call.finish(Cause.MEDIA_FAILED, "gateway")

    def _acknowledge(self, body: bytes = b"") -> None:
        assert self._accepted is not None
        self._other.ack(self._accepted, body)

    def _fail(self, status: int) -> None:
        self._over = True
        self._asker.reply(self._request, status)
        self._call.renegotiated(self._asker, None)

    def cancelled(self, invite: Request) -> bool:
        """A CANCEL came; False where it is for another INVITE."""
        if invite is not self._request:
            return False
        assert self._sent is not None
        self._other.agent.cancel(self._sent)
        self._fail(487)
        return True

    def abandon(self) -> None:
        """The call is over."""
        if not self._over and not self._offered:
            self._asker.reply(self._request, 487)
        self._over = True
