"""Users: the people who log in."""

from sqlalchemy import select, update

from .database import Database
from .scope import Role, Scope, new_id, now
from .tables import User


def fold(login: str) -> str:
    """Log-in names are compared without regard to case and surrounding blanks."""
    return login.strip().casefold()


class Users:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, *, account: str, login: str, name: str, role: Role, password: str) -> User:
        """``password`` is already hashed."""
        row = User(
            id=new_id(),
            account=account,
            login=fold(login),
            name=name,
            role=role.value,
            password=password,
            language=None,
            theme="system",
            disabled=False,
            created_at=now(),
        )
        async with self._database.transaction() as session:
            session.add(row)
        return row

    async def by_login(self, login: str) -> User | None:
        """For the log-in itself, where nobody is known yet."""
        async with self._database.transaction() as session:
            return await session.scalar(select(User).where(User.login == fold(login)))

    async def get(self, scope: Scope) -> User | None:
        """The one who asks."""
        async with self._database.transaction() as session:
            return await session.scalar(select(User).where(User.id == scope.user, User.account == scope.account))

    async def all(self, account: str | None = None) -> list[User]:
        query = select(User).order_by(User.login)
        if account is not None:
            query = query.where(User.account == account)
        async with self._database.transaction() as session:
            return list(await session.scalars(query))

    async def set_password(self, user: str, password: str) -> None:
        await self._set(user, password=password)

    async def set_preferences(self, scope: Scope, *, language: str | None = None, theme: str | None = None) -> None:
        values = {name: value for name, value in (("language", language), ("theme", theme)) if value is not None}
        if values:
            await self._set(scope.user, **values)

    async def set(self, user: str, *, name: str | None = None, role: Role | None = None) -> None:
        values = {"name": name, "role": role and role.value}
        await self._set(user, **{key: value for key, value in values.items() if value is not None})

    async def _set(self, user: str, **values: object) -> None:
        async with self._database.transaction() as session:
            await session.execute(update(User).where(User.id == user).values(**values))
