"""Recordings: the rows; the files are made by `web.jobs.recordings`."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from .database import Database
from .scope import Scope, new_id, now
from .tables import Call, Recording

PROCESSING = "processing"
READY = "ready"
FAILED = "failed"


class Recordings:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, *, account: str, call: str, capture: str) -> Recording:
        """A capture was closed; gives the row there is where the call has one already."""
        async with self._database.transaction() as session:
            row = await session.scalar(select(Recording).where(Recording.call == call))
            if row is None:
                row = Recording(
                    id=new_id(),
                    account=account,
                    call=call,
                    state=PROCESSING,
                    capture=capture,
                    attempts=0,
                    created_at=now(),
                )
                session.add(row)
            return row

    async def get(self, scope: Scope, recording: str) -> Recording | None:
        query = (
            select(Recording)
            .join(Call, Call.id == Recording.call)
            .where(Recording.id == recording, Recording.account == scope.account)
        )
        async with self._database.transaction() as session:
            return await session.scalar(query if scope.sees_account else query.where(Call.user == scope.user))

    async def processing(self) -> Sequence[Recording]:
        """Those that are still to be converted, oldest first."""
        query = select(Recording).where(Recording.state == PROCESSING).order_by(Recording.created_at)
        async with self._database.transaction() as session:
            return (await session.scalars(query)).all()

    async def tried(self, recording: str) -> None:
        async with self._database.transaction() as session:
            await session.execute(
                update(Recording).where(Recording.id == recording).values(attempts=Recording.attempts + 1)
            )

    async def finish(
        self, recording: str, *, path: str, duration: float, size: int, sha256: str, started_at: datetime
    ) -> None:
        await self._set(
            recording,
            state=READY,
            capture=None,
            path=path,
            duration=duration,
            bytes=size,
            sha256=sha256,
            started_at=started_at,
        )

    async def fail(self, recording: str) -> None:
        """The capture stays where it is, for a person to look at."""
        await self._set(recording, state=FAILED)

    async def _set(self, recording: str, **values: object) -> None:
        async with self._database.transaction() as session:
            await session.execute(update(Recording).where(Recording.id == recording).values(**values))
