"""One side of a call: a dialog with one client, and the INVITE transaction that is open in it, if any. Pure.

::

    early --200--> confirmed --BYE--> ended
      |                                 ^
      +-- failure, CANCEL --------------+
"""

from collections.abc import Callable
from enum import Enum, auto

from signaling.dialog import Dialog
from signaling.errors import OutOfOrder
from signaling.fields import Via
from signaling.message import Request, Response
from signaling.transaction import build_ack, build_cancel
from signaling.uri import NameAddr, Uri

from .commands import Send

DOMAIN = "sandbox.invalid"  # RFC 2606: can never resolve
CONTACT = NameAddr(Uri.parse(f"sip:{DOMAIN};transport=ws"))
ALLOW = ("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE")
SDP = "application/sdp"


class LegState(Enum):
    EARLY = auto()
    CONFIRMED = auto()
    ENDED = auto()


class Leg:
    """Made by `received` (the client called us) or `calling` (we call the client). ``token`` makes fresh identifiers;
    ``extension`` is the line behind the client, ``connection`` the WebSocket that requests go to: it may change.
    """

    def __init__(self, token: Callable[[], str], connection: str, extension: str, call_id: str, tag: str) -> None:
        self.connection = connection
        self.extension = extension
        self.call_id = call_id
        self.tag = tag  # our own
        self.state = LegState.EARLY
        self.asked: Request | None = None  # the client's INVITE that waits for our final answer
        self.sent: Request | None = None  # our INVITE that waits for the client's
        self._token = token
        self._dialog: Dialog | None = None
        self._provisional = False
        self._cancel_wanted = False

    @classmethod
    def received(cls, token: Callable[[], str], connection: str, extension: str, invite: Request) -> "Leg":
        leg = cls(token, connection, extension, invite.call_id, token())
        leg.asked = invite
        return leg

    @classmethod
    def calling(
        cls, token: Callable[[], str], connection: str, extension: str, contact: Uri, caller: NameAddr, sdp: bytes
    ) -> "tuple[Leg, Send]":
        """Calls ``contact`` as ``caller``, who is shown to the client; gives the leg and its INVITE."""
        leg = cls(token, connection, extension, token(), token())
        leg.sent = Request.build(
            "INVITE",
            contact,
            via=leg._via(),
            from_=caller.with_tag(leg.tag),
            to=NameAddr(Uri("sip", extension, DOMAIN)),
            call_id=leg.call_id,
            cseq=1,
            contact=CONTACT,
            headers=[ALLOW],
            body=sdp,
            content_type=SDP,
        )
        return leg, Send(connection, leg.sent)

    @property
    def established(self) -> bool:
        """Whether there is a dialog, be it early: the client knows our tag and we know its own."""
        return self._dialog is not None

    def take(self, request: Request) -> bool:
        """Notes a request of an established dialog; False for an old CSeq (RFC 3261 section 12.2.2). After an INVITE,
        `respond` is to follow.
        """
        assert self._dialog is not None
        try:
            self._dialog = self._dialog.receive(request)
        except OutOfOrder:
            return False
        if request.method == "INVITE":
            self.asked = request
        return True

    def respond(self, status: int, sdp: bytes = b"") -> Send:
        """A response to the open INVITE of the client; a final one closes it."""
        assert self.asked is not None
        request = self.asked
        headers = [("Contact", str(CONTACT)), ALLOW] if 100 < status < 300 else []
        response = request.reply(status, to_tag=self.tag, headers=headers, body=sdp, content_type=SDP if sdp else None)
        if 100 < status < 300:
            self._dialog = self._dialog or Dialog.uas(request, response)
        if status >= 200:
            self.asked = None
            if self.state is LegState.EARLY:
                self.state = LegState.CONFIRMED if status < 300 else LegState.ENDED
        return Send(self.connection, response)

    def reinvite(self, sdp: bytes) -> Send:
        """A further INVITE in the dialog; `answered` is to be told what comes back."""
        self.sent = self._request("INVITE", contact=CONTACT, headers=[ALLOW], body=sdp)
        return Send(self.connection, self.sent)

    def answered(self, response: Response) -> list[Send]:
        """Takes a response to our open INVITE (a success has a To tag); gives what the transaction itself asks for: an
        ACK, a CANCEL that waited.
        """
        invite = self.sent
        assert invite is not None
        if response.status < 200:
            self._provisional = True
            return self.cancel() if self._cancel_wanted else []
        self.sent = None
        if not response.is_success:
            if self.state is LegState.EARLY:
                self.state = LegState.ENDED
            return [Send(self.connection, build_ack(invite, response))]
        self._dialog = self._dialog.refresh(response) if self._dialog else Dialog.uac(invite, response)
        self.state = LegState.CONFIRMED
        return [Send(self.connection, self._dialog.ack(invite, self._via()))]

    def cancel(self) -> list[Send]:
        """Takes the first INVITE back; waits for a provisional response, as RFC 3261 section 9.1 demands."""
        assert self.sent is not None
        self._cancel_wanted = not self._provisional
        return [Send(self.connection, build_cancel(self.sent))] if self._provisional else []

    def bye(self) -> Send:
        self.state = LegState.ENDED
        return Send(self.connection, self._request("BYE"))

    def _request(
        self,
        method: str,
        *,
        contact: NameAddr | None = None,
        headers: list[tuple[str, str]] | None = None,
        body: bytes = b"",
    ) -> Request:
        assert self._dialog is not None
        request, self._dialog = self._dialog.request(
            method,
            self._via(),
            contact=contact,
            headers=headers or (),
            body=body,
            content_type=SDP if body else None,
        )
        return request

    def _via(self) -> Via:
        return Via.build("WSS", DOMAIN, self._token())
