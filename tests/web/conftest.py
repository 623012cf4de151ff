"""One gateway for each test that asks for one."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from web.settings import Settings
from web.store import Store

from .house import House, house, opened, settings_for


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
