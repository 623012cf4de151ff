"""The gateway lets live calls finish before it stops: the line in virtual time, the gateway on real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from signaling.causes import Cause
from signaling.dial_rules import DialRules
from signaling.events import GatewayDrains, LineClosed
from signaling.views import CallState, LineState

from .house import TIMING, House, house
from .page import ready, talking
from .playbook import CONFIG, Playbook

DRAINING = replace(TIMING, drain=20, spread=0)


def test_no_call_begins_on_a_line_that_drains() -> None:
    play = Playbook()
    page = ready(play)
    play.happens(GatewayDrains(7))
    page.dial("600")
    refused = play.near_response(503)
    assert refused.headers.get("Retry-After") == "7"
    play.pbx_invite()
    refused = play.far_response(480)
    assert refused.headers.get("Retry-After") == "7"
    play.silence()
    assert play.call_views == []


def test_an_emergency_call_is_made_even_then() -> None:
    play = Playbook(config=replace(CONFIG, dial=DialRules(emergency=("112",))))
    page = ready(play)
    play.happens(GatewayDrains(7))
    page.dial("112")
    play.near_response(100)
    play.far_request("INVITE")


def test_a_live_call_goes_on_while_the_line_drains() -> None:
    play, page, talk = talking()
    play.happens(GatewayDrains(7))
    play.silence()
    page.asks("BYE", talk.near)
    play.near_response(200)
    play.far_request("BYE")
    assert (play.call.state, play.call.cause) == (CallState.ENDED, Cause.ENDED)
    play.happens(LineClosed())
    assert play.closed == [("h1", 1012)]


@asynccontextmanager
async def draining(it: House) -> AsyncIterator[asyncio.Task[None]]:
    async with asyncio.TaskGroup() as tasks, asyncio.timeout(10):
        task = tasks.create_task(it.gateway.drain(), name="drain")
        await it.diary.until(lambda: it.gateway.is_draining)
        yield task
        task.cancel()


async def test_an_idle_line_goes_at_once() -> None:
    async with house(timing=DRAINING) as it:
        page = await it.ready()
        assert not it.gateway.is_draining
        async with draining(it) as drained:
            assert await page.closed() == 1012
            await drained
        assert it.pbx.registered == set() and it.gateway.line_view("line-1") is None
        late = await it.page()
        assert await late.closed() == 1012


async def test_a_line_with_a_call_goes_when_it_has_ended() -> None:
    async with house(timing=DRAINING) as it:
        page = await it.ready()
        ok = await page.talks()
        async with draining(it) as drained:
            await page.dial("601")
            assert (await page.response(503)).headers.get("Retry-After") == "1"
            again = await it.page()
            assert await page.closed() == 4409
            await again.register()  # the page of a live call may come back
            assert not drained.done() and it.gateway.call_views("line-1")
            it.gateway.hang_up("line-1", it.call)
            await drained
        ended = it.diary.calls[-1]
        assert (ended.state, ended.cause, ended.ended_by) == (CallState.ENDED, Cause.ENDED, "agent")
        assert it.diary.lines[-1].state is LineState.IDLE
        assert ok.headers.get("X-Ramal-Call") == ended.call


async def test_a_call_that_does_not_end_is_waited_for_as_long_as_is_set() -> None:
    async with house(timing=replace(DRAINING, drain=0.05)) as it:
        page = await it.ready()
        await page.talks()
        await it.gateway.drain()
        assert it.gateway.call_views("line-1")
        await it.gateway.close()
        await page.request("BYE")
        assert await page.closed() == 1012
        assert it.diary.calls[-1].cause is Cause.INTERRUPTED
