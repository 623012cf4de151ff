"""One gateway for each test that asks for one."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from web.settings import Settings
from web.store import Store, migrate
from web.store.database import Database, connect
from web.store.vault import MasterKey, Vault

from . import postgres
from .house import KEY, House, house, opened, settings_for


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path)


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    async with opened(settings) as store:
        yield store


@pytest.fixture
async def gateway(tmp_path: Path, unused_tcp_port_factory: Callable[[], int]) -> AsyncIterator[House]:
    async with house(tmp_path, unused_tcp_port_factory()) as made:
        yield made


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    if not postgres.available():
        pytest.skip("no PostgreSQL here: set RAMAL_TEST_POSTGRES or install postgresql")
    with postgres.server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database of either kind."""
    if request.param == "sqlite":
        async with connect(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}") as made:
            yield made
        return
    async with connect(request.getfixturevalue("postgres_server")) as made:
        async with made.engine.begin() as connection:
            await connection.execute(text("DROP SCHEMA public CASCADE"))
            await connection.execute(text("CREATE SCHEMA public"))
        yield made


@pytest.fixture
async def both(database: Database) -> Store:
    """A store at the newest revision, on either kind of database."""
    await migrate.upgrade(database)
    return Store.over(database, Vault((MasterKey.parse(KEY),)))
