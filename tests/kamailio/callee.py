"""A callee at the PBX: a user agent over WSS that registers with its own password and answers as a script says."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from signaling.digest import Challenge, Credentials, authorize
from signaling.fields import Via
from signaling.message import Request, Response
from signaling.parser import Limits, parse, serialize
from signaling.uri import NameAddr, Uri

_LIMITS = Limits()


class Callee:
    """``requests`` has everything that was asked of it, in order, but ACK."""

    def __init__(self, socket: ClientConnection, number: str, domain: str) -> None:
        self.number = number
        self.aor = NameAddr(Uri("sip", number, domain))
        self.contact = NameAddr(Uri.parse(f"sip:{number}@callee.invalid;transport=ws"))
        self.requests: asyncio.Queue[Request] = asyncio.Queue()
        self.acks: asyncio.Queue[Request] = asyncio.Queue()
        self._socket = socket
        self._responses: asyncio.Queue[Response] = asyncio.Queue()
        self._branches = count(1)

    async def read(self) -> None:
        async for frame in self._socket:
            message = parse(frame, _LIMITS, strict=False)
            if isinstance(message, Response):
                self._responses.put_nowait(message)
            elif message.method == "ACK":
                self.acks.put_nowait(message)
            else:
                self.requests.put_nowait(message)

    def _via(self) -> Via:
        return Via.build("WSS", "callee.invalid", f"{self.number}-{next(self._branches)}")

    async def register(self) -> None:
        request = Request.build(
            "REGISTER",
            Uri("sip", None, self.aor.uri.host),
            via=self._via(),
            from_=self.aor.with_tag("callee"),
            to=self.aor,
            call_id=f"register-{self.number}",
            cseq=1,
            contact=self.contact,
            headers=[("Expires", "300")],
        )
        await self.says(request)
        asked = await self._answer(401)
        challenge = Challenge.parse(asked.headers.get("WWW-Authenticate") or "")
        credentials = Credentials(self.number, f"s3nha-{self.number}")
        signature = authorize(request, challenge, credentials, cnonce="c0ffee" * 6)
        await self.says(request.again(self._via(), signature))
        await self._answer(200)

    async def _answer(self, status: int) -> Response:
        async with asyncio.timeout(10):
            response = await self._responses.get()
        assert response.status == status, response
        return response

    async def says(self, message: Request | Response) -> None:
        await self._socket.send(serialize(message), text=True)

    async def next(self, method: str) -> Request:
        async with asyncio.timeout(10):
            request = await (self.acks if method == "ACK" else self.requests).get()
        assert request.method == method, request
        return request

    async def answers(
        self, request: Request, status: int, *headers: tuple[str, str], body: bytes = b"", tag: str = "callee"
    ) -> None:
        more = [("Contact", str(self.contact)), *headers]
        type_ = "application/sdp" if body else None
        await self.says(request.reply(status, to_tag=tag, headers=more, body=body, content_type=type_))

    async def asks(self, method: str, invite: Request, *, cseq: int = 100) -> None:
        """In the dialog of ``invite``, by the way that it was routed."""
        contact = invite.contact
        assert contact is not None
        request = Request.build(
            method,
            contact.uri,
            via=self._via(),
            from_=invite.to.with_tag("callee"),
            to=invite.from_,
            call_id=invite.call_id,
            cseq=cseq,
            routes=invite.record_routes,
        )
        await self.says(request)


@asynccontextmanager
async def registered(number: str, url: str, ca: str, domain: str) -> AsyncIterator[Callee]:
    context = ssl.create_default_context(cadata=ca)
    async with (
        connect(url, ssl=context, subprotocols=[Subprotocol("sip")], compression=None, ping_interval=None) as socket,
        asyncio.TaskGroup() as tasks,
    ):
        callee = Callee(socket, number, domain)
        reader = tasks.create_task(callee.read(), name="callee reader")
        try:
            await callee.register()
            yield callee
        finally:
            reader.cancel()
