"""The end of a gateway in the middle of a recorded call, as a process: asked to, asked twice, and killed."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from .client import Outgoing
from .demo import Demo, demo, free_port, needs_front_end
from .ear import Caller
from .handset import Handset, attached
from .test_gateway import answered, channels, dialled

pytestmark = [pytest.mark.timeout(180), needs_front_end]


@asynccontextmanager
async def talking(house: Demo) -> AsyncIterator[tuple[Handset, Outgoing, Caller]]:
    """Ana hears the tone of 602 and has been recorded for more than a second."""
    async with (
        attached(house.address, "ana", house.password("ana")) as ana,
        dialled(ana, "602", 523.0) as (call, caller),
    ):
        await answered(call, caller)
        for _ in range(3):
            assert await caller.hears(1004.0) == pytest.approx(1004.0, abs=5.0)
        yield ana, call, caller


async def kept(folder: Path, **expected: object) -> Any:
    """The call as a new gateway over the same data tells it; its recording must play both sides."""
    async with demo(folder, free_port()) as house, attached(house.address, "ana", house.password("ana")) as ana:
        call = await ana.last_call(number="602", state="ended", **expected)
        agent, other = channels(await ana.recording_of(call["id"]))
        assert agent == pytest.approx(523.0, abs=5.0) and other == pytest.approx(1004.0, abs=5.0)
        return await ana.get(f"/calls/{call['id']}")


async def status(address: str, path: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(address + path) as answer:
        return answer.status


async def test_a_call_outlives_the_order_to_stop(tmp_path: Path) -> None:
    async with (
        demo(tmp_path, free_port(), RAMAL_TIMING__DRAIN="60") as house,
        attached(house.address, "bruno", house.password("bruno")) as bruno,
        talking(house) as (ana, call, caller),
    ):
        house.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            await bruno.socket.wait_closed()
        assert bruno.socket.close_code == 1012
        assert await status(house.address, "/readyz") == 503
        async with dialled(ana, "600", 440.0) as (another, _):
            refused = await another.final()
        assert refused.status == 503 and refused.headers.get("Retry-After")
        assert await caller.hears(1004.0) == pytest.approx(1004.0, abs=5.0)
        assert house.process.returncode is None
        assert (await call.again("BYE")).status == 200
        assert await house.ended() == 0
    await kept(tmp_path, cause="ended", ended_by="agent")


async def test_a_second_order_ends_calls_and_their_recordings(tmp_path: Path) -> None:
    async with (
        demo(tmp_path, free_port(), RAMAL_TIMING__DRAIN="60") as house,
        talking(house) as (ana, _, _),
    ):
        house.process.send_signal(signal.SIGTERM)
        while await status(house.address, "/readyz") != 503:  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(0.05)
        house.process.send_signal(signal.SIGTERM)
        await ana.request("BYE")
        async with asyncio.timeout(10):  # five seconds are promised; a busy machine gets twice that
            assert await house.ended() == 0
        assert not list((tmp_path / "data" / "captures").iterdir())
    await kept(tmp_path, cause="interrupted", ended_by="gateway")


async def test_a_gateway_that_is_killed_leaves_a_closed_call_and_its_recording(tmp_path: Path) -> None:
    async with demo(tmp_path, free_port()) as house, talking(house) as (ana, _, _):
        begun = datetime.fromisoformat((await ana.last_call(state="active"))["answered_at"])
        house.process.kill()
        await house.process.wait()
        assert list((tmp_path / "data" / "captures").iterdir())
    call = await kept(tmp_path, cause="interrupted", ended_by="gateway")
    assert datetime.fromisoformat(call["ended_at"]) > begun  # the heartbeat, or the last packet that was recorded
    assert call["duration"] >= 1
