"""Dialogs of both sides, as RFC 3261 section 12 has them."""

import pytest

from signaling.dialog import Dialog, DialogId, DialogState
from signaling.errors import OutOfOrder
from signaling.fields import Via
from signaling.message import Request, Response
from signaling.uri import NameAddr, Uri

ANA = NameAddr.parse("<sip:1001@ramal.invalid;transport=ws>")
BRUNO = NameAddr.parse("<sip:asterisk@127.0.0.1:8089;transport=ws>")
ROUTES = [("Record-Route", "<sip:p1.example;lr>, <sip:p2.example;lr>")]
INVITE = Request.build(
    "INVITE",
    Uri.parse("sip:600@pbx.example"),
    via=Via.build("WSS", "ramal.invalid", "1"),
    from_=NameAddr.parse('"Ana" <sip:1001@pbx.example>;tag=ana'),
    to=NameAddr.parse("<sip:600@pbx.example>"),
    call_id="c",
    cseq=7,
    contact=ANA,
    headers=[("Proxy-Authorization", "Digest x"), ("Authorization", "Digest y"), ("Subject", "z"), *ROUTES],
)
VIA = Via.build("WSS", "ramal.invalid", "2")
OK = INVITE.reply(200, to_tag="pbx", headers=[("Contact", str(BRUNO))])
CALLER = Dialog.uac(INVITE, OK)
CALLEE = Dialog.uas(INVITE, OK)


def uris(routes: tuple[NameAddr, ...]) -> list[str]:
    return [str(route.uri) for route in routes]


def without_contact(message: Response) -> Response:
    return Response(message.status, message.reason, message.headers.remove("Contact"))


def test_the_caller() -> None:
    assert (CALLER.state, CALLER.id) == (DialogState.CONFIRMED, DialogId("c", "ana", "pbx"))
    assert (CALLER.target, CALLER.local_seq, CALLER.remote_seq) == (BRUNO.uri, 7, None)
    assert uris(CALLER.route_set) == ["sip:p2.example;lr", "sip:p1.example;lr"]  # reversed


def test_the_callee() -> None:
    assert (CALLEE.state, CALLEE.id) == (DialogState.CONFIRMED, DialogId("c", "pbx", "ana"))
    assert (CALLEE.target, CALLEE.local_seq, CALLEE.remote_seq) == (ANA.uri, 0, 7)
    assert uris(CALLEE.route_set) == ["sip:p1.example;lr", "sip:p2.example;lr"]


def test_both_sides_speak_of_the_same_dialog() -> None:
    bye, _ = CALLER.request("BYE", VIA)
    assert DialogId.of_request(bye) == CALLEE.id
    assert DialogId.of_response(bye.reply(200)) == CALLER.id
    assert DialogId.of_request(INVITE) == DialogId("c", "", "ana")
    assert DialogId.of_response(INVITE.reply(100)) == DialogId("c", "ana", "")


@pytest.mark.parametrize("response", [INVITE.reply(100), INVITE.reply(180), INVITE.reply(486, to_tag="t")])
def test_some_responses_make_no_dialog(response: Response) -> None:
    for make in (Dialog.uac, Dialog.uas):
        with pytest.raises(ValueError, match="dialog needs"):
            make(INVITE, response)


def test_a_caller_without_a_tag_makes_no_dialog() -> None:
    without = Request("INVITE", INVITE.uri, INVITE.headers.replace("From", "<sip:a@b>"))
    with pytest.raises(ValueError, match="From tag"):
        Dialog.uas(without, OK)


def test_an_early_dialog_is_confirmed_by_the_2xx() -> None:
    ringing = INVITE.reply(180, to_tag="pbx", headers=[("Contact", "<sip:early@h>")])
    early = Dialog.uac(INVITE, ringing)
    assert (early.state, str(early.target)) == (DialogState.EARLY, "sip:early@h")
    assert early.confirm(OK) == CALLER

    no_routes = Response(200, "OK", without_contact(OK).headers.remove("Record-Route"))
    confirmed = early.confirm(no_routes)
    assert (confirmed.route_set, confirmed.target) == ((), early.target)  # the 2xx counts

    served = Dialog.uas(INVITE, ringing)
    assert served.state is DialogState.EARLY
    assert served.confirm(OK) == CALLEE


def test_only_its_own_2xx_confirms_a_dialog() -> None:
    early = Dialog.uac(INVITE, INVITE.reply(180, to_tag="pbx"))
    for response in (INVITE.reply(180, to_tag="pbx"), INVITE.reply(200, to_tag="fork")):
        with pytest.raises(ValueError, match="confirmed by a 2xx"):
            early.confirm(response)


def test_a_peer_without_contact_is_reached_where_it_was() -> None:
    assert Dialog.uac(INVITE, without_contact(OK)).target == INVITE.uri
    request = Request("INVITE", INVITE.uri, INVITE.headers.remove("Contact"))
    assert Dialog.uas(request, OK).target == INVITE.from_.uri


def test_a_contact_loses_its_headers() -> None:
    spiked = INVITE.reply(200, to_tag="pbx", headers=[("Contact", "<sip:a@h;ob?Route=%3Csip:x%3E>")])
    assert str(Dialog.uac(INVITE, spiked).target) == "sip:a@h;ob"


def test_a_request_in_the_dialog() -> None:
    info, after = CALLER.request(
        "INFO", VIA, contact=ANA, headers=[("Subject", "x")], body=b"Signal=1", content_type="application/dtmf-relay"
    )
    assert (info.method, info.uri, info.via, info.call_id) == ("INFO", BRUNO.uri, VIA, "c")
    assert (info.from_, info.to, info.contact) == (INVITE.from_, OK.to, ANA)
    assert (info.cseq.number, after.local_seq, info.max_forwards) == (8, 8, 70)
    assert uris(info.routes) == ["sip:p2.example;lr", "sip:p1.example;lr"]
    assert (info.body, info.headers.get("Subject"), str(info.content_type)) == (
        *(b"Signal=1", "x", "application/dtmf-relay"),
    )
    assert after.request("BYE", VIA)[0].cseq.number == 9


def test_the_first_request_of_the_callee() -> None:
    assert CALLEE.request("BYE", VIA)[0].cseq.number == 1


def test_a_strict_router_is_the_request_uri() -> None:
    strict = INVITE.reply(200, to_tag="pbx", headers=[("Contact", str(BRUNO))])
    headers = strict.headers.replace("Record-Route", "<sip:p1.example;lr>", "<sip:old.example?a=b>")
    bye, _ = Dialog.uac(INVITE, Response(200, "OK", headers)).request("BYE", VIA)
    assert str(bye.uri) == "sip:old.example"
    assert uris(bye.routes) == ["sip:p1.example;lr", str(BRUNO.uri)]


def test_a_challenge_in_the_dialog_is_answered() -> None:
    hold, after = CALLER.request("INVITE", VIA, contact=ANA, body=b"v=0", content_type="application/sdp")
    again, last = after.again(hold, Via.build("WSS", "ramal.invalid", "3"), ("Authorization", "Digest z"))
    assert (again.cseq.number, last.local_seq, again.branch) == (9, 9, "z9hG4bK3")
    assert (again.headers.get("Authorization"), again.body, again.to_tag) == ("Digest z", b"v=0", "pbx")
    # another request went out in between
    _, busy = after.request("INFO", VIA)
    assert busy.again(hold, VIA)[0].cseq.number == 10


def test_the_ack_of_a_2xx() -> None:
    ack = CALLER.ack(INVITE, VIA)
    assert (ack.method, ack.uri, ack.via, str(ack.cseq)) == ("ACK", BRUNO.uri, VIA, "7 ACK")
    assert (ack.headers.get("Authorization"), ack.headers.get("Proxy-Authorization")) == ("Digest y", "Digest x")
    assert ("Subject" in ack.headers, ack.contact, ack.to_tag) == (False, None, "pbx")
    assert uris(ack.routes) == ["sip:p2.example;lr", "sip:p1.example;lr"]
    late = CALLER.ack(INVITE, VIA, body=b"v=0", content_type="application/sdp")
    assert (late.body, str(late.content_type)) == (b"v=0", "application/sdp")


def received(method: str, cseq: int, contact: NameAddr | None = None) -> Request:
    return Request.build(
        method, ANA.uri, via=VIA, from_=OK.to, to=INVITE.from_, call_id="c", cseq=cseq, contact=contact
    )


def test_requests_come_in_order() -> None:
    first = CALLER.receive(received("INFO", 100))
    assert first.remote_seq == 100
    for cseq in (100, 99):
        with pytest.raises(OutOfOrder):
            first.receive(received("BYE", cseq))
    assert first.receive(received("BYE", 200)).remote_seq == 200  # gaps are allowed
    assert first.receive(received("ACK", 100)) == first
    assert first.receive(received("CANCEL", 100)) == first


def test_the_target_is_refreshed() -> None:
    moved = NameAddr.parse("<sip:moved@h?a=b>")
    for method in ("INVITE", "UPDATE"):
        assert str(CALLER.receive(received(method, 1, moved)).target) == "sip:moved@h"
    assert CALLER.receive(received("INVITE", 1)).target == BRUNO.uri
    assert CALLER.receive(received("INFO", 1, moved)).target == BRUNO.uri


def test_our_own_re_invite_refreshes_the_target_too() -> None:
    hold, after = CALLER.request("INVITE", VIA, contact=ANA)
    moved = hold.reply(200, headers=[("Contact", "<sip:moved@h>")])
    assert str(after.refresh(moved).target) == "sip:moved@h"
    assert after.refresh(without_contact(moved)) == after
    assert after.refresh(hold.reply(491, headers=[("Contact", "<sip:moved@h>")])) == after
    info, _ = CALLER.request("INFO", VIA)
    assert CALLER.refresh(info.reply(200, headers=[("Contact", "<sip:moved@h>")])) == CALLER
