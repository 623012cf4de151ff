"""The gateway's signaling alone, as a process: TLS on both sides, one line for each number, SDP passes untouched.

python -m bench.sip_gateway PORT CHAIN PBX-URL CA REGISTERS      commands: `lines` gives how many are ready
"""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from signaling.gateway import Gateway, GatewayLimits
from signaling.ports import Description, LineConfig, Secret
from signaling.views import CallView, LineState, LineView

from .sip_process import Command, serve, server_context


class Ids:
    def token(self) -> str:
        return secrets.token_hex(16)


class Engine:
    async def offer(self, call: str, leg: str, sdp: bytes, *, to: str) -> Description:
        return Description(sdp, "sendrecv", True)

    async def answer(self, call: str, leg: str, sdp: bytes, *, to: str) -> Description:
        return Description(sdp, "sendrecv", True)

    async def select(self, call: str, leg: str, *, record: bool) -> None: ...

    async def drop(self, call: str, leg: str) -> None: ...

    async def release(self, call: str) -> None: ...


class Journal:
    def __init__(self) -> None:
        self.states: dict[str, LineState] = {}
        self.reasons: dict[str, str | None] = {}

    def line_changed(self, view: LineView) -> None:
        self.states[view.line] = view.state
        self.reasons[view.line] = view.detail

    def call_changed(self, view: CallView) -> None: ...

    def audit(self, line: str, what: str, detail: str) -> None: ...

    async def lines(self, _: list[str]) -> int:
        return sum(state is LineState.READY for state in self.states.values())


@asynccontextmanager
async def work() -> AsyncIterator[dict[str, Command]]:
    port, chain, url, ca, registers = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])
    authority, journal = await asyncio.to_thread(Path(ca).read_text), Journal()
    limits = GatewayLimits(registers=registers, rate=100_000, burst=100_000)
    async with Gateway(media=Engine(), journal=journal, ids=Ids(), limits=limits) as gateway:

        async def sip(request: web.Request) -> web.WebSocketResponse:
            number = request.query["line"]
            config = LineConfig(
                line=number,
                account="bench",
                number=number,
                name="Bench",
                url=url,
                domain="pbx.invalid",
                user=number,
                auth_user=number,
                secret=Secret("s3cret", 1),
                ca=authority,
                anchored=False,
            )
            socket = web.WebSocketResponse(protocols=("sip",), compress=False, heartbeat=10.0, decode_text=False)
            await socket.prepare(request)
            await gateway.serve(socket, config, handset="h1", session="s1")
            return socket

        app = web.Application()
        app.router.add_get("/sip", sip)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port, ssl_context=server_context(chain), backlog=2048).start()
        yield {"lines": journal.lines}


if __name__ == "__main__":
    serve(work)
