"""The ordered multimap of header fields."""

import pytest
from hypothesis import given

from signaling.headers import Headers, canonical

from .strategies import headers

FIELDS = Headers((("v", "SIP/2.0/WS a, SIP/2.0/WS b"), ("x-own", "1"), ("VIA", "SIP/2.0/WS c"), ("s", "")))


@given(headers)
def test_headers_are_made_of_their_items(value: Headers) -> None:
    assert Headers(value) == value
    assert hash(Headers(value)) == hash(value)


def test_names_are_canonical_and_via_is_split() -> None:
    assert list(FIELDS) == [
        ("Via", "SIP/2.0/WS a"),
        ("Via", "SIP/2.0/WS b"),
        ("x-own", "1"),
        ("Via", "SIP/2.0/WS c"),
        ("Subject", ""),
    ]
    assert len(FIELDS) == 5
    assert [canonical(name) for name in ("call-id", "I", "cseq", "www-authenticate", "x-Own")] == [
        *("Call-ID", "Call-ID", "CSeq", "WWW-Authenticate", "x-Own")
    ]


def test_values_are_found_by_any_name() -> None:
    assert FIELDS.get("V") == "SIP/2.0/WS a"
    assert FIELDS.get("X-OWN") == "1"
    assert FIELDS.get("Route") is None
    assert FIELDS.get_all("via") == ("SIP/2.0/WS a", "SIP/2.0/WS b", "SIP/2.0/WS c")
    assert "subject" in FIELDS and "route" not in FIELDS


def test_lists_are_split_on_demand() -> None:
    fields = Headers((("Allow", "INVITE, ACK"), ("Allow", ""), ("allow", "BYE")))
    assert fields.get_all("Allow") == ("INVITE, ACK", "", "BYE")
    assert fields.get_list("Allow") == ("INVITE", "ACK", "BYE")


def test_fields_are_added_at_both_ends() -> None:
    assert FIELDS.prepend("v", "SIP/2.0/WS z").get("Via") == "SIP/2.0/WS z"
    assert FIELDS.append("k", "path").items[-1] == ("Supported", "path")


def test_fields_are_replaced_in_place() -> None:
    assert [name for name, _ in FIELDS.replace("via", "SIP/2.0/WS y")] == ["Via", "x-own", "Subject"]
    assert FIELDS.replace("x-own", "2", "3").get_all("X-Own") == ("2", "3")
    assert FIELDS.replace("To", "<sip:a@h>").items[-1] == ("To", "<sip:a@h>")
    assert "Via" not in FIELDS.replace("Via")


def test_fields_are_removed() -> None:
    assert FIELDS.remove("v", "S", "none").items == (("x-own", "1"),)


def test_repeated_single_fields_are_named_once() -> None:
    fields = Headers((("t", "a"), ("To", "b"), ("to", "c"), ("Via", "d"), ("Via", "e"), ("From", "f"), ("x", "1")))
    assert fields.repeated() == ("To",)


@pytest.mark.parametrize(
    ("name", "value", "phrase"),
    [
        ("a b", "c", "no token"),
        ("a:", "c", "no token"),
        ("", "c", "no token"),
        ("a", "b\r\nVia: c", "control character"),
        ("a", "b\n", "control character"),
        ("a", "\x00", "control character"),
        ("Via", " ", "Via is empty"),
        ("Contact", ",", "Contact is empty"),
        ("Route", "<sip:a", "not closed"),
    ],
)
def test_what_could_break_a_message_is_refused(name: str, value: str, phrase: str) -> None:
    with pytest.raises(ValueError, match=phrase):
        Headers(((name, value),))
