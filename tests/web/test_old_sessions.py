"""Old log-ins are forgotten, on either kind of database; those that may still serve are not."""

import asyncio
from datetime import timedelta

import pytest

from web.jobs import sessions as job
from web.settings import SessionSettings
from web.store import Store
from web.store.scope import now

from .house import seed

SETTINGS = SessionSettings(absolute_hours=24)


async def add(store: Store, days: float) -> str:
    """A session that began so many days ago."""
    user = await store.users.by_login("ana")
    assert user is not None
    at = now() - timedelta(days=days)
    return (await store.sessions.add(user=user, token=f"token-{days}", at=at, address="::1", agent="x")).id


async def test_only_old_sessions_are_deleted(both: Store) -> None:
    await seed(both, "Aqui")
    old, younger, new = await add(both, 31.1), await add(both, 30.9), await add(both, 0)
    assert await job.purge(both.sessions, SETTINGS) == 1
    assert await both.sessions.get(old) is None
    assert await both.sessions.get(younger) and await both.sessions.get(new)
    assert await job.purge(both.sessions, SETTINGS) == 0


async def test_a_database_that_is_away_is_tried_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = asyncio.Event()
    purge = store.sessions.purge

    async def away(*_: object) -> int:
        monkeypatch.setattr(store.sessions, "purge", again)
        raise OSError

    async def again(before: object) -> int:
        tried.set()
        return await purge(before)  # type: ignore[arg-type]

    monkeypatch.setattr(store.sessions, "purge", away)
    monkeypatch.setattr(job, "_EVERY", 0.01)
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        task = tasks.create_task(job.run(store.sessions, SETTINGS), name="purge")
        await tried.wait()
        task.cancel()
