"""Via, CSeq, Content-Type, Reason and Warning."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.fields import CSeq, MediaType, Reason, Via, Warning

from .strategies import cseqs, media_types, reasons, vias, warnings


@given(vias | cseqs | media_types | reasons | warnings)
def test_round_trip(value: Via | CSeq | MediaType | Reason | Warning) -> None:
    assert type(value).parse(str(value)) == value


@given(st.text())
def test_no_text_raises_anything_but_value_error(text: str) -> None:
    for prefix in ("", "SIP/2.0/WS a", "1 A", "a/b", "SIP", "399 a "):
        for kind in (Via, CSeq, MediaType, Reason, Warning):
            try:
                kind.parse(prefix + text)
            except ValueError:
                continue


def test_via() -> None:
    via = Via.parse("SIP / 2.0 / TCP     spindle.example.com   ;  branch  =   z9hG4bK9ikj8")
    assert str(via) == "SIP/2.0/TCP spindle.example.com;branch=z9hG4bK9ikj8"
    assert (via.branch, via.sent_by) == ("z9hG4bK9ikj8", "spindle.example.com")
    assert Via.parse("SIP/2.0/UDP [2001:db8::9:1]:5060;received=2001:db8::9:255").sent_by == "[2001:db8::9:1]:5060"
    assert Via.parse("SIP/2.0/UDP H").branch is None
    assert str(via.with_received("192.0.2.1")).endswith(";received=192.0.2.1")
    assert str(Via.build("WSS", "h", "abc", 8089)) == "SIP/2.0/WSS h:8089;branch=z9hG4bKabc"


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("", "Via is malformed"),
        ("SIP/2.0 h", "Via is malformed"),
        ("SIP/2.0/UDP", "Via is malformed"),
        ("SIP/2.0/UDP h;;,;,,", "parameters"),
        ("SIP/2.0/UDP h:99999", "from 0 to 65535"),
        ("SIP/2.0/UDP h;branch=z9hG4bK", "only the magic cookie"),
    ],
)
def test_a_malformed_via_is_refused(text: str, phrase: str) -> None:
    with pytest.raises(ValueError, match=phrase):
        Via.parse(text)


def test_a_via_that_cannot_be_written_cannot_be_made() -> None:
    for transport, host, protocol in (("W S", "h", "SIP/2.0"), ("WS", "h i", "SIP/2.0"), ("WS", "h", "SIP")):
        with pytest.raises(ValueError, match="Via is malformed"):
            Via(transport, host, protocol=protocol)


def test_cseq() -> None:
    assert CSeq.parse("0009   INVITE") == CSeq(9, "INVITE")
    assert CSeq.parse("2147483647 X").number == 2**31 - 1
    for text in ("2147483648 X", "36893488147419103232 REGISTER", "INVITE", "1", "-1 X", "1 a b"):
        with pytest.raises(ValueError):
            CSeq.parse(text)
    for number, method in ((-1, "A"), (2**31, "A"), (1, "A B")):
        with pytest.raises(ValueError):
            CSeq(number, method)


def test_content_type() -> None:
    found = MediaType.parse('Application / SDP ;charset="utf-8"')
    assert (found.essence, found.parameters.get("charset")) == ("application/sdp", "utf-8")
    for text in ("", "a", "a/", "a/b c"):
        with pytest.raises(ValueError):
            MediaType.parse(text)
    for kind, subtype in (("a b", "c"), ("a", "c;d")):
        with pytest.raises(ValueError):
            MediaType(kind, subtype)


def test_reason() -> None:
    assert Reason.parse('Q.850 ;cause=16 ;text="Normal \\"call\\" clearing"') == Reason(
        "Q.850", 16, 'Normal "call" clearing'
    )
    assert Reason.parse("SIP") == Reason("SIP")
    assert str(Reason("SIP", 200, "Call completed elsewhere")) == 'SIP;cause=200;text="Call completed elsewhere"'
    for text in ("", "a b", ";cause=1", "SIP;cause=x", "SIP;cause=1000"):
        with pytest.raises(ValueError):
            Reason.parse(text)


def test_warning() -> None:
    assert str(Warning(399, "h.example", 'Mind the "gap"')) == '399 h.example "Mind the \\"gap\\""'
    assert Warning.parse('399 h.example "Mind the \\"gap\\""') == Warning(399, "h.example", 'Mind the "gap"')
    with pytest.raises(ValueError):
        Warning.parse('1812 overture "In Progress"')
