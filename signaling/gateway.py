"""The gateway: every line of this process, and the handsets' WebSockets that are attached to them.

A line is brought up by its first handset and dropped when it has gone idle. Everything here runs in one event loop;
the methods that are no coroutines take effect before they return.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from .events import (
    CallExpected,
    GatewayDrains,
    HandsetAttached,
    HandsetDetached,
    HangUpAsked,
    LineClosed,
    MediaChanged,
    MediaHappening,
    MuteAsked,
    Reconfigured,
    RetryAsked,
    SessionEnded,
    TakeAsked,
    TransferAsked,
)
from .handset import Handset
from .limits import GatewayLimits
from .line import Line
from .message import Request, Response
from .pacing import Pacer
from .ports import Ids, Journal, LineConfig, MediaEngine
from .runner import Runner
from .timing import Timing
from .tries import Tries
from .upstream import Authorities
from .views import CallView, LineView

__all__ = ["Gateway", "GatewayLimits", "Timing"]

_log = logging.getLogger(__name__)
_LIMITS = GatewayLimits()
_TIMING = Timing()
_REPLACED = 4409  # the same page came back on a new socket
_TOO_MANY = 4429  # the line has all the handsets that it may have
_RESTART = 1012
_RESTARTING = "the gateway restarts"
_CLOSE_RATE = 10  # handsets a second that are told to reconnect, where there are few of them


class Gateway:
    """One per process; an async context manager that owns every task of its lines."""

    def __init__(
        self,
        *,
        media: MediaEngine,
        journal: Journal,
        ids: Ids,
        limits: GatewayLimits = _LIMITS,
        timing: Timing = _TIMING,
        user_agent: str = "Ramal",
    ) -> None:
        self._media = media
        self._journal = journal
        self._ids = ids
        self._limits = limits
        self._timing = timing
        self._user_agent = user_agent
        self._authorities = Authorities()
        self._pacer = Pacer(limits.registers)
        self._tries = Tries(time.monotonic, per_account=limits.secrets_per_account, in_all=limits.secrets)
        self._runners: dict[str, Runner] = {}
        self._tasks = asyncio.TaskGroup()
        self._closed = False
        self._draining = False

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
        await self._tasks.__aexit__(kind, error, trace)

    async def serve(
        self,
        socket: web.WebSocketResponse,
        config: LineConfig,
        *,
        handset: str,
        session: str,
        page: str | None = None,
    ) -> None:
        """Serve a handset's WebSocket that is already upgraded (subprotocol ``sip``); returns when it has ended.

        ``session`` is the log-in that it belongs to: see `close_session`; ``page`` tells the pages that come with one
        handset id apart: see `handset_in_use`. A handset id that is attached already is
        taken over: the older socket closes with 4409. The line's ``config`` of now replaces what it had.
        """
        if self._closed or (self._draining and not self.call_views(config.line)):
            await socket.close(code=_RESTART, message=_RESTARTING.encode())
            return
        runner = self._runner(config)
        if handset not in runner.handsets and len(runner.handsets) >= self._limits.handsets:
            await socket.close(code=_TOO_MANY, message=b"too many handsets on this line")
            return
        if older := runner.handsets.get(handset):
            older.close(_REPLACED, "attached again")
        attached = Handset(
            socket,
            handset=handset,
            session=session,
            page=page,
            limits=self._limits,
            bucket=runner.bucket,
            urgent=runner.is_urgent,
        )
        runner.handsets[handset] = attached
        runner.happened(HandsetAttached(handset))

        def received(message: Request | Response) -> None:
            if runner.handsets.get(handset) is attached:
                runner.received(attached, message)

        try:
            await attached.run(received)
        finally:
            if runner.handsets.get(handset) is attached:
                del runner.handsets[handset]
                runner.happened(HandsetDetached(handset))
                runner.has_left(handset, session)

    def _runner(self, config: LineConfig) -> Runner:
        runner = self._runners.get(config.line)
        if runner is not None:
            if runner.line.config != config:
                runner.happened(Reconfigured(config))
            return runner
        runner = self._runners[config.line] = Runner(
            Line(
                config,
                self._ids,
                timing=self._timing,
                random=random.random,
                max_calls=self._limits.calls,
                max_transactions=self._limits.transactions,
                tries=self._tries,
                user_agent=self._user_agent,
            ),
            media=self._media,
            journal=self._journal,
            authorities=self._authorities,
            pacer=self._pacer,
            limits=self._limits,
            user_agent=self._user_agent,
            ping=self._timing.ping,
            spawn=self._spawn,
            emptied=self._emptied,
        )
        return runner

    def _emptied(self, runner: Runner) -> None:
        """The line is idle and nobody is attached, or it failed: forget it."""
        if self._runners.get(runner.line.config.line) is runner:
            del self._runners[runner.line.config.line]

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return self._tasks.create_task(_guard(work, name), name=name)

    def handset_in_use(self, line: str, handset: str, *, page: str | None = None) -> bool:
        """Whether a page with this handset id is attached now; another one than ``page``, where that is known."""
        runner = self._runners.get(line)
        attached = runner.handsets.get(handset) if runner is not None else None
        return attached is not None and (page is None or attached.page != page)

    def line_view(self, line: str) -> LineView | None:
        """None for a line that is not up: nobody attached."""
        runner = self._runners.get(line)
        return None if runner is None else runner.view

    def call_views(self, line: str) -> tuple[CallView, ...]:
        """The live calls."""
        runner = self._runners.get(line)
        return () if runner is None else tuple(runner.calls.values())

    def mute(self, line: str, call: str, muted: bool) -> bool:
        """False where there is no such live call."""
        return self._ask(line, call, MuteAsked(call, muted))

    def hang_up(self, line: str, call: str) -> bool:
        """False where there is no such live call."""
        return self._ask(line, call, HangUpAsked(call))

    def transfer(self, line: str, call: str, *, to: str | None = None, consulted: str | None = None) -> bool:
        """Hand a call on: to a number, or to the other side of another call. False where there is no such live call."""
        runner = self._runners.get(line)
        if consulted is not None and (runner is None or consulted not in runner.calls):
            return False
        return self._ask(line, call, TransferAsked(call, to, consulted))

    def expect_call(self, line: str, number: str | None, seconds: float = 60.0) -> bool:
        """The person of the line asked to be called from ``number`` (None: whatever the PBX shows): the page may answer
        that call by itself, where the PBX asks for it too. False where the line is not up.
        """
        runner = self._runners.get(line)
        if runner is not None:
            runner.happened(CallExpected(number, seconds))
        return runner is not None

    def take(self, line: str, call: str, handset: str) -> bool:
        """Move a conversation to that handset. False where there is no such live call or no such handset attached."""
        return self.handset_in_use(line, handset) and self._ask(line, call, TakeAsked(call, handset))

    def _ask(self, line: str, call: str, event: MuteAsked | HangUpAsked | TransferAsked | TakeAsked) -> bool:
        runner = self._runners.get(line)
        if runner is None or call not in runner.calls:
            return False
        runner.happened(event)
        return True

    def retry(self, line: str) -> bool:
        """Try a refused or offline line again now. False where the line is not up."""
        runner = self._runners.get(line)
        if runner is None:
            return False
        runner.happened(RetryAsked())
        return True

    def reconfigure(self, config: LineConfig) -> None:
        """A new secret or address: used at once if the line is up."""
        if runner := self._runners.get(config.line):
            runner.happened(Reconfigured(config))

    async def close_session(self, session: str) -> None:
        """Log-out: the session's handsets' calls end, also those that wait for one; their sockets close with 4401."""
        for runner in tuple(self._runners.values()):
            here = [name for name, page in runner.handsets.items() if page.session == session]
            away = [name for name, whose in runner.left.items() if whose == session and name not in runner.handsets]
            if here or away:
                runner.happened(SessionEnded((*here, *away)))

    def media_changed(self, call: str, what: str, leg: str | None) -> None:
        """The media engine reports of a call; ``what`` is a value of `signaling.events.MediaHappening`."""
        for runner in self._runners.values():
            if call in runner.calls:
                runner.happened(MediaChanged(call, MediaHappening(what), leg))
                return

    @property
    def is_draining(self) -> bool:
        """No new call begins any more."""
        return self._draining or self._closed

    async def drain(self) -> None:
        """Returns when no call is live and every handset has been told to reconnect (1012); after `Timing.drain` in any
        case. Idle lines go one after the other within `Timing.spread`, the others as soon as their last call ends.
        """
        self._draining = True
        runners = tuple(self._runners.values())
        spread = min(self._timing.spread, len(runners) / _CLOSE_RATE)
        for runner in runners:
            runner.happened(GatewayDrains(retry_after=max(1, round(spread))))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timing.drain), asyncio.TaskGroup() as tasks:
                for runner in runners:
                    name = f"drain line {runner.line.config.line}"
                    tasks.create_task(self._drain(runner, random.uniform(0, spread)), name=name)

    async def _drain(self, runner: Runner, delay: float) -> None:
        await asyncio.sleep(delay)
        await runner.quiet.wait()
        runner.happened(LineClosed())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timing.stop + 1):
                await runner.stopped.wait()

    async def close(self) -> None:
        """Every call ends, every line un-registers, the sockets close with 1012. Bounded to a few seconds."""
        if self._closed:
            return
        self._closed = True
        runners = tuple(self._runners.values())
        for runner in runners:
            runner.happened(LineClosed())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timing.stop + 1):
                for runner in runners:
                    await runner.stopped.wait()
        for runner in runners:
            runner.abandon()


async def _guard(work: Coroutine[Any, Any, None], name: str) -> None:
    """A defect in one task must not end the others of its group."""
    try:
        await work
    except Exception:
        _log.exception("%s failed", name)
