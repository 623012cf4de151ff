"""The end of the gateway as pages and proxies see it, and what the signals ask for."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

from aiohttp import WSMsgType

from web import keys
from web.shutdown import signals, until_over

from .house import House, house
from .pbx import pbx
from .test_live_calls import OFFER, call_where, ready, request


async def test_a_gateway_is_ready_until_it_drains(gateway: House) -> None:
    async with gateway.logged_in() as page:
        answer = await page.get("/readyz")
        assert (answer.status, await answer.json()) == (200, {"status": "ok", "database": True, "media": True})
        feed = await page.events()
        assert (await feed.receive_json())["type"] == "snapshot"
        async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
            with signals() as asked:
                over = tasks.create_task(until_over(gateway.app, asked), name="gateway")
                os.kill(os.getpid(), signal.SIGTERM)
                await asked.to_drain.wait()
                await over
                assert not asked.to_stop.is_set()
        answer = await page.get("/readyz")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert (await page.get("/healthz")).status == 200
        for path, body in (("/line/ticket", {"handset": "handset-0001"}), ("/events/ticket", {})):
            refused = await page.send("POST", path, body)
            assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
            assert (await refused.json())["code"] == "restarting"


async def test_a_media_engine_without_a_worker_is_not_ready(gateway: House) -> None:
    class Down:
        is_ready = False

    gateway.app._state[keys.HUB] = Down()
    async with gateway.page() as page:
        answer = await page.get("/readyz")
        assert (answer.status, await answer.json()) == (
            503,
            {"status": "unavailable", "database": True, "media": False},
        )


async def test_the_page_of_a_live_call_stays_until_it_has_ended(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int]
) -> None:
    async with (
        pbx() as other,
        house(tmp_path, unused_tcp_port_factory(), pbx_url=other.url) as home,
        home.logged_in() as page,
        home.logged_in("sofia") as sofia,
    ):
        feed, socket = await ready(page)
        idle = await sofia.events()
        number = "sip:600@ramal.invalid"
        await socket.send_str(request("INVITE", number, 2, number, OFFER, "Content-Type: application/sdp"))
        call = await call_where(feed, state="ringing")
        async with asyncio.timeout(15), asyncio.TaskGroup() as tasks:
            with signals() as asked:
                over = tasks.create_task(until_over(home.app, asked), name="gateway")
                asked.terminate()
                while (message := await idle.receive()).type is WSMsgType.TEXT:
                    pass
                assert message.data == 1012
                assert (await sofia.send("POST", "/events/ticket")).status == 503
                assert (await page.send("POST", "/events/ticket")).status == 200
                assert not over.done()
                assert (await page.send("POST", f"/calls/{call['id']}/hangup")).status == 202
                await call_where(feed, state="ended")
                await over


async def test_a_second_signal_ends_the_wait(tmp_path: Path, unused_tcp_port_factory: Callable[[], int]) -> None:
    for last in (signal.SIGTERM, signal.SIGINT):
        async with (
            pbx() as other,
            house(tmp_path / last.name, unused_tcp_port_factory(), pbx_url=other.url) as home,
            home.logged_in() as page,
        ):
            feed, socket = await ready(page)
            number = "sip:600@ramal.invalid"
            await socket.send_str(request("INVITE", number, 2, number, OFFER, "Content-Type: application/sdp"))
            await call_where(feed, state="ringing")
            async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
                with signals() as asked:
                    over = tasks.create_task(until_over(home.app, asked), name="gateway")
                    os.kill(os.getpid(), signal.SIGTERM)
                    await asked.to_drain.wait()
                    assert not over.done()
                    os.kill(os.getpid(), last)
                    await over


async def test_an_interrupt_waits_for_nothing(gateway: House) -> None:
    with signals() as asked:
        asked.interrupt()
        async with asyncio.timeout(1):
            await until_over(gateway.app, asked)
    assert not gateway.app[keys.GATEWAY].is_draining
