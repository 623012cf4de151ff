"""Runs `media.recording.convert` in one niced process of its own, so that neither web nor media wait for it."""

import asyncio
import fcntl
import multiprocessing
import os
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import TracebackType
from typing import Self

from .capture import SUFFIX
from .recording import PEAK_RATE, RecordingFacts, convert

_NICENESS = 15
_CONVERSIONS_PER_PROCESS = 50  # then a new one: FFmpeg's memory goes back to the system


class ConverterDied(Exception):
    """The process ended in the middle of this conversion; the next one gets a new process."""


class Converter:
    """An async context manager that owns the process. Conversions run one at a time, in order; the one that runs at
    the end is given up (`ConverterDied`).
    """

    def __init__(self) -> None:
        self._executor: ProcessPoolExecutor | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        executor, self._executor = self._executor, None
        if executor is not None:
            # A conversion may take minutes; its capture stays, and is found again at the next start.
            for process in list(executor._processes.values()):
                process.terminate()
            await asyncio.to_thread(executor.shutdown, cancel_futures=True)

    @property
    def pids(self) -> tuple[int, ...]:
        """The process that converts, once there is one."""
        return tuple(self._executor._processes) if self._executor else ()

    async def convert(self, capture: Path, target: Path, *, peak_rate: int = PEAK_RATE) -> RecordingFacts:
        """Raises `media.recording.BadCapture`, OSError (disk full), `ConverterDied`. The process starts with the first
        conversion.
        """
        executor = self._executor
        if executor is None:
            executor = self._executor = ProcessPoolExecutor(
                1,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_be_nice,
                max_tasks_per_child=_CONVERSIONS_PER_PROCESS,
            )
        try:
            return await asyncio.get_running_loop().run_in_executor(executor, _convert, capture, target, peak_rate)
        except BrokenProcessPool as error:
            if self._executor is executor:
                self._executor = None
            executor.shutdown(wait=False)
            raise ConverterDied("The process that makes recordings ended.") from error


def orphans(captures: Path) -> list[Path]:
    """The captures in that folder that no living worker is writing, oldest first: those of a crash, and finished
    ones that nobody has converted and removed. A folder that is not there has none.
    """
    found: list[tuple[float, Path]] = []
    for path in captures.glob(f"*{SUFFIX}"):
        try:
            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # a worker holds its capture's exclusively
                found.append((os.fstat(file.fileno()).st_mtime, path))
        except OSError:
            continue
    return [path for _, path in sorted(found)]


def _convert(capture: Path, target: Path, peak_rate: int) -> RecordingFacts:
    return convert(capture, target, peak_rate=peak_rate)


def _be_nice() -> None:
    """Gives way to calls, and leaves Ctrl-C to the parent."""
    os.nice(_NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
