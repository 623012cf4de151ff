"""The gateway in one piece: real WebSockets to pages and to a PBX in this process, a media engine that only notes."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web

from signaling.gateway import Gateway, GatewayLimits, Timing
from signaling.message import Request, Response
from signaling.parser import parse
from signaling.ports import Description, LineConfig, Secret
from signaling.views import CallState, CallView, LineState, LineView

from .pbx import SECRET, Pbx, running
from .playbook import CONFIG

SDP = "v=0 page a=sendrecv"
TIMING = Timing(idle=0.3, detached=0.3, retry_first=0.05, retry_in_call=0.05, stop=1, media=0.3)


class Tokens:
    def token(self) -> str:
        return secrets.token_hex(16)


class Diary:
    """The journal: `until` waits for a view."""

    def __init__(self) -> None:
        self.lines: list[LineView] = []
        self.calls: list[CallView] = []
        self.audits: list[tuple[str, str, str]] = []
        self._changed = asyncio.Event()

    def line_changed(self, view: LineView) -> None:
        self.lines.append(view)
        self._changed.set()

    def call_changed(self, view: CallView) -> None:
        self.calls.append(view)
        self._changed.set()

    def audit(self, line: str, what: str, detail: str) -> None:
        self.audits.append((line, what, detail))

    async def until(self, wanted: Callable[[], bool], within: float = 5) -> None:
        async with asyncio.timeout(within):
            while not wanted():
                self._changed.clear()
                with contextlib.suppress(TimeoutError):  # what is wanted may change without a view
                    async with asyncio.timeout(0.02):
                        await self._changed.wait()

    async def line(self, state: LineState) -> LineView:
        await self.until(lambda: bool(self.lines) and self.lines[-1].state is state)
        return self.lines[-1]

    async def call(self, state: CallState) -> CallView:
        await self.until(lambda: bool(self.calls) and self.calls[-1].state is state)
        return self.calls[-1]


@dataclass
class Engine:
    """The media engine: SDP passes; ``fails`` is raised by what is named; ``done`` has what was asked."""

    fails: dict[str, Exception] = field(default_factory=dict)
    hangs: set[str] = field(default_factory=set)
    done: list[tuple[str, ...]] = field(default_factory=list)

    async def _do(self, *what: str) -> None:
        self.done.append(what)
        if what[0] in self.hangs:
            await asyncio.Event().wait()
        if what[0] in self.fails:
            raise self.fails[what[0]]

    async def offer(self, call: str, leg: str, sdp: bytes, *, to: str) -> Description:
        await self._do("offer", leg, to)
        return Description(sdp, "sendrecv", True)

    async def answer(self, call: str, leg: str, sdp: bytes, *, to: str) -> Description:
        await self._do("answer", leg, to)
        return Description(sdp, "sendrecv", True)

    async def select(self, call: str, leg: str, *, record: bool) -> None:
        await self._do("select", leg, str(record))

    async def drop(self, call: str, leg: str) -> None:
        await self._do("drop", leg)

    async def release(self, call: str) -> None:
        await self._do("release")


class Page:
    """A page's end of the WebSocket."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket

    async def says(self, method: str, uri: str = "sip:line@ramal.invalid", **more: str) -> dict[str, str]:
        """``more``: To, From, Call-ID, CSeq number, Via branch, body, drop (a header to leave out), extra (a line)."""
        fields = {
            "Via": f"SIP/2.0/WSS page.invalid;branch={more.get('branch', 'z9hG4bK' + secrets.token_hex(8))}",
            "Max-Forwards": "69",
            "From": "<sip:1001@ramal.invalid>;tag=page",
            "To": more.get("to", f"<{uri}>"),
            "Call-ID": more.get("call_id", secrets.token_hex(8)),
            "CSeq": f"{more.get('cseq', '1')} {method}",
            "Contact": "<sip:page@page.invalid;transport=ws>",
        }
        body = more.get("body", "")
        if body:
            fields["Content-Type"] = "application/sdp"
        fields.pop(more.get("drop", ""), None)
        lines = [f"{method} {uri} SIP/2.0", *(f"{name}: {value}" for name, value in fields.items())]
        lines += [more["extra"]] if "extra" in more else []
        await self.socket.send_str("\r\n".join([*lines, f"Content-Length: {len(body)}", "", body]))
        return fields

    async def register(self) -> Response:
        await self.says("REGISTER", "sip:ramal.invalid", to="<sip:1001@ramal.invalid>")
        return await self.response(200)

    async def dial(self, number: str = "600") -> dict[str, str]:
        return await self.says("INVITE", f"sip:{number}@ramal.invalid", body=SDP)

    async def message(self) -> Request | Response:
        frame = await self.socket.receive(timeout=5)
        assert frame.type is WSMsgType.TEXT, frame
        return parse(frame.data)

    async def response(self, status: int) -> Response:
        """The next message, which must be that; a 100 is passed over."""
        message = await self.message()
        while isinstance(message, Response) and message.status == 100:
            message = await self.message()
        assert isinstance(message, Response) and message.status == status, message
        return message

    async def request(self, method: str) -> Request:
        message = await self.message()
        assert isinstance(message, Request) and message.method == method, message
        return message

    async def closed(self) -> int:
        """The code of the close frame."""
        frame = await self.socket.receive(timeout=5)
        assert frame.type is WSMsgType.CLOSE, frame
        code: int = frame.data
        return code

    async def talks(self) -> Response:
        """A call to 600 that stands; gives the 200."""
        fields = await self.dial()
        ok = await self.response(200)
        await self.says("ACK", to=str(ok.to), call_id=fields["Call-ID"])
        return ok


@dataclass
class House:
    gateway: Gateway
    diary: Diary
    engine: Engine
    pbx: Pbx
    config: LineConfig
    address: str
    session: ClientSession
    sockets: list[ClientWebSocketResponse] = field(default_factory=list)

    async def page(self, handset: str = "h1", session: str = "s1", page: str = "") -> Page:
        socket = await self.session.ws_connect(
            f"{self.address}?handset={handset}&session={session}&page={page}", protocols=("sip",), autoping=True
        )
        self.sockets.append(socket)  # a client's socket that nobody holds is closed
        return Page(socket)

    async def ready(self, handset: str = "h1", session: str = "s1") -> Page:
        page = await self.page(handset, session)
        await page.register()
        await self.diary.line(LineState.READY)
        return page

    @property
    def call(self) -> str:
        return self.gateway.call_views("line-1")[0].call


@asynccontextmanager
async def house(
    *, timing: Timing = TIMING, limits: GatewayLimits | None = None, anchored: bool = False, ids: Tokens | None = None
) -> AsyncIterator[House]:
    pbx, diary, engine = Pbx(), Diary(), Engine()
    async with (
        running(pbx),
        Gateway(
            media=engine, journal=diary, ids=ids or Tokens(), timing=timing, limits=limits or GatewayLimits()
        ) as gateway,
    ):
        config = replace(
            CONFIG, url=pbx.url, user="1001", auth_user="1001", secret=Secret(SECRET, 1), anchored=anchored
        )

        async def sip(request: web.Request) -> web.WebSocketResponse:
            socket = web.WebSocketResponse(protocols=("sip",), compress=False, max_msg_size=200_000)
            await socket.prepare(request)
            handset, session = request.query["handset"], request.query["session"]
            page = request.query["page"] or None
            await gateway.serve(socket, built.config, handset=handset, session=session, page=page)
            return socket

        app = web.Application()
        app.router.add_get("/sip", sip)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        async with ClientSession() as session:
            built = House(
                gateway, diary, engine, pbx, config, f"http://127.0.0.1:{runner.addresses[0][1]}/sip", session
            )
            try:
                yield built
            finally:
                await gateway.close()
                for socket in built.sockets:
                    await socket.close()
                await runner.cleanup()
