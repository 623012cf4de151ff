"""The journal: takes every change of every line and call at once, tells the pages, and writes it down in order.

Taking a change never waits. What is to be written is kept per call, the newest state with all its events, so memory
is bounded by the calls there are however long the database is away; a write that fails is tried again until it works.
"""

import asyncio
import dataclasses
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from signaling.causes import Cause
from signaling.views import CallState, CallView, LineView

from .feed import CallChanged, Feed, LineChanged, LiveLine
from .lines import LineFacts
from .log import logger
from .store import Store
from .store.calls import CallRow
from .store.scope import now
from .store.tables import Call, Recording

log = logger(__name__)

HEARTBEAT = 15.0  # seconds between two notes that the live calls are alive: how exact the end of a crash is known
_RETRY = (0.1, 0.5, 2.0, 5.0)  # seconds before a failed write is tried again; the last one repeats
_REMEMBERED = 1000  # ended calls that may still be told something (that their recording is ready)
_AUDITS = 10_000  # audit entries that wait; more are dropped and logged
_EVENTS = 1000  # events of one call that wait


@dataclass(frozen=True, slots=True)
class LiveCall:
    """A call with what the journal adds to its view: whose it is, when what happened, how many changes there were."""

    view: CallView
    facts: LineFacts
    started_at: datetime
    changed_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    changes: int = 0
    recording: Recording | None = None
    resume_until: datetime | None = None  # a detached call waits until then for a page

    def changed(self, view: CallView, at: datetime) -> "LiveCall":
        return dataclasses.replace(
            self,
            view=view,
            changed_at=at,
            answered_at=self.answered_at or (at if view.state is CallState.ACTIVE else None),
            ended_at=self.ended_at or (at if view.state is CallState.ENDED else None),
            changes=self.changes + 1,
            resume_until=self._resume_until(view, at),
        )

    def _resume_until(self, view: CallView, at: datetime) -> datetime | None:
        if view.grace is None:
            return None
        return self.resume_until or at + timedelta(seconds=view.grace)

    def values(self) -> dict[str, Any]:
        """The columns of its row."""
        view = self.view
        return {
            "id": view.call,
            "account": self.facts.account,
            "line": view.line,
            "user": self.facts.user,
            "agent": self.facts.user_name,
            "direction": view.direction.value,
            "state": view.state.value,
            "number": view.number[:300],
            "name": view.name and view.name[:300],
            "handset": view.handset and view.handset[:100],
            "near_call_id": view.near_call_id and view.near_call_id[:300],
            "early_media": view.early_media,
            "held": view.held,
            "held_by_other": view.held_by_other,
            "muted": view.muted,
            "recording_state": view.recording.value,
            "cause": view.cause and view.cause.value,
            "sip_status": view.sip_status,
            "sip_reason": view.sip_reason and view.sip_reason[:300],
            "ended_by": view.ended_by,
            "started_at": self.started_at,
            "answered_at": self.answered_at,
            "ended_at": self.ended_at,
            "changed_at": self.changed_at,
        }

    def event(self) -> dict[str, Any]:
        """The row of its last change."""
        view = {key: value for key, value in dataclasses.asdict(self.view).items() if key not in ("call", "line")}
        return {
            "call": self.view.call,
            "number": self.changes,
            "account": self.facts.account,
            "at": self.changed_at,
            "view": view,
        }

    def row(self) -> CallRow:
        view = self.view
        transfer = view.transfer.value
        return CallRow(
            Call(**self.values()), self.recording, view.detached, self.resume_until, transfer, view.transfer_to
        )


@dataclass(slots=True)
class _Work:
    """What waits to be written of one call."""

    values: dict[str, Any]
    events: list[dict[str, Any]] = field(default_factory=list)


class Journal:
    """`signaling.ports.Journal`. `run` writes; it is a task of the application."""

    def __init__(
        self,
        store: Store,
        feed: Feed,
        facts: Callable[[str], LineFacts | None],
        *,
        clock: Callable[[], datetime] = now,
        heartbeat: float = HEARTBEAT,
    ) -> None:
        self._store = store
        self._feed = feed
        self._facts = facts
        self._clock = clock
        self._heartbeat = heartbeat
        self._lines: dict[str, LiveLine] = {}
        self._calls: dict[str, LiveCall] = {}
        self._ended: OrderedDict[str, LiveCall] = OrderedDict()
        self._pending: OrderedDict[str, _Work] = OrderedDict()
        self._writing: str | None = None
        self._audits: deque[tuple[str, str, str, str]] = deque()
        self._waiting: list[tuple[set[str], asyncio.Event]] = []
        self._wake = asyncio.Event()

    def line_changed(self, view: LineView) -> None:
        facts = self._facts(view.line)
        if facts is None:
            log.error("a line that nobody asked for has changed", line=view.line)
            return
        retry_at = None if view.retry_in is None else self._clock() + timedelta(seconds=view.retry_in)
        self._lines[view.line] = LiveLine(facts, view, retry_at)
        log.info("line", line=view.line, state=view.state.value, reason=view.reason, handsets=view.handsets)
        self._feed.publish(LineChanged(self._lines[view.line]))

    def call_changed(self, view: CallView) -> None:
        at = self._clock()
        known = self._calls.get(view.call) or self._ended.get(view.call)
        if known is None:
            facts = self._facts(view.line)
            if facts is None:
                log.error("a call of a line that nobody asked for has changed", line=view.line, call=view.call)
                return
            known = LiveCall(view, facts, started_at=at, changed_at=at)
        call = known.changed(view, at)
        self._keep(call)
        self._put(call)
        log.info("call", call=view.call, line=view.line, state=view.state.value, cause=view.cause and view.cause.value)
        self._feed.publish(CallChanged(call.row()))

    def audit(self, line: str, what: str, detail: str) -> None:
        facts = self._facts(line)
        if facts is None or len(self._audits) >= _AUDITS:
            log.error("an audit entry is lost", line=line, what=what, detail=detail)
            return
        self._audits.append((facts.account, what, line, detail))
        self._wake.set()

    def line(self, line: str) -> LiveLine | None:
        """What is known of a line that is or was up."""
        return self._lines.get(line)

    def calls(self, line: str) -> list[LiveCall]:
        """The live calls of a line, in the order in which they began."""
        return [call for call in self._calls.values() if call.view.line == line]

    def call(self, call: str) -> LiveCall | None:
        """A call that is live, or ended a short while ago."""
        return self._calls.get(call) or self._ended.get(call)

    def has_calls(self, user: str) -> bool:
        """Whether a call of this user is live."""
        return any(call.facts.user == user for call in self._calls.values())

    def is_anchored(self, call: str) -> bool:
        """Whether the audio of a call passes by this server; so it does for a call that is not known."""
        known = self.call(call)
        return known is None or known.facts.anchored

    async def recording_changed(self, recording: Recording) -> None:
        """A recording is being made, is ready, or failed: the pages are told with its call."""
        known = self.call(recording.call)
        if known is not None:
            known = dataclasses.replace(known, recording=recording)
            self._keep(known)
            self._feed.publish(CallChanged(known.row()))
            return
        row = await self._store.calls.by_id(recording.call)
        if row is not None:
            self._feed.publish(CallChanged(row))

    async def recover(self) -> int:
        """At start, before any line is up: calls that a crash left open end as interrupted, at the last moment at which
        they were known to be alive. Gives how many.
        """
        rows = await self._store.calls.open_calls()
        for row in rows:
            values = {column.key: getattr(row, column.key) for column in Call.__table__.columns}
            values |= {
                "state": CallState.ENDED.value,
                "cause": Cause.INTERRUPTED.value,
                "ended_by": "gateway",
                "ended_at": row.changed_at,
            }
            view = {key: values[key] for key in ("direction", "state", "cause", "ended_by", "number")}
            number = await self._store.calls.last_number(row.id) + 1
            event = {"call": row.id, "number": number, "account": row.account, "at": row.changed_at, "view": view}
            await self._store.calls.save(values, [event])
            log.warning("a call was interrupted", call=row.id, line=row.line)
        return len(rows)

    async def run(self) -> None:
        """Writes what comes, for ever."""
        failures = 0
        while True:
            try:
                await self._wait()
                await self._write_all()
                failures = 0
            except (SQLAlchemyError, OSError) as error:
                delay = _RETRY[min(failures, len(_RETRY) - 1)]
                failures += 1
                log.error(
                    "the journal cannot write", why=type(error).__name__, calls=len(self._pending), again_in=delay
                )
                await asyncio.sleep(delay)
                self._wake.set()

    async def settled(self, within: float = 1.0) -> bool:
        """Waits until what was taken so far is written, so that a reader finds it; False if that takes too long."""
        keys = set(self._pending)
        if self._writing is not None:
            keys.add(self._writing)
        if not keys:
            return True
        done = asyncio.Event()
        waiting = (keys, done)
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(within):
                await done.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting.remove(waiting)
        return True

    async def drain(self, within: float = 10.0) -> None:
        """At the end, when `run` is no more: everything is written, or said to be lost."""
        try:
            async with asyncio.timeout(within):
                while self._pending or self._audits:
                    try:
                        await self._write_all()
                    except (SQLAlchemyError, OSError):
                        await asyncio.sleep(_RETRY[0])
        except TimeoutError:
            log.error("changes are lost: the database did not take them", calls=list(self._pending)[:20])

    def _keep(self, call: LiveCall) -> None:
        if call.view.state is not CallState.ENDED:
            self._calls[call.view.call] = call
            return
        self._calls.pop(call.view.call, None)
        self._ended[call.view.call] = call
        self._ended.move_to_end(call.view.call)
        if len(self._ended) > _REMEMBERED:
            self._ended.popitem(last=False)

    def _put(self, call: LiveCall) -> None:
        work = self._pending.setdefault(call.view.call, _Work({}))
        work.values = call.values()
        if len(work.events) < _EVENTS:
            work.events.append(call.event())
        self._wake.set()

    async def _wait(self) -> None:
        """For something to write; a heartbeat of the live calls is something."""
        try:
            async with asyncio.timeout(self._heartbeat):
                await self._wake.wait()
        except TimeoutError:
            if self._calls:
                await self._store.calls.touch(list(self._calls), self._clock())
        self._wake.clear()

    async def _write_all(self) -> None:
        while self._pending:
            self._writing, work = self._pending.popitem(last=False)
            try:
                await self._store.calls.save(work.values, work.events)
            except BaseException:
                self._put_back(self._writing, work)
                raise
            finally:
                written, self._writing = self._writing, None
            self._tell(written)
        while self._audits:
            await self._write_audit()

    async def _write_audit(self) -> None:
        account, what, subject, detail = self._audits[0]
        await self._store.audit.add(account, what, subject=subject, detail=detail)
        self._audits.popleft()

    def _put_back(self, call: str, work: _Work) -> None:
        newer = self._pending.get(call)
        if newer is None:
            self._pending[call] = work
            self._pending.move_to_end(call, last=False)
        else:
            newer.events[:0] = work.events

    def _tell(self, written: str) -> None:
        if written in self._pending:
            return
        for keys, done in self._waiting:
            keys.discard(written)
            if not keys:
                done.set()
