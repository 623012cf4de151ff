"""The audit of an account: each entry holds the hash of the one before it, so that none can be changed unseen.

``hash = SHA-256(previous hash | number | time | actor | what | subject | detail)``, the parts as a JSON array.
"""

import asyncio
import hashlib
import json

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from .database import Database
from .scope import new_id, now
from .tables import Audit

GENESIS = "0" * 64
_TRIES = 5


class AuditLog:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = asyncio.Lock()

    async def add(
        self, account: str, what: str, *, actor: str | None = None, subject: str | None = None, detail: str = ""
    ) -> None:
        """Appends an entry; ``detail`` never holds a secret. Another process may append at the same time: it is tried
        again.
        """
        async with self._turn:
            for attempt in range(_TRIES):
                try:
                    return await self._append(account, what, actor, subject, detail[:500])
                except IntegrityError:
                    if attempt == _TRIES - 1:
                        raise

    async def _append(self, account: str, what: str, actor: str | None, subject: str | None, detail: str) -> None:
        async with self._database.transaction() as session:
            last = await session.scalar(
                select(Audit).where(Audit.account == account).order_by(Audit.number.desc()).limit(1)
            )
            row = Audit(
                id=new_id(),
                account=account,
                number=1 if last is None else last.number + 1,
                at=now(),
                actor=actor,
                what=what,
                subject=subject,
                detail=detail,
                previous=GENESIS if last is None else last.hash,
            )
            row.hash = _hash(row)
            session.add(row)

    async def all(self, account: str) -> list[Audit]:
        """Oldest first."""
        async with self._database.transaction() as session:
            return list(await session.scalars(select(Audit).where(Audit.account == account).order_by(Audit.number)))

    async def broken_at(self, account: str) -> int | None:
        """The number of the first entry that does not follow from the one before it, or None."""
        previous, number = GENESIS, 0
        for row in await self.all(account):
            number += 1
            if row.number != number or row.previous != previous or row.hash != _hash(row):
                return number
            previous = row.hash
        return None


def _hash(row: Audit) -> str:
    parts = [row.previous, row.number, row.at.isoformat(), row.actor, row.what, row.subject, row.detail]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()
