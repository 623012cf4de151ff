"""Forgetting old log-ins: a session row is kept a while after it can serve nobody, then deleted."""

import asyncio
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from ..log import logger
from ..settings import SessionSettings
from ..store.scope import now
from ..store.sessions import Sessions

log = logger(__name__)

KEPT = timedelta(days=30)  # after its absolute end: who was logged in from where may still be asked
_EVERY = 6 * 3600.0  # seconds


async def purge(sessions: Sessions, settings: SessionSettings) -> int:
    """Deletes what is older; gives how many."""
    deleted = await sessions.purge(now() - timedelta(hours=settings.absolute_hours) - KEPT)
    if deleted:
        log.info("old sessions are deleted", sessions=deleted)
    return deleted


async def run(sessions: Sessions, settings: SessionSettings) -> None:
    """At start and then every few hours, for ever."""
    while True:
        try:
            await purge(sessions, settings)
        except (SQLAlchemyError, OSError) as error:
            log.warning("old sessions could not be deleted", why=type(error).__name__)
        await asyncio.sleep(_EVERY)
