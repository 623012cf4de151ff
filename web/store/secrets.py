"""Sealed secrets in the database; the vault opens them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from .database import Database
from .scope import new_id, now
from .tables import Secret
from .vault import Place, Vault

SIP = "sip"  # the kind of a line's SIP secret; its owner is the line


@dataclass(frozen=True, slots=True)
class Opened:
    value: str = field(repr=False)
    version: int


class Secrets:
    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def put(self, *, account: str, kind: str, owner: str, value: str) -> int:
        """Seals a new version and gives its number, from 1."""
        async with self._database.transaction() as session:
            row = await session.scalar(
                select(Secret)
                .where(Secret.account == account, Secret.kind == kind, Secret.owner == owner)
                .with_for_update()
            )
            if row is None:
                row = Secret(id=new_id(), account=account, kind=kind, owner=owner, version=0, sealed=b"")
                session.add(row)
            row.version += 1
            row.sealed = self._vault.seal(value, Place(account, kind, owner, row.version))
            row.changed_at = now()
            return row.version

    async def get(self, *, account: str, kind: str, owner: str) -> Opened | None:
        """Raises `web.store.vault.VaultError` where it does not open."""
        async with self._database.transaction() as session:
            row = await session.scalar(
                select(Secret).where(Secret.account == account, Secret.kind == kind, Secret.owner == owner)
            )
        return None if row is None else Opened(self._vault.open(row.sealed, _place(row)), row.version)

    async def reseal(self) -> int:
        """Seals what an older master key sealed with the newest one; gives how many. Raises `VaultError`."""
        async with self._database.transaction() as session:
            rows: Sequence[Secret] = (await session.scalars(select(Secret).with_for_update())).all()
            stale = [row for row in rows if not self._vault.is_current(row.sealed)]
            for row in stale:
                row.sealed = self._vault.seal(self._vault.open(row.sealed, _place(row)), _place(row))
            return len(stale)


def _place(row: Secret) -> Place:
    return Place(row.account, row.kind, row.owner, row.version)
