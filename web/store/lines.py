"""Lines: the extensions of an account, each with the person it belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select, update

from .database import Database
from .scope import Scope, new_id, now
from .tables import Account, Line, User


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line with its account and its user, as one query gives them."""

    line: Line
    account: Account
    user: User | None

    @property
    def record(self) -> bool:
        """The recording policy: the line's own, else the account's; never where no media passes by the gateway."""
        if self.account.engine == "none":
            return False
        return self.account.record if self.line.record is None else self.line.record


_Rows = Select[Line, Account, User]  # the user is None where a line is nobody's: an outer join


def _rows() -> _Rows:
    return (
        select(Line, Account, User).join(Account, Account.id == Line.account).outerjoin(User, User.id == Line.user)
    ).order_by(Line.number)


class Lines:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self,
        *,
        account: str,
        user: str | None,
        number: str,
        name: str,
        sip_user: str,
        auth_user: str | None = None,
        record: bool | None = None,
    ) -> Line:
        row = Line(
            id=new_id(),
            account=account,
            user=user,
            number=number,
            name=name,
            sip_user=sip_user,
            auth_user=auth_user or sip_user,
            record=record,
            created_at=now(),
        )
        async with self._database.transaction() as session:
            session.add(row)
        return row

    async def own(self, scope: Scope) -> LineRow | None:
        """The line of the one who asks."""
        return _first(await self._select(_rows().where(Line.account == scope.account, Line.user == scope.user)))

    async def get(self, scope: Scope, line: str) -> LineRow | None:
        query = _rows().where(Line.account == scope.account, Line.id == line)
        return _first(await self._select(query if scope.sees_account else query.where(Line.user == scope.user)))

    async def all_of(self, scope: Scope) -> list[LineRow]:
        query = _rows().where(Line.account == scope.account)
        return await self._select(query if scope.sees_account else query.where(Line.user == scope.user))

    async def by_number(self, account: str, number: str) -> LineRow | None:
        return _first(await self._select(_rows().where(Line.account == account, Line.number == number)))

    async def all(self, account: str | None = None) -> list[LineRow]:
        """For the command line."""
        return await self._select(_rows() if account is None else _rows().where(Line.account == account))

    async def set(self, line: str, **values: object) -> None:
        """Changes the named columns."""
        async with self._database.transaction() as session:
            await session.execute(update(Line).where(Line.id == line).values(**values))

    async def _select(self, query: _Rows) -> list[LineRow]:
        async with self._database.transaction() as session:
            return [LineRow(line, account, user) for line, account, user in await session.execute(query)]


def _first(rows: Sequence[LineRow]) -> LineRow | None:
    return rows[0] if rows else None
