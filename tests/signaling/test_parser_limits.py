"""The parser's limits, each at one below, at, and one above; and its speed on hostile messages."""

from functools import partial

import pytest

from signaling.parser import DEFAULT_LIMITS, parse

from .frames import cpu_seconds, frame, refusal


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
        assert cpu_seconds(partial(parse, data, strict=strict)) < 0.05
