"""A PBX of a few lines for tests: counts who connects, says 200 to every REGISTER, keeps what it heard."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

_ECHOED = ("via", "from", "to", "call-id", "cseq", "contact", "expires")


@dataclass
class Pbx:
    url: str = ""
    connections: int = 0
    heard: list[str] = field(default_factory=list)

    async def handle(self, connection: ServerConnection) -> None:
        self.connections += 1
        try:
            async for message in connection:
                text = message if isinstance(message, str) else message.decode()
                self.heard.append(text.partition("\r\n")[0])
                if text.startswith("REGISTER "):
                    await connection.send(_ok(text))
        except ConnectionClosed:
            return


def _ok(request: str) -> str:
    lines = request.partition("\r\n\r\n")[0].split("\r\n")[1:]
    kept = [line for line in lines if line.partition(":")[0].strip().lower() in _ECHOED]
    kept = [f"{line};tag=pbx" if line.lower().startswith("to:") else line for line in kept]
    return "\r\n".join(["SIP/2.0 200 OK", *kept, "Content-Length: 0", "", ""])


@asynccontextmanager
async def pbx() -> AsyncIterator[Pbx]:
    made = Pbx()
    async with serve(made.handle, "127.0.0.1", 0, subprotocols=[Subprotocol("sip")], compression=None) as server:
        made.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws"
        yield made
