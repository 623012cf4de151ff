"""A SIP client for tests: one WebSocket, and messages made and read with the project's own pure modules."""

import asyncio
import secrets
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from sandbox.authenticator import Extension
from sandbox.server import Sandbox
from signaling import digest, parser
from signaling.dialog import Dialog
from signaling.digest import Credentials
from signaling.fields import Via
from signaling.message import Request, Response
from signaling.ports import Profile
from signaling.transaction import build_ack, build_cancel
from signaling.uri import NameAddr, Uri

EXTENSIONS = {
    "1001": Extension(secret="s3nha-1001", name="Ana"),
    "1002": Extension(secret="s3nha-1002", name="Bruno"),
}
DOMAIN = "pbx.invalid"


class Client:
    """The user agent of ``extension`` at ``domain``. Every wait is bounded by `asyncio.timeout` in `receive`."""

    def __init__(self, socket: ClientConnection, extension: str, secret: str, *, domain: str = DOMAIN) -> None:
        self.socket = socket
        self.secret = secret
        self.domain = domain
        self.me = NameAddr(Uri("sip", extension, domain))
        self.contact = NameAddr(Uri("sip", secrets.token_hex(4), "client.invalid"))
        self._waiting: list[Request | Response] = []

    async def send(self, message: Request | Response) -> None:
        await self.socket.send(parser.serialize(message).decode())

    async def receive(self) -> Request | Response:
        async with asyncio.timeout(15):
            frame = await self.socket.recv()
        return parser.parse(frame)

    async def request(self, method: str | None = None) -> Request:
        """The next request, of ``method`` if that is given; responses that come before it wait for `response`."""
        for message in self._waiting:
            if isinstance(message, Request):
                self._waiting.remove(message)
                return message
        while not isinstance(message := await self.receive(), Request):
            self._waiting.append(message)
        assert method in (None, message.method)
        return message

    async def response(self, *, skip: tuple[int, ...] = (100,)) -> Response:
        """The next response whose status is not in ``skip``."""
        while True:
            found = next((message for message in self._waiting if isinstance(message, Response)), None)
            if found is not None:
                self._waiting.remove(found)
            else:
                message = await self.receive()
                if isinstance(message, Request):
                    self._waiting.append(message)
                    continue
                found = message
            if found.status not in skip:
                return found

    def build(self, method: str, to: str, *, headers: tuple[tuple[str, str], ...] = (), sdp: str = "") -> Request:
        """A request outside of a dialog; REGISTER has no user in its Request-URI."""
        return Request.build(
            method,
            Uri("sip", None if method == "REGISTER" else to, self.domain),
            via=via(),
            from_=self.me.with_tag(secrets.token_hex(4)),
            to=NameAddr(Uri("sip", to, self.domain)),
            call_id=secrets.token_hex(8),
            cseq=1,
            contact=self.contact,
            headers=headers,
            body=sdp.encode(),
            content_type="application/sdp" if sdp else None,
        )

    def signed(self, request: Request, response: Response, *, nc: int = 1, secret: str | None = None) -> Request:
        """``request`` once more, with the answer to the challenge of ``response``."""
        challenge = digest.choose(response, Profile.UNKNOWN)
        assert challenge is not None
        credentials = Credentials(self.me.uri.unescaped_user, self.secret if secret is None else secret)
        return request.again(via(), digest.authorize(request, challenge, credentials, cnonce="c", nc=nc))

    async def register(self, *, secret: str | None = None, expires: int = 600) -> Response:
        request = self.build("REGISTER", self.me.uri.unescaped_user, headers=(("Expires", str(expires)),))
        await self.send(request)
        challenge = await self.response()
        assert challenge.status == 401
        await self.send(self.signed(request, challenge, secret=secret))
        return await self.response()

    async def invite(self, number: str, sdp: str) -> "Outgoing":
        """Calls ``number``; the challenge is answered, nothing else awaited."""
        request = self.build("INVITE", number, sdp=sdp)
        await self.send(request)
        challenge = await self.response()
        assert challenge.status == 407
        await self.send(build_ack(request, challenge))
        signed = self.signed(request, challenge)
        await self.send(signed)
        return Outgoing(self, signed)

    async def invite_unsigned(self, number: str, sdp: str) -> "Outgoing":
        """Calls ``number`` where nobody asks for a signature."""
        request = self.build("INVITE", number, sdp=sdp)
        await self.send(request)
        return Outgoing(self, request)


class Outgoing:
    """An INVITE that was sent, and the dialog that comes of it."""

    def __init__(self, client: Client, request: Request) -> None:
        self.client = client
        self.sent = request
        self.dialog: Dialog | None = None

    async def final(self) -> Response:
        """The final response, acknowledged."""
        while not (response := await self.client.response()).is_final:
            pass
        if response.is_success:
            self.dialog = Dialog.uac(self.sent, response)
            await self.client.send(self.dialog.ack(self.sent, via()))
        else:
            await self.client.send(build_ack(self.sent, response))
        return response

    async def cancel(self) -> None:
        await self.client.send(build_cancel(self.sent))

    async def again(self, method: str, sdp: str = "") -> Response:
        """A request in the dialog and its final response, acknowledged where it is an INVITE."""
        assert self.dialog is not None
        request, self.dialog = self.dialog.request(
            method,
            via(),
            contact=self.client.contact,
            body=sdp.encode(),
            content_type="application/sdp" if sdp else None,
        )
        await self.client.send(request)
        while not (response := await self.client.response()).is_final:
            pass
        if method == "INVITE":
            ack = self.dialog.ack(request, via()) if response.is_success else build_ack(request, response)
            await self.client.send(ack)
        return response


def via() -> Via:
    return Via.build("WSS", "client.invalid", secrets.token_hex(8))


@asynccontextmanager
async def connected(sandbox: Sandbox, extension: str = "1001", secret: str | None = None) -> AsyncIterator[Client]:
    """A `Client` that is connected; not registered."""
    context = ssl.create_default_context(cadata=sandbox.ca_pem)
    async with connect(sandbox.url, ssl=context, subprotocols=[Subprotocol("sip")], compression=None) as socket:
        assert socket.subprotocol == "sip"
        yield Client(socket, extension, secret or EXTENSIONS[extension].secret)
