"""What is kept: SQLAlchemy tables, one repository per resource, the vault, Alembic's migrations.

`Store` holds them all. ``scope`` says who asks, ``database`` connects, ``tables`` are the tables, ``migrate`` brings a
database up to date.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from ..settings import Settings
from .accounts import Accounts
from .audit import AuditLog
from .calls import Calls
from .database import Database, connect
from .lines import Lines
from .recordings import Recordings
from .secrets import Secrets
from .sessions import Sessions
from .users import Users
from .vault import Vault, open_vault


@dataclass(frozen=True, slots=True)
class Store:
    """Every repository over one database."""

    database: Database
    accounts: Accounts
    users: Users
    lines: Lines
    secrets: Secrets
    sessions: Sessions
    calls: Calls
    recordings: Recordings
    audit: AuditLog

    @classmethod
    def over(cls, database: Database, vault: Vault) -> Self:
        return cls(
            database=database,
            accounts=Accounts(database),
            users=Users(database),
            lines=Lines(database),
            secrets=Secrets(database, vault),
            sessions=Sessions(database),
            calls=Calls(database),
            recordings=Recordings(database),
            audit=AuditLog(database),
        )


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Store]:
    """The store of an install, without looking at its migrations. Raises `SettingsError` for a wrong master key."""
    vault = open_vault(settings)
    async with connect(settings.database) as database:
        yield Store.over(database, vault)


__all__ = ["Database", "Store", "open_store"]
