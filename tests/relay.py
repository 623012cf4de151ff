"""A TCP relay that a test can make swallow everything, as a network does that has gone without a word."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Relay:
    """Passes bytes both ways between its ``port`` and another one; while ``silent``, it takes them and says nothing."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self.silent = False
        self._target = target

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pass(reader, back), name="relay there")
                tasks.create_task(self._pass(there, writer), name="relay back")
        finally:
            for end in (writer, back):
                end.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                if not self.silent:
                    writer.write(data)
                    await writer.drain()
        writer.close()


@asynccontextmanager
async def relay(target: int) -> AsyncIterator[Relay]:
    async with asyncio.TaskGroup() as tasks:
        made, running = Relay(target), set[asyncio.Task[None]]()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            running.add(tasks.create_task(made.serve(reader, writer), name="relayed connection"))

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        made.port = server.sockets[0].getsockname()[1]
        try:
            yield made
        finally:
            server.close()
            for task in running:
                task.cancel()
