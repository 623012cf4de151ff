"""The open feed sockets of this process, so that a restart can close them with 1012."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from .log import logger

log = logger(__name__)

SESSION_ENDED = 4401
RESTART = 1012  # RFC 6455 registry: service restart
TOO_SLOW = 1013
CLOSE_TIMEOUT = 2.0  # seconds


class OpenSockets:
    def __init__(self) -> None:
        self._open: dict[web.WebSocketResponse, str] = {}

    def __len__(self) -> int:
        return len(self._open)

    def all(self) -> list[tuple[web.WebSocketResponse, str]]:
        """Those of now, each with its user."""
        return list(self._open.items())

    @contextmanager
    def holding(self, socket: web.WebSocketResponse, user: str) -> Iterator[None]:
        self._open[socket] = user
        try:
            yield
        finally:
            del self._open[socket]

    async def close(self) -> None:
        """Tells every page that the gateway restarts."""
        async with asyncio.TaskGroup() as tasks:
            for socket in tuple(self._open):
                tasks.create_task(shut(socket, RESTART, "restart"), name="close feed socket")


@contextmanager
def failures_logged(what: str) -> Iterator[None]:
    """Once a request is a WebSocket, no HTTP answer can tell of an error any more: the log does, the socket closes."""
    try:
        yield
    except Exception:
        log.exception(what)


async def shut(socket: web.WebSocketResponse, code: int, reason: str) -> None:
    """Closes within `CLOSE_TIMEOUT`; safe to call again."""
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT):
            await socket.close(code=code, message=reason.encode())
    except (TimeoutError, ConnectionError):
        pass
