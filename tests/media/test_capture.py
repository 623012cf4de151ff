"""The log of a call: written in order, and read up to wherever it was cut."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.capture import HEADER, RECORD, Clock, Kind, NotACapture, event, header, read_event, read_header, records

ENTRY = st.tuples(st.sampled_from(Kind), st.integers(0, 2**64 - 1), st.binary(min_size=1, max_size=40))


def log(entries: list[tuple[Kind, int, bytes]]) -> bytes:
    body = b"".join(RECORD.pack(kind, len(data), arrival) + data for kind, arrival, data in entries)
    return header(Clock(1, 2)) + body


@given(st.lists(ENTRY, max_size=8))
def test_what_was_written_is_read(entries: list[tuple[Kind, int, bytes]]) -> None:
    data = log(entries)
    assert read_header(data) == Clock(1, 2)
    assert [(record.kind, record.arrival, data[record.start : record.end]) for record in records(data)] == entries


@given(st.lists(ENTRY, min_size=1, max_size=6))
def test_a_cut_anywhere_keeps_every_whole_record(entries: list[tuple[Kind, int, bytes]]) -> None:
    data = log(entries)
    for cut in range(HEADER.size, len(data)):
        found = [(record.kind, record.arrival, data[record.start : record.end]) for record in records(data[:cut])]
        assert found == entries[: len(found)]
        whole = HEADER.size + sum(RECORD.size + len(body) for _, _, body in entries[: len(found) + 1])
        assert len(found) == len(entries) or whole > cut


@pytest.mark.parametrize("tail", [bytes(500), b"\x00" * 11, b"\x09\x01\x00" + bytes(20), b"\x00\xff\xff" + bytes(20)])
def test_a_torn_end_is_the_end(tail: bytes) -> None:
    data = log([(Kind.AGENT, 5, b"one")])
    assert len(list(records(data + tail))) == 1


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    list(records(header(Clock(1, 2)) + data))
    if data[:8] != b"RREC2\0\0\0":
        with pytest.raises(NotACapture):
            read_header(data)


def test_a_header_that_is_cut_is_no_capture() -> None:
    with pytest.raises(NotACapture):
        read_header(header(Clock(1, 2))[:-1])


def test_events() -> None:
    assert read_event(event("stop", digits=[1, 2])) == {"event": "stop", "digits": [1, 2]}
    assert read_event(b"[1]") == {} and read_event(b"{") == {} and read_event(b"\xff") == {}
    assert json.loads(event("pause")) == {"event": "pause"}
