"""One PBX for all tests of a module."""

from collections.abc import AsyncIterator

import pytest_asyncio

from .asterisk import Asterisk, asterisk


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pbx() -> AsyncIterator[Asterisk]:
    async with asterisk() as running:
        yield running
