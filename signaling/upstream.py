"""The WebSocket to the PBX: TLS always verified, subprotocol ``sip`` (RFC 7118), ping, bounded queue.

Errors come as `UpstreamLost` with a code of `signaling.views.LineView.reason`. A failed ping ends the connection after
at most the interval of pings, `PING_TIMEOUT` and `CLOSE_TIMEOUT`, so that the loss of the PBX is told within 15 s.
"""

import asyncio
import ipaddress
import socket
import ssl
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Subprotocol

OPEN_TIMEOUT = 10.0  # seconds: TCP, TLS and the WebSocket handshake
PING_INTERVAL = 10.0
PING_TIMEOUT = 3.0
CLOSE_TIMEOUT = 1.5
MAX_SIZE = 262_144  # bytes of one message of the PBX; NOTIFY bodies of a large dialog list are the longest


class UpstreamLost(Exception):
    """The connection could not be made or has ended. ``reason``: ``unreachable``, ``tls``, ``timeout``, ``closed``,
    ``server_error``; ``detail`` is for administrators."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Authorities:
    """One `ssl.SSLContext` for each authority, shared by all connections (a context of its own for each costs 800 KB
    a connection)."""

    def __init__(self) -> None:
        self._contexts: dict[str | None, ssl.SSLContext] = {}

    def context(self, ca: str | None) -> ssl.SSLContext:
        """For a PEM of one or more certificates, or None for the system's. Raises `UpstreamLost` for a bad PEM."""
        context = self._contexts.get(ca)
        if context is None:
            try:
                context = ssl.create_default_context(cadata=ca)
            except (ssl.SSLError, ValueError) as error:
                raise UpstreamLost("tls", f"the authority's certificate cannot be read: {error}") from error
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            self._contexts[ca] = context
        return context


class _Connect(connect):
    """Does not follow redirects: the address of the PBX is the administrator's alone."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class Upstream:
    """One open connection. `send` never waits: a PBX that does not take what we send is disconnected."""

    def __init__(self, socket: ClientConnection, *, queue: int) -> None:
        self._socket = socket
        self._outbox: asyncio.Queue[bytes] = asyncio.Queue(queue)

    @classmethod
    async def open(
        cls,
        url: str,
        ca: str | None,
        authorities: Authorities,
        *,
        user_agent: str = "Ramal",
        queue: int = 64,
        ping: float = PING_INTERVAL,
    ) -> "Upstream":
        """``ping`` is the seconds between two pings. Raises `UpstreamLost`. ``ws://`` is taken for a loopback address
        only.
        """
        secure = _is_secure(url)
        context = authorities.context(ca) if secure else None
        try:
            opened = await _Connect(
                url,
                ssl=context,
                subprotocols=[Subprotocol("sip")],
                compression=None,
                proxy=None,
                user_agent_header=user_agent,
                open_timeout=OPEN_TIMEOUT,
                ping_interval=ping,
                ping_timeout=min(PING_TIMEOUT, ping),
                close_timeout=CLOSE_TIMEOUT,
                max_size=MAX_SIZE,
                max_queue=queue,
            )
        except (OSError, InvalidHandshake, InvalidURI, ValueError, EOFError) as error:
            raise _lost_opening(error) from error
        if opened.subprotocol != "sip":
            await opened.close(1002, "subprotocol sip expected")
            raise UpstreamLost("server_error", "the server does not speak the WebSocket subprotocol sip")
        return cls(opened, queue=queue)

    def send(self, data: bytes) -> None:
        """Raises `UpstreamLost` when too much waits to be sent."""
        try:
            self._outbox.put_nowait(data)
        except asyncio.QueueFull:
            raise UpstreamLost("timeout", "the PBX does not take what is sent to it") from None

    async def run_sender(self) -> None:
        """Sends what `send` queued, for ever; ends quietly with the connection. To be run as a task of the owner."""
        try:
            while True:
                data = await self._outbox.get()
                await self._socket.send(data, text=_is_text(data))
        except ConnectionClosed:
            return

    async def receive(self) -> bytes:
        """The next message of the PBX, text or binary alike. Raises `UpstreamLost`."""
        try:
            return await self._socket.recv(decode=False)
        except ConnectionClosed as error:
            raise _lost(error) from error

    async def close(self) -> None:
        """Sends what is queued, then closes; bounded by `CLOSE_TIMEOUT` twice. Safe to call again."""
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                while not self._outbox.empty():
                    data = self._outbox.get_nowait()
                    await self._socket.send(data, text=_is_text(data))
        except (ConnectionClosed, TimeoutError):
            pass
        await self._socket.close()


def _is_secure(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme == "wss":
        return True
    try:
        loopback = parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        loopback = False
    if parts.scheme != "ws" or not loopback:
        raise UpstreamLost("tls", "the address of the PBX must begin with wss://")
    return False


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _lost_opening(error: Exception) -> UpstreamLost:
    match error:
        case ssl.SSLCertVerificationError():
            return UpstreamLost("tls", f"the certificate is not trusted: {error.verify_message}")
        case ssl.SSLError():
            return UpstreamLost("tls", f"TLS failed: {error.reason or error}")
        case TimeoutError():
            return UpstreamLost("timeout", f"no connection within {OPEN_TIMEOUT:.0f} s")
        case socket.gaierror():
            return UpstreamLost("unreachable", f"the name cannot be resolved: {error.strerror}")
        case OSError():
            return UpstreamLost("unreachable", f"no connection: {error.strerror or error}")
        case InvalidStatus():
            return UpstreamLost("server_error", f"the server answered {error.response.status_code} to the handshake")
        case _:
            return UpstreamLost("server_error", f"the WebSocket handshake failed: {error}")


def _lost(error: ConnectionClosed) -> UpstreamLost:
    if error.rcvd is None:
        if error.sent is not None and error.sent.reason == "keepalive ping timeout":
            return UpstreamLost("timeout", "the PBX did not answer a ping")
        return UpstreamLost("closed", "the connection broke")
    return UpstreamLost("closed", f"the PBX closed the connection: {error.rcvd.code} {error.rcvd.reason}".rstrip())
