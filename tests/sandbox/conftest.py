from collections.abc import AsyncIterator

import pytest

from sandbox.server import Sandbox

from .client import EXTENSIONS


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(EXTENSIONS) as it:
        yield it
