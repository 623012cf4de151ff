"""Finishing recordings: real captures, the real converter, a real database."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from media.capture import Kind
from media.converter import Converter
from tests.media.captures import beeps, send, started
from web.app import _running
from web.feed import CallChanged, Feed, Listener
from web.jobs import recordings
from web.jobs.recordings import Layout, Recordings, call_of
from web.journal import Journal
from web.lines import Lines
from web.store import Store
from web.store.scope import Role, Scope, now
from web.store.tables import Recording

from .house import Company, eventually, seed
from .test_store import call_values


@dataclass
class Scene:
    store: Store
    here: Company
    jobs: Recordings
    listener: Listener
    captures: Path
    data: Path

    def capture(self, call: str, *, ended: bool = True) -> Path:
        """Two seconds of beeps on both sides, with or without the end of the capture."""
        log = started().packets(Kind.AGENT, send(beeps(2.0, [0.5], 48_000)))
        log.packets(Kind.OTHER, send(beeps(2.0, [1.0], 48_000), ssrc=8))
        if ended:
            log.event(2.1, "stop", digits=[0, 0])
        return log.write(self.captures / f"{call}.rrec")

    async def call(self, call: str, **more: Any) -> None:
        await self.store.calls.save(call_values(self.here, call, at=now(), **more), [])

    async def row(self, call: str) -> Recording:
        found = await self.store.calls.by_id(call)
        assert found is not None and found.recording is not None
        return found.recording

    async def told(self) -> str:
        change = await self.listener.next()
        assert isinstance(change, CallChanged) and change.row.recording is not None
        return change.row.recording.state


@asynccontextmanager
async def scene(store: Store, data: Path) -> AsyncIterator[Scene]:
    here = await seed(store, "Aqui")
    captures = data / "captures"
    captures.mkdir()
    feed = Feed()
    journal = Journal(store, feed, Lines(store).facts)
    with feed.listen(Scope(here.account, here.users["ana"], Role.AGENT)) as listener:
        async with Converter() as converter:
            jobs = Recordings(store, journal, converter, Layout(data))
            yield Scene(store, here, jobs, listener, captures, data)


@pytest.fixture
async def on(store: Store, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(store, tmp_path) as made:
        yield made


async def test_a_closed_capture_becomes_a_recording_and_the_page_is_told(on: Scene) -> None:
    await on.call("c" * 32)
    capture = on.capture("c" * 32)
    async with _running(on.jobs.run(), "recorder"):
        on.jobs.capture_closed("c" * 32, capture)
        assert [await on.told(), await on.told()] == ["processing", "ready"]
    row = await on.row("c" * 32)
    assert row.path is not None and row.duration == pytest.approx(2.1, abs=0.1)
    audio = on.data / row.path
    assert audio == on.data / "recordings" / on.here.account / f"{row.id}.opus"
    assert audio.read_bytes()[:4] == b"OggS" and audio.stat().st_size == row.bytes
    peaks = json.loads(Layout.peaks(audio).read_text())
    assert peaks["rate"] == 10 and max(peaks["agent"]) > 0.3 and max(peaks["other"]) > 0.3
    assert peaks["agent"].index(max(peaks["agent"])) in (5, 6)
    assert peaks["other"].index(max(peaks["other"])) in (10, 11)
    assert not capture.exists()


async def test_a_capture_that_was_finished_already_only_goes(on: Scene) -> None:
    await on.call("c" * 32)
    capture = on.capture("c" * 32)
    row = await on.store.recordings.add(account=on.here.account, call="c" * 32, capture=str(capture))
    row.state, row.path = "ready", "recordings/x.opus"
    await on.store.recordings.keep(row)
    assert await on.jobs.recover(on.captures) == 1

    async def gone() -> bool:
        return not capture.exists()

    async with _running(on.jobs.run(), "recorder"):
        await eventually(gone)
    assert (await on.row("c" * 32)).path == "recordings/x.opus"


async def test_what_a_crash_left_is_finished_at_the_next_start(on: Scene) -> None:
    ends = now() - timedelta(days=3650)
    await on.call("a" * 32, state="ended", cause="interrupted", ended_at=ends)
    await on.call("b" * 32)
    on.capture("a" * 32, ended=False)  # the worker was killed: no end, no row
    waiting = on.capture("b" * 32)  # the web process was killed before it converted it
    await on.store.recordings.add(account=on.here.account, call="b" * 32, capture=str(waiting))
    assert await on.jobs.recover(on.captures) == 2
    async with _running(on.jobs.run(), "recorder"):
        for _ in range(4):
            await on.told()
    assert {(await on.row(call * 32)).state for call in "ab"} == {"ready"}
    interrupted = await on.store.calls.by_id("a" * 32)
    assert interrupted is not None and interrupted.call.ended_at is not None
    assert interrupted.call.ended_at > ends  # the recording knows better when the call ended


async def test_a_capture_that_is_none_fails_at_once_and_is_kept(on: Scene) -> None:
    await on.call("c" * 32)
    capture = on.captures / f"{'c' * 32}.rrec"
    capture.write_bytes(b"noise")
    async with _running(on.jobs.run(), "recorder"):
        on.jobs.capture_closed("c" * 32, capture)
        assert [await on.told(), await on.told()] == ["processing", "failed"]
    assert capture.exists() and (await on.row("c" * 32)).attempts == 1


async def test_a_conversion_that_cannot_write_is_tried_three_times(on: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "_AGAIN", 0.01)
    await on.call("c" * 32)
    (on.data / "recordings").mkdir()
    (on.data / "recordings" / on.here.account).mkdir()
    row = await on.store.recordings.add(account=on.here.account, call="c" * 32, capture="x")
    (on.data / "recordings" / on.here.account / f"{row.id}.opus").mkdir()  # the place is taken by a folder
    async with _running(on.jobs.run(), "recorder"):
        on.jobs.capture_closed("c" * 32, on.capture("c" * 32))
        told = [await on.told() for _ in range(4)]
    assert told == ["processing", "processing", "processing", "failed"]
    assert (await on.row("c" * 32)).attempts == 3


async def test_a_recording_whose_capture_is_gone_has_failed(on: Scene) -> None:
    await on.call("c" * 32)
    await on.store.recordings.add(account=on.here.account, call="c" * 32, capture=str(on.captures / "gone.rrec"))
    assert await on.jobs.recover(on.captures) == 0
    assert (await on.row("c" * 32)).state == "failed"


async def test_a_capture_of_no_known_call_stays(on: Scene) -> None:
    capture = on.capture("d" * 32)
    await on.call("c" * 32)
    async with _running(on.jobs.run(), "recorder"):
        on.jobs.capture_closed("d" * 32, capture)
        on.jobs.capture_closed("c" * 32, on.capture("c" * 32))
        assert [await on.told(), await on.told()] == ["processing", "ready"]
    assert capture.exists()


def test_a_capture_is_named_after_its_call() -> None:
    assert call_of(Path("/x/captures/0a1b.rrec")) == "0a1b"
