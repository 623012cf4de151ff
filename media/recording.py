"""A finished capture becomes a stereo Ogg/Opus file: agent left, other side right, on the wall clock.

`convert` is CPU-bound and blocks (10 to 20 ms per second of call): run it through `media.converter.Converter`.
"""

import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import numpy as np

from . import capture as log
from .capture import Kind
from .timeline import RATE, Content, lost, place, read
from .track import Samples, Track

PEAK_RATE = 10  # peaks a second of each channel: 36,000 for an hour
_BIT_RATE = (
    48_000  # of both channels. With "voip" Opus let a loud voice be heard in the other channel, with "audio" not
)
_FRAME = 960  # samples of an Opus frame of 20 ms
_BLOCK_SECONDS = 10
_LONGEST_SECONDS = 24 * 3600  # a capture with a broken clock must not fill the disk with silence


class BadCapture(ValueError):
    """The file is no capture or nothing of it can be read; the message says why in a full phrase."""


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    """``duration`` in seconds of wall-clock time from the start of the capture to its end, pauses included. ``peaks_*``
    hold ``peak_rate`` values of 0..1 a second. ``packets_*`` count audio packets read, ``lost_*`` those that the
    sequence numbers miss (telephone-event and paused time do not count). ``complete``: the capture has its end; False
    after a crash.
    """

    started_at: datetime  # UTC
    duration: float
    bytes: int
    sha256: str  # hex
    packets_agent: int
    packets_other: int
    lost_agent: int
    lost_other: int
    peak_rate: int
    peaks_agent: tuple[float, ...]
    peaks_other: tuple[float, ...]
    complete: bool


def convert(capture: Path, target: Path, *, peak_rate: int = PEAK_RATE) -> RecordingFacts:
    """Writes ``target`` (by way of ``<target>.part`` and `os.replace`) and gives its facts. ``capture`` stays.

    ``peak_rate`` must divide 48,000. Raises `BadCapture`, OSError, ValueError.
    """
    if peak_rate < 1 or RATE % peak_rate:
        raise ValueError("the peak rate must divide 48,000")
    data = capture.read_bytes()
    try:
        clock = log.read_header(data)
    except log.NotACapture as error:
        raise BadCapture(str(error)) from error
    content = read(data, log.records(data), clock.monotonic)
    duration = (content.end - content.begin) / 1e9
    if duration > _LONGEST_SECONDS:
        raise BadCapture("The capture lasts longer than a day, so its clock is broken.")
    part = target.with_name(target.name + ".part")
    try:
        peaks = _write(data, content, part, round(duration * RATE), RATE // peak_rate)
        size, sha256 = _digest(part)
        os.replace(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    agent, other = content.packets[Kind.AGENT], content.packets[Kind.OTHER]
    return RecordingFacts(
        started_at=datetime.fromtimestamp(0, UTC) + timedelta(microseconds=clock.wall // 1000),
        duration=duration,
        bytes=size,
        sha256=sha256,
        packets_agent=len(agent),
        packets_other=len(other),
        lost_agent=lost(agent, content.pauses, content.digits[Kind.AGENT]),
        lost_other=lost(other, content.pauses, content.digits[Kind.OTHER]),
        peak_rate=peak_rate,
        peaks_agent=tuple(peaks[0]),
        peaks_other=tuple(peaks[1]),
        complete=content.complete,
    )


def _write(data: bytes, content: Content, target: Path, length: int, step: int) -> tuple[list[float], list[float]]:
    """Writes ``length`` samples and gives the peaks of each channel, one for every ``step`` samples."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))  # FFmpeg would make it readable for all
    tracks = [Track(data, place(content.packets[kind], content.begin)) for kind in (Kind.AGENT, Kind.OTHER)]
    peaks: tuple[list[float], list[float]] = ([], [])
    with av.open(str(target), "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=RATE, layout="stereo")
        stream.bit_rate = _BIT_RATE
        stream.options = {"application": "audio", "compression_level": "5"}
        position = 0
        while position < max(length, 1):  # an empty capture still gives a file that plays
            count = max(1, min(_BLOCK_SECONDS * RATE, length - position))
            blocks = [track.read(count) for track in tracks]
            for channel, block in zip(peaks, blocks, strict=True):
                channel.extend(_peaks(block, step))
            for start in range(0, count, _FRAME):
                pcm = np.stack([block[start : start + _FRAME] for block in blocks], axis=1)
                frame = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(pcm).reshape(1, -1), format="s16", layout="stereo"
                )
                frame.sample_rate = RATE
                frame.pts = position + start
                container.mux(stream.encode(frame))
            position += count
        container.mux(stream.encode(None))
    return peaks


def _peaks(block: Samples, step: int) -> list[float]:
    """The largest amplitude of every ``step`` samples, 0..1; the last step may be a short one."""
    whole = np.abs(block.astype(np.int32))
    bounds = np.arange(0, len(whole), step)
    return [round(float(value) / 32768, 3) for value in np.maximum.reduceat(whole, bounds)]


def _digest(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return file.tell(), digest.hexdigest()
