"""The sandbox as a server: WebSockets in, WebRTC peers out, the commands of `sandbox.switch` done. I/O."""

import asyncio
import datetime
import ipaddress
import logging
import secrets
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed as WebSocketClosed
from websockets.http11 import Request as Handshake
from websockets.http11 import Response as HandshakeResponse
from websockets.typing import Subprotocol

from signaling import parser
from signaling.digest import Algorithm
from signaling.errors import MalformedMessage

from . import certificate, dialplan, sounds
from .authenticator import ALGORITHMS, Authenticator, Extension
from .commands import (
    AnswerOffer,
    CancelTimer,
    ClosePeer,
    Command,
    EchoBack,
    Note,
    PlayKeys,
    PlaySound,
    Send,
    SetTimer,
)
from .events import (
    ConnectionClosed,
    Event,
    KeyPressed,
    OfferAnswered,
    OfferRefused,
    PeerLost,
    Received,
    SoundEnded,
    TimerFired,
)
from .peer import BadOffer, Peer
from .registrar import DEFAULT_EXPIRES, Registrar
from .switch import Switch

MAX_FRAME = 65_535  # bytes, as Asterisk
MAX_CONNECTIONS = 500
OUTBOX = 64  # frames that wait for a slow client before it is disconnected
LOG_LINES = 1000
FAREWELL = 2.0  # seconds that a client has to take its last frames and to close
PATH = "/ws"

_SOUNDS = {dialplan.TONE: sounds.tone, dialplan.ANNOUNCEMENT: sounds.announcement, dialplan.MUSIC: sounds.music}

logger = logging.getLogger(__name__)


class Sandbox:
    """A small PBX on loopback, as an async context manager.

    ``extensions`` by their number. ``port`` 0 takes a free one. ``nonce_life`` and ``most_expires`` are in seconds,
    ``algorithms`` are those offered in a challenge, best first. ``on_note`` is told each line of `log` as it comes.
    ``keys`` is a file that keeps the certificate over a restart (`sandbox.certificate.kept`).
    Raises `ValueError` for a ``host`` that is not loopback: the sandbox never serves anybody else.
    """

    def __init__(
        self,
        extensions: Mapping[str, Extension],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        algorithms: Iterable[Algorithm] = ALGORITHMS,
        nonce_life: float = 300.0,
        most_expires: int = DEFAULT_EXPIRES,
        on_note: Callable[[str], None] | None = None,
        keys: Path | None = None,
    ) -> None:
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"the sandbox serves on loopback only, not on {host}")
        self.log: deque[str] = deque(maxlen=LOG_LINES)
        self._host = host
        self._port = port
        self._on_note = on_note
        self._noted = asyncio.Event()
        now = datetime.datetime.now(datetime.UTC)
        self._certificate = certificate.make(now) if keys is None else certificate.kept(keys, now)
        self._tls = self._certificate.context()
        self._switch = Switch(
            dict(extensions),
            Authenticator(dict(extensions), tuple(algorithms), secrets.token_hex, nonce_life),
            Registrar(most_expires),
            secrets.token_hex,
        )
        self._events: deque[Event] = deque()
        self._handling = False
        self._outboxes: dict[str, tuple[ServerConnection, asyncio.Queue[bytes | None]]] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._peers: dict[str, Peer] = {}
        self._server: Server | None = None
        self._stopped: list[Server] = []
        self._tasks = asyncio.TaskGroup()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "Sandbox":
        await self._stack.enter_async_context(self._tasks)
        await self.listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Every call is hung up, every connection closed; returns when all of it is done."""
        self._do(self._switch.hang_up())
        await self.stop_listening()
        for name in list(self._outboxes):
            self._put(name, None)
        self._let_go()
        await self._stack.aclose()
        for server in self._stopped:
            await server.wait_closed()

    @property
    def url(self) -> str:
        """Where a client connects to."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"wss://{host}:{self._port}{PATH}"

    @property
    def ca_pem(self) -> str:
        """The authority that a client has to trust."""
        return self._certificate.ca

    @property
    def calls(self) -> int:
        """How many are going on."""
        return self._switch.calls

    def registered(self, extension: str) -> int:
        """How many contacts the extension has."""
        return self._switch.registered(extension, time.monotonic())

    async def noted(self, text: str, seconds: float = 10.0) -> str:
        """The first line of `log` that has ``text`` in it, as soon as it is there. Raises `TimeoutError`."""
        async with asyncio.timeout(seconds):
            while True:
                self._noted.clear()
                found = next((line for line in self.log if text in line), None)
                if found is not None:
                    return found
                await self._noted.wait()

    async def listen(self) -> None:
        """Accepts connections, on the same port as before if there was one."""
        if self._server is None:
            self._server = await serve(
                self._serve,
                self._host,
                self._port,
                ssl=self._tls,
                subprotocols=[Subprotocol("sip")],
                process_request=self._admit,
                max_size=MAX_FRAME,
                compression=None,
                server_header=None,
                close_timeout=FAREWELL,
            )
            self._port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop_listening(self) -> None:
        """Accepts no more connections; those that are open stay."""
        server, self._server = self._server, None
        if server is not None:
            server.close(close_connections=False)
            self._stopped.append(server)

    async def kill(self) -> None:
        """As if the machine had lost its power: no BYE, no close frame, no listener; calls are forgotten."""
        await self.stop_listening()
        for connection, _ in list(self._outboxes.values()):
            connection.transport.abort()
        self._let_go()

    def _admit(self, connection: ServerConnection, request: Handshake) -> HandshakeResponse | None:
        if request.path.partition("?")[0] != PATH:
            return connection.respond(HTTPStatus.NOT_FOUND, "SIP is at /ws\n")
        if len(self._outboxes) >= MAX_CONNECTIONS:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "Too many connections\n")
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        name = secrets.token_hex(4)
        outbox: asyncio.Queue[bytes | None] = asyncio.Queue(OUTBOX)
        self._outboxes[name] = connection, outbox
        try:
            async with asyncio.TaskGroup() as tasks:
                sender = tasks.create_task(_send_all(connection, outbox), name=f"sandbox sender {name}")
                try:
                    async for frame in connection:
                        await self._received(name, connection, frame)
                except WebSocketClosed:
                    pass
                finally:
                    sender.cancel()
        finally:
            del self._outboxes[name]
            self._handle(ConnectionClosed(name))

    async def _received(self, name: str, connection: ServerConnection, frame: str | bytes) -> None:
        if parser.is_keep_alive(frame):
            await connection.send("\r\n")
            return
        try:
            message = parser.parse(frame)
        except MalformedMessage as flaw:
            self._note(f"MALFORMED {flaw.phrase}")
            if flaw.reply is not None:
                await connection.send(_frame(parser.serialize(flaw.reply)))
            if flaw.close_code is not None:
                await connection.close(flaw.close_code)
            return
        self._handle(Received(name, message))

    def _handle(self, event: Event) -> None:
        """One event after the other: one that a command brings about at once waits until that command's own is done."""
        self._events.append(event)
        if self._handling:
            return
        self._handling = True
        try:
            while self._events:
                self._do(self._switch.handle(self._events.popleft(), time.monotonic()))
        finally:
            self._handling = False

    def _do(self, commands: list[Command]) -> None:
        for command in commands:
            match command:
                case Send(connection, message):
                    self._put(connection, parser.serialize(message))
                case SetTimer(name, seconds):
                    self._cancel_timer(name)
                    self._timers[name] = asyncio.get_running_loop().call_later(seconds, self._fire, name)
                case CancelTimer(name):
                    self._cancel_timer(name)
                case Note(text):
                    self._note(text)
                case AnswerOffer(call, sdp):
                    self._spawn(f"answer {call}", self._answer(call, sdp))
                case ClosePeer(call):
                    self._close_peer(call)
                case PlaySound() | PlayKeys() | EchoBack():
                    self._tell_peer(command)

    def _put(self, name: str, data: bytes | None) -> None:
        """To be sent on the connection of that name, if it is still there; None closes it."""
        connection, outbox = self._outboxes.get(name, (None, None))
        if connection is None or outbox is None:
            return
        try:
            outbox.put_nowait(data)
        except asyncio.QueueFull:
            connection.transport.abort()

    def _fire(self, name: str) -> None:
        self._timers.pop(name, None)
        self._handle(TimerFired(name))

    def _cancel_timer(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    def _note(self, text: str) -> None:
        self.log.append(text)
        self._noted.set()
        if self._on_note is not None:
            self._on_note(text)

    async def _answer(self, call: str, sdp: bytes) -> None:
        peer = self._peers.get(call)
        if peer is None:
            peer = self._peers[call] = Peer(
                on_key=lambda key: self._handle(KeyPressed(call, key)), on_lost=lambda: self._handle(PeerLost(call))
            )
        try:
            answer = await peer.answer(sdp.decode())
        except (BadOffer, UnicodeDecodeError) as error:
            self._handle(OfferRefused(call, str(error)))
        else:
            self._handle(OfferAnswered(call, answer.encode()))

    def _tell_peer(self, command: PlaySound | PlayKeys | EchoBack) -> None:
        peer = self._peers.get(command.call)
        if peer is None:
            return
        ended = partial(self._handle, SoundEnded(command.call))
        match command:
            case PlaySound(_, sound, loop):
                peer.play(_SOUNDS[sound](), loop=loop, finished=ended)
            case PlayKeys(_, keys):
                peer.play(sounds.keys(keys), finished=ended)
            case EchoBack():
                peer.echo()

    def _close_peer(self, call: str) -> None:
        peer = self._peers.pop(call, None)
        if peer is not None:
            self._spawn(f"close peer {call}", peer.close())

    def _let_go(self) -> None:
        for call in list(self._peers):
            self._close_peer(call)
        for name in list(self._timers):
            self._cancel_timer(name)

    def _spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.create_task(_guarded(name, work), name=f"sandbox {name}")


async def _guarded(name: str, work: Coroutine[Any, Any, None]) -> None:
    """One call's trouble must not end the others: the task group would."""
    try:
        await work
    except Exception:
        logger.exception("the sandbox could not do: %s", name)


async def _send_all(connection: ServerConnection, outbox: asyncio.Queue[bytes | None]) -> None:
    """Sends what is queued; None closes the connection."""
    try:
        while (data := await outbox.get()) is not None:
            await connection.send(_frame(data))
        await connection.close(1001)
    except WebSocketClosed:
        return


def _frame(data: bytes) -> str | bytes:
    """RFC 7118 section 4.2: text where it is UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data
