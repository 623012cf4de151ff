"""The named expressions: what they match, and that no text, however hostile, makes one of them slow."""

import re
from functools import partial

import pytest

from signaling import grammar
from signaling.grammar import number, quote, split_list, unquote

from .frames import cpu_seconds

SIZE = 61_440  # the largest message that is read at all
HOSTILE = {
    unit + end: (unit * SIZE)[:SIZE] + end
    for unit in (
        *'a0%<>";,:=/@. \t\\',
        *(
            "a ",
            "a,",
            "%4",
            "%41",
            '\\"',
            '""',
            '"\\',
            "a=",
            ";a",
            ";a=b",
            '<"',
            "[:",
            "a:",
            " a",
            "a;",
            "a/",
            ", ",
            "é",
        ),
        *("a=a,", 'a="",', "0 ", "A.", "SIP/2.0 ", "SIP/2.0/WS ", "1 h ", "a%41", "Mon, "),
    )
    for end in ("", "\x00", '"')
}
PATTERNS = {name: value for name, value in vars(grammar).items() if isinstance(value, re.Pattern)}
# What an expression must have read before its repetitions begin
OPENINGS = {
    "QUOTED_STRING": '"',
    "REQUEST_LINE": "INVITE ",
    "STATUS_LINE": "SIP/2.0 200 ",
    "FIELD": "Via",
    "URI_HEADER": "a=",
    "PARAMETER": ";a=",
    "VIA": "SIP/2.0/WS ",
    "CSEQ": "1 ",
    "MEDIA_TYPE": "a/",
    "WARNING": '399 a "',
    "AUTH_PARAMETER": 'a="',
    "HOST": "[",
    "HOST_PORT": "a:",
    "_ELEMENT": '"',
    "CALL_ID": "a@",
}


def test_every_expression_is_found() -> None:
    assert len(PATTERNS) > 25
    assert OPENINGS.keys() <= PATTERNS.keys()


@pytest.mark.parametrize("name", PATTERNS)
def test_a_hostile_text_takes_under_50_ms(name: str) -> None:
    for opening in {"", OPENINGS.get(name, "")}:
        for unit, text in HOSTILE.items():
            for method in (PATTERNS[name].fullmatch, PATTERNS[name].match):
                assert cpu_seconds(partial(method, opening + text)) < 0.05, unit


@pytest.mark.parametrize("unit", HOSTILE)
def test_a_hostile_list_is_split_in_linear_time(unit: str) -> None:
    assert cpu_seconds(partial(split_list, HOSTILE[unit][:8_192])) < 0.05


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("TOKEN", ["a", "-.!%*_+`'~"], ["", "a b", "a@b", "é", "a\n"]),
        ("CALL_ID", ["a", "a@b", "word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"], ["", "@", "a@", "a@b@c", "a b"]),
        ("QUOTED_STRING", ['""', '"a b"', '"\\""', '"\\\x00"', '"é"'], ['"', '"\\"', '"\x00"', '"a"b', '"\n"']),
        ("DISPLAY_TOKENS", ["a", "a  b", "A. Bell"], ["", "a ", "a,b", "a@"]),
        (
            "FIELD_VALUE",
            ["", "é \t", '"\\\x07" "\\\x00"', "a\\", 'a"b\\', '"\\"', '"é"'],
            ["\x00", "a\r", "a\n", "\\\n", "\x7f", "\\\x00", '\\""\\\x00', '"\\\n"', '"\\\x00', '"a" \\\x07'],
        ),
        ("FIELD", ["a:", "a \t: b", "a:b:c"], ["a", ": b", "a b: c", " a: b"]),
        ("REQUEST_LINE", ["A b SIP/2.0", "A b sip/7.0"], ["A  b SIP/2.0", "A b SIP/2.0 ", "A b", "A é SIP/2.0"]),
        ("STATUS_LINE", ["SIP/2.0 200 OK", "SIP/2.0 200", "SIP/2.0 200 ", "SIP/2.0 200 é"], ["SIP/2.0 2000 O"]),
        ("SCHEME", ["sip", "soap.beep", "a+-.1"], ["", "1a", "a_"]),
        ("USER", ["a;b?c/d", "%41", "*72#", "&=+$,"], ["", "%4", "a b", "a@b", "%zz", "é"]),
        ("PASSWORD", ["", "a", "%41"], ["a/b", "%4"]),
        ("HOST", ["a", "[::1]", "a_b.c-d", "1.2.3.4"], ["", "-a", "[g]", "::1", "a b"]),
        ("HOST_PORT", ["a", "a:1", "[::1]:5", "a : 5"], ["a:", "a:123456", "2001:db8::1"]),
        ("URI_HEADER", ["a=b", "a=", "a=%20"], ["=b", "a", "a=b=c", "a=%"]),
        ("TELEPHONE", ["+1-2(3).4", "*72#", "ABCDEF"], ["", "+", "1 2", "x"]),
        ("PARAMETER", [";a", "; a = b", ';a="b;c"', ";a=[::1]"], ["a", ";", ";a=", ";=b", ';a="', ";a=b;c"]),
        ("PARAMETER_TEXT", ["a", "[::1]", "a/b"], ["", "a;b", 'a"', "a,b", "a b", "<a>"]),
        ("CSEQ", ["1 A", "0009  INVITE"], ["A 1", "1", "1A", "-1 A"]),
        ("MEDIA_TYPE", ["a/b", "a / b "], ["a", "a/", "a/b;"]),
        ("VIA", ["SIP/2.0/WS a", "SIP / 2.0 / WS \t a : 5060 "], ["SIP/2.0 WS a", "SIP/2.0/WSa", "SIP/2.0/WS "]),
        ("WARNING", ['399 a "b"', '301 [::1]:5060 ""'], ['1812 overture "In Progress"', "399 a b"]),
        ("NUMBER", ["0", "0068"], ["", "-1", "+1", "1.0", "١"]),
        ("DATE", ["Sat, 15 Oct 2005 04:44:56 GMT"], ["Fri, 01 Jan 2010 16:00:00 EST", "Sat, 5 Oct 2005 04:44:56 GMT"]),
        ("AUTH_PARAMETER", ['a="b"', "a=b,", "nc=00000001 ,", "a = b"], ["a", "a=", '"a"=b', 'a="b" c']),
    ],
)
def test_expressions(name: str, good: list[str], bad: list[str]) -> None:
    assert [text for text in good if not PATTERNS[name].fullmatch(text)] == []
    assert [text for text in bad if PATTERNS[name].fullmatch(text)] == []


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("", []),
        (" , ,", []),
        ("a", ["a"]),
        ("a, b ,,c", ["a", "b", "c"]),
        ('"a, b" <sip:c,d@e>;x="f,g", h', ['"a, b" <sip:c,d@e>;x="f,g"', "h"]),
        ('"\\"," <a>,b', ['"\\"," <a>', "b"]),
    ],
)
def test_a_list_is_split_at_its_own_commas_only(text: str, elements: list[str]) -> None:
    assert split_list(text) == elements


@pytest.mark.parametrize("text", ['"', 'a, "b', "<", "a <b", '"\\"'])
def test_a_list_with_an_open_end_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not closed"):
        split_list(text)


@pytest.mark.parametrize("text", ["", 'say "hi"', "back\\slash", "BEL \x07 NUL \x00", "é, <b>"])
def test_quotes_come_off_again(text: str) -> None:
    assert grammar.QUOTED_STRING.fullmatch(quote(text))
    assert unquote(quote(text)) == text


def test_text_without_quotes_stays() -> None:
    assert [unquote(text) for text in ("a", '"', 'a"', "\\a")] == ["a", '"', 'a"', "\\a"]


@pytest.mark.parametrize("text", ["a\r", "\nb"])
def test_a_line_break_cannot_be_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        quote(text)


def test_numbers_have_a_limit() -> None:
    assert [number(text, 255) for text in ("0", "0068", "255")] == [0, 68, 255]
    for text in ("256", "-1", "", "x", "9" * 65, "9" * 10_000):
        with pytest.raises(ValueError, match="from 0 to 255"):
            number(text, 255)
