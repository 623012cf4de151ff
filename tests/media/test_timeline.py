"""Records to packets, packets to places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.capture import Kind, records
from media.timeline import RATE, Codec, Content, lost, place, read

from .captures import BEGIN, Log, Sent, at, pack, started


def content(log: Log) -> Content:
    data = log.bytes()
    return read(data, records(data), BEGIN)


def packet(number: int, *, late: float = 0.0, **options: int) -> Sent:
    return Sent(0, number, number * 960, b"x", arrival=number * 0.02 + late, **options)  # type: ignore[arg-type]


def test_neighbours_touch() -> None:
    log = started().packets(Kind.AGENT, [packet(number, late=number % 3 * 0.007) for number in range(1000)])
    placed = place(content(log).packets[Kind.AGENT], BEGIN)
    assert [after.sample - before.sample for before, after in zip(placed, placed[1:], strict=False)] == [960] * 999
    assert placed[0].sample == 0


@given(st.permutations(list(range(12))))
def test_the_order_of_arrival_within_the_jitter_does_not_matter(order: list[int]) -> None:
    sent = [packet(number) for number in range(12)]
    for place_in_time, number in enumerate(order):
        sent[number].arrival = 1 + place_in_time * 0.001
    placed = place(content(started().packets(Kind.AGENT, sent)).packets[Kind.AGENT], BEGIN)
    assert [after.sample - before.sample for before, after in zip(placed, placed[1:], strict=False)] == [960] * 11


def test_a_slow_shift_of_the_network_is_followed_in_steps() -> None:
    sent = [packet(number, late=0.1 if number > 500 else 0.0) for number in range(1000)]
    placed = place(content(started().packets(Kind.AGENT, sent)).packets[Kind.AGENT], BEGIN)
    assert placed[-1].sample == pytest.approx((999 * 0.02 + 0.1) * RATE, abs=1)


def test_broken_packets_are_left_out() -> None:
    log = started()
    for number, body in enumerate((b"\x80", b"\x40" + bytes(20), b"\x00" * 12)):
        log.entries.append((at(number), pack(Kind.AGENT, number, body)))
    assert content(log).packets[Kind.AGENT] == []


@pytest.mark.parametrize(
    ("body", "payload"),
    [
        (b"\x80\x00" + bytes(10) + b"abc", b"abc"),
        (b"\x82\x00" + bytes(10) + bytes(8) + b"abc", b"abc"),
        (b"\x90\x00" + bytes(10) + b"\xbe\xde\x00\x01" + bytes(4) + b"abc", b"abc"),
        (b"\xa0\x00" + bytes(10) + b"abc" + b"\x00\x00\x03", b"abc"),
        (b"\xa0\x00" + bytes(10) + b"\xff", b""),
        (b"\x90\x00" + bytes(10) + b"\xbe\xde\xff\xff", b""),
        (b"\x8f\x00" + bytes(10) + b"abc", b""),
    ],
)
def test_headers_of_every_form(body: bytes, payload: bytes) -> None:
    log = started()
    log.entries.append((at(1), pack(Kind.OTHER, 1, body)))
    data = log.bytes()
    (found,) = content(log).packets[Kind.OTHER]
    assert data[found.start : found.end] == payload
    assert len(place([found], BEGIN)) == bool(payload)


def test_maps_that_make_no_sense_leave_the_static_types() -> None:
    log = Log().event(
        0, "map", agent={"0": ["pcmu"], "x": ["a", 1], "5": ["a", 0], "7": 3, "8": ["pcma", 8000]}, other=[]
    )
    log.packets(Kind.AGENT, [packet(1, payload_type=0), packet(2, payload_type=5), packet(3, payload_type=8)])
    assert [found.codec for found in content(log).packets[Kind.AGENT]] == [
        Codec("pcmu", 8000),
        Codec("", 8000),
        Codec("pcma", 8000),
    ]


def test_events_out_of_order_are_borne() -> None:
    log = started().event(1, "resume").event(2, "pause").event(3, "pause").event(4, "resume").event(5, "strange")
    log.event(6, "stop", digits="none").event(6.5, "pause")
    found = content(log)
    assert found.pauses == [(at(2), at(4)), (at(6.5), at(6.5))] and found.complete
    assert found.digits == {Kind.AGENT: 0, Kind.OTHER: 0} and found.end == at(6.5)


def test_what_is_missing_is_counted_per_source() -> None:
    sent = [packet(1), packet(2), packet(5), packet(3, ssrc=9), packet(9, ssrc=9)]
    found = content(started().packets(Kind.AGENT, sent)).packets[Kind.AGENT]
    assert lost(found, [], 0) == 2 + 5
    assert lost(found, [], 3) == 4 and lost(found, [], 100) == 0
    assert lost(found, [(at(0.07), at(0.08))], 0) == 0 + 0
    assert lost(found, [(at(0.15), at(0.16))], 0) == 2
    assert lost([], [], 0) == 0 and place([], BEGIN) == []


def test_sender_reports_are_no_packets() -> None:
    log = started()
    log.entries.append((at(1), pack(Kind.SENDER_REPORT, 1, b"\x80\xc8" + bytes(26))))
    found = content(log)
    assert found.packets == {Kind.AGENT: [], Kind.OTHER: []} and found.end == at(1)
