"""How the gateway ends: SIGTERM lets live calls finish, a second one (or Ctrl-C) ends them.

::

    serving --SIGTERM--> draining --no call is live, or the time is over--> stopping --> exit 0
       |                    |                                                  ^
       +------ SIGINT ------+---------- SIGTERM, SIGINT -----------------------+

While draining the gateway is not ready (``/readyz``), takes no new call, and tells idle pages to reconnect, spread so
that they do not all come at once to whoever serves them next. Pages with a live call keep their sockets, and get new
tickets if they lose them.
"""

import asyncio
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from .keys import GATEWAY, JOURNAL, SETTINGS, SOCKETS
from .log import logger
from .problems import Problem
from .sockets import RESTART, shut
from .store.scope import Scope

log = logger(__name__)

RETRY_AFTER = "5"  # seconds
_LOOK_AGAIN = 1.0  # seconds


class Asked:
    """What the signals of this process have asked for."""

    def __init__(self) -> None:
        self.to_drain = asyncio.Event()
        self.to_stop = asyncio.Event()

    def terminate(self) -> None:
        if self.to_drain.is_set():
            self.to_stop.set()
        self.to_drain.set()

    def interrupt(self) -> None:
        self.to_drain.set()
        self.to_stop.set()


@contextmanager
def signals() -> Iterator[Asked]:
    """Has the signals of the running loop until the block ends."""
    loop, asked = asyncio.get_running_loop(), Asked()
    handlers = {signal.SIGTERM: asked.terminate, signal.SIGINT: asked.interrupt}
    for number, handler in handlers.items():
        loop.add_signal_handler(number, handler)
    try:
        yield asked
    finally:
        for number in handlers:
            loop.remove_signal_handler(number)


async def until_over(app: web.Application, asked: Asked) -> None:
    """Serves until the process is to end and no live call holds it any more. Stopping is the caller's."""
    await asked.to_drain.wait()
    if not asked.to_stop.is_set():
        log.info("draining: no new calls", within=app[SETTINGS].timing.drain)
        async with asyncio.TaskGroup() as tasks:
            drained = tasks.create_task(_drain(app), name="drain")
            stopped = tasks.create_task(asked.to_stop.wait(), name="stop signal")
            await asyncio.wait((drained, stopped), return_when=asyncio.FIRST_COMPLETED)
            drained.cancel()
            stopped.cancel()
    log.info("stopping")


async def _drain(app: web.Application) -> None:
    async with asyncio.TaskGroup() as tasks:
        feeds = tasks.create_task(_drain_feeds(app), name="drain feed sockets")
        await app[GATEWAY].drain()
        feeds.cancel()


async def _drain_feeds(app: web.Application) -> None:
    """Each feed goes with the line of its user: when no call of it is live."""
    open_now = app[SOCKETS].all()
    spread = min(app[SETTINGS].timing.spread, len(open_now) / 10)
    async with asyncio.TaskGroup() as tasks:
        for socket, user in open_now:
            tasks.create_task(_close_idle(app, socket, user, random.uniform(0, spread)), name="drain a feed socket")


async def _close_idle(app: web.Application, socket: web.WebSocketResponse, user: str, delay: float) -> None:
    await asyncio.sleep(delay)
    while app[JOURNAL].has_calls(user):  # noqa: ASYNC110 - where calls end nobody tells; a second does no harm
        await asyncio.sleep(_LOOK_AGAIN)
    await shut(socket, RESTART, "restart")


def refuse_new(app: web.Application, scope: Scope) -> None:
    """Raises `Problem` 503 while the gateway drains, except for who has a live call here."""
    if app[GATEWAY].is_draining and not app[JOURNAL].has_calls(scope.user):
        raise Problem(503, "restarting", "the gateway restarts", headers={"Retry-After": RETRY_AFTER})
