"""A media worker: one process, one event loop, one hub, one writer thread. Started by `media.pool` with

    python -m media.worker --control FD --captures DIR --bind ADDRESS ... --advertise ADDRESS ... --port N --min-free N

where FD is its end of a Unix socket pair. It ends at SIGTERM and when the other end of that socket goes, which is also
what happens when its parent dies; either way it closes every capture first.
"""

import argparse
import asyncio
import dataclasses
import gc
import logging
import re
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from . import control
from .call import Call
from .engine import EngineError, EngineUnavailable, Report
from .hub import Hub
from .sdp import DEFAULT_LIMITS, SdpLimits
from .writer import Writer

_CALL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")  # becomes a file name
_UNSENT_BYTES = 4 * 1024 * 1024  # of reports that the parent does not read: then it is as good as dead

_log = logging.getLogger(__name__)


class Worker:
    def __init__(
        self,
        hub: Hub,
        writer: Writer,
        captures: Path,
        tell: Callable[[dict[str, Any]], None],
        limits: SdpLimits = DEFAULT_LIMITS,
    ) -> None:
        self._hub = hub
        self._writer = writer
        self._captures = captures
        self._limits = limits
        self._tell = tell
        self._calls: dict[str, Call] = {}

    def request(self, message: dict[str, Any]) -> None:
        """Does what one line of the control socket asks for and answers it. Never waits."""
        number = int(message["id"])
        try:
            result = self._do(str(message["do"]), message)
        except Exception as error:
            if not isinstance(error, EngineError):
                _log.exception("a request failed: %s", message.get("do"))
            self._tell(control.error_reply(number, error))
        else:
            self._tell({"id": number, "ok": result})

    def second(self) -> None:
        for call in self._calls.values():
            call.flush()

    def close(self) -> None:
        """Releases every call and waits until its capture is on the disk; the reports are told last."""
        for call in self._calls.values():
            call.release()
        self._calls.clear()
        self._hub.close()
        if not self._writer.stop():
            _log.error("the disk did not take the rest of the captures in time")

    def _do(self, what: str, message: dict[str, Any]) -> dict[str, Any]:
        if what == "ping":
            return {}
        name = str(message["call"])
        if what == "offer":
            return self._offer(name, message)
        if what == "release":
            call = self._calls.pop(name, None)
            if call is not None:
                call.release()
            return {}
        if what == "drop":
            if name in self._calls:
                self._calls[name].drop(str(message["leg"]))
            return {}
        known = self._calls.get(name)
        if known is None:
            raise EngineUnavailable("The media worker does not know that call.")
        if what == "answer":
            description = known.answer(str(message["leg"]), message["sdp"].encode(), str(message["to"]))
            return control.pack_description(description)
        if what == "select":
            known.select(str(message["leg"]), record=bool(message["record"]))
        elif what == "pause":
            known.pause()
        elif what == "resume":
            known.resume()
        elif what == "stats":
            return control.pack_stats(known.stats())
        else:
            raise EngineError(f"The media worker cannot do {what!r}.")
        return {}

    def _offer(self, name: str, message: dict[str, Any]) -> dict[str, Any]:
        if not _CALL_NAME.fullmatch(name):
            raise EngineError("The name of a call has characters that a file name cannot have.")
        call = self._calls.get(name) or Call(name, self._hub, self._writer, self._captures, self._report, self._limits)
        description = call.offer(str(message["leg"]), message["sdp"].encode(), str(message["to"]))
        self._calls[name] = call  # only now: an offer that was refused leaves nothing behind
        return control.pack_description(description)

    def _report(self, report: Report) -> None:
        self._tell(control.pack_report(report))


class _Control(asyncio.Protocol):
    """This end of the control socket. ``ended`` is set when the other end goes, or does not read."""

    def __init__(self, ended: asyncio.Event) -> None:
        self.ended = ended
        self.worker: Worker | None = None
        self._transport: asyncio.Transport | None = None
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop has a transport of its own, which is no subclass.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if self.worker is not None:
                self.worker.request(control.load(line))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.ended.set()

    def tell(self, message: dict[str, Any]) -> None:
        if self._transport is not None:
            self._transport.write(control.line(message))
            if self._transport.get_write_buffer_size() > _UNSENT_BYTES:
                self._transport.abort()

    async def close(self) -> None:
        """Waits, but not for ever, until the parent has what was told."""
        if self._transport is not None:
            self._transport.close()
            try:
                await asyncio.wait_for(self.ended.wait(), 1.0)
            except TimeoutError:
                _log.warning("the parent did not read the last reports")


async def serve(hub: Hub, settings: argparse.Namespace) -> None:
    """Runs until SIGTERM or until the control socket ends."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    # Ctrl-C goes to the whole terminal; the parent decides what ends when.
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    link = _Control(stop)
    await loop.create_unix_connection(lambda: link, sock=socket.socket(fileno=settings.control))
    writer = Writer(loop.call_soon_threadsafe, min_free_bytes=settings.min_free)
    link.worker = worker = Worker(hub, writer, settings.captures, link.tell, SdpLimits(*settings.sdp))
    hub.start(worker.second)
    link.tell({"ready": {"port": hub.port}})
    await stop.wait()
    worker.close()
    await asyncio.sleep(0)  # what the writer thread posted: CAPTURE_CLOSED
    stop.clear()
    await link.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m media.worker")
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("--captures", type=Path, required=True)
    parser.add_argument("--bind", nargs="+", required=True)
    parser.add_argument("--advertise", nargs="+", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--min-free", type=int, default=0)
    parser.add_argument("--sdp", type=int, nargs=4, default=dataclasses.astuple(DEFAULT_LIMITS))
    settings = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    hub = Hub(tuple(settings.bind), tuple(settings.advertise), settings.port)
    gc.collect()
    gc.freeze()  # what is here now stays: later collections need not look at it
    asyncio.run(serve(hub, settings))


if __name__ == "__main__":
    main()
