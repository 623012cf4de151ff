"""Captures made by hand: beeps at known moments, packets that were lost, late, doubled or reordered on their way."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from media.capture import RECORD, Clock, Kind, event, header

BEGIN = 5_000_000_000  # monotonic ns
WALL = 1_790_000_000_000_000_000
MAPS = {"111": ["opus", 48000, 2], "0": ["pcmu", 8000, 1], "8": ["pcma", 8000, 1], "9": ["g722", 8000, 1]}
ENCODERS = {111: ("libopus", 48000), 0: ("pcm_mulaw", 8000), 8: ("pcm_alaw", 8000), 9: ("g722", 16000)}
CLOCKS = {111: 48000, 0: 8000, 8: 8000, 9: 8000}


@dataclass
class Sent:
    """One packet of a sender; ``at`` is seconds of its media since the sender began."""

    at: float
    sequence: int
    timestamp: int
    payload: bytes
    payload_type: int = 111
    ssrc: int = 7
    arrival: float = 0.0  # seconds since the capture began
    extra: bytes = b""

    def record(self, kind: Kind) -> tuple[int, bytes]:
        head = bytes([0x80, self.payload_type]) + (self.sequence & 0xFFFF).to_bytes(2)
        head += (self.timestamp & 0xFFFFFFFF).to_bytes(4) + self.ssrc.to_bytes(4)
        return at(self.arrival), pack(kind, self.arrival, head + self.payload)


@dataclass
class Log:
    """Records in the order of their arrival, whatever the order they were added in."""

    entries: list[tuple[int, bytes]] = field(default_factory=list)

    def packets(self, kind: Kind, packets: Iterable[Sent]) -> "Log":
        self.entries.extend(packet.record(kind) for packet in packets)
        return self

    def event(self, seconds: float, name: str, **facts: object) -> "Log":
        self.entries.append((at(seconds), pack(Kind.EVENT, seconds, event(name, **facts))))
        return self

    def bytes(self) -> bytes:
        body = b"".join(data for _, data in sorted(self.entries, key=lambda entry: entry[0]))
        return header(Clock(WALL, BEGIN)) + body

    def write(self, path: Path) -> Path:
        path.write_bytes(self.bytes())
        return path


def started() -> Log:
    return Log().event(0, "start").event(0, "map", agent=MAPS, other=MAPS)


def at(seconds: float) -> int:
    return BEGIN + round(seconds * 1e9)


def pack(kind: Kind, seconds: float, body: bytes) -> bytes:
    return RECORD.pack(kind, len(body), at(seconds)) + body


def beeps(seconds: float, moments: Iterable[float], rate: int, *, hertz: int = 1000) -> npt.NDArray[np.int16]:
    """Silence with beeps of 60 ms that begin at ``moments``."""
    pcm = np.zeros(round(seconds * rate), dtype=np.float64)
    tone = 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(0.06 * rate)) / rate)
    for moment in moments:
        start = round(moment * rate)
        pcm[start : start + len(tone)] = tone[: len(pcm) - start]
    return (pcm * 32767).astype(np.int16)


def send(
    pcm: npt.NDArray[np.int16],
    payload_type: int = 111,
    *,
    sequence: int = 100,
    timestamp: int = 4_000,
    ssrc: int = 7,
    begin: float = 0.0,
    delay: float = 0.02,
) -> list[Sent]:
    """Encodes ``pcm`` in packets of 20 ms that start at ``begin`` and arrive ``delay`` after they were spoken."""
    name, rate = ENCODERS[payload_type]
    encoder = av.CodecContext.create(name, "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = rate, "mono", "s16"
    encoder.bit_rate = 64_000 if name == "g722" else 32_000
    encoder.open()
    size = rate // 50
    packets: list[Sent] = []
    for start in range(0, len(pcm) - size + 1, size):
        frame = av.AudioFrame.from_ndarray(pcm[start : start + size].reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = rate
        frame.pts = start
        payload = b"".join(bytes(packet) for packet in encoder.encode(frame))
        number = start // size
        moment = begin + number * 0.02
        packets.append(
            Sent(
                moment,
                sequence + number,
                timestamp + number * CLOCKS[payload_type] // 50,
                payload,
                payload_type,
                ssrc,
                moment + delay,
            )
        )
    return packets


def jitter(packets: list[Sent], most: float, seed: int = 1) -> list[Sent]:
    """Each packet is late by up to ``most`` seconds; some overtake others."""
    chance = random.Random(seed)
    for packet in packets:
        packet.arrival += chance.random() * most
    return packets


def lose(packets: list[Sent], share: float, seed: int = 1) -> list[Sent]:
    chance = random.Random(seed)
    return [packet for packet in packets if chance.random() >= share]


def listen(path: Path) -> npt.NDArray[np.float64]:
    """The channels of a recording, as floats of -1..1, shape (2, samples) at 48 kHz."""
    with av.open(str(path)) as container:
        (stream,) = container.streams.audio
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=48_000)
        frames = [out for frame in container.decode(stream) for out in resampler.resample(frame)]
        return np.concatenate([frame.to_ndarray() for frame in frames], axis=1).astype(np.float64)


def onsets(channel: npt.NDArray[np.float64], *, level: float = 0.1) -> list[float]:
    """Seconds at which a beep begins: the first sample over ``level`` after 100 ms of quiet."""
    loud = np.flatnonzero(np.abs(channel) > level)
    if not len(loud):
        return []
    first = np.concatenate(([True], np.diff(loud) > 4_800))
    return [float(sample) / 48_000 for sample in loud[first]]
