"""Where on the wall clock each captured packet belongs.

Arrival times jitter and media clocks drift: a packet is placed by its RTP timestamp, and the timestamps are anchored to
the lower envelope of (arrival - media time), the packets that the network delayed least. A stream is anchored anew
where that envelope has moved by more than `REANCHOR`, and where its timestamps jump.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from .capture import Kind, Record, read_event
from .sdp import STATIC_CODECS

RATE = 48_000  # samples a second of every recording
WINDOW = 5_000_000_000  # ns
REANCHOR = 40_000_000  # ns
JUMP = 300_000_000  # ns between one packet's offset and the next one's

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Codec:
    name: str
    clock: int  # Hz of its RTP timestamps


_UNKNOWN = Codec("", 8000)


@dataclass(frozen=True, slots=True)
class Packet:
    """``start`` and ``end`` are the place of its payload in the capture; equal where it is only padding."""

    arrival: int
    source: int
    sequence: int
    timestamp: int
    codec: Codec
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Placed:
    """``sample`` is where its first sample belongs, counted from the start of the capture; may be negative."""

    sample: int
    source: int
    codec: Codec
    start: int
    end: int


@dataclass(slots=True)
class Content:
    """What a capture holds. ``begin`` and ``end`` are monotonic ns; ``pauses`` are intervals of them."""

    begin: int
    end: int
    complete: bool = False
    digits: dict[Kind, int] = field(default_factory=lambda: {Kind.AGENT: 0, Kind.OTHER: 0})
    packets: dict[Kind, list[Packet]] = field(default_factory=lambda: {Kind.AGENT: [], Kind.OTHER: []})
    pauses: list[tuple[int, int]] = field(default_factory=list)


def read(data: bytes, records: Iterable[Record], begin: int) -> Content:
    """Sorts the records of a capture that began at ``begin``. What cannot be understood is left out."""
    content = Content(begin, begin)
    codecs: dict[Kind, dict[int, Codec]] = {Kind.AGENT: {}, Kind.OTHER: {}}
    paused: int | None = None
    for record in records:
        content.end = max(content.end, record.arrival)
        if record.kind is Kind.EVENT:
            event = read_event(data[record.start : record.end])
            name = event.get("event")
            if name == "map":
                codecs = {Kind.AGENT: _codecs(event.get("agent")), Kind.OTHER: _codecs(event.get("other"))}
            elif name == "pause" and paused is None:
                paused = record.arrival
            elif name == "resume" and paused is not None:
                content.pauses.append((paused, record.arrival))
                paused = None
            elif name == "stop":
                content.complete = True
                _count_digits(content, event.get("digits"))
        elif record.kind in codecs:
            packet = _packet(data, record, codecs[record.kind])
            if packet is not None:
                content.packets[record.kind].append(packet)
    if paused is not None:
        content.pauses.append((paused, content.end))
    return content


def place(packets: list[Packet], begin: int) -> list[Placed]:
    """The packets of one side without doubles, in the order in which they sound."""
    placed: list[Placed] = []
    groups: dict[tuple[int, Codec], list[tuple[int, Packet]]] = {}
    for sequence, packet in _ordered(packets):
        if packet.start < packet.end:
            groups.setdefault((packet.source, packet.codec), []).append((sequence, packet))
    for (source, codec), members in groups.items():
        arrivals = np.array([packet.arrival for _, packet in members], dtype=np.int64)
        ticks = _unwrap(np.array([packet.timestamp for _, packet in members], dtype=np.int64), 32)
        samples = _anchor(arrivals - begin, ticks, codec.clock)
        placed.extend(
            Placed(int(sample), source, codec, packet.start, packet.end)
            for sample, (_, packet) in zip(samples, members, strict=True)
        )
    placed.sort(key=lambda packet: packet.sample)
    return placed


def lost(packets: list[Packet], pauses: list[tuple[int, int]], digits: int) -> int:
    """How many packets the sequence numbers miss, apart from those of pauses and of keypad digits."""
    missing = 0
    last: dict[int, tuple[int, int]] = {}
    for sequence, packet in _ordered(packets):
        before = last.get(packet.source)
        if before is not None and sequence - before[0] > 1:
            if not any(before[1] <= end and packet.arrival >= start for start, end in pauses):
                missing += sequence - before[0] - 1
        last[packet.source] = (sequence, packet.arrival)
    return max(0, missing - digits)


def _ordered(packets: list[Packet]) -> list[tuple[int, Packet]]:
    """(extended sequence number, packet) of each source in order, each number once."""
    sources: dict[int, list[Packet]] = {}
    for packet in packets:
        sources.setdefault(packet.source, []).append(packet)
    found: list[tuple[int, Packet]] = []
    for members in sources.values():
        sequences = _unwrap(np.array([packet.sequence for packet in members], dtype=np.int64), 16)
        once: dict[int, Packet] = {}
        for sequence, packet in zip(sequences.tolist(), members, strict=True):
            once.setdefault(sequence, packet)  # the first to arrive
        found.extend(sorted(once.items()))
    return found


def _unwrap(values: Integers, bits: int) -> Integers:
    """Numbers modulo 2**bits as numbers that do not wrap, from the first of them on."""
    half, whole = 1 << (bits - 1), 1 << bits
    steps = (np.diff(values) + half) % whole - half
    return np.concatenate((values[:1], values[0] + np.cumsum(steps)))


def _anchor(arrivals: Integers, ticks: Integers, clock: int) -> Integers:
    """Sample of each packet, from arrivals in ns since the capture began and timestamps that do not wrap."""
    media = (ticks - ticks[0]) * 1_000_000_000 // clock
    offsets = arrivals - media
    samples = np.empty_like(arrivals)
    cuts = [0, *(np.flatnonzero(np.abs(np.diff(offsets)) > JUMP) + 1).tolist(), len(offsets)]
    for start, end in zip(cuts, cuts[1:], strict=False):
        windows = (arrivals[start:end] - arrivals[start:end].min()) // WINDOW
        anchor: int | None = None
        base = first = 0
        for window in np.unique(windows):
            members = np.flatnonzero(windows == window) + start
            envelope = int(offsets[members].min())
            if anchor is None or abs(envelope - anchor) > REANCHOR:
                # Samples are counted in whole ticks from here, so that neighbours touch exactly.
                anchor, first = envelope, int(members[0])
                base = round((int(media[first]) + anchor) * RATE / 1_000_000_000)
            samples[members] = base + (ticks[members] - ticks[first]) * RATE // clock
    return samples


def _packet(data: bytes, record: Record, codecs: dict[int, Codec]) -> Packet | None:
    """The RTP packet of a record (RFC 3550 section 5.1), or None where it is broken."""
    start, end = record.start, record.end
    if end - start < 12 or data[start] >> 6 != 2:
        return None
    first = data[start]
    codec = codecs.get(data[start + 1] & 0x7F, _UNKNOWN)
    sequence = int.from_bytes(data[start + 2 : start + 4])
    timestamp = int.from_bytes(data[start + 4 : start + 8])
    source = int.from_bytes(data[start + 8 : start + 12])
    payload = start + 12 + 4 * (first & 0x0F)
    if first & 0x10:
        payload += 4 + 4 * int.from_bytes(data[payload + 2 : payload + 4])
    if first & 0x20:
        end -= data[end - 1]
    end = max(start, end)
    return Packet(record.arrival, source, sequence, timestamp, codec, min(payload, end), end)


def _codecs(described: Any) -> dict[int, Codec]:
    found = {number: Codec(name, clock) for number, (name, clock) in STATIC_CODECS.items()}
    if isinstance(described, dict):
        for number, entry in described.items():
            match entry:
                case [str(name), int(clock), *_] if number.isdecimal() and clock > 0:
                    found[int(number)] = Codec(name, clock)
    return found


def _count_digits(content: Content, counts: Any) -> None:
    match counts:
        case [int(agent), int(other)]:
            content.digits = {Kind.AGENT: agent, Kind.OTHER: other}
