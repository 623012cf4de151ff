"""One message per frame: what is taken, what is refused and how, and that nothing but `MalformedMessage` is raised."""

import pytest
import sipmessage
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.errors import MalformedMessage
from signaling.fields import Via
from signaling.message import Request, Response
from signaling.parameters import Parameters
from signaling.parser import is_keep_alive, parse, serialize
from signaling.uri import NameAddr, Uri

from .frames import OPTIONS, frame, refusal
from .strategies import messages, tokens
from .verdicts import VERDICTS, Verdict


@given(messages)
def test_every_message_makes_the_round_trip(message: Request | Response) -> None:
    assert parse(serialize(message)) == message
    assert parse(serialize(message), strict=False) == message


@given(st.binary() | st.text(), st.booleans())
def test_no_frame_raises_anything_but_malformed_message(data: bytes | str, strict: bool) -> None:
    for prefix in ("", "A sip:a SIP/2.0\r\n", "SIP/2.0 200 OK\r\n", "A sip:a SIP/2.0\r\nVia: "):
        whole = prefix + data if isinstance(data, str) else prefix.encode() + data
        try:
            parse(whole, strict=strict)
        except MalformedMessage as flaw:
            assert flaw.phrase and flaw.status in (400, 416, 420, 415, 505, 513)


TYPED = "via vias from_ to from_tag to_tag call_id cseq branch contact contacts contact_is_star routes".split(" ")
TYPED += "record_routes max_forwards expires retry_after content_type require supported allow reasons".split(" ")


@given(st.sampled_from(VERDICTS), st.data())
def test_a_damaged_message_is_refused_or_whole(verdict: Verdict, data: st.DataObject) -> None:
    """Bytes of the RFC's messages doubled, lost and changed: what is taken makes the round trip, and can be asked."""
    damaged = bytearray(verdict.frame)
    for _ in range(data.draw(st.integers(0, 4))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place : place + data.draw(st.integers(0, 3))] = data.draw(
            st.sampled_from((b"", b"\r\n", b" ", b"<", b'"', b";", b",", b"\xff", b"\x00", b"0", b"Via: a\r\n"))
        )
    strict = data.draw(st.booleans())
    try:
        message = parse(bytes(damaged), strict=strict)
    except MalformedMessage as flaw:
        if flaw.reply is not None:
            assert serialize(flaw.reply).startswith(f"SIP/2.0 {flaw.status} ".encode())
        return
    for name in TYPED:
        getattr(message, name)
    assert parse(serialize(message), strict=strict) == message


def test_the_reply_says_what_is_wrong_and_always_with_the_same_tag() -> None:
    flaw = refusal(frame("Max-Forwards: x"))
    assert flaw.reply is not None
    assert flaw.reply == refusal(frame("Max-Forwards: x")).reply
    assert flaw.reply.reason == str(flaw) == "Max-Forwards cannot be read: A number must be from 0 to 255"
    assert (flaw.reply.call_id, flaw.reply.cseq.number, flaw.reply.branch) == ("c", 7, "z9hG4bK1")
    assert len(flaw.reply.to_tag or "") == 16
    inside = refusal(frame("Max-Forwards: x", "To: <sip:a@b>;tag=there"))
    assert inside.reply is not None and inside.reply.to_tag == "there"


def test_the_status_brings_its_header() -> None:
    extension = refusal(frame("Proxy-Require: a, b")).reply
    assert extension is not None and extension.headers.get_list("Unsupported") == ("a", "b")
    body = refusal(next(it for it in VERDICTS if it.name == "invut").frame).reply
    assert body is not None and body.headers.get("Accept") == "application/sdp"


@pytest.mark.parametrize(
    "data",
    [
        frame("Max-Forwards:", base=OPTIONS.replace("OPTIONS", "ACK")),
        b"SIP/2.0 999 Much\r\n" + frame().partition(b"\r\n")[2],
        frame("Via:"),
        frame("Via: SIP/2.0"),
        frame("From:"),
        frame("To:"),
        frame("Call-ID:"),
        frame("CSeq:"),
        frame("From: \x00"),
        b"=\r\n\r\n",
        b"\r\n",
        "\ud800",
        b"\xff\r\n\r\n",
    ],
)
def test_some_refusals_have_no_reply(data: bytes | str) -> None:
    flaw = refusal(data)
    assert (flaw.status, flaw.reply) == (400, None)


def test_a_malformed_via_beside_a_good_one_is_not_repeated() -> None:
    flaw = refusal(frame("Via: SIP/2.0/WSS a;branch=z9hG4bK1, nonsense"))
    assert flaw.reply is not None and flaw.reply.headers.get_all("Via") == ("SIP/2.0/WSS a;branch=z9hG4bK1",)


@pytest.mark.parametrize(
    ("data", "phrase"),
    [
        (frame().replace(b"\r\n", b"\n"), "does not end"),
        (frame("Call-ID: a\nb: c").replace(b"a\r\nb", b"a\nb"), "control character"),
        (frame("Call-ID: a\rb"), "control character"),
        (frame("Subject: \x00"), "control character"),
        (frame("Subject: é").replace("é".encode(), b"\xe9"), "not UTF-8"),
        (frame("no colon"), "header field is malformed"),
        (frame().replace(b"Via", b" Via", 1), "first header field is a continuation"),
        (b"\r\n" + frame(), "header field is malformed"),
        (frame("Content-Length:"), "Content-Length is missing"),
        (frame("Content-Length: 1"), "not the length"),
        (frame("Content-Length: 0x0"), "from 0"),
        (frame(body=b"x"), "not the length"),
        (frame("Max-Forwards:"), "Max-Forwards is missing"),
        (frame("Max-Forwards: 256"), "Max-Forwards cannot be read"),
        (frame("From: <sip:a@b>"), "From has no tag"),
        (frame("Call-ID: a b"), "Call-ID cannot be read"),
        (frame("Expires: 4294967296"), "Expires cannot be read"),
        (frame('Require: "'), "Require cannot be read"),
        (frame("Contact: *"), "removes all bindings"),
        (frame("User-Agent: a").replace(b"User-Agent", b"Server: b\r\nServer", 1), "Server is there more than once"),
        (frame().replace(b"OPTIONS sip", b"INVITE sip").replace(b"7 OPTIONS", b"7 INVITE"), "exactly one Contact"),
        (frame("Content-Length: 1", body=b"x"), "Content-Type is missing"),
        (frame("Content-Type: a", "Content-Length: 1", body=b"x"), "Content-Type cannot be read"),
    ],
)
def test_the_near_side_is_strict(data: bytes, phrase: str) -> None:
    flaw = refusal(data)
    assert (flaw.status, phrase in flaw.phrase) == (400, True), flaw.phrase


def test_no_phrase_repeats_what_the_peer_wrote() -> None:
    for line in ("Via: evil", "From: evil", "To: evil", "CSeq: evil", "Max-Forwards: evil", "Contact: evil", "evil"):
        assert "evil" not in refusal(frame(line)).phrase


def test_a_star_removes_all_bindings() -> None:
    register = OPTIONS.replace("OPTIONS", "REGISTER")
    assert parse(frame("Contact: *", "Expires: 0", base=register)).contact_is_star
    for lines in (["Contact: *", "Expires: 1"], ["Contact: *, <sip:a@b>", "Expires: 0"], ["Contact: <sip:a@b>, *"]):
        assert "removes all bindings" in refusal(frame(*lines, base=register)).phrase


def test_an_ack_or_cancel_may_ask_a_proxy_for_anything() -> None:
    for method in ("ACK", "CANCEL"):
        assert parse(frame("Proxy-Require: x", base=OPTIONS.replace("OPTIONS", method)))


def test_the_frame_may_be_text() -> None:
    assert parse(frame("Subject: é").decode()) == parse(frame("Subject: é"))
    assert parse(frame("Subject: é")).headers.get("Subject") == "é"


def test_keep_alives() -> None:
    assert [it for it in (b"\r\n", b"\r\n\r\n", "\r\n", "\r\n\r\n", b"", b"\n", b"\r\n" * 3) if is_keep_alive(it)] == [
        *(b"\r\n", b"\r\n\r\n", "\r\n", "\r\n\r\n")
    ]


# A second parser, not ours, reads what we write. It backtracks, so it gets plain messages and little time.


plain = tokens.filter(lambda token: "%" not in token)  # it resolves escapes that are none


@pytest.mark.timeout(60)
@settings(max_examples=50)
@given(st.from_regex(r"[a-z0-9*+.-]{1,20}", fullmatch=True), plain, st.integers(0, 2**31 - 1), st.binary(max_size=99))
def test_another_parser_reads_the_same(user: str, token: str, seq: int, body: bytes) -> None:
    ours = Request.build(
        "MESSAGE",
        Uri("sip", user, "pbx.example", 5060, Parameters((("transport", "ws"),))),
        via=Via.build("WSS", "ramal.invalid", token),
        from_=NameAddr(Uri("sip", user, "pbx.example"), 'Ana "A" Lúcia').with_tag(token),
        to=NameAddr(Uri("sips", user, "[2001:db8::1]")),
        call_id=token,
        cseq=seq,
        body=body,
        content_type="text/plain;charset=utf-8",
    )
    theirs = sipmessage.Request.parse(serialize(ours))
    assert isinstance(theirs, sipmessage.Request)
    assert (theirs.method, str(theirs.uri), theirs.body) == ("MESSAGE", str(ours.uri), body)
    assert (theirs.cseq.sequence, theirs.cseq.method, theirs.call_id) == (seq, "MESSAGE", token)
    assert (theirs.from_address.name, theirs.from_address.uri.user) == ('Ana "A" Lúcia', user)
    assert (theirs.from_address.parameters["tag"], theirs.via[0].parameters["branch"]) == (token, ours.branch)
    assert str(theirs.to_address.uri) == str(ours.to.uri)
    assert (theirs.max_forwards, theirs.content_length) == (70, len(body))
    assert str(theirs.content_type) == str(ours.content_type)
