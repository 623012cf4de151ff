"""A small PBX in this process: a real WebSocket server that registers with digest and answers as a script says."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from signaling.digest import Algorithm, Authorization, Challenge, Credentials, verify
from signaling.fields import Via
from signaling.message import Request, Response
from signaling.parser import parse, serialize
from signaling.uri import NameAddr, Uri

SECRET = "s3nha"
CHALLENGE = Challenge("pbx", "nonce-1", Algorithm.SHA_256, ("auth",))
SDP = b"v=0 pbx a=sendrecv"


class Pbx:
    """``requests`` has what came, but REGISTER and ACK; ``registered`` the Contacts; ``answers`` a status by number."""

    def __init__(self) -> None:
        self.requests: asyncio.Queue[Request] = asyncio.Queue()
        self.registered: set[str] = set()
        self.connections: set[ServerConnection] = set()
        self.answers: Callable[[Request], int] = lambda invite: 200
        self.deaf_to_register = False
        self.on_register: Callable[[Request], None] = lambda register: None
        self.url = ""

    async def handle(self, connection: ServerConnection) -> None:
        self.connections.add(connection)
        try:
            async for frame in connection:
                message = parse(frame)
                if isinstance(message, Request):
                    await self._request(connection, message)
        except ConnectionClosed:
            pass
        finally:
            self.connections.discard(connection)

    async def _request(self, connection: ServerConnection, request: Request) -> None:
        match request.method:
            case "REGISTER" if self.deaf_to_register:
                return
            case "REGISTER":
                response = self._register(request)
            case "INVITE":
                status = self.answers(request)
                contact = [("Contact", "<sip:pbx@pbx.invalid;transport=ws>")]
                body = SDP if status == 200 else b""
                type_ = "application/sdp" if body else None
                response = request.reply(status, to_tag="pbx", headers=contact, body=body, content_type=type_)
            case "ACK":
                return
            case _:
                response = request.reply(200)
        if request.method != "REGISTER":
            self.requests.put_nowait(request)
        await self.say(response, connection)

    def _register(self, request: Request) -> Response:
        self.on_register(request)
        value = request.headers.get("Authorization")
        given = Authorization.parse(value) if value else None
        if given is None or not verify(given, CHALLENGE, Credentials("1001", SECRET), "REGISTER"):
            return request.reply(401, to_tag="pbx", headers=[("WWW-Authenticate", str(CHALLENGE))])
        contact = str(request.contacts[0].uri)
        if request.expires == 0:
            self.registered.discard(contact)
        else:
            self.registered.add(contact)
        return request.reply(200, to_tag="pbx", headers=[("Contact", f"<{contact}>;expires={request.expires}")])

    async def say(self, message: Request | Response, connection: ServerConnection | None = None) -> None:
        for peer in [connection] if connection else list(self.connections):
            await peer.send(serialize(message), text=True)

    async def calls(self) -> None:
        """An INVITE from 1002 to what is registered."""
        caller = NameAddr.parse("<sip:1002@pbx.example>;tag=b")
        invite = Request.build(
            "INVITE",
            Uri.parse(next(iter(self.registered))),
            via=Via.build("WSS", "pbx.invalid", "b1"),
            from_=caller,
            to=NameAddr.parse("<sip:1001@pbx.example>"),
            call_id="from-pbx",
            cseq=1,
            contact=caller.without_tag(),
            body=SDP,
            content_type="application/sdp",
        )
        await self.say(invite)

    async def next(self, method: str) -> Request:
        """The next request, which must be of that method; within five seconds."""
        async with asyncio.timeout(5):
            request = await self.requests.get()
        assert request.method == method, request
        return request

    def cut(self) -> None:
        """Every connection breaks, without a close frame."""
        for connection in list(self.connections):
            connection.transport.abort()


@asynccontextmanager
async def running(pbx: Pbx, context: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[Server]:
    async with serve(
        pbx.handle, "127.0.0.1", port, subprotocols=[Subprotocol("sip")], compression=None, ssl=context, close_timeout=1
    ) as server:
        bound = next(iter(server.sockets)).getsockname()[1]
        pbx.url = f"{'wss' if context else 'ws'}://{'localhost' if context else '127.0.0.1'}:{bound}/ws"
        yield server


@asynccontextmanager
async def raw_server(patient: bool) -> AsyncIterator[int]:
    """Takes a connection, and says nothing until it ends, or ends it."""
    async with asyncio.TaskGroup() as tasks:

        async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError):
                while patient and await reader.read(1024):
                    pass
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            tasks.create_task(serve_one(reader, writer), name="connection")

        listening = await asyncio.start_server(accept, "127.0.0.1", 0)
        async with listening:
            yield listening.sockets[0].getsockname()[1]
