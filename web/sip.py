"""``/sip``: a page's SIP over WebSocket (RFC 7118), admitted by a ticket and handed to the gateway."""

import asyncio

from aiohttp import hdrs, web

from signaling.ports import LineConfig

from .api.events import CHECK_EVERY, admit, check_session
from .auth.sessions import Standing
from .auth.tickets import Purpose, Ticket
from .keys import GATEWAY, JOURNAL, LINES, SESSIONS, SETTINGS, STORE
from .problems import Problem
from .sockets import failures_logged

SUBPROTOCOL = "sip"
FRAME = 65_536  # bytes: above it aiohttp closes with 1009 by itself; the gateway's own limit is lower


async def sip(request: web.Request) -> web.StreamResponse:
    """403 for a wrong Origin, a used or late ticket or no session, before the upgrade and before any upstream
    connection.
    """
    app = request.app
    offered = ",".join(request.headers.getall(hdrs.SEC_WEBSOCKET_PROTOCOL, [])).split(",")
    if [name.strip() for name in offered] != [SUBPROTOCOL]:
        raise Problem(400, "bad_request", "the WebSocket subprotocol must be sip")
    ticket = admit(request, Purpose.SIP)
    await check_session(app, ticket.session)
    row = await app[STORE].lines.own(ticket.scope)
    if row is None or ticket.handset is None:
        raise Problem(403, "no_line", "this user has no line")
    config = await app[LINES].config(row)
    socket = web.WebSocketResponse(
        protocols=(SUBPROTOCOL,),
        compress=False,
        heartbeat=app[SETTINGS].timing.ping,
        max_msg_size=FRAME,
        decode_text=False,
    )
    await socket.prepare(request)
    with failures_logged("a handset's socket failed"):
        await _serve(app, socket, ticket, config)
    return socket


async def _serve(app: web.Application, socket: web.WebSocketResponse, ticket: Ticket, config: LineConfig) -> None:
    assert ticket.handset is not None
    async with asyncio.TaskGroup() as tasks:
        watch = tasks.create_task(_watch(app, ticket, config.line), name=f"handset {ticket.handset} session watch")
        try:
            await app[GATEWAY].serve(socket, config, handset=ticket.handset, session=ticket.session, page=ticket.page)
        finally:
            watch.cancel()


async def _watch(app: web.Application, ticket: Ticket, line: str) -> None:
    """Another process may revoke the session; and one that expires ends its handsets as soon as no call is live."""
    while True:
        await asyncio.sleep(CHECK_EVERY)
        standing = await app[SESSIONS].standing_again(ticket.session)
        if standing is Standing.REVOKED or (standing is Standing.EXPIRED and not app[JOURNAL].calls(line)):
            await app[GATEWAY].close_session(ticket.session)
            return


def add(app: web.Application) -> None:
    app.router.add_get("/sip", sip)
