"""The writer thread: what is on the disk, and what is told when the disk does not want it."""

import asyncio
import errno
import fcntl
import os
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from media.capture import Kind, read_event, records
from media.converter import orphans
from media.engine import Happening
from media.writer import FLUSH_BYTES, Writer

from .peer import until

Make = Callable[..., Writer]
PACKET = memoryview(bytes(range(100)))


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    writers: list[Writer] = []

    def new(**options: int) -> Writer:
        writers.append(Writer(asyncio.get_running_loop().call_soon_threadsafe, **{"min_free_bytes": 0, **options}))
        return writers[-1]

    yield new
    for writer in writers:
        assert writer.stop()
    await asyncio.sleep(0)


async def test_a_capture_from_start_to_end(make: Make, tmp_path: Path) -> None:
    told: list[Happening] = []
    path = tmp_path / "call.rrec"
    tape = make().open(path, told.append)
    tape.event("start")
    for number in range(200):
        tape.packet(Kind.AGENT, number, PACKET)
    await until(lambda: path.exists() and path.stat().st_size > FLUSH_BYTES)  # without a flush
    assert orphans(tmp_path) == []
    tape.event("stop", digits=[0, 0])
    tape.close()
    tape.close()
    tape.flush()
    await until(lambda: told == [Happening.RECORDING_STARTED, Happening.CAPTURE_CLOSED])
    data = path.read_bytes()
    found = list(records(data))
    assert [record.arrival for record in found if record.kind is Kind.AGENT] == list(range(200))
    assert read_event(data[found[-1].start : found[-1].end]) == {"event": "stop", "digits": [0, 0]}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert orphans(tmp_path) == [path]


async def test_the_second_makes_what_is_in_memory_safe(make: Make, tmp_path: Path) -> None:
    tape = make().open(tmp_path / "call.rrec", lambda _: None)
    tape.packet(Kind.OTHER, 1, PACKET)
    tape.flush()
    await until(lambda: (tmp_path / "call.rrec").exists() and len(list(records(_read(tmp_path)))) == 1)
    tape.close()


async def test_too_little_free_space_makes_no_capture(make: Make, tmp_path: Path) -> None:
    told: list[Happening] = []
    tape = make(min_free_bytes=1 << 62).open(tmp_path / "call.rrec", told.append)
    tape.packet(Kind.OTHER, 1, PACKET)
    tape.close()
    await until(lambda: told)
    assert told == [Happening.RECORDING_DISK_FULL] and not (tmp_path / "call.rrec").exists()


@pytest.mark.parametrize(
    ("code", "what"),
    [
        (errno.ENOSPC, Happening.RECORDING_DISK_FULL),
        (errno.EDQUOT, Happening.RECORDING_DISK_FULL),
        (errno.EIO, Happening.RECORDING_FAILED),
    ],
)
async def test_a_disk_that_fails_ends_the_capture_at_a_whole_record(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, what: Happening
) -> None:
    told: list[Happening] = []
    tape = make().open(tmp_path / "call.rrec", told.append)
    tape.packet(Kind.AGENT, 1, PACKET)
    tape.flush()
    await until(lambda: len(list(records(_read(tmp_path)))) == 1)
    real = os.write
    wrote: list[int] = []

    def half(descriptor: int, data: memoryview) -> int:
        if wrote:
            raise OSError(code, "the disk")
        wrote.append(real(descriptor, data[: len(data) // 2]))
        return wrote[0]

    monkeypatch.setattr(os, "write", half)
    tape.packet(Kind.AGENT, 2, PACKET)
    tape.flush()
    await until(lambda: what in told)
    tape.packet(Kind.AGENT, 3, PACKET)
    tape.close()
    await until(lambda: Happening.CAPTURE_CLOSED in told)
    assert told == [Happening.RECORDING_STARTED, what, Happening.CAPTURE_CLOSED]
    assert [record.arrival for record in records(_read(tmp_path))] == [1]
    assert len(_read(tmp_path)) == next(records(_read(tmp_path))).end


async def test_a_folder_that_is_not_there_is_a_failure(make: Make, tmp_path: Path) -> None:
    told: list[Happening] = []
    make().open(tmp_path / "missing" / "call.rrec", told.append).close()
    await until(lambda: told == [Happening.RECORDING_FAILED])


async def test_a_capture_is_never_written_over(make: Make, tmp_path: Path) -> None:
    (tmp_path / "call.rrec").write_bytes(b"the only copy")
    told: list[Happening] = []
    tape = make().open(tmp_path / "call.rrec", told.append)
    tape.packet(Kind.AGENT, 1, PACKET)
    tape.close()
    await until(lambda: told == [Happening.RECORDING_FAILED])
    assert _read(tmp_path) == b"the only copy"


async def test_a_disk_that_cannot_keep_up_costs_the_recording(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Happening] = []
    path = tmp_path / "call.rrec"
    writer = make(pending=3 * FLUSH_BYTES)
    tape = writer.open(path, told.append)
    await until(lambda: told)
    blocked, release = os.pipe()
    real = os.write

    def slow(descriptor: int, data: memoryview) -> int:
        os.read(blocked, 1)
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", slow)
    for number in range(1000):
        tape.packet(Kind.AGENT, number, PACKET)  # returns at once, however slow the disk is
    assert told == [Happening.RECORDING_STARTED, Happening.RECORDING_FAILED]
    monkeypatch.undo()
    real(release, b"xxxxxxxxxx")
    await until(lambda: told[-1] is Happening.CAPTURE_CLOSED)
    kept = [record.arrival for record in records(_read(tmp_path))]
    assert 100 < len(kept) < 1000 and kept == list(range(len(kept)))
    os.close(blocked)
    os.close(release)


async def test_a_full_file_system(make: Make, tmp_path: Path) -> None:
    """The real thing where it can be had: a file system of 64 KB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = await asyncio.create_subprocess_exec("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder))
    if await mount.wait():
        pytest.skip("mounting a small file system needs root")
    try:
        told: list[Happening] = []
        tape = make().open(folder / "call.rrec", told.append)
        for number in range(2000):
            tape.packet(Kind.AGENT, number, PACKET)
        await until(lambda: Happening.RECORDING_DISK_FULL in told)
        tape.close()
        await until(lambda: told[-1] is Happening.CAPTURE_CLOSED)
        kept = [record.arrival for record in records((folder / "call.rrec").read_bytes())]
        assert 100 < len(kept) < 2000 and kept == list(range(len(kept)))
    finally:
        await (await asyncio.create_subprocess_exec("umount", str(folder))).wait()


def test_orphans_are_those_without_an_owner(tmp_path: Path) -> None:
    owned, old, new = (tmp_path / f"{name}.rrec" for name in ("owned", "b-old", "a-new"))
    for number, path in enumerate((owned, old, new)):
        path.write_bytes(b"x")
        os.utime(path, (number, number))
    (tmp_path / "other.txt").write_bytes(b"x")
    with owned.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert orphans(tmp_path) == [old, new]
    assert orphans(tmp_path / "missing") == []


def _read(folder: Path) -> bytes:
    path = folder / "call.rrec"
    return path.read_bytes() if path.exists() else b""
