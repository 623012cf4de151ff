"""Transactions of both sides, as scripts: what comes in, what must go out."""

import pytest

from signaling.errors import TooManyTransactions, UnknownTransaction
from signaling.fields import Reason, Via
from signaling.message import Request
from signaling.transaction import (
    INVITE_SECONDS,
    LINGER_SECONDS,
    REQUEST_SECONDS,
    Arrival,
    ClientTransactions,
    Key,
    Received,
    ServerTransactions,
    State,
    build_ack,
    build_cancel,
)
from signaling.uri import NameAddr, Uri

PEER = Uri.parse("sip:600@pbx.example")


def request(method: str = "INVITE", branch: str = "1", cseq: int = 7) -> Request:
    return Request.build(
        method,
        PEER,
        via=Via.build("WSS", "ramal.invalid", branch),
        from_=NameAddr(Uri.parse("sip:1001@pbx.example")).with_tag("f"),
        to=NameAddr(PEER),
        call_id="c",
        cseq=cseq,
        routes=[NameAddr.parse("<sip:edge.example;lr>")],
        headers=[("Subject", "x")],
    )


def old(method: str = "INVITE", via: str = "SIP/2.0/WSS h", cseq: int = 7) -> Request:
    """Of a peer that sends no branch, or one without the magic cookie."""
    made = request(method, cseq=cseq)
    return Request(made.method, made.uri, made.headers.replace("Via", via))


# Client


def test_an_invite_is_answered() -> None:
    table, invite = ClientTransactions(), request()
    key = table.start(invite)
    assert (table.state(key), len(table)) == (State.CALLING, 1)

    ringing = table.receive(invite.reply(180, to_tag="t"))
    assert ringing is not None
    assert (ringing.request, ringing.seconds, ringing.ack, ringing.cancel) == (invite, INVITE_SECONDS, None, None)
    assert table.state(key) is State.PROCEEDING

    answered = table.receive(invite.reply(200, to_tag="t"))
    assert answered is not None
    assert (answered.seconds, answered.ack, answered.repeated) == (LINGER_SECONDS, None, False)
    assert table.state(key) is State.ACCEPTED

    again = table.receive(invite.reply(200, to_tag="t"))
    assert again is not None and again.repeated  # the dialog sends its ACK again

    assert table.receive(invite.reply(180, to_tag="t")) is None  # late
    assert table.receive(invite.reply(486, to_tag="u")) is None  # nonsense after a 2xx
    assert table.expire(key) is None
    assert (table.state(key), len(table)) == (None, 0)
    assert table.receive(invite.reply(200, to_tag="t")) is None


def test_a_refused_invite_is_acknowledged_by_the_transaction() -> None:
    table, invite = ClientTransactions(), request()
    key = table.start(invite)
    busy = invite.reply(486, to_tag="t")

    refused = table.receive(busy)
    assert refused is not None and refused.ack is not None
    assert (refused.seconds, refused.repeated, table.state(key)) == (LINGER_SECONDS, False, State.COMPLETED)
    ack = refused.ack
    assert (ack.method, ack.uri, ack.via, ack.cseq.number) == ("ACK", PEER, invite.via, 7)
    assert (ack.cseq.method, ack.to, ack.from_, ack.routes) == ("ACK", busy.to, invite.from_, invite.routes)
    assert "Subject" not in ack.headers and ack.body == b""

    again = table.receive(busy)
    assert again is not None and (again.repeated, again.ack) == (True, ack)
    assert table.receive(invite.reply(200, to_tag="t")) is None
    assert table.expire(key) is None


def test_another_request_ends_with_its_final_response() -> None:
    table, register = ClientTransactions(), request("REGISTER")
    key = table.start(register)
    assert table.state(key) is State.TRYING
    trying = table.receive(register.reply(100))
    assert trying is not None and trying.seconds == REQUEST_SECONDS
    assert table.state(key) is State.PROCEEDING
    done = table.receive(register.reply(200))
    assert done is not None and (done.request, done.seconds) == (register, None)
    assert len(table) == 0
    assert table.receive(register.reply(200)) is None


def test_a_response_to_nothing_is_dropped() -> None:
    table = ClientTransactions()
    table.start(request("OPTIONS", "1"))
    assert table.receive(request("OPTIONS", "2").reply(200)) is None
    assert table.receive(request("BYE", "1").reply(200)) is None


def test_cancel_goes_at_once_when_it_rings() -> None:
    table, invite = ClientTransactions(), request()
    key = table.start(invite)
    table.receive(invite.reply(100))
    cancel = table.cancel(key, ("Reason", str(Reason("SIP", 200, "Call completed elsewhere"))))
    assert cancel is not None
    assert (cancel.method, cancel.uri, cancel.via, cancel.to) == ("CANCEL", PEER, invite.via, invite.to)
    assert (cancel.cseq.number, cancel.routes, cancel.reasons[0].cause) == (7, invite.routes, 200)
    assert table.cancel(key) is None  # once is enough

    done = table.receive(cancel.reply(200))
    assert done is not None and done.request == cancel
    ended = table.receive(invite.reply(487, to_tag="t"))
    assert ended is not None and ended.ack is not None
    assert table.cancel(key) is None  # too late


def test_cancel_waits_for_the_first_response() -> None:
    table, invite = ClientTransactions(), request()
    key = table.start(invite)
    assert table.cancel(key) is None
    assert table.cancel(key) is None
    ringing = table.receive(invite.reply(180, to_tag="t"))
    assert ringing is not None and ringing.cancel is not None
    assert table.state(Key.of(ringing.cancel)) is State.TRYING
    again = table.receive(invite.reply(180, to_tag="t"))
    assert again is not None and again.cancel is None


def test_cancel_that_waits_dies_with_a_final_response() -> None:
    table, invite = ClientTransactions(), request()
    key = table.start(invite)
    table.cancel(key)
    answered = table.receive(invite.reply(200, to_tag="t"))
    assert answered is not None and answered.cancel is None  # answered after all: the owner sends BYE


def test_only_a_living_invite_can_be_cancelled() -> None:
    table = ClientTransactions()
    assert table.cancel(Key.of(request())) is None
    assert table.cancel(table.start(request("OPTIONS"))) is None


def test_a_request_without_an_answer_is_given_back() -> None:
    table = ClientTransactions()
    key = table.start(request())
    assert table.expire(key) == request()
    assert table.expire(key) is None


def test_a_lost_connection_gives_back_what_was_pending() -> None:
    table, done = ClientTransactions(), request(branch="2")
    table.start(request())
    table.start(done)
    table.receive(done.reply(200, to_tag="t"))
    assert table.clear() == [request()]
    assert len(table) == 0


def test_a_client_starts_what_it_may() -> None:
    table = ClientTransactions(limit=2)
    table.start(request(branch="1"))
    with pytest.raises(ValueError, match="branch of its own"):
        table.start(request(branch="1"))
    with pytest.raises(ValueError, match="ACK"):
        table.start(request("ACK", "3"))
    table.start(request(branch="2"))
    with pytest.raises(TooManyTransactions):
        table.start(request(branch="3"))


def test_finished_ones_make_room_the_oldest_first() -> None:
    table = ClientTransactions(limit=2)
    keys = []
    for branch in "1234":
        invite = request(branch=branch)
        keys.append(table.start(invite))
        table.receive(invite.reply(200, to_tag="t"))
    assert [table.state(key) for key in keys] == [None, None, State.ACCEPTED, State.ACCEPTED]


# Server


def test_an_invite_is_served() -> None:
    table, invite = ServerTransactions(), request()
    key = Key.of(invite)
    assert table.receive(invite) == Received(Arrival.NEW, key)
    assert table.request(key) == invite and table.pending() == [invite]

    assert table.receive(invite) == Received(Arrival.ABSORBED, key)  # nothing to say yet
    ringing = invite.reply(180, to_tag="t")
    assert table.respond(ringing) is None
    assert table.receive(invite) == Received(Arrival.ABSORBED, key, ringing)

    assert table.respond(invite.reply(200, to_tag="t")) == LINGER_SECONDS
    assert (table.state(key), table.pending()) == (State.ACCEPTED, [])
    assert table.receive(invite) == Received(Arrival.ABSORBED, key)  # the 200 is the dialog's to repeat
    assert table.respond(invite.reply(200, to_tag="t")) is None
    with pytest.raises(UnknownTransaction):
        table.respond(invite.reply(486, to_tag="t"))

    assert table.receive(request("ACK", "2")).arrival is Arrival.ACK
    table.expire(key)
    table.expire(key)
    assert (table.state(key), len(table)) == (None, 0)
    with pytest.raises(UnknownTransaction):
        table.request(key)


def test_a_refusal_is_repeated_until_its_ack() -> None:
    table, invite = ServerTransactions(), request()
    key = Key.of(invite)
    table.receive(invite)
    busy = invite.reply(486, to_tag="t")
    assert table.respond(busy) == LINGER_SECONDS
    assert table.receive(invite) == Received(Arrival.ABSORBED, key, busy)
    ack = build_ack(invite, busy)
    assert table.receive(ack) == Received(Arrival.ABSORBED, key)
    assert table.state(key) is State.CONFIRMED
    assert table.receive(ack) == Received(Arrival.ABSORBED, key)
    assert table.receive(invite) == Received(Arrival.ABSORBED, key)


def test_a_repeated_request_gets_its_answer_again() -> None:
    table, bye = ServerTransactions(), request("BYE")
    table.receive(bye)
    assert table.state(Key.of(bye)) is State.TRYING
    assert table.respond(bye.reply(100)) is None
    assert table.state(Key.of(bye)) is State.PROCEEDING
    gone = bye.reply(481)
    assert table.respond(gone) == LINGER_SECONDS
    assert table.receive(bye).response == gone
    with pytest.raises(UnknownTransaction, match="already"):
        table.respond(bye.reply(200))


def test_a_response_needs_a_request() -> None:
    with pytest.raises(UnknownTransaction, match="no such"):
        ServerTransactions().respond(request().reply(200))


def test_a_cancel_finds_its_invite() -> None:
    table, invite = ServerTransactions(), request()
    table.receive(invite)
    cancel = build_cancel(invite)
    found = table.receive(cancel, tag="fresh")
    assert (found.arrival, found.cancelled, found.seconds) == (Arrival.CANCEL, Key.of(invite), LINGER_SECONDS)
    assert found.response is not None and (found.response.status, found.response.to_tag) == (200, "fresh")
    again = table.receive(cancel)
    assert (again.arrival, again.response) == (Arrival.ABSORBED, found.response)
    assert table.respond(invite.reply(487, to_tag="t")) == LINGER_SECONDS


def test_the_answer_to_a_cancel_has_the_tag_of_the_invite() -> None:
    table, invite = ServerTransactions(), request()
    table.receive(invite)
    table.respond(invite.reply(180, to_tag="t"))
    response = table.receive(build_cancel(invite), tag="fresh").response
    assert response is not None and response.to_tag == "t"


def test_a_late_cancel_changes_nothing() -> None:
    table, invite = ServerTransactions(), request()
    table.receive(invite)
    table.respond(invite.reply(200, to_tag="t"))
    late = table.receive(build_cancel(invite))
    assert (late.arrival, late.cancelled) == (Arrival.ABSORBED, Key.of(invite))
    assert late.response is not None and late.response.status == 200


def test_a_cancel_of_nothing_is_told_so() -> None:
    found = ServerTransactions().receive(build_cancel(request()), tag="fresh")
    assert (found.arrival, found.cancelled, found.seconds) == (Arrival.ABSORBED, None, None)
    assert found.response is not None and (found.response.status, found.response.to_tag) == (481, "fresh")


def test_a_server_has_a_limit_of_unfinished_ones() -> None:
    table, first = ServerTransactions(limit=2), request(branch="1")
    table.receive(first)
    table.receive(request(branch="2"))
    with pytest.raises(TooManyTransactions):
        table.receive(request(branch="3"))
    assert table.receive(build_cancel(first)).arrival is Arrival.CANCEL  # a call can always be cancelled
    table.respond(first.reply(487, to_tag="t"))
    assert table.receive(request(branch="3")).arrival is Arrival.NEW


def test_a_server_keeps_a_bounded_number_of_finished_ones() -> None:
    table = ServerTransactions(limit=3)
    for number in range(50):
        bye = request("BYE", str(number))
        table.receive(bye)
        table.respond(bye.reply(200))
    assert len(table) <= 4


# Keys


def test_what_is_one_transaction() -> None:
    assert Key.of(request("ACK")) == Key.of(request()) == Key.of(request().reply(200))
    assert Key.of(build_cancel(request())) == Key(Key.of(request()).branch, "ramal.invalid", "CANCEL")
    assert Key.of(request(branch="1")) != Key.of(request(branch="2"))
    elsewhere = Request("INVITE", PEER, request().headers.replace("Via", "SIP/2.0/WS other;branch=z9hG4bK1"))
    assert Key.of(elsewhere) != Key.of(request())


def test_without_the_magic_cookie_other_fields_count() -> None:
    assert Key.of(old()) == Key.of(old("ACK"))
    assert Key.of(old()) != Key.of(old(cseq=8))
    assert Key.of(old()) != Key.of(old(via="SIP/2.0/WSS other"))
    assert Key.of(old(via="SIP/2.0/WSS h;branch=1")) != Key.of(old(via="SIP/2.0/WSS h;branch=2"))


def test_an_old_peer_acknowledges_a_2xx_with_the_same_key() -> None:
    table, invite = ServerTransactions(), old()
    table.receive(invite)
    table.respond(invite.reply(200, to_tag="t"))
    assert table.receive(old("ACK")).arrival is Arrival.ACK
