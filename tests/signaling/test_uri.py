"""URIs and name-addrs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.errors import UnsupportedScheme
from signaling.parameters import Parameters
from signaling.uri import NameAddr, Uri, escape_user

from .strategies import name_addrs, tel_uris, texts, uris


@given(uris | tel_uris)
def test_a_uri_makes_the_round_trip(uri: Uri) -> None:
    assert Uri.parse(str(uri)) == uri


@given(name_addrs)
def test_a_name_addr_makes_the_round_trip(value: NameAddr) -> None:
    assert NameAddr.parse(str(value)) == value


@given(texts.filter(bool))
def test_any_text_can_be_a_user(text: str) -> None:
    uri = Uri("sip", escape_user(text), "h")
    assert Uri.parse(str(uri)).unescaped_user == text


@given(st.text())
def test_no_text_raises_anything_but_value_error(text: str) -> None:
    for parse in (Uri.parse, NameAddr.parse):
        for prefix in ("", "sip:", "sip:a@", '"', "<sip:", "tel:+"):
            try:
                parsed = parse(prefix + text)
            except ValueError:
                continue
            assert parse(str(parsed)) == parsed


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("sip:h", Uri("sip", None, "h")),
        ("SIPS:a@H:5061", Uri("sips", "a", "H", 5061)),
        ("sip:a:secret@h", Uri("sip", "a", "h", password="secret")),
        ("sip:user;par=u%40example.net@h", Uri("sip", "user;par=u%40example.net", "h")),
        ("sip:h?a=b&c=", Uri("sip", None, "h", headers=(("a", "b"), ("c", "")))),
        ("sip:a@[::1]:5060;lr;ttl=1", Uri("sip", "a", "[::1]", 5060, Parameters((("lr", None), ("ttl", "1"))))),
        ("tel:+55-11-5555;ext=1", Uri("tel", "+55-11-5555", "", parameters=Parameters((("ext", "1"),)))),
        ("sip:[2001:db8::10:5070]", Uri("sip", None, "[2001:db8::10:5070]")),  # RFC 5118 section 4.3
        ("sip:[2001:db8::10]:5070", Uri("sip", None, "[2001:db8::10]", 5070)),  # section 4.4
        ("sip:u@[::ffff:192.0.2.10]:19823", Uri("sip", "u", "[::ffff:192.0.2.10]", 19823)),  # section 4.9
        ("sip:u@[2001:db8:::192.0.2.1]", Uri("sip", "u", "[2001:db8:::192.0.2.1]")),  # section 4.10
    ],
)
def test_uris(text: str, uri: Uri) -> None:
    assert Uri.parse(text) == uri


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "a",
            ":",
            "1sip:h",
            "sip:",
            "sip:@h",
            "sip:a@",
            "sip:a@b@c",
            "sip:a b@h",
            "sip:a@h\t",
            "sip:%zz@h",
            "é:a",
        ),
        *("sip:a:b c@h", "sip:a:b/c@h", "sip:h:0", "sip:h:65536", "sip:h:x", "sip:a@2001:db8::10", "sip:h;", "sip:h?"),
        *("sip:h?a", "sip:h;a=", 'sip:h;a="b"', "sip:h;a;a", "tel:", "tel:a b", "tel:12?a=b", "sip:é@h", "sip:a@h\x00"),
    ],
)
def test_malformed_uris_are_refused(text: str) -> None:
    with pytest.raises(ValueError) as raised:
        Uri.parse(text)
    assert not isinstance(raised.value, UnsupportedScheme)


@pytest.mark.parametrize("text", ["isbn:1", "http://h", "nobodyKnowsThisScheme:x", "soap.beep://1:2", "mailto:a@b"])
def test_other_schemes_are_told_apart(text: str) -> None:
    with pytest.raises(UnsupportedScheme):
        Uri.parse(text)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Uri("http", None, "h"),
        lambda: Uri("sip", "a b", "h"),
        lambda: Uri("sip", "a>\r\nX: y", "h"),
        lambda: Uri("sip", None, "h", password="x"),
        lambda: Uri("sip", "a", "h\r\n"),
        lambda: Uri("sip", "a", ""),
        lambda: Uri("sip", "a", "h", 70000),
        lambda: Uri("sip", "a", "h", parameters=Parameters((("a", '"b"'),))),
        lambda: Uri("sip", "a", "h", headers=(("a", "b c"),)),
        lambda: Uri("tel", None, ""),
        lambda: Uri("tel", "1", "h"),
        lambda: NameAddr(Uri("sip", "a", "h"), "line\nbreak"),
    ],
)
def test_what_cannot_be_written_cannot_be_made(make: object) -> None:
    with pytest.raises(ValueError):
        make()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("sip:a@h", "SIP:a@H;transport=ws", True),
        ("sip:a@h", "sip:a@h:5060", True),
        ("sips:a@h", "sips:a@h:5061", True),
        ("sip:%61lice@h", "sip:alice@h", True),
        ("sip:null-%00-null@h", "sip:null-@h", False),
        ("sip:%FF@h", "sip:%FE@h", False),
        ("sip:a@h", "sips:a@h", False),
        ("sip:a@h", "sip:A@h", False),
        ("sip:a@h", "sip:a@h:5061", False),
        ("sip:a@h", "sip:h", False),
        ("tel:+1", "tel:+1", True),
    ],
)
def test_addresses_of_record_are_compared(one: str, other: str, same: bool) -> None:
    assert Uri.parse(one).same_aor(Uri.parse(other)) is same


def test_escapes_are_resolved_once() -> None:
    assert escape_user("*72 é@#") == "*72%20%C3%A9%40%23"
    uri = Uri.parse("sip:sips%3Auser%40example.com@example.net")
    assert (uri.scheme, uri.unescaped_user, uri.host) == ("sip", "sips:user@example.com", "example.net")
    assert Uri.parse("sip:%2541@h").unescaped_user == "%41"
    assert Uri.parse("sip:h").unescaped_user == ""


def test_a_contact_is_kept_without_headers() -> None:
    assert str(Uri.parse("sip:a@h;lr?Route=%3Csip:x%3E").bare()) == "sip:a@h;lr"


@pytest.mark.parametrize(
    ("text", "name", "uri", "parameters"),
    [
        ("sip:a@h;tag=1", None, "sip:a@h", ";tag=1"),
        (" sip:a@h ;   tag    = 1", None, "sip:a@h", ";tag=1"),
        ("<sip:a@h;lr>;tag=1", None, "sip:a@h;lr", ";tag=1"),
        ("caller<sip:a@h>", "caller", "sip:a@h", ""),
        ("A.  Bell <sip:a@h>", "A. Bell", "sip:a@h", ""),
        ('"Bell, \\"A\\" \\\\" <sip:a@h> ; q = 0.3', 'Bell, "A" \\', "sip:a@h", ";q=0.3"),
        ('""<sip:a@h>', None, "sip:a@h", ""),
        ("<sip:a@h?Route=%3Csip:x%3E>", None, "sip:a@h?Route=%3Csip:x%3E", ""),
        ("tel:+1;ext=2", None, "tel:+1", ";ext=2"),
        ('"<sip:evil@h>" <sip:a@h>', "<sip:evil@h>", "sip:a@h", ""),
    ],
)
def test_name_addrs(text: str, name: str | None, uri: str, parameters: str) -> None:
    value = NameAddr.parse(text)
    assert (value.display_name, str(value.uri), str(value.parameters)) == (name, uri, parameters)


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ('"Mr. J. User <sip:a@h>', "not closed"),
        ('"a" sip:a@h', "followed by <"),
        ("Bell, Alexander <sip:a@h>", "needs quotes"),
        ("<sip:a@h", "not closed"),
        ("< sip:a@h >", "scheme"),
        ("<sip:a@h> tag=1", "parameters"),
        ("sip:a@h?Route=x", "angle brackets"),
        ("sip:a@h,sip:b@h", "angle brackets"),
        ("", "scheme"),
    ],
)
def test_malformed_name_addrs_are_refused(text: str, phrase: str) -> None:
    with pytest.raises(ValueError, match=phrase):
        NameAddr.parse(text)


def test_tags_come_and_go() -> None:
    value = NameAddr.parse("sip:a@h")
    assert value.tag is None
    assert value.with_tag("x").with_tag("y").tag == "y"
    assert value.with_tag("x").without_tag() == value
