"""One dialog of a call, towards a handset or towards the PBX, from its INVITE to its BYE."""

from collections.abc import Iterable
from dataclasses import replace
from enum import Enum, auto

from .agent import Agent, Outcome, Sent, Then
from .dialog import Dialog, DialogId
from .early import RELIABLE, EarlyDialogs
from .errors import OutOfOrder
from .fields import Via
from .message import Request, Response
from .session_timer import SessionTimer, too_short
from .uri import Uri

SDP = "application/sdp"
Header = tuple[str, str]
_REFRESHING = ("INVITE", "UPDATE")  # RFC 4028 section 7


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
        self.session: SessionTimer | None = None  # towards the PBX only
        self.said = b""  # the SDP that was sent last
        self._early = EarlyDialogs(agent)  # of our INVITE
        self._reliable = 0  # RSeq of our last reliable provisional response
        self._late = False  # our INVITE asks for an offer: its ACK waits for the answer
        self._takes_update = False
        self._invite: Request | None = None  # theirs, in INVITED
        self._sent: Sent | None = None  # ours, in INVITING
        self._ack: Request | None = None  # of our INVITE
        self._reack: Request | None = None  # of our last re-INVITE

    def owns(self, agent: Agent, wanted: DialogId) -> bool:
        if agent is not self.agent:
            return False
        return self._early.owns(wanted) if self.dialog is None else self.dialog.id == wanted

    # Their INVITE

    def invited(self, invite: Request) -> None:
        self.state, self._invite = LegState.INVITED, invite
        self._takes_update = "UPDATE" in invite.allow

    def is_invited_by(self, invite: Request) -> bool:
        return self.state is LegState.INVITED and self._invite is invite

    def progress(self, status: int, body: bytes = b"") -> None:
        """Reliable where the INVITE requires that (RFC 3262). What is sent again by a clock there, is not here: the
        transport loses nothing.
        """
        assert self._invite is not None
        headers = []
        if status > 100 and RELIABLE in self._invite.require:
            self._reliable += 1
            headers = [("Require", RELIABLE), ("RSeq", str(self._reliable))]
        response = self.reply(self._invite, status, headers=headers, body=body)
        if status > 100 and self.dialog is None:
            self.dialog = Dialog.uas(self._invite, response)

    def acknowledges(self, prack: Request) -> bool:
        """Whether ``prack`` is for the last reliable provisional response."""
        if self._invite is None or self._reliable == 0:
            return False
        return (prack.headers.get("RAck") or "").split() == [
            str(self._reliable),
            str(self._invite.cseq.number),
            "INVITE",
        ]

    def accept(self, body: bytes) -> None:
        """200 with our answer: the dialog is there."""
        assert self._invite is not None
        self.state = LegState.CONFIRMED
        response = self.reply(self._invite, 200, body=body)
        self.dialog = Dialog.uas(self._invite, response) if self.dialog is None else self.dialog.confirm(response)

    # Our INVITE

    def inviting(self, sent: Sent) -> None:
        if self.state is LegState.INVITING:
            self._sent = sent
            self.said, self._late = sent.request.body, not sent.request.body

    def answered(self, outcome: Outcome) -> Response | None:
        """Takes an outcome of our INVITE; gives the response if the call must act on it.

        A 2xx is acknowledged here; one with the offer that we asked for by `acknowledge`. One that comes too late
        (after the CANCEL), or from another branch of a fork, gets its ACK and a BYE.
        """
        response = outcome.response
        if response is None or not response.is_success:
            waiting = self.state is LegState.INVITING
            if waiting and (response is None or response.is_final):
                self.state = LegState.OVER
            if waiting and response is not None and not response.is_final:
                waiting = self._early.heard(outcome, response)
            return response if waiting else None
        if response.to_tag is None:
            return None
        dialog = self._early.confirmed(outcome.request, response)
        if self.state is LegState.INVITING:
            self.state, self.dialog = LegState.CONFIRMED, dialog
            self._takes_update = "UPDATE" in response.allow
            if self.session is not None:
                self.session.agreed(response)
            if not self._late:
                self.acknowledge()
            return response
        if self.dialog is None or self.dialog.id != dialog.id:
            self._decline(dialog, outcome.request)
        elif self._ack is not None:
            self.agent.send(self._ack)
        return None

    def acknowledge(self, body: bytes = b"") -> None:
        """The ACK of our INVITE's 2xx; with the answer to the offer in it, where we asked for one."""
        assert self.dialog is not None and self._sent is not None
        content_type = SDP if body else None
        self._ack = self.dialog.ack(self._sent.request, self.agent.via(), body=body, content_type=content_type)
        self.said = body or self.said
        self.agent.send(self._ack)

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
            extra += [("Contact", str(self.agent.contact)), self.agent.allow]
        if status == 405:
            extra.append(self.agent.allow)
        if self.session is not None and request.method in _REFRESHING and 200 <= status < 300:
            extra += self.session.answer(request)
        self.said = body or self.said
        content_type = SDP if body else None
        return self.agent.reply(
            request, status, reason, to_tag=self.tag, headers=extra, body=body, content_type=content_type
        )

    def receive(self, request: Request) -> bool:
        """Notes a request of the peer in the dialog; answers one that is out of order, and gives False then."""
        if self.dialog is None:
            return True  # an early one, of our INVITE
        if self.session is not None and request.method in _REFRESHING:
            least = too_short(request)
            if least is not None:
                self.reply(request, 422, headers=[("Min-SE", str(least))])
                return False
        try:
            self.dialog = self.dialog.receive(request)
        except OutOfOrder:
            self.reply(request, 500)
            return False
        return True

    def request(
        self, method: str, then: Then, *, body: bytes = b"", headers: Iterable[Header] = (), content_type: str = SDP
    ) -> Sent:
        """A request in the dialog; there must be one."""
        assert self.dialog is not None
        refreshing = method in _REFRESHING
        headers = [*headers, *(self.session.offer() if refreshing and self.session is not None else ())]
        if refreshing:
            self.said = body or self.said
        request, self.dialog = self.dialog.request(
            method,
            self.agent.via(),
            contact=self.agent.contact if refreshing or method == "REFER" else None,
            headers=[*self.headers, *headers, self.agent.allow] if method == "INVITE" else headers,
            body=body,
            content_type=content_type if body else None,
        )
        return self.agent.request(request, then, self._again)

    def _again(self, request: Request, via: Via, header: Header) -> Request:
        assert self.dialog is not None
        repeated, self.dialog = self.dialog.again(request, via, header)
        return repeated

    def ack(self, outcome: Outcome, body: bytes = b"") -> None:
        """Acknowledges a 2xx to a re-INVITE, the first one and its repetitions alike; with the answer to its offer."""
        assert self.dialog is not None and outcome.response is not None
        if not outcome.repeated or self._reack is None:
            self.dialog = self.dialog.refresh(outcome.response)
            content_type = SDP if body else None
            self._reack = self.dialog.ack(outcome.request, self.agent.via(), body=body, content_type=content_type)
            self.said = body or self.said
            if self.session is not None:
                self.session.agreed(outcome.response)
        self.agent.send(self._reack)

    def refresh(self) -> None:
        """Lets the session timer go on: an UPDATE without SDP, else a re-INVITE with the SDP that stands."""
        if not self.agent.is_connected or self.state is not LegState.CONFIRMED:
            self._refreshed(None)
        elif self._takes_update:
            self.request("UPDATE", lambda outcome: self._refreshed(outcome.response))
        else:
            self.request("INVITE", self._refreshed_by_invite, body=self.said)

    def _refreshed_by_invite(self, outcome: Outcome) -> None:
        if outcome.response is not None and outcome.response.is_success:
            self.ack(outcome)
        elif outcome.response is None or outcome.response.is_final:
            self._refreshed(outcome.response)

    def _refreshed(self, response: Response | None) -> None:
        assert self.session is not None
        if self.state is LegState.OVER:
            return
        if response is not None and response.is_success:
            self.session.agreed(response)
        else:
            self.session.failed(response)

    def probe(self, then: Then) -> None:
        """Asks the peer whether it knows the dialog. Where it takes UPDATE (RFC 3311), that also tells it where we are
        now: with OPTIONS alone, Asterisk goes on sending its BYE to the connection that broke.
        """
        self.request("UPDATE" if self._takes_update else "OPTIONS", then)

    def left(self) -> None:
        """The peer's BYE came. One in an early dialog of its own INVITE leaves that to be answered (`close`)."""
        if self.state is LegState.CONFIRMED:
            self.state = LegState.OVER

    def rebind(self, address: Uri) -> bool:
        """The peer has a binding at ``address``. True where it is the page of this dialog (by the user of its Contact),
        which is reached there from now on.
        """
        if self.dialog is None or address.user != self.dialog.target.user:
            return False
        self.dialog = replace(self.dialog, target=address)
        return True

    def lost(self) -> None:
        """The peer has forgotten it: there is nobody to be told of its end."""
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
            if self._late and self._ack is None and self.agent.is_connected:
                self.acknowledge()  # without an answer: the peer knows then, before the BYE
            self.agent.when_back(lambda: self._say_bye(headers))

    def _say_bye(self, headers: Iterable[Header]) -> None:
        if self.dialog is not None and self.agent.reaches(self.dialog.target):
            self.request("BYE", _ignore, headers=headers)


def _ignore(outcome: Outcome) -> None:
    pass
