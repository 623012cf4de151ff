"""The journal: nothing that happened is lost, and the pages hear of it at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from signaling.causes import Cause
from signaling.views import CallState, CallView, Direction, LineState, LineView
from web.feed import CallChanged, Feed, LineChanged
from web.journal import Journal
from web.lines import Lines
from web.store import Store
from web.store.scope import Role, Scope

from .house import Company, eventually, seed


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 1, 2, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Scene:
    """One company, its lines known, a journal that writes."""

    def __init__(self, store: Store, here: Company, journal: Journal, feed: Feed, clock: Clock) -> None:
        self.store, self.here, self.journal, self.feed, self.clock = store, here, journal, feed, clock
        self.ana = Scope(here.account, here.users["ana"], Role.AGENT)
        self.line = here.lines["ana"]

    def dialing(self, call: str = "c") -> CallView:
        return CallView(call, self.line, Direction.OUT, CallState.DIALING, "600")


@asynccontextmanager
async def scene(store: Store, *, heartbeat: float = 15) -> AsyncIterator[Scene]:
    here = await seed(store, "Aqui")
    lines, feed, clock = Lines(store), Feed(), Clock()
    for row in await store.lines.all():
        await lines.config(row)
    journal = Journal(store, feed, lines.facts, clock=clock, heartbeat=heartbeat)
    async with asyncio.TaskGroup() as tasks:
        writer = tasks.create_task(journal.run(), name="journal")
        yield Scene(store, here, journal, feed, clock)
        writer.cancel()


@pytest.fixture
async def on(store: Store) -> AsyncIterator[Scene]:
    async with scene(store) as made:
        yield made


async def test_a_call_is_written_with_its_times_and_every_change(on: Scene) -> None:
    view = on.dialing()
    on.journal.call_changed(view)
    on.clock.pass_(2)
    on.journal.call_changed(replace(view, state=CallState.RINGING))
    on.clock.pass_(3)
    on.journal.call_changed(replace(view, state=CallState.ACTIVE, handset="h"))
    on.clock.pass_(10)
    on.journal.call_changed(replace(view, state=CallState.ACTIVE, held=True))
    on.clock.pass_(10)
    ended = replace(view, state=CallState.ENDED, cause=Cause.ENDED, ended_by="other", sip_status=200)
    on.journal.call_changed(ended)
    assert await on.journal.settled()

    row = await on.store.calls.get(on.ana, "c")
    assert row is not None
    call = row.call
    assert (call.state, call.cause, call.ended_by, call.sip_status) == ("ended", "ended", "other", 200)
    assert (call.user, call.agent, call.line) == (on.ana.user, "Ana", on.line)
    assert call.answered_at is not None and call.ended_at is not None
    assert (call.answered_at - call.started_at).total_seconds() == 5
    assert (call.ended_at - call.answered_at).total_seconds() == 20
    events = await on.store.calls.events(on.ana, "c")
    assert [event.view["state"] for event in events] == ["dialing", "ringing", "active", "active", "ended"]
    assert [event.number for event in events] == [1, 2, 3, 4, 5]
    assert events[3].view["held"] is True


async def test_what_comes_after_the_end_does_not_move_the_end(on: Scene) -> None:
    ended = replace(on.dialing(), state=CallState.ENDED, cause=Cause.BUSY)
    on.journal.call_changed(ended)
    on.clock.pass_(60)
    on.journal.call_changed(ended)
    await on.journal.settled()
    row = await on.store.calls.get(on.ana, "c")
    assert row is not None and row.call.ended_at == row.call.started_at


async def test_the_pages_hear_at_once_and_in_order(on: Scene) -> None:
    with on.feed.listen(on.ana) as listener:
        on.journal.line_changed(LineView(on.line, LineState.OFFLINE, reason="unreachable", retry_in=4.0, handsets=1))
        on.journal.call_changed(on.dialing())
        on.journal.call_changed(replace(on.dialing(), state=CallState.RINGING))
        first = await listener.next()
        assert isinstance(first, LineChanged)
        assert first.line.retry_at == on.clock.at + timedelta(seconds=4)
        states = []
        for _ in range(2):
            change = await listener.next()
            assert isinstance(change, CallChanged)
            states.append(change.row.call.state)
        assert states == ["dialing", "ringing"]


async def test_it_knows_what_is_live(on: Scene) -> None:
    on.journal.call_changed(on.dialing("one"))
    on.journal.call_changed(on.dialing("two"))
    on.journal.call_changed(replace(on.dialing("one"), state=CallState.ENDED, cause=Cause.CANCELLED))
    assert [call.view.call for call in on.journal.calls(on.line)] == ["two"]
    assert on.journal.has_calls(on.ana.user) and not on.journal.has_calls(on.here.users["bruno"])
    assert not on.journal.is_anchored("two")  # the company's engine is "none"
    assert on.journal.is_anchored("never heard of")


async def test_a_line_that_nobody_asked_for_is_not_written(on: Scene) -> None:
    on.journal.call_changed(replace(on.dialing(), line="unknown"))
    on.journal.line_changed(LineView("unknown", LineState.READY))
    on.journal.audit("unknown", "signed", "x")
    assert await on.journal.settled()
    assert on.journal.line("unknown") is None and await on.store.calls.by_id("c") is None


async def test_a_database_that_is_away_costs_nothing_but_time(on: Scene) -> None:
    """The table is gone for a while, as a real database would be: every write fails, then works again."""
    async with on.store.database.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE call_event RENAME TO away"))
    on.journal.call_changed(on.dialing())
    on.journal.call_changed(replace(on.dialing(), state=CallState.RINGING))
    assert not await on.journal.settled(0.3)
    on.journal.call_changed(replace(on.dialing(), state=CallState.ENDED, cause=Cause.NO_ANSWER))
    async with on.store.database.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE away RENAME TO call_event"))
    assert await on.journal.settled(5)
    events = await on.store.calls.events(on.ana, "c")
    assert [event.view["state"] for event in events] == ["dialing", "ringing", "ended"]


async def test_audits_go_to_the_chain_of_the_account(on: Scene) -> None:
    on.journal.audit(on.line, "challenge_refused", "realm of another")

    async def written() -> bool:
        return (await on.store.audit.all(on.here.account))[-1].what == "challenge_refused"

    await eventually(written)
    assert await on.store.audit.broken_at(on.here.account) is None


async def test_stopping_writes_what_waits(store: Store) -> None:
    here = await seed(store, "Aqui")
    lines = Lines(store)
    for known in await store.lines.all():
        await lines.config(known)
    journal = Journal(store, Feed(), lines.facts)
    view = CallView("c", here.lines["ana"], Direction.IN, CallState.RINGING, "1002")
    journal.call_changed(view)
    journal.call_changed(replace(view, state=CallState.ENDED, cause=Cause.INTERRUPTED))
    journal.audit(here.lines["ana"], "stopped", "")
    await journal.drain()
    assert (row := await store.calls.by_id("c")) is not None and row.call.cause == "interrupted"
    assert (await store.audit.all(here.account))[-1].what == "stopped"


async def test_calls_that_a_crash_left_open_end_as_interrupted_when_last_heard_of(store: Store) -> None:
    async with scene(store, heartbeat=0.05) as on:
        on.journal.call_changed(replace(on.dialing(), state=CallState.ACTIVE))
        await on.journal.settled()
        began = on.clock.at
        on.clock.pass_(30)

        async def heard() -> bool:
            row = await store.calls.by_id("c")
            return row is not None and row.call.changed_at == on.clock.at

        await eventually(heard)
    after = Journal(store, Feed(), Lines(store).facts)
    assert await after.recover() == 1
    assert await after.recover() == 0
    row = await store.calls.by_id("c")
    assert row is not None
    assert (row.call.state, row.call.cause, row.call.ended_by) == ("ended", "interrupted", "gateway")
    assert row.call.ended_at == began + timedelta(seconds=30)
    events = await store.calls.events(on.ana, "c")
    assert events[-1].number == 2 and events[-1].view["cause"] == "interrupted"


async def test_a_recording_that_is_ready_is_told_with_its_call(on: Scene) -> None:
    on.journal.call_changed(replace(on.dialing(), state=CallState.ENDED, cause=Cause.ENDED))
    await on.journal.settled()
    recording = await on.store.recordings.add(account=on.here.account, call="c", capture="c.rrec")
    with on.feed.listen(on.ana) as listener:
        await on.journal.recording_changed(recording)
        change = await listener.next()
        assert isinstance(change, CallChanged) and change.row.recording is recording
        fresh = Journal(on.store, on.feed, lambda line: None)  # one that has forgotten the call
        await fresh.recording_changed(recording)
        change = await listener.next()
        assert isinstance(change, CallChanged) and change.row.recording is not None
        assert (change.row.call.id, change.row.recording.id) == ("c", recording.id)


async def test_end_of_a_grace_stays_where_it_is(on: Scene) -> None:
    view = replace(on.dialing(), state=CallState.ACTIVE)
    on.journal.call_changed(view)
    on.journal.call_changed(replace(view, detached=True, grace=90))
    on.clock.pass_(30)
    on.journal.call_changed(replace(view, detached=True, grace=90, muted=True))
    live = on.journal.call("c")
    assert live is not None
    row = live.row()
    assert row.detached and row.resume_until == datetime(2026, 1, 2, 12, 1, 30, tzinfo=UTC)
    on.journal.call_changed(view)
    live = on.journal.call("c")
    assert live is not None and live.resume_until is None and not live.row().detached
