"""Runs `media.recording.convert` in one niced process of its own, so that neither web nor media wait for it."""

from pathlib import Path
from types import TracebackType
from typing import Self

from .recording import PEAK_RATE, RecordingFacts


class Converter:
    """An async context manager that owns the process. Conversions run one at a time, in order."""

    async def __aenter__(self) -> Self:
        raise NotImplementedError

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        raise NotImplementedError

    async def convert(self, capture: Path, target: Path, *, peak_rate: int = PEAK_RATE) -> RecordingFacts:
        """Raises `media.recording.BadCapture`, OSError (disk full), `ConverterDied`."""
        raise NotImplementedError


class ConverterDied(Exception):
    """The process ended in the middle of this conversion; the next one gets a new process."""


def orphans(captures: Path) -> list[Path]:
    """The captures in that folder that no living worker is writing, oldest first: those of a crash, and finished
    ones that nobody has converted and removed.
    """
    raise NotImplementedError
