"""Dialogs of RFC 3261 section 12 as frozen values: every step gives the next `Dialog`.

::

    Request + Response 101..199 --> EARLY --confirm(2xx)--> CONFIRMED
    Request + Response 2xx -----------------------------------^

A dialog ends when its owner forgets it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from .errors import OutOfOrder
from .fields import Via
from .message import Request, Response
from .uri import NameAddr, Uri

# Requests whose Contact, and whose 2xx response's, becomes the target (RFC 3261 section 12.2, RFC 3311 section 5.1)
_TARGET_REFRESH = ("INVITE", "UPDATE")


class DialogState(Enum):
    EARLY = "early"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class DialogId:
    """RFC 3261 section 12: what every message in a dialog has in common, from one side's view."""

    call_id: str
    local_tag: str
    remote_tag: str

    @classmethod
    def of_request(cls, request: Request) -> "DialogId":
        """The dialog that a received request belongs to; ``local_tag`` is empty outside of one."""
        return cls(request.call_id, request.to_tag or "", request.from_tag or "")

    @classmethod
    def of_response(cls, response: Response) -> "DialogId":
        """The dialog that a received response belongs to; ``remote_tag`` is empty outside of one."""
        return cls(response.call_id, response.from_tag or "", response.to_tag or "")


@dataclass(frozen=True, slots=True)
class Dialog:
    """``local`` and ``remote`` carry their tags; ``target`` is where requests go; ``local_seq`` is the last CSeq that
    was sent, ``remote_seq`` the last one that came (None before the first); ``route_set`` is in the order of Route.
    """

    state: DialogState
    call_id: str
    local: NameAddr
    remote: NameAddr
    target: Uri
    route_set: tuple[NameAddr, ...] = ()
    local_seq: int = 0
    remote_seq: int | None = None

    @classmethod
    def uac(cls, request: Request, response: Response) -> "Dialog":
        """Of the INVITE that was sent and a response 101 to 299 (section 12.1.2). Raises ValueError where the response
        makes no dialog: another status, no To tag. A PBX that leaves the Contact out is reached at the old target.
        """
        if not 100 < response.status < 300 or response.to_tag is None:
            raise ValueError("A dialog needs a response 101 to 299 with a To tag")
        return cls(
            DialogState.CONFIRMED if response.is_final else DialogState.EARLY,
            request.call_id,
            request.from_,
            response.to,
            response.contact.uri.bare() if response.contact else request.uri,
            response.record_routes[::-1],
            local_seq=request.cseq.number,
        )

    @classmethod
    def uas(cls, request: Request, response: Response) -> "Dialog":
        """Of the INVITE that came and our response 101 to 299 with its To tag (section 12.1.1). Raises ValueError."""
        if not 100 < response.status < 300 or response.to_tag is None or request.from_tag is None:
            raise ValueError("A dialog needs a response 101 to 299, a From tag and a To tag")
        return cls(
            DialogState.CONFIRMED if response.is_final else DialogState.EARLY,
            request.call_id,
            response.to,
            request.from_,
            request.contact.uri.bare() if request.contact else request.from_.uri.bare(),
            request.record_routes,
            remote_seq=request.cseq.number,
        )

    @property
    def id(self) -> DialogId:
        return DialogId(self.call_id, self.local.tag or "", self.remote.tag or "")

    def confirm(self, response: Response) -> "Dialog":
        """The 2xx of the INVITE, received or sent: confirmed, and, where it was received, with the target and the route
        set of the 2xx, which count (section 13.2.2.4).
        """
        if not response.is_success or response.to_tag not in (self.remote.tag, self.local.tag):
            raise ValueError("A dialog is confirmed by a 2xx with its tags")
        confirmed = replace(self, state=DialogState.CONFIRMED)
        if response.to_tag == self.local.tag:
            return confirmed
        confirmed = replace(confirmed, route_set=response.record_routes[::-1])
        return replace(confirmed, target=response.contact.uri.bare()) if response.contact else confirmed

    def request(
        self,
        method: str,
        via: Via,
        *,
        contact: NameAddr | None = None,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        content_type: str | None = None,
    ) -> "tuple[Request, Dialog]":
        """A request in this dialog with the next CSeq (section 12.2.1.1), and the dialog after it. ``via`` has a fresh
        branch. Not for ACK (`ack`) and CANCEL (`transaction.build_cancel`).
        """
        after = replace(self, local_seq=self.local_seq + 1)
        return self._build(method, via, after.local_seq, contact, headers, body, content_type), after

    def again(self, request: Request, via: Via, *headers: tuple[str, str]) -> "tuple[Request, Dialog]":
        """``request``, sent once more with the next CSeq and with ``headers``: the answer to a challenge."""
        repeated = replace(request, headers=request.headers.replace("CSeq", f"{self.local_seq} {request.method}"))
        return repeated.again(via, *headers), replace(self, local_seq=self.local_seq + 1)

    def ack(self, invite: Request, via: Via, *, body: bytes = b"", content_type: str | None = None) -> Request:
        """The ACK of a 2xx to ``invite`` (section 13.2.2.4): its CSeq number and its credentials, a branch of its own.
        Keep it, and send it again for each repeated 2xx.
        """
        kept = [(name, value) for name, value in invite.headers if name in ("Authorization", "Proxy-Authorization")]
        return self._build("ACK", via, invite.cseq.number, None, kept, body, content_type)

    def receive(self, request: Request) -> "Dialog":
        """The dialog after ``request`` came in it (section 12.2.2): its CSeq noted, the target refreshed by INVITE and
        UPDATE. ACK and CANCEL change nothing. Raises `OutOfOrder` for an old CSeq: answer 500.
        """
        if request.method in ("ACK", "CANCEL"):
            return self
        seq = request.cseq.number
        if self.remote_seq is not None and seq <= self.remote_seq:
            raise OutOfOrder("The CSeq of the request is not higher than the last one")
        after = replace(self, remote_seq=seq)
        if request.method in _TARGET_REFRESH and request.contact is not None:
            return replace(after, target=request.contact.uri.bare())
        return after

    def refresh(self, response: Response) -> "Dialog":
        """The dialog after a 2xx to our re-INVITE or UPDATE, whose Contact is the new target (section 12.2.1.2)."""
        if response.is_success and response.cseq.method in _TARGET_REFRESH and response.contact is not None:
            return replace(self, target=response.contact.uri.bare())
        return self

    def _build(
        self,
        method: str,
        via: Via,
        cseq: int,
        contact: NameAddr | None,
        headers: Iterable[tuple[str, str]],
        body: bytes,
        content_type: str | None,
    ) -> Request:
        uri, routes = self.target, self.route_set
        if routes and "lr" not in routes[0].uri.parameters:  # a strict router: section 12.2.1.1
            uri, routes = routes[0].uri.bare(), (*routes[1:], NameAddr(self.target))
        return Request.build(
            method,
            uri,
            via=via,
            from_=self.local,
            to=self.remote,
            call_id=self.call_id,
            cseq=cseq,
            contact=contact,
            routes=routes,
            headers=headers,
            body=body,
            content_type=content_type,
        )
