"""A page that says nothing any more, without closing anything: its handset counts as lost, and its feed ends."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from aiohttp import ClientWebSocketResponse

from tests.relay import relay
from web.keys import SOCKETS
from web.settings import TimingSettings

from .house import Page, house
from .pbx import pbx
from .test_live_calls import HANDSET, request


def test_the_default_finds_a_silent_page_within_15_seconds() -> None:
    assert TimingSettings().ping * 1.5 <= 15  # aiohttp waits half the interval for the pong


async def line_where(feed: ClientWebSocketResponse, **wanted: object) -> None:
    async with asyncio.timeout(20):
        while True:
            message = await feed.receive_json()
            if message["type"] in ("line", "snapshot") and wanted.items() <= message["line"].items():
                return


async def connect(page: Page, port: int, path: str, protocols: tuple[str, ...] = ()) -> ClientWebSocketResponse:
    """A WebSocket of ``page`` through the relay at ``port``: the gateway sees its own address in Host."""
    headers = {"Origin": page.origin, "Host": page.origin.removeprefix("http://")}
    return await page.session.ws_connect(f"http://127.0.0.1:{port}{path}", headers=headers, protocols=protocols)


async def test_a_page_whose_network_swallows_everything_is_lost(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int]
) -> None:
    port = unused_tcp_port_factory()
    async with (
        pbx() as other,
        house(tmp_path, port, pbx_url=other.url, RAMAL_TIMING__PING="2") as home,
        relay(port) as between,
        home.logged_in() as page,
    ):
        watching = await page.events()
        socket = await connect(page, between.port, f"/sip?ticket={await page.line_ticket(HANDSET)}", ("sip",))
        ticket = (await (await page.send("POST", "/events/ticket")).json())["ticket"]
        silent = await connect(page, between.port, f"/api/v1/events?ticket={ticket}")
        await silent.receive_json()
        await socket.send_str(request("REGISTER", "sip:ramal.invalid", 1, "sip:1001@ramal.invalid"))
        await line_where(watching, state="ready", handsets=1)
        between.silent = True
        await line_where(watching, handsets=0)
        async with asyncio.timeout(20):
            while len(home.app[SOCKETS]) > 1:  # noqa: ASYNC110 - the gateway has no event for the end of a feed
                await asyncio.sleep(0.05)
