"""Calls: the history, written by the journal and read by people."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import Select, and_, or_, select, tuple_, update

from .database import Database
from .scope import Scope
from .tables import Call, CallEvent, Recording

MOST = 200


class BadCursor(ValueError):
    """The cursor is not one that `Cursor` gave."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the list: the call after which the next page begins. ``str`` and `parse` are each other's reverse."""

    started_at: datetime
    call: str

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(f"{self.started_at.isoformat()} {self.call}".encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises `BadCursor`."""
        try:
            decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
            at, _, call = decoded.partition(" ")
            started_at = datetime.fromisoformat(at)
        except (binascii.Error, ValueError):
            raise BadCursor("the cursor is not one of this list") from None
        if started_at.tzinfo is None or not call:
            raise BadCursor("the cursor is not one of this list")
        return cls(started_at, call)


@dataclass(frozen=True, slots=True)
class CallFilter:
    """``text`` is looked for in number and name; ``outcome`` is ``answered`` or ``missed``."""

    text: str | None = None
    direction: str | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class CallRow:
    """What is after ``recording`` is of a live call: see `web.journal.LiveCall`, `signaling.views.CallView`."""

    call: Call
    recording: Recording | None
    detached: bool = False
    resume_until: datetime | None = None
    transfer: str = "none"
    transfer_to: str | None = None


class Calls:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, scope: Scope, which: CallFilter, *, after: Cursor | None, limit: int
    ) -> tuple[list[CallRow], Cursor | None]:
        """At most ``limit`` calls, newest first, and where the next page begins."""
        query = _filtered(_visible(scope), which)
        if after is not None:
            query = query.where(tuple_(Call.started_at, Call.id) < (after.started_at, after.call))
        query = query.order_by(Call.started_at.desc(), Call.id.desc()).limit(limit + 1)
        async with self._database.transaction() as session:
            rows = [CallRow(call, recording) for call, recording in await session.execute(query)]
        if len(rows) <= limit:
            return rows, None
        last = rows[limit - 1].call
        return rows[:limit], Cursor(last.started_at, last.id)

    async def get(self, scope: Scope, call: str) -> CallRow | None:
        async with self._database.transaction() as session:
            found = (await session.execute(_visible(scope).where(Call.id == call))).first()
        return None if found is None else CallRow(found[0], found[1])

    async def events(self, scope: Scope, call: str) -> list[CallEvent]:
        """Every change of a call that the one who asks may see, oldest first."""
        query = select(CallEvent).join(Call, Call.id == CallEvent.call).where(*_may_see(scope), Call.id == call)
        async with self._database.transaction() as session:
            return list(await session.scalars(query.order_by(CallEvent.number)))

    async def by_id(self, call: str) -> CallRow | None:
        """For the gateway itself: a call whoever it belongs to."""
        query = select(Call, Recording).outerjoin(Recording, Recording.call == Call.id).where(Call.id == call)
        async with self._database.transaction() as session:
            found = (await session.execute(query)).first()
        return None if found is None else CallRow(found[0], found[1])

    async def save(self, values: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> None:
        """Writes the call as it is now and what happened to it since the last time; repeating it changes nothing."""
        async with self._database.transaction() as session:
            await session.merge(Call(**values))
            await session.flush()
            for event in events:
                await session.merge(CallEvent(**event))

    async def touch(self, calls: Sequence[str], at: datetime) -> None:
        """These calls are known to be alive at ``at``."""
        async with self._database.transaction() as session:
            await session.execute(update(Call).where(Call.id.in_(calls)).values(changed_at=at))

    async def open_calls(self) -> list[Call]:
        """Calls that no end is written for: after a crash."""
        async with self._database.transaction() as session:
            return list(await session.scalars(select(Call).where(Call.state != "ended")))

    async def extend(self, call: str, until: datetime) -> None:
        """An interrupted call is known to have lasted at least until then: its recording says so."""
        async with self._database.transaction() as session:
            await session.execute(
                update(Call)
                .where(Call.id == call, Call.cause == "interrupted", Call.ended_at < until)
                .values(ended_at=until)
            )

    async def last_number(self, call: str) -> int:
        """The number of a call's last event, 0 where it has none."""
        async with self._database.transaction() as session:
            query = select(CallEvent.number).where(CallEvent.call == call).order_by(CallEvent.number.desc()).limit(1)
            return await session.scalar(query) or 0


def _may_see(scope: Scope) -> tuple[Any, ...]:
    own = Call.account == scope.account
    return (own,) if scope.sees_account else (own, Call.user == scope.user)


def _visible(scope: Scope) -> Select[Call, Recording]:
    return select(Call, Recording).outerjoin(Recording, Recording.call == Call.id).where(*_may_see(scope))


def _filtered(query: Select[Call, Recording], which: CallFilter) -> Select[Call, Recording]:
    if which.text:
        query = query.where(
            or_(Call.number.icontains(which.text, autoescape=True), Call.name.icontains(which.text, autoescape=True))
        )
    if which.direction is not None:
        query = query.where(Call.direction == which.direction)
    if which.outcome == "answered":
        query = query.where(Call.answered_at.is_not(None))
    elif which.outcome == "missed":
        query = query.where(and_(Call.direction == "in", Call.answered_at.is_(None), Call.state == "ended"))
    return query
