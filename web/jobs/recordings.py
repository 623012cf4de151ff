"""Finishing recordings: a closed capture becomes a stereo file with its facts and its peaks.

::

    capture closed -> row "processing" -> converted -> row "ready", capture removed
                                |-- failed three times -> row "failed", capture kept

The row is the job: what was not finished when the process ended is found again at start, and so are the captures that
a crash left without a row.
"""

import asyncio
import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from media.converter import Converter, ConverterDied, orphans
from media.recording import BadCapture, RecordingFacts

from ..journal import Journal
from ..log import logger
from ..store import Store
from ..store.recordings import FAILED, PROCESSING, READY
from ..store.tables import Recording

log = logger(__name__)

_ATTEMPTS = 3
_AGAIN = 5.0  # seconds before a failed conversion is tried again
_WAITING = 10_000  # captures that wait to be converted; more are found again at the next start


@dataclass(frozen=True, slots=True)
class Layout:
    """Where files of recordings are, below the data directory."""

    data: Path

    def audio(self, account: str, recording: str) -> Path:
        return self.data / "recordings" / account / f"{recording}.opus"

    @staticmethod
    def peaks(audio: Path) -> Path:
        return audio.with_suffix(".peaks.json")

    def relative(self, path: Path) -> str:
        return str(path.relative_to(self.data))


class Recordings:
    """Owns the queue of captures. `run` converts one after the other; it is a task of the application."""

    def __init__(self, store: Store, journal: Journal, converter: Converter, layout: Layout) -> None:
        self._store = store
        self._journal = journal
        self._converter = converter
        self._layout = layout
        self._queue: asyncio.Queue[tuple[str, Path]] = asyncio.Queue(_WAITING)

    def capture_closed(self, call: str, capture: Path) -> None:
        """Never waits."""
        try:
            self._queue.put_nowait((call, capture))
        except asyncio.QueueFull:
            log.error("too many captures wait: this one is converted after the next start", call=call)

    async def recover(self, captures: Path) -> int:
        """At start: queues what a former process left; gives how many captures that are."""
        found = await asyncio.to_thread(orphans, captures)
        known = {Path(row.capture): row for row in await self._store.recordings.processing() if row.capture}
        for capture in found:
            row = known.pop(capture, None)
            self.capture_closed(row.call if row is not None else call_of(capture), capture)
        for capture, row in known.items():
            if capture.exists():
                self.capture_closed(row.call, capture)
            else:
                log.error("the capture of a recording is gone", call=row.call, recording=row.id)
                row.state = FAILED
                await self._store.recordings.keep(row)
        return self._queue.qsize()

    async def settled(self, within: float) -> bool:
        """Waits until every capture that was queued has been tried; False if that takes longer."""
        try:
            async with asyncio.timeout(within):
                await self._queue.join()
        except TimeoutError:
            log.info("recordings are finished at the next start", waiting=self._queue.qsize() + 1)
            return False
        return True

    async def run(self) -> None:
        """Converts what comes, for ever. One that fails is put at the end and tried again."""
        async with asyncio.TaskGroup() as later:
            while True:
                call, capture = await self._queue.get()
                try:
                    done = await self._finish(call, capture)
                except (SQLAlchemyError, OSError) as error:
                    log.error("a capture waits: it cannot be kept", call=call, why=f"{type(error).__name__}: {error}")
                    done = False
                finally:
                    self._queue.task_done()
                if not done:
                    later.create_task(self._again(call, capture), name=f"capture again {call}")

    async def _again(self, call: str, capture: Path) -> None:
        await asyncio.sleep(_AGAIN)
        self.capture_closed(call, capture)

    async def _finish(self, call: str, capture: Path) -> bool:
        """Whether the capture needs no further try."""
        await self._journal.settled()
        known = await self._store.calls.by_id(call)
        if known is None:
            log.error("a capture belongs to no known call: it stays where it is", call=call, capture=str(capture))
            return True
        row = await self._store.recordings.add(account=known.call.account, call=call, capture=str(capture))
        if row.state != PROCESSING:  # the former process ended just after it; a failed one is for a person to look at
            if row.state == READY:
                await asyncio.to_thread(capture.unlink, missing_ok=True)
            return True
        row.attempts += 1
        await self._store.recordings.keep(row)
        await self._journal.recording_changed(row)
        target = self._layout.audio(row.account, row.id)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            facts = await self._converter.convert(capture, target)
            await asyncio.to_thread(_write_peaks, self._layout.peaks(target), facts)
        except (BadCapture, ConverterDied, OSError) as error:
            return await self._failed(row, error)
        await self._ready(row, capture, target, facts)
        return True

    async def _ready(self, row: Recording, capture: Path, target: Path, facts: RecordingFacts) -> None:
        row.state, row.capture, row.path = READY, None, self._layout.relative(target)
        row.duration, row.bytes, row.sha256 = facts.duration, facts.bytes, facts.sha256
        row.started_at = facts.started_at
        await self._store.recordings.keep(row)
        await self._store.calls.extend(row.call, facts.started_at + timedelta(seconds=facts.duration))
        await asyncio.to_thread(capture.unlink, missing_ok=True)
        log.info("a recording is ready", call=row.call, recording=row.id, seconds=round(facts.duration, 1))
        await self._journal.recording_changed(row)

    async def _failed(self, row: Recording, error: Exception) -> bool:
        final = row.attempts >= _ATTEMPTS or isinstance(error, BadCapture)
        log.error("a capture was not converted", call=row.call, recording=row.id, why=str(error), final=final)
        if final:
            row.state = FAILED
            await self._store.recordings.keep(row)
            await self._journal.recording_changed(row)
        return final


def call_of(capture: Path) -> str:
    """The call that a capture file is named after."""
    return capture.stem


def _write_peaks(path: Path, facts: RecordingFacts) -> None:
    peaks = {
        "rate": facts.peak_rate,
        "agent": [round(peak, 3) for peak in facts.peaks_agent],
        "other": [round(peak, 3) for peak in facts.peaks_other],
    }
    path.write_text(json.dumps(peaks, separators=(",", ":")), encoding="ascii")
