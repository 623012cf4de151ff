"""Requests and responses as values."""

import pytest

from signaling.fields import CSeq, Reason, Via
from signaling.headers import Headers
from signaling.message import Request, Response
from signaling.uri import NameAddr, Uri

HOST = Uri("sip", "600", "pbx.example")
INVITE = Request.build(
    "INVITE",
    HOST,
    via=Via.build("WSS", "ramal.invalid", "1"),
    from_=NameAddr.parse('"Ana" <sip:1001@pbx.example>;tag=f'),
    to=NameAddr(HOST),
    call_id="c",
    cseq=7,
    contact=NameAddr.parse("<sip:1001@ramal.invalid;transport=ws>"),
    routes=[NameAddr.parse("<sip:edge.example;lr>")],
    headers=[("Record-Route", "<sip:p1;lr>, <sip:p2;lr>"), ("Timestamp", "54"), ("k", "Path, 100rel")],
    body=b"v=0\r\n",
    content_type="application/sdp",
)


def with_header(name: str, *values: str) -> Request:
    return Request(INVITE.method, INVITE.uri, INVITE.headers.replace(name, *values))


def test_a_request_has_what_every_request_needs() -> None:
    assert [name for name, _ in INVITE.headers] == (
        "Via Max-Forwards Route From To Call-ID CSeq Contact Record-Route Record-Route Timestamp Supported Content-Type"
    ).split(" ")
    assert INVITE.branch == "z9hG4bK1"
    assert INVITE.vias == (INVITE.via,)
    assert (INVITE.call_id, INVITE.cseq, INVITE.max_forwards) == ("c", CSeq(7, "INVITE"), 70)
    assert (INVITE.from_.display_name, INVITE.from_tag, INVITE.to.uri, INVITE.to_tag) == ("Ana", "f", HOST, None)
    assert INVITE.contact is not None and INVITE.contacts == (INVITE.contact,)
    assert [str(route.uri) for route in INVITE.routes] == ["sip:edge.example;lr"]
    assert [str(route.uri) for route in INVITE.record_routes] == ["sip:p1;lr", "sip:p2;lr"]
    assert INVITE.content_type is not None and INVITE.content_type.essence == "application/sdp"
    assert INVITE.supported == ("path", "100rel")


def test_what_is_not_there_is_none_or_empty() -> None:
    bare = Request.build("OPTIONS", HOST, via=INVITE.via, from_=INVITE.from_, to=INVITE.to, call_id="c", cseq=1)
    assert (bare.contact, bare.expires, bare.content_type, bare.retry_after) == (None, None, None, None)
    assert (bare.require, bare.supported, bare.allow, bare.reasons, bare.contact_is_star) == ((), (), (), (), False)
    assert Request("A", HOST, Headers()).max_forwards is None
    with pytest.raises(ValueError, match="Call-ID is missing"):
        _ = Request("A", HOST, Headers()).call_id


def test_values_of_headers() -> None:
    assert with_header("Expires", "3600").expires == 3600
    assert with_header("Require", "Replaces").require == ("replaces",)
    assert with_header("Allow", "INVITE, ACK").allow == ("INVITE", "ACK")
    star = with_header("Contact", "*")
    assert (star.contact_is_star, star.contacts) == (True, ())
    reasons = with_header("Reason", 'SIP;cause=200;text="a, b", Q.850;cause=16', "SIP;cause=x").reasons
    assert reasons == (Reason("SIP", 200, "a, b"), Reason("Q.850", 16))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("120", 120), ("18 (in a meeting)", 18), ("5;duration=60", 5), ("9" * 10, None), ("soon", None), ("٣", None)],
)
def test_retry_after(text: str, seconds: int | None) -> None:
    assert with_header("Retry-After", text).retry_after == seconds


def test_a_reply_copies_what_it_must() -> None:
    ringing = INVITE.reply(180, to_tag="t", headers=[("X-Ramal-Call", "1")])
    assert (ringing.status, ringing.reason, ringing.is_final, ringing.is_success) == (180, "Ringing", False, False)
    assert [name for name, _ in ringing.headers] == (
        "Via Record-Route Record-Route From To Call-ID CSeq X-Ramal-Call"
    ).split(" ")
    assert ringing.to_tag == "t"
    assert ringing.cseq == INVITE.cseq


def test_only_responses_that_make_a_dialog_copy_record_route() -> None:
    assert "Record-Route" in INVITE.reply(200).headers
    assert "Record-Route" not in INVITE.reply(486).headers
    options = Request.build(
        "OPTIONS",
        HOST,
        via=INVITE.via,
        from_=INVITE.from_,
        to=INVITE.to,
        call_id="c",
        cseq=1,
        headers=[("Record-Route", "<sip:p1;lr>")],
    )
    assert "Record-Route" not in options.reply(200).headers


def test_a_100_has_no_tag_and_the_time_stamp() -> None:
    trying = INVITE.reply(100, to_tag="t")
    assert (trying.to_tag, trying.headers.get("Timestamp")) == (None, "54")
    assert "Record-Route" not in trying.headers


def test_a_tag_that_is_there_stays() -> None:
    again = with_header("To", "<sip:600@pbx.example>;tag=first").reply(200, to_tag="second")
    assert again.to_tag == "first"
    assert INVITE.reply(200).to_tag is None


def test_a_reply_with_a_body() -> None:
    final = INVITE.reply(200, "Fine", to_tag="t", body=b"v=0", content_type="application/sdp")
    assert (final.reason, final.body, final.headers.get("Content-Type")) == ("Fine", b"v=0", "application/sdp")
    assert final.is_final and final.is_success
    assert not INVITE.reply(300).is_success
    assert INVITE.reply(699).reason == ""


def test_a_request_is_sent_again_with_credentials() -> None:
    first = INVITE.again(Via.build("WSS", "ramal.invalid", "2"), ("Authorization", "Digest 1"))
    second = first.again(Via.build("WSS", "ramal.invalid", "3"), ("Authorization", "Digest 2"))
    assert (second.cseq.number, second.branch, second.headers.get_all("Via")) == (
        9,
        "z9hG4bK3",
        ("SIP/2.0/WSS ramal.invalid;branch=z9hG4bK3",),
    )
    assert second.headers.get_all("Authorization") == ("Digest 2",)
    assert (second.call_id, second.from_tag, second.body) == (INVITE.call_id, INVITE.from_tag, INVITE.body)


def test_what_cannot_stand_on_the_wire_cannot_be_made() -> None:
    length = Headers((("l", "0"),))
    for make in (
        lambda: Request("A B", HOST, Headers()),
        lambda: Request("A", Uri("sip", None, "h", headers=(("a", "b"),)), Headers()),
        lambda: Request("A", HOST, length),
        lambda: Response(99, "", Headers()),
        lambda: Response(700, "", Headers()),
        lambda: Response(200, "a\r\nb", Headers()),
        lambda: Response(200, "", length),
    ):
        with pytest.raises(ValueError):
            make()
