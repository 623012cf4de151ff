"""The thread that writes captures. The event loop hands it buffers and never waits; a slow disk costs a recording,
never a call.

    tape = writer.open(path, listener)      loop: `RECORDING_STARTED` follows, or `DISK_FULL`, `FAILED`
    tape.packet(kind, now, view)            hot path: appends to a buffer of the loop
    tape.close()                            `CAPTURE_CLOSED` follows where there is a file

Each capture is locked (flock) while it is written, so that `media.converter.orphans` can tell who has an owner.
"""

import errno
import fcntl
import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path

from .capture import RECORD, Clock, Kind, event, header
from .engine import Happening

FLUSH_BYTES = 8 * 1024
PENDING_BYTES = 32 * 1024 * 1024  # of all captures of a worker together, in memory; 10 minutes of 100 calls' bursts
_FREE_CHECK = 1.0  # seconds between two looks at the free space
_JOIN = 5.0  # seconds the end waits for the disk

_log = logging.getLogger(__name__)

Changed = Callable[[Happening], None]
_Job = Callable[[], None]


class Tape:
    """One capture as the event loop sees it. All methods are called in the loop and none of them blocks."""

    def __init__(self, writer: "Writer", path: Path, changed: Changed) -> None:
        self.path = path
        self.changed = changed
        self._writer = writer
        self._buffer = bytearray()
        self._closed = False
        # The thread's own:
        self.descriptor: int | None = None
        self.broken = False
        self.size = 0

    def packet(self, kind: Kind, now: int, data: memoryview) -> None:
        buffer = self._buffer
        buffer += RECORD.pack(kind, len(data), now)
        buffer += data
        if len(buffer) >= FLUSH_BYTES:
            self.flush()

    def event(self, name: str, **facts: object) -> None:
        body = event(name, **facts)
        self._buffer += RECORD.pack(Kind.EVENT, len(body), time.monotonic_ns()) + body

    def flush(self) -> None:
        """Hands what there is to the thread; called when it is 8 KB, and by the hub every second."""
        if self._buffer and not self._closed:
            data, self._buffer = self._buffer, bytearray()
            if not self._writer.append(self, data):
                self._closed = True
                self.changed(Happening.RECORDING_FAILED)
                self._writer.close(self)

    def close(self) -> None:
        """Flushes and lets go; a second call does nothing."""
        self.flush()
        if not self._closed:
            self._closed = True
            self._writer.close(self)


class Writer:
    """``post`` runs a callable in the event loop from any thread (`loop.call_soon_threadsafe`)."""

    def __init__(self, post: Callable[[_Job], object], *, min_free_bytes: int, pending: int = PENDING_BYTES) -> None:
        self._post = post
        self._min_free = min_free_bytes
        self._limit = pending
        # Two counters with one writing thread each; their difference is what waits.
        self._handed = 0
        self._done = 0
        self._checked: dict[Path, float] = {}
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="capture writer", daemon=True)
        self._thread.start()

    def open(self, path: Path, changed: Changed) -> Tape:
        clock = Clock(time.time_ns(), time.monotonic_ns())
        tape = Tape(self, path, changed)
        self._jobs.put(lambda: self._open(tape, header(clock)))
        return tape

    def append(self, tape: Tape, data: bytearray) -> bool:
        """False where too much waits already: the disk cannot keep up."""
        if self._handed - self._done > self._limit:
            return False
        self._handed += len(data)
        self._jobs.put(lambda: self._append(tape, data))
        return True

    def close(self, tape: Tape) -> None:
        self._jobs.put(lambda: self._close(tape))

    def stop(self) -> bool:
        """Writes what waits and ends the thread. False where the disk did not let it end in time."""
        self._jobs.put(None)
        self._thread.join(_JOIN)
        return not self._thread.is_alive()

    # In the thread.

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()

    def _open(self, tape: Tape, first: bytes) -> None:
        try:
            self._check_free(tape)
            tape.descriptor = os.open(tape.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            fcntl.flock(tape.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._write(tape, first)
        except OSError as error:
            self._break(tape, error)
        else:
            self._tell(tape, Happening.RECORDING_STARTED)

    def _append(self, tape: Tape, data: bytearray) -> None:
        if not tape.broken:
            try:
                self._check_free(tape)
                self._write(tape, data)
            except OSError as error:
                self._break(tape, error)
        self._done += len(data)

    def _close(self, tape: Tape) -> None:
        if tape.descriptor is not None:
            os.close(tape.descriptor)
            tape.descriptor = None
            self._tell(tape, Happening.CAPTURE_CLOSED)

    def _write(self, tape: Tape, data: bytes | bytearray) -> None:
        assert tape.descriptor is not None
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(tape.descriptor, rest) :]
        tape.size += len(data)

    def _break(self, tape: Tape, error: OSError) -> None:
        """The capture ends here, at its last whole record; what is in it stays good."""
        tape.broken = True
        if tape.descriptor is not None:
            try:
                os.ftruncate(tape.descriptor, tape.size)
            except OSError:
                _log.warning("a capture could not be cut to its last whole record")
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        _log.warning("a capture ended early: %s", error.strerror)
        self._tell(tape, Happening.RECORDING_DISK_FULL if full else Happening.RECORDING_FAILED)

    def _check_free(self, tape: Tape) -> None:
        folder = tape.path.parent
        now = time.monotonic()
        if now - self._checked.get(folder, -_FREE_CHECK) < _FREE_CHECK and tape.size:
            return
        self._checked[folder] = now
        space = os.statvfs(folder)
        if space.f_bavail * space.f_frsize < self._min_free:
            raise OSError(errno.ENOSPC, "less space is free than the setting asks for")

    def _tell(self, tape: Tape, what: Happening) -> None:
        try:
            self._post(lambda: tape.changed(what))
        except RuntimeError:  # the loop has ended; who reads the folder next finds the capture
            _log.info("a capture was closed after the end of the event loop")
