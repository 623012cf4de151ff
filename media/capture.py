"""The capture of a running call: an append-only log of clear packets and events that any truncation leaves readable.

    header  8 bytes "RREC2" and three NUL, u64 wall clock in ns since 1970 (UTC), u64 monotonic clock in ns of then
    record  u8 kind, u16 length, u64 monotonic clock in ns of its arrival, then ``length`` bytes

All little-endian. RTP packets are as the peer sent them, decrypted, without telephone-event: keypad digits are never
written. Events are JSON objects with a member ``event``:

    start                            the capture begins
    map      agent, other            payload type -> [codec, clock Hz, channels] for the packets of that side
    pause, resume                    packets between them are missing by intent
    leg      gap                     another page has the call now; the one before was not heard for ``gap`` ms
    stop     digits: [agent, other]  the end; how many telephone-event packets were left out

No event names a person, a number or an account.
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

MAGIC = b"RREC2\0\0\0"
SUFFIX = ".rrec"
HEADER = struct.Struct("<8sQQ")
RECORD = struct.Struct("<BHQ")


class Kind(IntEnum):
    AGENT = 0  # RTP of the near side
    OTHER = 1  # RTP of the far side
    EVENT = 2
    SENDER_REPORT = 3  # RTCP that starts with an SR, of the side that its SSRC belongs to


class NotACapture(ValueError):
    """The bytes do not start with the header of a capture."""


@dataclass(frozen=True, slots=True)
class Clock:
    """One moment on both clocks, in ns."""

    wall: int
    monotonic: int


@dataclass(frozen=True, slots=True)
class Record:
    """``start`` and ``end`` are the place of its bytes in the capture."""

    kind: Kind
    arrival: int
    start: int
    end: int


def header(clock: Clock) -> bytes:
    return HEADER.pack(MAGIC, clock.wall, clock.monotonic)


def read_header(data: bytes) -> Clock:
    """Raises `NotACapture`."""
    if len(data) < HEADER.size or not data.startswith(MAGIC):
        raise NotACapture("The file does not start as a capture does.")
    _, wall, monotonic = HEADER.unpack_from(data)
    return Clock(wall, monotonic)


def event(name: str, **facts: object) -> bytes:
    """The bytes of an event record's body."""
    return json.dumps({"event": name, **facts}, separators=(",", ":")).encode()


def read_event(body: bytes) -> dict[str, object]:
    """An event that cannot be read is an empty one: a capture is worth more than one of its events."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def records(data: bytes) -> Iterator[Record]:
    """The whole records after the header, up to the first that is cut off or none (a torn, zero-filled end)."""
    position = HEADER.size
    size = len(data)
    while position + RECORD.size <= size:
        kind, length, arrival = RECORD.unpack_from(data, position)
        start = position + RECORD.size
        end = start + length
        if kind > Kind.SENDER_REPORT or length == 0 or end > size:
            return
        yield Record(Kind(kind), arrival, start, end)
        position = end
