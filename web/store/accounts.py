"""Accounts: the companies of an install."""

from typing import Any

from sqlalchemy import select, update

from .database import Database
from .scope import new_id, now
from .tables import Account

ENGINES = ("hub", "none")


class Accounts:
    """Used by the command line and by the gateway itself; a person only ever sees the own account."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self,
        *,
        name: str,
        pbx_url: str,
        pbx_domain: str,
        pbx_profile: str = "unknown",
        pbx_ca: str | None = None,
        engine: str = "hub",
        record: bool = False,
        time_zone: str = "America/Sao_Paulo",
        country: str = "BR",
        dial_rules: dict[str, Any] | None = None,
    ) -> Account:
        row = Account(
            id=new_id(),
            name=name,
            time_zone=time_zone,
            country=country,
            pbx_url=pbx_url,
            pbx_domain=pbx_domain,
            pbx_profile=pbx_profile,
            pbx_ca=pbx_ca,
            engine=engine,
            record=record,
            dial_rules=dial_rules,
            created_at=now(),
        )
        async with self._database.transaction() as session:
            session.add(row)
        return row

    async def get(self, account: str) -> Account | None:
        async with self._database.transaction() as session:
            return await session.get(Account, account)

    async def by_name(self, name: str) -> Account | None:
        async with self._database.transaction() as session:
            return await session.scalar(select(Account).where(Account.name == name))

    async def all(self) -> list[Account]:
        async with self._database.transaction() as session:
            return list(await session.scalars(select(Account).order_by(Account.name)))

    async def set(self, account: str, **values: object) -> None:
        """Changes the named columns."""
        async with self._database.transaction() as session:
            await session.execute(update(Account).where(Account.id == account).values(**values))
