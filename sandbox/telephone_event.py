"""Key presses in RTP: the telephone-event payload of RFC 4733. Pure."""

import struct
from dataclasses import dataclass

KEYS = "0123456789*#ABCD"  # events 0 to 15, RFC 4733 section 3.2
_HALF = 1 << 31


@dataclass(frozen=True, slots=True)
class TelephoneEvent:
    """One payload: ``event`` 0 to 255, ``end`` bit, ``volume`` 0 to 63 (-dBm0), ``duration`` in timestamp units."""

    event: int
    end: bool
    volume: int
    duration: int

    def __bytes__(self) -> bytes:
        return struct.pack("!BBH", self.event, self.end << 7 | self.volume, self.duration)

    @classmethod
    def parse(cls, payload: bytes) -> "TelephoneEvent":
        """Raises `ValueError` where ``payload`` is shorter than the four bytes of RFC 4733 section 2.3."""
        if len(payload) < 4:
            raise ValueError(f"a telephone-event has 4 bytes, not {len(payload)}")
        event, flags, duration = struct.unpack_from("!BBH", payload)
        return cls(event=event, end=bool(flags & 0x80), volume=flags & 0x3F, duration=duration)


class KeyReader:
    """Turns the packets of one stream into keys: each key is sent in many packets that share one RTP timestamp
    (RFC 4733 section 2.5.1.2), so a key is told at the first packet of a newer timestamp, whichever of them arrives.
    """

    def __init__(self) -> None:
        self._latest: int | None = None

    def read(self, timestamp: int, payload: bytes) -> str | None:
        """The key that begins with this packet, or None: a repetition, a late packet, no key, or not readable."""
        try:
            event = TelephoneEvent.parse(payload).event
        except ValueError:
            return None
        if self._latest is not None and not 0 < (timestamp - self._latest) % (1 << 32) < _HALF:
            return None  # the same key again, or one that was overtaken; timestamps wrap
        self._latest = timestamp
        return KEYS[event] if event < len(KEYS) else None
