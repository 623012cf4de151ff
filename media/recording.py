"""A finished capture becomes a stereo Ogg/Opus file: agent left, other side right, on the wall clock.

`convert` is CPU-bound and blocks (10 to 20 ms per second of call): run it through `media.converter.Converter`.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

PEAK_RATE = 10  # peaks a second of each channel: 36,000 for an hour


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

    Raises `BadCapture`, OSError.
    """
    raise NotImplementedError
