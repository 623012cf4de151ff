"""The torture tests: the 49 messages of RFC 4475, and RFC 5118 as far as it is not SDP."""

import pytest

from signaling.message import Request, Response
from signaling.parser import parse, serialize

from .frames import frame, refusal
from .verdicts import FOLDER, VERDICTS, Verdict


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


# RFC 5118: IPv6 in SIP, as far as it is not SDP


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ("Via: SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3-111", False),
        ("Via: SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3", False),
        ("Via: SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19", False),
        ("Via: SIP/2.0/UDP 2001:db8::9:1;branch=z9hG4bKas3", True),
        ("Contact: <sip:user@[2001:db8:::192.0.2.1]>", False),
        ("Contact: <sip:user@2001:db8::1>", True),
    ],
)
def test_rfc_5118(line: str, refused: bool) -> None:
    if refused:
        assert refusal(frame(line)).status == 400
    else:
        assert line in serialize(parse(frame(line))).decode()
