"""The bus between what changes and the pages that watch: in this process, one bounded queue per page."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from signaling.views import LineView

from .lines import LineFacts
from .store.calls import CallRow
from .store.scope import Scope

QUEUE = 256  # changes that wait for a slow page before it is disconnected


@dataclass(frozen=True, slots=True)
class LiveLine:
    """A line as the gateway sees it now; ``retry_at`` is when it tries again by itself."""

    facts: LineFacts
    view: LineView
    retry_at: datetime | None


@dataclass(frozen=True, slots=True)
class LineChanged:
    line: LiveLine


@dataclass(frozen=True, slots=True)
class CallChanged:
    row: CallRow


Change = LineChanged | CallChanged


class TooSlow(Exception):
    """The page did not take its changes: it must reconnect and begin with a new snapshot."""


class Listener:
    """One page's changes, in order."""

    def __init__(self, scope: Scope, queue: int) -> None:
        self._scope = scope
        self._queue: asyncio.Queue[Change] = asyncio.Queue(queue)
        self._lost = False

    def offer(self, change: Change) -> None:
        if self._lost or not _concerns(self._scope, change):
            return
        try:
            self._queue.put_nowait(change)
        except asyncio.QueueFull:
            self._lost = True

    async def next(self) -> Change:
        """Waits for the next change. Raises `TooSlow`."""
        if self._lost:
            raise TooSlow
        return await self._queue.get()


class Feed:
    """Publishing never waits."""

    def __init__(self, *, queue: int = QUEUE) -> None:
        self._queue = queue
        self._listeners: set[Listener] = set()

    def publish(self, change: Change) -> None:
        for listener in self._listeners:
            listener.offer(change)

    @contextmanager
    def listen(self, scope: Scope) -> Iterator[Listener]:
        """From here on the listener gets what the one in ``scope`` may see: the own line and calls; supervisors and
        administrators also every line of the account.
        """
        listener = Listener(scope, self._queue)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)


def _concerns(scope: Scope, change: Change) -> bool:
    match change:
        case LineChanged(line):
            return line.facts.account == scope.account and (scope.sees_account or line.facts.user == scope.user)
        case CallChanged(row):
            return row.call.account == scope.account and row.call.user == scope.user
