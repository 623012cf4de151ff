"""One dialog of a call, towards a handset or towards the PBX, from its INVITE to its BYE."""

from collections.abc import Iterable
from enum import Enum, auto

from .agent import ALLOW, Agent, Outcome, Sent, Then
from .dialog import Dialog, DialogId
from .errors import OutOfOrder
from .fields import Via
from .message import Request, Response

SDP = "application/sdp"
Header = tuple[str, str]


class LegState(Enum):
    """::

    INVITED  (theirs waits for our final answer) --2xx-->  CONFIRMED --BYE, either way--> OVER
    INVITING (ours waits for theirs) -------------2xx--------^
        +--refused, cancelled--> OVER
    """

    INVITED = auto()
    INVITING = auto()
    CONFIRMED = auto()
    OVER = auto()


class Leg:
    """``name`` is the leg's name at the media engine, ``tag`` is our tag in the dialog, ``headers`` go into every
    response and every INVITE. The agent of a near leg stays the same object when its handset comes back.
    """

    def __init__(self, agent: Agent, name: str, tag: str, headers: tuple[Header, ...] = ()) -> None:
        self.agent = agent
        self.name = name
        self.tag = tag
        self.headers = headers
        self.state = LegState.INVITING
        self.dialog: Dialog | None = None
        self._takes_update = False
        self._invite: Request | None = None  # theirs, in INVITED
        self._sent: Sent | None = None  # ours, in INVITING
        self._ack: Request | None = None  # of our INVITE
        self._reack: Request | None = None  # of our last re-INVITE

    def owns(self, agent: Agent, wanted: DialogId) -> bool:
        return agent is self.agent and self.dialog is not None and self.dialog.id == wanted

    # Their INVITE

    def invited(self, invite: Request) -> None:
        self.state, self._invite = LegState.INVITED, invite
        self._takes_update = "UPDATE" in invite.allow

    def is_invited_by(self, invite: Request) -> bool:
        return self.state is LegState.INVITED and self._invite is invite

    def progress(self, status: int, body: bytes = b"") -> None:
        assert self._invite is not None
        self.reply(self._invite, status, body=body)

    def accept(self, body: bytes) -> None:
        """200 with our answer: the dialog is there."""
        assert self._invite is not None
        self.state = LegState.CONFIRMED
        self.dialog = Dialog.uas(self._invite, self.reply(self._invite, 200, body=body))

    # Our INVITE

    def inviting(self, sent: Sent) -> None:
        if self.state is LegState.INVITING:
            self._sent = sent

    def answered(self, outcome: Outcome) -> Response | None:
        """Takes an outcome of our INVITE; gives the response if the call must act on it.

        A 2xx is acknowledged here. One that comes too late (after the CANCEL), or from another branch of a fork, gets
        its ACK and a BYE.
        """
        response = outcome.response
        if response is None or not response.is_success:
            waiting = self.state is LegState.INVITING
            if waiting and (response is None or response.is_final):
                self.state = LegState.OVER
            return response if waiting else None
        if response.to_tag is None:
            return None
        dialog = Dialog.uac(outcome.request, response)
        if self.state is LegState.INVITING:
            self.state, self.dialog = LegState.CONFIRMED, dialog
            self._takes_update = "UPDATE" in response.allow
            self._ack = dialog.ack(outcome.request, self.agent.via())
            self.agent.send(self._ack)
            return response
        if self.dialog is not None and self.dialog.id == dialog.id and self._ack is not None:
            self.agent.send(self._ack)
        else:
            self._decline(dialog, outcome.request)
        return None

    def _decline(self, dialog: Dialog, invite: Request) -> None:
        """A 2xx that nobody wants: RFC 3261 section 13.2.2.4."""
        self.agent.send(dialog.ack(invite, self.agent.via()))
        bye, _ = dialog.request("BYE", self.agent.via())
        self.agent.request(bye, _ignore)

    # In the dialog

    def reply(
        self,
        request: Request,
        status: int,
        reason: str | None = None,
        *,
        headers: Iterable[Header] = (),
        body: bytes = b"",
    ) -> Response:
        extra = [*self.headers, *headers]
        if request.method == "INVITE" and 100 < status < 300:
            extra += [("Contact", str(self.agent.contact)), ALLOW]
        if status == 405:
            extra.append(ALLOW)
        content_type = SDP if body else None
        return self.agent.reply(
            request, status, reason, to_tag=self.tag, headers=extra, body=body, content_type=content_type
        )

    def receive(self, request: Request) -> bool:
        """Notes a request of the peer in the dialog; answers one that is out of order, and gives False then."""
        assert self.dialog is not None
        try:
            self.dialog = self.dialog.receive(request)
        except OutOfOrder:
            self.reply(request, 500)
            return False
        return True

    def request(self, method: str, then: Then, *, body: bytes = b"", headers: Iterable[Header] = ()) -> Sent:
        """A request in the dialog; there must be one."""
        assert self.dialog is not None
        invite = method == "INVITE"
        contact = self.agent.contact if method in ("INVITE", "UPDATE") else None
        request, self.dialog = self.dialog.request(
            method,
            self.agent.via(),
            contact=contact,
            headers=[*self.headers, *headers, ALLOW] if invite else headers,
            body=body,
            content_type=SDP if body else None,
        )
        return self.agent.request(request, then, self._again)

    def _again(self, request: Request, via: Via, header: Header) -> Request:
        assert self.dialog is not None
        repeated, self.dialog = self.dialog.again(request, via, header)
        return repeated

    def ack(self, outcome: Outcome) -> None:
        """Acknowledges a 2xx to a re-INVITE, the first one and its repetitions alike."""
        assert self.dialog is not None and outcome.response is not None
        if not outcome.repeated or self._reack is None:
            self.dialog = self.dialog.refresh(outcome.response)
            self._reack = self.dialog.ack(outcome.request, self.agent.via())
        self.agent.send(self._reack)

    def probe(self, then: Then) -> None:
        """Asks the peer whether it knows the dialog. Where it takes UPDATE (RFC 3311), that also tells it where we are
        now: with OPTIONS alone, Asterisk goes on sending its BYE to the connection that broke.
        """
        self.request("UPDATE" if self._takes_update else "OPTIONS", then)

    def left(self) -> None:
        """The peer's BYE came."""
        self.state = LegState.OVER

    def close(self, status: int, *headers: Header) -> None:
        """Ends it as its state asks for: a final response of ``status``, a CANCEL or a BYE; once.

        A BYE to a peer that is not connected is said when it is back.
        """
        state, self.state = self.state, LegState.OVER
        if state is LegState.INVITED and self._invite is not None:
            self.reply(self._invite, status, headers=headers)
        elif state is LegState.INVITING and self._sent is not None:
            self.agent.cancel(self._sent, *headers)
        elif state is LegState.CONFIRMED:
            self.agent.when_back(lambda: self.request("BYE", _ignore, headers=headers))


def _ignore(outcome: Outcome) -> None:
    pass
