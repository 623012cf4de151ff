"""A handset's WebSocket: frames in and out, keep-alive, rate and size limits. What a frame means is the line's."""

import asyncio
import contextlib
from collections.abc import Callable

from aiohttp import WSMsgType, web

from .errors import MalformedMessage
from .limits import GatewayLimits
from .message import Request, Response
from .parser import is_keep_alive, parse, serialize
from .rates import Bucket

PONG = b"\r\n"
POLICY_VIOLATION = 1008
TOO_BIG = 1009
TRY_AGAIN_LATER = 1013
_CLOSE_TIMEOUT = 2.0  # seconds
_SEND_TIMEOUT = 10.0


class Handset:
    """One attached page. `send` and `close` never wait; a page that does not take what we send is disconnected.

    ``bucket`` is the line's, shared by its handsets; ``urgent`` says what is handled even where it is empty.
    """

    def __init__(
        self,
        socket: web.WebSocketResponse,
        *,
        handset: str,
        session: str,
        limits: GatewayLimits,
        bucket: Bucket,
        urgent: Callable[[Request | Response], bool],
        page: str | None = None,
    ) -> None:
        self.handset = handset
        self.session = session
        self.page = page
        self._socket = socket
        self._limits = limits
        self._message_limits = limits.message
        self._bucket = bucket
        self._urgent = urgent
        self._outbox: asyncio.Queue[bytes | tuple[int, str]] = asyncio.Queue(limits.queue)
        self._closing = False
        self._ended = asyncio.Event()

    def send(self, data: bytes) -> None:
        self._put(data)

    def close(self, code: int, reason: str) -> None:
        """After what is queued; nothing is sent after it."""
        self._put((code, reason))
        self._closing = True

    def _put(self, item: bytes | tuple[int, str]) -> None:
        if self._closing:
            return
        try:
            self._outbox.put_nowait(item)
        except asyncio.QueueFull:
            self._closing = True
            self._ended.set()

    async def run(self, received: Callable[[Request | Response], None]) -> None:
        """Serves the socket until it ends or `close` is done; ``received`` gets every good message."""
        try:
            async with asyncio.TaskGroup() as tasks:
                reader = tasks.create_task(self._read(received), name=f"handset {self.handset} reader")
                writer = tasks.create_task(self._write(), name=f"handset {self.handset} writer")
                await self._ended.wait()
                reader.cancel()
                writer.cancel()
        finally:
            self._closing = True
        if not self._socket.closed:
            await self._shut(TRY_AGAIN_LATER, "too slow")

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError):
            while True:
                item = await self._outbox.get()
                if isinstance(item, tuple):
                    await self._shut(*item)
                    break
                async with asyncio.timeout(_SEND_TIMEOUT):
                    await self._send(item)
        self._ended.set()

    async def _send(self, data: bytes) -> None:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            await self._socket.send_bytes(data)
        else:
            await self._socket.send_str(text)

    async def _shut(self, code: int, reason: str) -> None:
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(_CLOSE_TIMEOUT):
                await self._socket.close(code=code, message=reason.encode())

    async def _read(self, received: Callable[[Request | Response], None]) -> None:
        clock = asyncio.get_running_loop().time
        while not self._closing:
            frame = await self._socket.receive()
            if frame.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                if not self._closing:  # closed by the page, or by aiohttp: 1009 for a frame over its limit
                    self._ended.set()
                return
            data = frame.data.encode() if isinstance(frame.data, str) else bytes(frame.data)
            if len(data) > self._limits.frame:
                self.close(TOO_BIG, "message too long")
            elif self._bucket.take(clock()) and not self._is_urgent(data):
                self.close(POLICY_VIOLATION, "too many messages")
            elif is_keep_alive(data):
                if data != PONG:
                    self.send(PONG)
            else:
                self._parse(data, received)

    def _is_urgent(self, data: bytes) -> bool:
        try:
            return self._urgent(parse(data, self._message_limits))
        except MalformedMessage:
            return False

    def _parse(self, data: bytes, received: Callable[[Request | Response], None]) -> None:
        try:
            message = parse(data, self._message_limits)
        except MalformedMessage as error:
            if error.reply is not None:
                self.send(serialize(error.reply))
            if error.close_code is not None:
                self.close(error.close_code, error.phrase)
        else:
            received(message)
