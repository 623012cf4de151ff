"""Recordings: the rows; the files are made by `web.jobs.recordings`."""

from collections.abc import Sequence

from sqlalchemy import select

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

    async def keep(self, row: Recording) -> None:
        """Writes the row as it is now."""
        async with self._database.transaction() as session:
            await session.merge(row)
