"""Transactions of RFC 3261 section 17 (and RFC 6026) over a reliable transport, without clock and without I/O.

One `ClientTransactions` and one `ServerTransactions` serve one peer. Over a reliable transport nothing is retransmitted
by timer (A, E and G do not exist; D, I, J and K are zero); what is left of the timers is one per transaction. The owner
starts it for as many seconds as it is told, anew each time it is told, and calls `expire` when it has fired.

Client, INVITE::

    CALLING --1xx--> PROCEEDING          32 s, then 180 s; expired: the caller of `expire` tells the user 408
       |                 |
       +------ 2xx ------+--> ACCEPTED   32 s: repeated 2xx are handed on, for the dialog to acknowledge them again
       +--- 300 to 699 --+--> COMPLETED  32 s: repeated ones get the ACK again

Client, other methods::

    TRYING --1xx--> PROCEEDING --200 to 699--> gone                  32 s in all

Server, INVITE::

    PROCEEDING --2xx--> ACCEPTED         32 s: a repeated INVITE is absorbed, repeated 2xx pass
       +--300 to 699--> COMPLETED        32 s: a repeated INVITE gets the answer again
                            +--ACK--> CONFIRMED                      absorbs further ACKs

Server, other methods::

    TRYING --1xx--> PROCEEDING --200 to 699--> COMPLETED             32 s: a repeated request gets the answer again

Timer J is zero by the letter of RFC 3261; here a finished transaction stays for its 32 s, for a peer that sends a
request again on a new connection. Finished ones make room when the table is full, the oldest first.
"""

from dataclasses import dataclass
from enum import Enum

from .errors import TooManyTransactions, UnknownTransaction
from .fields import MAGIC_COOKIE
from .message import Request, Response
from .uri import NameAddr

REQUEST_SECONDS = 32.0  # 64*T1: timers B, F and H
INVITE_SECONDS = 180.0  # timer C, from the first provisional response on
LINGER_SECONDS = 32.0  # 64*T1: timers L and M, and J


class State(Enum):
    CALLING = "calling"
    TRYING = "trying"
    PROCEEDING = "proceeding"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"

    @property
    def finished(self) -> bool:
        return self in (State.ACCEPTED, State.COMPLETED, State.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Key:
    """What makes messages one transaction (RFC 3261 sections 17.1.3 and 17.2.3). ``method`` of an ACK is INVITE.

    ``branch`` of a peer that sends none with the magic cookie is put together from Call-ID, From tag, CSeq and Via.
    """

    branch: str
    sent_by: str
    method: str

    @classmethod
    def of(cls, message: Request | Response, method: str | None = None) -> "Key":
        via, cseq = message.via, message.cseq
        branch = via.branch or ""
        if not branch.startswith(MAGIC_COOKIE):
            branch = "\0".join((branch, message.call_id, message.from_tag or "", str(cseq.number)))
        method = cseq.method if method is None else method
        return cls(branch, via.sent_by, "INVITE" if method == "ACK" else method)


@dataclass(slots=True)
class _Client:
    request: Request
    state: State
    cancelling: tuple[tuple[str, str], ...] | None = None  # headers of a CANCEL that waits for the first response
    ack: Request | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """A response that belongs to ``request``. Send ``ack`` and ``cancel`` where they are set (the CANCEL has a
    transaction and needs a timer of its own); set the timer of ``key`` to ``seconds`` (None: the transaction is gone,
    stop it). ``repeated`` is a final response that was handed up already: only a 2xx to INVITE matters then, for its
    ACK is the dialog's (RFC 3261 section 13.2.2.4).
    """

    key: Key
    request: Request
    response: Response
    seconds: float | None
    ack: Request | None = None
    cancel: Request | None = None
    repeated: bool = False


class ClientTransactions:
    """The requests that were sent to one peer. ``limit`` bounds the unfinished ones and, apart, the finished ones."""

    def __init__(self, limit: int = 128) -> None:
        self._limit = limit
        self._table: dict[Key, _Client] = {}

    def __len__(self) -> int:
        return len(self._table)

    def state(self, key: Key) -> State | None:
        transaction = self._table.get(key)
        return transaction.state if transaction else None

    def start(self, request: Request) -> Key:
        """Remembers ``request`` and gives its key; set a timer of `REQUEST_SECONDS` and send it.

        Raises `TooManyTransactions`, and ValueError for an ACK and for a branch that is in use.
        """
        key = Key.of(request)
        if request.method == "ACK" or key in self._table:
            raise ValueError("An ACK starts no transaction, and each request needs a branch of its own")
        _make_room(self._table, self._limit)
        self._table[key] = _Client(request, State.CALLING if request.method == "INVITE" else State.TRYING)
        return key

    def receive(self, response: Response) -> Answered | None:
        """What is to be done with ``response``; None where it belongs to no transaction: drop it."""
        key = Key.of(response)
        transaction = self._table.get(key)
        if transaction is None or (response.status < 200 and transaction.state.finished):
            return None
        request = transaction.request
        if request.method != "INVITE":
            if response.is_final:
                del self._table[key]
                return Answered(key, request, response, None)
            transaction.state = State.PROCEEDING
            return Answered(key, request, response, REQUEST_SECONDS)
        return self._receive_invite(key, transaction, response)

    def _receive_invite(self, key: Key, transaction: _Client, response: Response) -> Answered | None:
        request, repeated = transaction.request, transaction.state.finished
        if not response.is_final:
            transaction.state = State.PROCEEDING
            cancel, transaction.cancelling = self._cancel_now(transaction), None
            return Answered(key, request, response, INVITE_SECONDS, cancel=cancel)
        transaction.cancelling = None
        if response.is_success:
            if transaction.state is State.COMPLETED:
                return None
            transaction.state = State.ACCEPTED
            return Answered(key, request, response, LINGER_SECONDS, repeated=repeated)
        if transaction.state is State.ACCEPTED:
            return None
        transaction.state = State.COMPLETED
        transaction.ack = transaction.ack or build_ack(request, response)
        return Answered(key, request, response, LINGER_SECONDS, ack=transaction.ack, repeated=repeated)

    def cancel(self, key: Key, *headers: tuple[str, str]) -> Request | None:
        """The CANCEL to send now, with ``headers`` (a Reason, for example); its own transaction has been started, and
        needs a timer. The INVITE waits for its 487; set its timer to `REQUEST_SECONDS`.

        None where no response has come yet: `receive` gives the CANCEL with the first one (RFC 3261 section 9.1). None
        too where the transaction is finished, gone or was cancelled before.
        """
        transaction = self._table.get(key)
        if transaction is None or transaction.request.method != "INVITE" or transaction.state.finished:
            return None
        if transaction.cancelling is not None or Key(key.branch, key.sent_by, "CANCEL") in self._table:
            return None
        transaction.cancelling = headers
        if transaction.state is State.CALLING:
            return None
        cancel, transaction.cancelling = self._cancel_now(transaction), None
        return cancel

    def _cancel_now(self, transaction: _Client) -> Request | None:
        if transaction.cancelling is None:
            return None
        cancel = build_cancel(transaction.request, *transaction.cancelling)
        self._table[Key.of(cancel)] = _Client(cancel, State.TRYING)
        return cancel

    def expire(self, key: Key) -> Request | None:
        """The timer of ``key`` fired: the transaction is gone. Gives its request if it was never answered for good, for
        the user to be told of a 408; None where there is nothing to tell.
        """
        transaction = self._table.pop(key, None)
        return None if transaction is None or transaction.state.finished else transaction.request

    def clear(self) -> list[Request]:
        """The connection is lost: forgets all transactions and gives the requests that were not answered for good."""
        pending = [entry.request for entry in self._table.values() if not entry.state.finished]
        self._table.clear()
        return pending


class Arrival(Enum):
    """What a request is to the one who receives it."""

    NEW = "new"  # to be answered with `ServerTransactions.respond`
    ACK = "ack"  # of a 2xx: the dialog's, there is no transaction
    CANCEL = "cancel"  # matched: `response` is its answer; answer the INVITE `cancelled` with 487, if it still rings
    ABSORBED = "absorbed"  # nothing to do but to send `response` where there is one


@dataclass(frozen=True, slots=True)
class Received:
    """``response`` is to be sent where it is set: the last one again, or the answer to a CANCEL. Set the timer of
    ``key`` to ``seconds`` where that is set; ``cancelled`` is the key of the INVITE that a CANCEL means.
    """

    arrival: Arrival
    key: Key
    response: Response | None = None
    seconds: float | None = None
    cancelled: Key | None = None


@dataclass(slots=True)
class _Server:
    request: Request
    state: State
    response: Response | None = None


class ServerTransactions:
    """The requests that came from one peer. ``limit`` bounds the unfinished ones and, apart, the finished ones."""

    def __init__(self, limit: int = 32) -> None:
        self._limit = limit
        self._table: dict[Key, _Server] = {}

    def __len__(self) -> int:
        return len(self._table)

    def state(self, key: Key) -> State | None:
        transaction = self._table.get(key)
        return transaction.state if transaction else None

    def request(self, key: Key) -> Request:
        """Raises `UnknownTransaction`."""
        return self._find(key).request

    def receive(self, request: Request, *, tag: str | None = None) -> Received:
        """What ``request`` is. ``tag`` is a fresh one, for the To of an answer that this table gives to a CANCEL.

        Raises `TooManyTransactions`: answer ``request`` with 503, statelessly.
        """
        key = Key.of(request)
        known = self._table.get(key)
        if request.method == "ACK":
            if known is None or known.state in (State.ACCEPTED, State.PROCEEDING):
                return Received(Arrival.ACK, key)
            known.state = State.CONFIRMED
            return Received(Arrival.ABSORBED, key)
        if known is not None:
            again = known.response if known.state in (State.PROCEEDING, State.COMPLETED) else None
            return Received(Arrival.ABSORBED, key, again)
        if request.method == "CANCEL":
            return self._receive_cancel(key, request, tag)
        _make_room(self._table, self._limit)
        self._table[key] = _Server(request, State.PROCEEDING if request.method == "INVITE" else State.TRYING)
        return Received(Arrival.NEW, key)

    def _receive_cancel(self, key: Key, request: Request, tag: str | None) -> Received:
        """RFC 3261 section 9.2: 200 where the INVITE is known, whatever its state, else 481."""
        target = Key(key.branch, key.sent_by, "INVITE")
        invite = self._table.get(target)
        if invite is None:
            return Received(Arrival.ABSORBED, key, request.reply(481, to_tag=tag))
        given = invite.response.to_tag if invite.response is not None else None
        response = request.reply(200, to_tag=given or tag)
        _make_room(self._table, self._limit + 1)  # a full table must not keep a call from being cancelled
        self._table[key] = _Server(request, State.COMPLETED, response)
        arrival = Arrival.ABSORBED if invite.state.finished else Arrival.CANCEL
        return Received(arrival, key, response, LINGER_SECONDS, target)

    def respond(self, response: Response) -> float | None:
        """Takes note of ``response``, which is to be sent now; gives the seconds to set the timer of
        ``Key.of(response)`` to, or None where the timer stays as it is (there is none before the final response).

        Raises `UnknownTransaction` where the request is not known or has its final response already.
        """
        transaction = self._find(Key.of(response))
        if transaction.state is State.ACCEPTED and response.is_success:
            return None
        if transaction.state.finished:
            raise UnknownTransaction("The request has its final response already")
        transaction.response = response
        if not response.is_final:
            transaction.state = State.PROCEEDING
            return None
        accepted = response.is_success and transaction.request.method == "INVITE"
        transaction.state = State.ACCEPTED if accepted else State.COMPLETED
        return LINGER_SECONDS

    def expire(self, key: Key) -> None:
        """The timer of ``key`` fired: the transaction is gone."""
        self._table.pop(key, None)

    def pending(self) -> list[Request]:
        """The requests without a final response, the oldest first."""
        return [entry.request for entry in self._table.values() if not entry.state.finished]

    def _find(self, key: Key) -> _Server:
        if key not in self._table:
            raise UnknownTransaction("There is no such transaction")
        return self._table[key]


def _make_room(table: "dict[Key, _Client] | dict[Key, _Server]", limit: int) -> None:
    """Room for one more unfinished transaction, and at most ``limit`` finished ones: the oldest of these go."""
    finished = [key for key, entry in table.items() if entry.state.finished]
    if len(table) - len(finished) >= limit:
        raise TooManyTransactions("There are too many unfinished transactions")
    for key in finished[: max(0, len(finished) - limit + 1)]:
        del table[key]


def build_cancel(invite: Request, *headers: tuple[str, str]) -> Request:
    """The CANCEL of ``invite``: its Request-URI, topmost Via, Route, From, To, Call-ID and CSeq number (RFC 3261
    section 9.1).
    """
    return _follow(invite, "CANCEL", invite.to, headers)


def build_ack(invite: Request, response: Response) -> Request:
    """The ACK of a response from 300 on (RFC 3261 section 17.1.1.3): like the CANCEL, with the To of the response."""
    return _follow(invite, "ACK", response.to, ())


def _follow(invite: Request, method: str, to: NameAddr, headers: tuple[tuple[str, str], ...]) -> Request:
    return Request.build(
        method,
        invite.uri,
        via=invite.via,
        from_=invite.from_,
        to=to,
        call_id=invite.call_id,
        cseq=invite.cseq.number,
        routes=invite.routes,
        headers=headers,
    )
