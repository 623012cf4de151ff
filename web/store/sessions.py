"""Session rows: a log-in that can be revoked. How tokens are made and judged is in `web.auth.sessions`."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update

from .database import Database
from .scope import Role, Scope, new_id
from .tables import Session, User


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session with its user, as one query gives them."""

    session: Session
    user: User

    @property
    def scope(self) -> Scope:
        return Scope(self.user.account, self.user.id, Role(self.user.role))


class Sessions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, *, user: User, token: str, at: datetime, address: str, agent: str) -> Session:
        """``token`` is the hash of the cookie's value."""
        row = Session(
            id=new_id(),
            account=user.account,
            user=user.id,
            token=token,
            created_at=at,
            seen_at=at,
            ended_at=None,
            address=address[:45],
            agent=agent[:200],
        )
        async with self._database.transaction() as session:
            session.add(row)
        return row

    async def by_token(self, token: str) -> SessionRow | None:
        return await self._one(Session.token == token)

    async def get(self, session: str) -> SessionRow | None:
        return await self._one(Session.id == session)

    async def touch(self, session: str, at: datetime) -> None:
        async with self._database.transaction() as transaction:
            await transaction.execute(update(Session).where(Session.id == session).values(seen_at=at))

    async def end(self, session: str, at: datetime) -> None:
        async with self._database.transaction() as transaction:
            await transaction.execute(
                update(Session).where(Session.id == session, Session.ended_at.is_(None)).values(ended_at=at)
            )

    async def end_all_of(self, user: str, at: datetime, *, but: str | None = None) -> list[str]:
        """Ends the open sessions of a user, one excepted; gives their ids."""
        async with self._database.transaction() as transaction:
            ended = await transaction.scalars(
                update(Session)
                .where(Session.user == user, Session.ended_at.is_(None), Session.id != (but or ""))
                .values(ended_at=at)
                .returning(Session.id)
            )
            return list(ended)

    async def purge(self, created_before: datetime) -> int:
        """Deletes the sessions that began before that; gives how many."""
        async with self._database.transaction() as transaction:
            gone = await transaction.scalars(
                delete(Session).where(Session.created_at < created_before).returning(Session.id)
            )
            return len(gone.all())

    async def _one(self, which: ColumnElement[bool]) -> SessionRow | None:
        query = select(Session, User).join(User, User.id == Session.user).where(which)
        async with self._database.transaction() as transaction:
            found = (await transaction.execute(query)).first()
        return None if found is None else SessionRow(found[0], found[1])
