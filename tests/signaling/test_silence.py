"""A PBX that says nothing any more, without closing anything: a process that is stopped, a network that swallows."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import signaling.upstream
from signaling.timing import Timing
from signaling.upstream import CLOSE_TIMEOUT, PING_TIMEOUT
from signaling.views import LineState
from tests.relay import relay

from .house import TIMING, house

QUICK = replace(TIMING, ping=0.5, retry_first=0.1, retry_most=0.2, register=0.5)


def test_the_defaults_tell_a_loss_within_15_seconds() -> None:
    timing = Timing()
    assert timing.ping + PING_TIMEOUT + CLOSE_TIMEOUT < 15
    assert timing.register < 15 and signaling.upstream.OPEN_TIMEOUT < 15


@asynccontextmanager
async def pbx_process() -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.signaling.pbx_process"),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            address = (await process.stdout.readline()).decode().strip()
        yield process, address
    finally:
        process.kill()
        await process.wait()


async def test_a_pbx_that_is_stopped_is_told_with_the_time_of_the_next_try() -> None:
    async with pbx_process() as (process, address), house(timing=QUICK) as it:
        it.config = replace(it.config, url=address)
        await it.ready()
        process.send_signal(signal.SIGSTOP)
        view = await it.diary.line(LineState.OFFLINE)
        assert view.reason == "timeout" and view.retry_in is not None
        assert view.detail == "the PBX did not answer a ping"
        process.send_signal(signal.SIGCONT)
        await it.diary.line(LineState.READY)


async def test_a_network_that_swallows_everything_is_a_lost_pbx() -> None:
    async with house(timing=QUICK) as it, relay(urlsplit(it.pbx.url).port or 0) as between:
        it.config = replace(it.config, url=f"ws://127.0.0.1:{between.port}/ws")
        page = await it.ready()
        await page.talks()
        between.silent = True
        view = await it.diary.line(LineState.OFFLINE)
        assert view.reason == "timeout" and view.retry_in is not None
        between.silent = False
        await it.diary.line(LineState.READY)


async def test_a_pbx_that_does_not_answer_register_is_told() -> None:
    async with house(timing=QUICK) as it:
        it.pbx.deaf_to_register = True
        await it.page()
        view = await it.diary.line(LineState.OFFLINE)
        assert (view.reason, view.detail) == ("timeout", "no answer to REGISTER")
        it.pbx.deaf_to_register = False
        await it.diary.line(LineState.READY)
