"""A cable between one browser and the gateway that can be cut and mended: HTTP and WebSockets go through, media do not.

For the browser it is a proxy. All that it is asked for comes from the gateway, whatever the address.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_HEAD = 65536


class Wire:
    """``url`` is that of the proxy. While it is cut, connections end and new ones come to nothing."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._server: asyncio.Server | None = None
        self._is_cut = False
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def cut(self) -> None:
        self._is_cut = True
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        self._is_cut = False

    @asynccontextmanager
    async def laid(self) -> AsyncIterator["Wire"]:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, limit=_HEAD)
        try:
            yield self
        finally:
            self.cut()
            self._server.close()
            await self._server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if not self._is_cut:
                await self._carry(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # either side went away: the other one sees the end
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers.add(far_writer)
        try:
            if head.startswith(b"CONNECT "):
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                far_writer.write(head)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_pipe(reader, far_writer), name="wire to the gateway")
                tasks.create_task(_pipe(far_reader, writer), name="wire to the browser")
        finally:
            self._writers.discard(far_writer)
            far_writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_HEAD):
            writer.write(data)
            await writer.drain()
    writer.close()
