"""A user agent towards one peer, without clock and I/O: the transactions, their timers, and who waits for an answer."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from .context import Context
from .errors import TooManyTransactions, UnknownTransaction
from .fields import Via
from .message import Request, Response
from .transaction import (
    INVITE_SECONDS,
    REQUEST_SECONDS,
    Answered,
    Arrival,
    ClientTransactions,
    Key,
    Received,
    ServerTransactions,
)
from .uri import NameAddr, Uri

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS"
_FAREWELLS = 16  # calls that ended while the peer was away


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request that was sent. ``request`` is as it was answered (a signed one has another CSeq);
    ``response`` is None where none came in time or the connection was lost. ``repeated`` is a further 2xx to INVITE.
    """

    request: Request
    response: Response | None
    signed: bool = False
    repeated: bool = False


Then = Callable[[Outcome], None]
Again = Callable[[Request, Via, tuple[str, str]], Request]


class Sent:
    """A request that waits for its outcome; it stays the same object when the request is sent again with a
    signature. ``again`` makes that second request (a dialog counts it)."""

    __slots__ = ("again", "cancelled", "key", "nonce", "progressed", "request", "signatures", "then")

    def __init__(self, request: Request, then: Then, again: Again) -> None:
        self.request = request
        self.then = then
        self.again = again
        self.signatures = 0
        self.nonce: str | None = None  # of the challenge that was answered last
        self.progressed = False  # a provisional response came since
        self.cancelled = False
        self.key = Key.of(request)


class Receiver(Protocol):
    """Who handles what the peer asks for."""

    def asked(self, agent: "Agent", request: Request) -> None:
        """A new request, other than ACK and CANCEL: `Agent.reply` to it, now or later."""
        ...

    def acknowledged(self, agent: "Agent", request: Request) -> None:
        """The ACK of a 2xx."""
        ...

    def cancelled(self, agent: "Agent", invite: Request, cancel: Request) -> None:
        """``invite`` has no final response yet: it should get 487 now. The CANCEL itself is answered already."""
        ...


class Agent(ABC):
    """The base of the near and the far one. ``name`` is for timers and unique in the line; ``contact`` is ours;
    ``allow`` and ``extensions`` are what this side of us takes: a header, and the option tags of RFC 3261 section 19.2.
    """

    allow: tuple[str, str] = ("Allow", ALLOW)
    extensions: tuple[str, ...] = ()

    def __init__(
        self,
        context: Context,
        name: str,
        receiver: Receiver,
        *,
        transport: str,
        host: str,
        contact: NameAddr,
        max_transactions: int = 32,
    ) -> None:
        self.name = name
        self.contact = contact
        self.is_connected = False
        self._context = context
        self._receiver = receiver
        self._transport = transport
        self._host = host
        self._clients = ClientTransactions()
        self._max_transactions = max_transactions
        self._servers = ServerTransactions(max_transactions)
        self._sent: dict[Key, Sent] = {}
        self._timers: set[str] = set()
        self._farewells: list[Callable[[], object]] = []

    @abstractmethod
    def send(self, message: Request | Response) -> None: ...

    def via(self) -> Via:
        """With a fresh branch."""
        return Via.build(self._transport, self._host, self._context.ids.token())

    def connected(self) -> None:
        self.is_connected = True

    def disconnected(self) -> None:
        """The connection is gone, and all transactions with it: whoever waits is told that no answer will come."""
        self.is_connected = False
        for name in self._timers:
            self._context.cancel_timer(name)
        self._timers.clear()
        sent, self._sent = self._sent, {}
        pending = {id(request) for request in self._clients.clear()}
        self._servers = ServerTransactions(self._max_transactions)
        for waiting in sent.values():
            if id(waiting.request) in pending:
                waiting.then(Outcome(waiting.request, None, bool(waiting.signatures)))

    def when_back(self, say: Callable[[], object]) -> None:
        """Does ``say`` now, or at the next `back` where the peer is not connected; the oldest is forgotten of many."""
        if self.is_connected:
            say()
        else:
            self._farewells = [*self._farewells, say][-_FAREWELLS:]

    @property
    def owes(self) -> bool:
        """Something waits for `back`."""
        return bool(self._farewells)

    def back(self) -> None:
        """The peer can be reached again (registered, not only connected)."""
        farewells, self._farewells = self._farewells, []
        for say in farewells:
            say()

    def reaches(self, target: Uri) -> bool:
        """Whether somebody is still there who knows ``target``, the peer's address in a dialog."""
        return True

    # As a client

    def request(self, request: Request, then: Then, again: Again | None = None) -> Sent:
        """``then`` gets every provisional response to an INVITE, and the outcome of any request; at once where too
        many wait already. The peer must be connected.
        """
        sent = Sent(request, then, again or _again)
        self._start(sent)
        return sent

    def _start(self, sent: Sent) -> None:
        try:
            sent.key = self._clients.start(sent.request)
        except TooManyTransactions:
            sent.then(Outcome(sent.request, None, bool(sent.signatures)))
            return
        self._sent[sent.key] = sent
        self._arm(sent.key, REQUEST_SECONDS)
        self.send(sent.request)

    def resend(self, sent: Sent, header: tuple[str, str]) -> None:
        """The same request as a new transaction, with a signature."""
        sent.request = sent.again(sent.request, self.via(), header)
        sent.signatures += 1
        self._start(sent)

    def cancel(self, sent: Sent, *headers: tuple[str, str]) -> None:
        """Take an INVITE back. Its outcome is still told: usually 487, but a 2xx may cross the CANCEL."""
        sent.cancelled = True
        cancel = self._clients.cancel(sent.key, *headers)
        self._arm(sent.key, REQUEST_SECONDS)
        if cancel is not None:
            self._send_cancel(cancel)

    def _send_cancel(self, cancel: Request) -> None:
        self._arm(Key.of(cancel), REQUEST_SECONDS)
        self.send(cancel)

    def _answered(self, response: Response) -> None:
        asked = self._sent.get(Key.of(response))
        if asked is not None and response.cseq != asked.request.cseq:
            return  # the branch is ours, the request is not
        answered = self._clients.receive(response)
        if answered is None:
            return
        self._arm(answered.key, answered.seconds)
        if answered.ack is not None:
            self.send(answered.ack)
        if answered.cancel is not None:
            self._send_cancel(answered.cancel)
        sent = self._sent.get(answered.key)
        if sent is None or (answered.repeated and not response.is_success):
            return
        if answered.seconds is None or (response.is_final and not response.is_success):
            del self._sent[answered.key]
        self._tell(sent, answered)

    def _tell(self, sent: Sent, answered: Answered) -> None:
        sent.then(Outcome(answered.request, answered.response, bool(sent.signatures), answered.repeated))

    # As a server

    def receive(self, message: Request | Response) -> None:
        """A message of the peer."""
        if isinstance(message, Response):
            self._answered(message)
            return
        try:
            received = self._servers.receive(message, tag=self._context.ids.token())
        except TooManyTransactions:
            self.send(message.reply(503, to_tag=self._context.ids.token()))
            return
        if received.response is not None:
            self.send(received.response)
        if received.seconds is not None:
            self._arm(received.key, received.seconds, server=True)
        self._pass_on(message, received)

    def _pass_on(self, request: Request, received: Received) -> None:
        match received.arrival:
            case Arrival.NEW:
                self._receiver.asked(self, request)
            case Arrival.ACK:
                self._receiver.acknowledged(self, request)
            case Arrival.CANCEL if received.cancelled is not None:
                self._receiver.cancelled(self, self._servers.request(received.cancelled), request)

    def reply(
        self,
        request: Request,
        status: int,
        reason: str | None = None,
        *,
        to_tag: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        content_type: str | None = None,
    ) -> Response:
        """Answers ``request``, where it still waits for an answer. A To tag is made up where none is given."""
        tag = to_tag or self._context.ids.token()
        response = request.reply(status, reason, to_tag=tag, headers=headers, body=body, content_type=content_type)
        try:
            seconds = self._servers.respond(response)
        except UnknownTransaction:
            return response  # its connection has gone, or it was cancelled meanwhile
        self.send(response)
        if seconds is not None:
            self._arm(Key.of(response), seconds, server=True)
        return response

    # Timers

    def _arm(self, key: Key, seconds: float | None, *, server: bool = False) -> None:
        name = f"{self.name}.{'server' if server else 'client'}.{key.branch}.{key.method}"
        if seconds is None:
            self._timers.discard(name)
            self._context.cancel_timer(name)
            return
        timing = self._context.timing
        # The call gives up before: this bound is only there for what the call forgot.
        seconds = timing.ringing + timing.transaction if seconds == INVITE_SECONDS else timing.transaction

        def expire() -> None:
            self._timers.discard(name)
            self._expire_server(key) if server else self._expire_client(key)

        self._timers.add(name)
        self._context.set_timer(name, seconds, expire)

    def _expire_server(self, key: Key) -> None:
        self._servers.expire(key)

    def _expire_client(self, key: Key) -> None:
        unanswered = self._clients.expire(key)
        sent = self._sent.pop(key, None)
        if unanswered is not None and sent is not None:
            sent.then(Outcome(sent.request, None, bool(sent.signatures)))


def _again(request: Request, via: Via, header: tuple[str, str]) -> Request:
    return request.again(via, header)
