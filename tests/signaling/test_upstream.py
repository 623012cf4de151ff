"""The WebSocket to the PBX against real servers: TLS, subprotocol, and every way in which it can fail."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from http import HTTPStatus
from typing import Any

import pytest
import trustme
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

import signaling.upstream
from signaling.upstream import MAX_SIZE, Authorities, Upstream, UpstreamLost

from .pbx import raw_server

Handler = Callable[[ServerConnection], Coroutine[Any, Any, None]]


async def echo(connection: ServerConnection) -> None:
    async for frame in connection:
        await connection.send(frame)


@contextlib.asynccontextmanager
async def server(handler: Handler = echo, context: ssl.SSLContext | None = None, **options: Any) -> AsyncIterator[int]:
    options.setdefault("subprotocols", [Subprotocol("sip")])
    async with serve(handler, "127.0.0.1", 0, ssl=context, close_timeout=1, **options) as running:
        yield next(iter(running.sockets)).getsockname()[1]


@contextlib.asynccontextmanager
async def opened(port: int, **options: Any) -> AsyncIterator[Upstream]:
    upstream = await Upstream.open(f"ws://127.0.0.1:{port}/ws", None, Authorities(), **options)
    async with asyncio.TaskGroup() as tasks:
        sender = tasks.create_task(upstream.run_sender(), name="sender")
        yield upstream
        sender.cancel()
        await upstream.close()


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def server_context(authority: trustme.CA, name: str = "localhost") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


async def refused(url: str, ca: str | None = None) -> UpstreamLost:
    with pytest.raises(UpstreamLost) as caught:
        await Upstream.open(url, ca, Authorities())
    return caught.value


async def test_tls_with_the_accounts_own_authority(authority: trustme.CA) -> None:
    pem = authority.cert_pem.bytes().decode()
    async with server(context=server_context(authority)) as port:
        upstream = await Upstream.open(f"wss://localhost:{port}/ws", pem, Authorities())
        async with asyncio.TaskGroup() as tasks:
            sender = tasks.create_task(upstream.run_sender(), name="sender")
            for data in (b"SIP/2.0 200 OK\r\n\r\n", b"\xff not UTF-8"):
                upstream.send(data)
                assert await upstream.receive() == data
            sender.cancel()
        await upstream.close()
        await upstream.close()


async def test_certificate_of_a_stranger(authority: trustme.CA) -> None:
    async with server(context=server_context(authority)) as port:
        lost = await refused(f"wss://localhost:{port}/ws")
        assert lost.reason == "tls" and "not trusted" in lost.detail
        lost = await refused(f"wss://localhost:{port}/ws", trustme.CA().cert_pem.bytes().decode())
        assert lost.reason == "tls"


async def test_certificate_for_another_name(authority: trustme.CA) -> None:
    async with server(context=server_context(authority, "pbx.example")) as port:
        lost = await refused(f"wss://localhost:{port}/ws", authority.cert_pem.bytes().decode())
        assert lost.reason == "tls"


async def test_authority_that_cannot_be_read() -> None:
    assert (await refused("wss://localhost:1/ws", "no PEM")).reason == "tls"


async def test_server_without_tls(authority: trustme.CA) -> None:
    async with server() as port:
        assert (await refused(f"wss://localhost:{port}/ws")).reason in ("tls", "unreachable")


def test_one_context_for_each_authority(authority: trustme.CA) -> None:
    authorities, pem = Authorities(), authority.cert_pem.bytes().decode()
    assert authorities.context(pem) is authorities.context(pem)
    assert authorities.context(None) is authorities.context(None) is not authorities.context(pem)


@pytest.mark.parametrize("url", ["ws://pbx.example/ws", "ws://192.0.2.1/ws", "http://localhost/", "ws:///ws", "pbx"])
async def test_only_wss_leaves_the_machine(url: str) -> None:
    assert (await refused(url)).reason == "tls"


@pytest.mark.parametrize(
    ("url", "reason"), [("wss://nowhere.invalid/ws", "unreachable"), ("wss://:1:2/", "server_error")]
)
async def test_addresses_that_lead_nowhere(url: str, reason: str) -> None:
    assert (await refused(url)).reason == reason


async def test_nobody_listens() -> None:
    async with server() as port:
        pass
    lost = await refused(f"ws://127.0.0.1:{port}/ws")
    assert lost.reason == "unreachable"


async def test_server_that_is_no_websocket() -> None:
    def respond(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(HTTPStatus.NOT_FOUND, "no")

    async with server(process_request=respond) as port:
        lost = await refused(f"ws://127.0.0.1:{port}/ws")
    assert lost.reason == "server_error" and "404" in lost.detail


async def test_redirection_is_not_followed() -> None:
    asked = []

    def respond(connection: ServerConnection, request: Request) -> Response | None:
        asked.append(request.path)
        response = connection.respond(HTTPStatus.FOUND, "")
        response.headers["Location"] = "/other"
        return response

    async with server(process_request=respond) as port:
        assert (await refused(f"ws://127.0.0.1:{port}/ws")).reason == "server_error"
    assert asked == ["/ws"]


async def test_server_that_does_not_speak_sip() -> None:
    async with server(subprotocols=None) as port:
        lost = await refused(f"ws://127.0.0.1:{port}/ws")
    assert lost.reason == "server_error" and "subprotocol" in lost.detail


async def test_server_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signaling.upstream, "OPEN_TIMEOUT", 0.1)
    async with raw_server(patient=True) as port:
        assert (await refused(f"ws://127.0.0.1:{port}/ws")).reason == "timeout"


async def test_server_that_hangs_up_in_the_handshake() -> None:
    async with raw_server(patient=False) as port:
        assert (await refused(f"ws://127.0.0.1:{port}/ws")).reason in ("server_error", "unreachable")


async def test_pbx_closes() -> None:
    async def close(connection: ServerConnection) -> None:
        await connection.close(1001, "restart")

    async with server(close) as port, opened(port) as upstream:
        with pytest.raises(UpstreamLost) as caught:
            await upstream.receive()
    assert (caught.value.reason, caught.value.detail) == ("closed", "the PBX closed the connection: 1001 restart")


async def test_connection_breaks() -> None:
    async def abort(connection: ServerConnection) -> None:
        connection.transport.abort()

    async with server(abort) as port, opened(port) as upstream:
        with pytest.raises(UpstreamLost) as caught:
            await upstream.receive()
    assert caught.value.reason == "closed"


async def test_message_that_is_too_long() -> None:
    async def flood(connection: ServerConnection) -> None:
        await connection.send("x" * (MAX_SIZE + 1))
        await connection.wait_closed()

    async with server(flood) as port, opened(port) as upstream:
        with pytest.raises(UpstreamLost) as caught:
            await upstream.receive()
    assert caught.value.reason == "closed"


async def test_pbx_that_does_not_answer_pings() -> None:
    async def deaf(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await connection.wait_closed()

    async with server(deaf) as port, opened(port, ping=0.05) as upstream:
        with pytest.raises(UpstreamLost) as caught:
            await upstream.receive()
    assert caught.value.reason == "timeout"


async def test_pbx_that_does_not_take_what_is_sent() -> None:
    async with server() as port:
        upstream = await Upstream.open(f"ws://127.0.0.1:{port}/ws", None, Authorities(), queue=2)
        upstream.send(b"one")
        upstream.send(b"two")
        with pytest.raises(UpstreamLost) as caught:
            upstream.send(b"three")
        assert caught.value.reason == "timeout"
        await upstream.close()


async def test_close_sends_what_is_queued() -> None:
    received: asyncio.Queue[str | bytes] = asyncio.Queue()

    async def collect(connection: ServerConnection) -> None:
        async for frame in connection:
            received.put_nowait(frame)

    async with server(collect) as port:
        upstream = await Upstream.open(f"ws://127.0.0.1:{port}/ws", None, Authorities())
        upstream.send(b"un-REGISTER")
        await upstream.close()
        assert await asyncio.wait_for(received.get(), 5) == "un-REGISTER"


async def test_close_after_the_pbx_has_gone() -> None:
    async def close(connection: ServerConnection) -> None:
        await connection.close()

    async with server(close) as port:
        upstream = await Upstream.open(f"ws://127.0.0.1:{port}/ws", None, Authorities())
        with pytest.raises(UpstreamLost):
            await upstream.receive()
        upstream.send(b"too late")
        await upstream.run_sender()
        upstream.send(b"too late")
        await upstream.close()
