"""A PBX of a few lines for tests: counts who connects, registers everybody, rings for ever, keeps what it heard."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

_ECHOED = ("via", "from", "to", "call-id", "cseq", "contact", "expires")
_OK, _RINGING, _TERMINATED = "200 OK", "180 Ringing", "487 Request Terminated"


@dataclass
class Pbx:
    url: str = ""
    connections: int = 0
    heard: list[str] = field(default_factory=list)
    invite: str = ""

    async def handle(self, connection: ServerConnection) -> None:
        self.connections += 1
        try:
            async for message in connection:
                text = message if isinstance(message, str) else message.decode()
                self.heard.append(text.partition("\r\n")[0])
                method = text.partition(" ")[0]
                if method in ("REGISTER", "OPTIONS", "BYE"):
                    await connection.send(_reply(text, _OK))
                elif method == "INVITE":
                    self.invite = text
                    await connection.send(_reply(text, _RINGING))
                elif method == "CANCEL":
                    await connection.send(_reply(text, _OK))
                    await connection.send(_reply(self.invite, _TERMINATED))
        except ConnectionClosed:
            return


def _reply(request: str, status: str) -> str:
    lines = request.partition("\r\n\r\n")[0].split("\r\n")[1:]
    kept = [line for line in lines if line.partition(":")[0].strip().lower() in _ECHOED]
    kept = [f"{line};tag=pbx" if line.lower().startswith("to:") else line for line in kept]
    return "\r\n".join([f"SIP/2.0 {status}", *kept, "Content-Length: 0", "", ""])


@asynccontextmanager
async def pbx() -> AsyncIterator[Pbx]:
    made = Pbx()
    async with serve(made.handle, "127.0.0.1", 0, subprotocols=[Subprotocol("sip")], compression=None) as server:
        made.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws"
        yield made
