"""One worker process as the pool sees it: the process, its control socket, and the requests under way."""

import asyncio
import dataclasses
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from . import control
from .engine import EngineUnavailable
from .settings import MediaSettings

REQUEST_SECONDS = 5.0  # a worker answers within a millisecond; one that does not is stuck
MAX_REQUESTS = 1024  # under way at once

Told = Callable[["WorkerLink", dict[str, Any]], None]


class WorkerLink(asyncio.Protocol):
    """``told`` gets every line that is no reply. ``ended`` is set when the control socket ends, so when the process
    does.
    """

    def __init__(self, told: Told) -> None:
        self.ended = asyncio.Event()
        self.process: asyncio.subprocess.Process | None = None
        self._told = told
        self._transport: asyncio.Transport | None = None
        self._ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._requests: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._number = 0
        self._rest = b""

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    async def ready(self) -> int:
        """The worker's UDP port, when it is bound. Raises `EngineUnavailable` where the process ended first."""
        return await self._ready

    async def ask(self, do: str, *, within: float = REQUEST_SECONDS, **arguments: Any) -> dict[str, Any]:
        """One request and its reply, ``within`` so many seconds. Raises what the worker raised, and
        `EngineUnavailable`.
        """
        if self._transport is None or len(self._requests) >= MAX_REQUESTS:
            raise EngineUnavailable("The media worker is not there.")
        self._number += 1
        number = self._number
        reply: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._requests[number] = reply
        self._transport.write(control.line({"id": number, "do": do, **arguments}))
        try:
            answer = await asyncio.wait_for(reply, within)
        except TimeoutError:
            raise EngineUnavailable("The media worker does not answer.") from None
        finally:
            self._requests.pop(number, None)
        if "error" in answer:
            raise control.error_of(answer)
        return dict(answer["ok"])

    async def stop(self, patience: float) -> None:
        """Ends the process: asks it to, and kills it after ``patience`` seconds (0: at once). Twice does no harm."""
        process = self.process
        if process is None:
            return
        if process.returncode is None and patience > 0:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), patience)
            except TimeoutError:
                pass
        if process.returncode is None:
            process.kill()
        await process.wait()
        await self.ended.wait()  # every line it wrote has been read

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop has a transport of its own, which is no subclass.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._line(control.load(line))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.ended.set()
        gone = EngineUnavailable("The media worker died.")
        for reply in self._requests.values():
            if not reply.done():
                reply.set_exception(gone)
        if not self._ready.done():
            self._ready.set_exception(gone)
            self._ready.exception()  # nobody need have waited for it

    def _line(self, message: dict[str, Any]) -> None:
        if "id" in message:
            reply = self._requests.get(message["id"])
            if reply is not None and not reply.done():
                reply.set_result(message)
        elif "ready" in message:
            if not self._ready.done():
                self._ready.set_result(int(message["ready"]["port"]))
        else:
            self._told(self, message)


async def spawn(settings: MediaSettings, number: int, told: Told) -> WorkerLink:
    """Starts worker ``number`` of these settings. Raises OSError."""
    ours, theirs = socket.socketpair()
    link = WorkerLink(told)
    with theirs:
        try:
            link.process = await asyncio.create_subprocess_exec(
                sys.executable,
                *(
                    "-m",
                    "media.worker",
                    "--control",
                    str(theirs.fileno()),
                    "--captures",
                    str(settings.captures.resolve()),
                ),
                *("--bind", *settings.bind, "--advertise", *settings.advertised),
                *("--port", str(settings.base_port + number if settings.base_port else 0)),
                *("--min-free", str(settings.min_free_bytes)),
                *("--sdp", *map(str, dataclasses.astuple(settings.sdp))),
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
                env={name: value for name, value in os.environ.items() if not name.startswith("RAMAL_")},  # no secrets
                start_new_session=True,  # a signal to the web process's group is not for it: the captures end first
                cwd=Path(__file__).parent.parent,  # where ``-m media.worker`` finds this very package
            )
        except BaseException:
            ours.close()
            raise
    await asyncio.get_running_loop().create_unix_connection(lambda: link, sock=ours)
    return link
