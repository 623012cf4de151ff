"""The engine of the default install: worker processes, one Unix control socket each, least-loaded placement, restart.

    async with Pool(settings, listener) as engine:
        description = await engine.offer(call, "far", sdp, to=handset)

A call lives in one worker from its first offer to its release. A worker that dies or hangs is started again; its
calls are reported as `Happening.CALL_LOST`, and their captures as `Happening.CAPTURE_CLOSED`.
"""

import asyncio
import logging
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from . import control
from .engine import (
    Description,
    EngineError,
    EngineUnavailable,
    Happening,
    LegStats,
    Listener,
    Report,
)
from .sdp import decode
from .settings import MediaSettings
from .workerlink import WorkerLink, spawn

__all__ = ["MediaSettings", "Pool"]

START_SECONDS = 20.0  # a worker that is not ready by then does not start
STOP_SECONDS = 8.0  # for the captures of a worker to reach the disk
_FIRST_PAUSE = 0.2  # seconds before a worker that died is started again; doubles up to
_LONGEST_PAUSE = 10.0

_log = logging.getLogger(__name__)


class Pool:
    """`media.engine.Engine` on worker processes of this machine; an async context manager.

    Entering it raises OSError where no worker can start: an address that cannot be bound, a folder that cannot be made.
    """

    def __init__(self, settings: MediaSettings, listener: Listener) -> None:
        self._settings = settings
        self._listener = listener
        self._links: dict[int, WorkerLink] = {}  # worker number -> its link, while it is up
        self._homes: dict[str, WorkerLink] = {}  # call -> the worker it lives in
        self._captures: dict[str, tuple[WorkerLink, Path]] = {}  # call -> the capture being written
        self._group = asyncio.TaskGroup()
        self._ending = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._settings.captures.mkdir(mode=0o700, parents=True, exist_ok=True)
        await self._group.__aenter__()
        first: list[WorkerLink] = []
        try:
            for number in range(self._settings.workers):
                first.append(await self._start(number))
        except BaseException:
            for link in first:
                await link.stop(0)
            await self._group.__aexit__(None, None, None)
            raise
        for number, link in enumerate(first):
            self._group.create_task(self._keep(number, link), name=f"media worker {number}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        # The group gets no exception of the body: its tasks end by themselves, after the last capture.
        await self._group.__aexit__(None, None, None)

    @property
    def workers(self) -> int:
        """How many workers are up and ready."""
        return len(self._links)

    @property
    def is_ready(self) -> bool:
        """A worker is up; one that died is started again, and the others take the calls meanwhile."""
        return bool(self._links)

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the workers that are up, in the order of their numbers."""
        return tuple(self._links[number].pid for number in sorted(self._links))

    async def offer(self, call: str, leg: str, sdp: bytes, *, to: str) -> Description:
        text = decode(sdp, self._settings.sdp)  # what could not be told to the worker in JSON
        known = self._homes.get(call)
        home = known or self._place()
        self._homes[call] = home
        try:
            return control.description_of(await home.ask("offer", call=call, leg=leg, to=to, sdp=text))
        except EngineError:
            if known is None and self._homes.get(call) is home:
                del self._homes[call]
            raise

    async def answer(self, call: str, leg: str, sdp: bytes, *, to: str) -> Description:
        text = decode(sdp, self._settings.sdp)
        return control.description_of(await self._home(call).ask("answer", call=call, leg=leg, to=to, sdp=text))

    async def select(self, call: str, leg: str, *, record: bool) -> None:
        await self._home(call).ask("select", call=call, leg=leg, record=record)

    async def drop(self, call: str, leg: str) -> None:
        if call in self._homes:
            await self._homes[call].ask("drop", call=call, leg=leg)

    async def pause(self, call: str) -> None:
        await self._home(call).ask("pause", call=call)

    async def resume(self, call: str) -> None:
        await self._home(call).ask("resume", call=call)

    async def stats(self, call: str) -> dict[str, LegStats]:
        return control.stats_of(await self._home(call).ask("stats", call=call))

    async def release(self, call: str) -> None:
        home = self._homes.pop(call, None)
        if home is not None:
            try:
                await home.ask("release", call=call)
            except EngineUnavailable:
                _log.info("a call was released after its media worker had died")

    # Workers.

    def _home(self, call: str) -> WorkerLink:
        home = self._homes.get(call)
        if home is None:
            raise EngineUnavailable("The call is in no media worker.")
        return home

    def _place(self) -> WorkerLink:
        """The worker with the fewest calls."""
        load = dict.fromkeys(self._links.values(), 0)
        for home in self._homes.values():
            if home in load:
                load[home] += 1
        best = min(load, key=load.__getitem__, default=None)
        if best is None:
            raise EngineUnavailable("No media worker is up.")
        if load[best] >= self._settings.calls_per_worker:
            raise EngineUnavailable("Every media worker has as many calls as it may have.")
        return best

    async def _start(self, number: int) -> WorkerLink:
        link = await spawn(self._settings, number, self._told)
        try:
            await asyncio.wait_for(link.ready(), START_SECONDS)
        except (TimeoutError, EngineUnavailable) as error:
            await link.stop(0)
            raise OSError("A media worker did not start; its own message says why.") from error
        self._links[number] = link
        return link

    async def _keep(self, number: int, link: WorkerLink) -> None:
        """Owns worker ``number``: sees it end, reports its calls, starts it again until the pool ends."""
        pause = _FIRST_PAUSE
        while True:
            await self._until_ended(link)
            self._links.pop(number, None)
            if self._ending.is_set():
                await link.stop(STOP_SECONDS)
                self._lost(link)
                return
            await link.stop(0)
            _log.error("media worker %d died; it is started again", number)
            self._lost(link)
            while True:
                try:
                    await asyncio.wait_for(self._ending.wait(), pause)
                    return
                except TimeoutError:
                    pause = min(2 * pause, _LONGEST_PAUSE)
                try:
                    link = await self._start(number)
                    pause = _FIRST_PAUSE
                    break
                except OSError:
                    _log.error("media worker %d does not start", number)

    async def _until_ended(self, link: WorkerLink) -> None:
        """Until that worker's link ends, or it answers no more, or the pool ends."""
        async with asyncio.TaskGroup() as group:
            watches = [
                group.create_task(self._ending.wait(), name="pool ends"),
                group.create_task(link.ended.wait(), name="worker ends"),
                group.create_task(self._until_silent(link), name="worker hangs"),
            ]
            await asyncio.wait(watches, return_when=asyncio.FIRST_COMPLETED)
            for watch in watches:
                watch.cancel()

    async def _until_silent(self, link: WorkerLink) -> None:
        """Until that worker has not answered for as long as is set."""
        half = self._settings.silence / 2
        while True:
            await asyncio.sleep(half)
            try:
                await link.ask("ping", within=half)
            except EngineUnavailable:
                if not link.ended.is_set():
                    _log.error("media worker %d hangs", link.pid)
                return

    def _lost(self, link: WorkerLink) -> None:
        for call in [call for call, home in self._homes.items() if home is link]:
            del self._homes[call]
            self._tell(Report(call, Happening.CALL_LOST))
        for call, (home, capture) in list(self._captures.items()):
            if home is link:
                del self._captures[call]
                self._tell(Report(call, Happening.CAPTURE_CLOSED, capture=capture))

    def _told(self, link: WorkerLink, message: dict[str, Any]) -> None:
        report = control.report_of(message)
        if report.what is Happening.RECORDING_STARTED and report.capture is not None:
            self._captures[report.call] = (link, report.capture)
        elif report.what is Happening.CAPTURE_CLOSED:
            self._captures.pop(report.call, None)
        self._tell(report)

    def _tell(self, report: Report) -> None:
        try:
            self._listener(report)
        except Exception:
            _log.exception("the listener of media reports failed")
