"""One message per frame: what is taken, what is refused and how, and that nothing but `MalformedMessage` is raised."""

import time

import pytest
import sipmessage
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.errors import MalformedMessage
from signaling.fields import Via
from signaling.message import Request, Response
from signaling.parameters import Parameters
from signaling.parser import DEFAULT_LIMITS, Limits, is_keep_alive, parse, serialize
from signaling.uri import NameAddr, Uri

from .strategies import messages, tokens
from .verdicts import FOLDER, VERDICTS, Verdict

OPTIONS = """OPTIONS sip:600@pbx.example SIP/2.0
Via: SIP/2.0/WSS ramal.invalid;branch=z9hG4bK1
Max-Forwards: 70
From: "Ana" <sip:1001@pbx.example>;tag=f
To: <sip:600@pbx.example>
Call-ID: c
CSeq: 7 OPTIONS
Content-Length: 0

"""


def frame(*lines: str, base: str = OPTIONS, body: bytes = b"") -> bytes:
    """``base`` with ``lines`` in the place of those with the same beginning up to the colon, or before the length.
    A line that ends in a colon removes.
    """
    text = base
    for line in lines:
        name = line.partition(":")[0] + ":"
        old = next((it for it in text.split("\n") if it.startswith(name)), None)
        if line == name and old is not None:
            text = text.replace(old + "\n", "")
        elif old is not None:
            text = text.replace(old + "\n", line + "\n")
        else:
            text = text.replace("Content-Length", line + "\nContent-Length")
    return text.replace("\n", "\r\n").encode() + body


def refusal(data: bytes | str, limits: Limits = DEFAULT_LIMITS, *, strict: bool = True) -> MalformedMessage:
    with pytest.raises(MalformedMessage) as raised:
        parse(data, limits, strict=strict)
    return raised.value


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


@pytest.mark.parametrize("verdict", VERDICTS, ids=lambda verdict: verdict.name)
def test_rfc_4475(verdict: Verdict) -> None:
    if verdict.status is None:
        message = parse(verdict.frame)
        assert parse(serialize(message)) == message
        assert isinstance(message, Response) is (verdict.line == "drop")
        return
    flaw = refusal(verdict.frame)
    assert (flaw.status, flaw.close_code) == (verdict.status, verdict.close_code)
    assert verdict.phrase in flaw.phrase
    assert (flaw.reply is not None) is verdict.replied
    if flaw.reply is not None:
        assert flaw.reply.status == flaw.status
        assert "Content-Length: 0\r\n\r\n" in serialize(flaw.reply).decode()


def read(name: str) -> Request:
    message = parse(next(verdict for verdict in VERDICTS if verdict.name == name).frame)
    assert isinstance(message, Request)
    return message


def test_all_49_messages_have_a_verdict() -> None:
    assert {f"{verdict.name}.dat" for verdict in VERDICTS} == {path.name for path in FOLDER.glob("*")}
    assert len(VERDICTS) == 49


def test_wsinv_is_unfolded_and_means_the_same() -> None:
    message = read("wsinv")
    assert (message.cseq.number, message.max_forwards, message.to_tag) == (9, 68, "1918181833n")
    assert message.from_.display_name == 'J Rosenberg \\"'
    assert [str(via) for via in message.vias] == [
        "SIP/2.0/UDP 192.0.2.2;branch=390skdjuw",
        "SIP/2.0/TCP spindle.example.com;branch=z9hG4bK9ikj8",
        "SIP/2.0/UDP 192.168.255.111;branch=z9hG4bK30239",
    ]
    assert message.headers.get("NewFangledHeader") == "newfangled value continued newfangled value"
    assert message.headers.get("UnknownHeaderWithUnusualValue") == ";;,,;;,;"
    assert message.headers.get("Subject") == ""
    contact = message.contact
    assert contact is not None
    assert (contact.display_name, contact.parameters.get("q")) == ('Quoted string ""', "0.33")
    assert str(message.routes[0].uri) == "sip:services.example.com;lr;unknownwith=value;unknown-no-value"
    head = serialize(message).split(b"\r\n\r\n")[0].decode()
    assert not [line for line in head.split("\r\n") if line[0] in " \t" or line[:2].lower() in ("v:", "s:", "m:")]


def test_intmeth_keeps_its_whole_alphabet() -> None:
    message = read("intmeth")
    assert message.method == "!interesting-Method0123456789_*+`.%indeed'~"
    assert message.uri.password == "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"
    assert message.to.display_name == "BEL:\x07 NUL:\x00 DEL:\x7f"
    assert message.from_.parameters.get("fromParam''~+*_!.-%") == "работающий"
    assert message.call_id == "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"
    assert message.headers.get("extensionHeader-!.%*+_`'~") == "\ufeff大停電"


def test_escapes_are_left_alone() -> None:
    message = read("esc01")
    assert (message.uri.scheme, message.uri.user) == ("sip", "sips%3Auser%40example.com")
    assert message.contact is not None
    assert message.contact.uri.parameters.get("n%61me") == "v%61lue%25%34%31"
    assert [contact.uri.user for contact in read("escnull").contacts] == ["%00", "%00%00"]
    assert read("escnull").to.uri.unescaped_user == "null-\x00-null"
    assert read("esc02").method == "RE%47IST%45R"
    assert len(read("esc02").contacts) == 2
    assert read("semiuri").uri.user == "user;par=u%40example.net"


def test_a_body_of_any_bytes_is_unchanged() -> None:
    message = read("mpart01")
    assert len(message.body) == 553
    with pytest.raises(UnicodeDecodeError):
        message.body.decode()


def test_other_messages_are_read_as_they_are_meant() -> None:
    assert len(read("transports").vias) == 5
    assert len(read("longreq").vias) == 34
    assert read("longreq").branch is None
    assert "Date" not in read("baddate").headers
    assert read("mpart01").headers.get("Date") == "Sat, 15 Oct 2005 04:44:56 GMT"
    assert read("zeromf").max_forwards == 0
    one, other = read("cparam01").contact, read("cparam02").contact
    assert one is not None and other is not None
    assert ("unknownparam" in one.parameters, "unknownparam" in other.uri.parameters) == (True, True)
    escaped = read("regescrt").contact
    assert escaped is not None and escaped.uri.headers == (("Route", "%3Csip:sip.example.com%3E"),)
    assert str(escaped.uri.bare()) == "sip:user@example.com"


def test_a_display_name_that_needs_quotes_is_refused() -> None:
    """`baddn`, with the empty line that its file lacks."""
    flaw = refusal(next(it for it in VERDICTS if it.name == "baddn").frame + b"\r\n")
    assert "From cannot be read: The display name needs quotes" in flaw.phrase
    assert flaw.reply is not None


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


# What PBXs send, and a handset may not.


@pytest.mark.parametrize(
    "data",
    [
        frame("Content-Length:"),
        frame("Max-Forwards:"),
        b"\r\n\r\n" + frame(),
        frame("Content-Length: 1", body=b"x"),
        frame("Proxy-Require: x"),
        frame("Content-Type: a"),
        frame("Expires: soon"),
        frame("Max-Forwards: 1000"),
        frame('Supported: "'),
        frame("Reason: <"),
        frame("Server: a\nServer: b"),
    ],
)
def test_the_far_side_is_read_with_patience(data: bytes) -> None:
    refusal(data)
    message = parse(data, strict=False)
    assert parse(serialize(message), strict=False) == message


def test_what_the_far_side_got_wrong_is_left_out_or_put_right() -> None:
    message = parse(frame("From: João, Silva <sip:1@h>;tag=1", "Expires: soon", "Server: a\nServer: b"), strict=False)
    assert message.headers.get("From") == '"João, Silva" <sip:1@h>;tag=1'
    assert message.expires is None
    assert message.headers.get_all("Server") == ("a",)
    latin = parse(frame('From: "Jo\x7fo" <sip:1@h>;tag=1').replace(b"\x7f", b"\xe3"), strict=False)
    assert latin.from_.display_name == "Jo\ufffdo"
    assert parse(frame("From: sip:1@h;tag=1"), strict=False).from_tag == "1"


@pytest.mark.parametrize(
    "data",
    [
        frame("Content-Length: 1"),
        frame("Content-Length: 0\nContent-Length: 0"),
        frame("To: <sip:a@b>\nTo: <sip:c@d>"),
        frame("Max-Forwards: 1\nMax-Forwards: 2"),
        frame("Subject: \x00"),
        frame("Via: SIP/2.0"),
        frame("From: <sip:a@b>"),
        frame("CSeq: 7 INVITE"),
        frame("Contact: nonsense"),
        frame('From: Joe" <nonsense>;tag=1'),
        frame().replace(b"\r\n", b"\n"),
        frame() + frame(),
    ],
)
def test_the_far_side_is_still_one_safe_message(data: bytes) -> None:
    refusal(data, strict=False)


ASTERISK = """INVITE sip:1001@127.0.0.1:5060;transport=ws SIP/2.0
Via: SIP/2.0/WSS 127.0.0.1:8089;rport;branch=z9hG4bKPj6a1c1d5c-0d8e-4b7a-9a1f-2c2f9f7c8a10;alias
From: "Bruno" <sip:1002@127.0.0.1>;tag=a3b1c7f2-2f5d-4f6f-8a8a-6b3f5a7f7d11
To: <sip:1001@vq3s8n1c.invalid;ob>
Contact: <sip:asterisk@127.0.0.1:8089;transport=ws>
Call-ID: 4d0b5a56-75a5-4d3c-b3d8-7b3f2a3c9a77
CSeq: 11417 INVITE
Allow: OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, INVITE, ACK, BYE, CANCEL, UPDATE, PRACK, INFO, MESSAGE, REFER
Supported: 100rel, timer, replaces, norefersub, histinfo
Session-Expires: 1800
Min-SE: 90
Max-Forwards: 70
User-Agent: Asterisk test PBX
Content-Type: application/sdp
Content-Length:     4

"""
KAMAILIO = """SIP/2.0 407 Proxy Authentication Required
Via: SIP/2.0/WSS q8.invalid;rport=40122;received=192.0.2.7;branch=z9hG4bK776
From: <sip:1001@pbx.example>;tag=9fxced76sl
To: <sip:600@pbx.example>;tag=b27e1a1d33761e85846fc98f5f3a7e58.a0cd
Call-ID: 3848276298220188511
CSeq: 1 INVITE
Proxy-Authenticate: Digest realm="pbx.example", nonce="ZVx1W2VcdC9oVQ9k"
Server: kamailio (5.7.4 (x86_64/linux))

"""
FREESWITCH = """BYE sip:1001@192.0.2.7:40122;transport=wss SIP/2.0
Via: SIP/2.0/WSS 192.0.2.9:7443;rport;branch=z9hG4bKcyS9N8Dc5gZ2N
Record-Route: <sip:192.0.2.9;r2=on;lr=on;ftag=Ztr8;nat=yes>
Max-Forwards: 70
From: <sip:600@pbx.example>;tag=Ztr8m9pDvHZmN
To: "Ana" <sip:1001@pbx.example>;tag=9fxced76sl
Call-ID: 3848276298220188511
CSeq: 88423701 BYE
Contact: <sip:600@192.0.2.9:7443;transport=wss>
User-Agent: FreeSWITCH-mod_sofia/1.10.11~64bit
Supported: timer, path, replaces
Reason: Q.850;cause=16;text="NORMAL_CLEARING"
Content-Length: 0

"""


def test_messages_as_pbxs_write_them() -> None:
    invite, challenge, bye = (
        parse(text.replace("\n", "\r\n") + body, strict=False)
        for text, body in ((ASTERISK, "v=0\n"), (KAMAILIO, ""), (FREESWITCH, ""))
    )
    assert isinstance(invite, Request) and isinstance(challenge, Response) and isinstance(bye, Request)
    assert (invite.from_.display_name, invite.body, invite.supported[0]) == ("Bruno", b"v=0\n", "100rel")
    assert (challenge.status, "nonce" in (challenge.headers.get("Proxy-Authenticate") or "")) == (407, True)
    assert (bye.reasons[0].cause, bye.record_routes[0].uri.parameters.get("lr")) == (16, "on")


# Limits, each at one below, at, and one above.


def padded(total: int) -> bytes:
    base = frame("Content-Type: a/b", "Content-Length: 00000")
    size = total - len(base)
    return base.replace(b"00000", f"{size:05}".encode()) + b"x" * size


def test_the_size_of_a_message() -> None:
    limit = DEFAULT_LIMITS.message
    assert [len(parse(padded(size)).body) > 60_000 for size in (limit - 1, limit)] == [True, True]
    flaw = refusal(padded(limit + 1))
    assert (flaw.status, flaw.close_code, flaw.reply) == (513, 1009, None)


def test_the_number_of_headers() -> None:
    def with_headers(count: int) -> bytes:
        return frame(*(f"X-{i}: x" for i in range(count - 7)))

    assert len(parse(with_headers(99)).headers) == 98  # Content-Length is not among them
    assert len(parse(with_headers(100)).headers) == 99
    assert "too many header fields" in refusal(with_headers(101)).phrase


def test_the_length_of_a_line() -> None:
    def with_line(length: int, fold: str = "") -> bytes:
        return frame("Subject: ".ljust(length - 10, "é"[0]) + fold).replace("é".encode(), b"x")

    for size in (8_191, 8_192):
        assert parse(frame("Subject: " + "x" * (size - 9)))
    assert "A line is over" in refusal(frame("Subject: " + "x" * (8_193 - 9))).phrase
    assert parse(frame("Subject: " + "x" * (8_190 - 9) + "\n y"))
    folded = refusal(frame("Subject: " + "x" * (8_191 - 9) + "\n y"))
    assert "folded header field is over" in folded.phrase
    assert folded.reply is not None  # the others were read on


def test_the_size_of_all_headers() -> None:
    def with_section(size: int) -> bytes:
        small = frame("X-0: ", "X-1: ", "X-2: ", "X-3: ", "X-4: ")
        missing = size - len(small.partition(b"\r\n\r\n")[0]) - 2
        for i in range(5):
            part = min(missing, 8_000)
            small, missing = small.replace(b"X-%d: " % i, b"X-%d: " % i + b"x" * part), missing - part
        return small

    limit = DEFAULT_LIMITS.header_section
    assert parse(with_section(limit - 1)) and parse(with_section(limit))
    assert "header section is over" in refusal(with_section(limit + 1)).phrase


@pytest.mark.parametrize("unit", ["<", '"', '"\\', ";a", ",", "sip:a@b,", "<sip:a@b>,", "SIP/2.0/WS a;b=c,", "a ", "%"])
@pytest.mark.parametrize("name", ["Via", "From", "To", "Contact", "Route", "Require", "Reason", "Supported", "X"])
def test_a_hostile_message_takes_under_50_ms(name: str, unit: str) -> None:
    value = unit * (8_000 // len(unit))
    for strict in (True, False):
        data = frame(f"{name}: {value}")
        began = time.process_time()
        try:
            parse(data, strict=strict)
        except MalformedMessage:
            pass
        assert time.process_time() - began < 0.05


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
