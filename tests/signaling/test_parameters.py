"""Parameters of URIs and header fields."""

import pytest
from hypothesis import given

from signaling.parameters import Parameters

from .strategies import parameters


@given(parameters())
def test_round_trip(value: Parameters) -> None:
    assert Parameters.parse(str(value)) == value


def test_values_are_read_without_regard_to_case_and_without_quotes() -> None:
    found = Parameters.parse('; Tag = x ;lr;+sip.instance="<urn:uuid:1;2>" ;received=[2001:db8::1]')
    assert list(found) == ["Tag", "lr", "+sip.instance", "received"]
    assert [found.get(name) for name in ("tag", "LR", "+sip.instance", "other")] == ["x", "", "<urn:uuid:1;2>", None]
    assert "TAG" in found and "other" not in found
    assert str(found) == ';Tag=x;lr;+sip.instance="<urn:uuid:1;2>";received=[2001:db8::1]'


def test_an_ipv6_address_needs_no_brackets() -> None:
    assert Parameters.parse(";received=2001:db8::1").get("received") == "2001:db8::1"


def test_changes_give_new_parameters() -> None:
    before = Parameters.parse(";a=1;b")
    assert str(before.set("A", "2")) == ";a=2;b"
    assert str(before.set("c", 'two "words"')) == ';a=1;b;c="two \\"words\\""'
    assert str(before.set("a")) == ";a;b"
    assert str(before.remove("B", "x")) == ";a=1"
    assert str(before) == ";a=1;b"


def test_no_parameters() -> None:
    assert not Parameters.parse("")
    assert Parameters.parse(";a")


@pytest.mark.parametrize("text", ["a", ";", ";;", ";a=", ';a="', ";a b", ";a=b c", ";a,b", ";a=<b>", ";a=b\r\nc: d"])
def test_malformed_ones_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="parameters are malformed"):
        Parameters.parse(text)


@pytest.mark.parametrize(
    ("items", "phrase"),
    [
        ((("a b", None),), "name of a parameter"),
        ((("a", "b;c"),), "value of a parameter"),
        ((("a", "b\r\nc"),), "value of a parameter"),
        ((("a", "1"), ("A", "2")), "twice"),
    ],
)
def test_what_cannot_be_written_cannot_be_made(items: tuple[tuple[str, str | None], ...], phrase: str) -> None:
    with pytest.raises(ValueError, match=phrase):
        Parameters(items)
