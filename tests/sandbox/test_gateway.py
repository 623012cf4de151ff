"""Calls of agents through the whole house, without a browser: handset, gateway, hub, sandbox and back."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import av
import numpy as np
import pytest

from sandbox import sounds

from .client import Outgoing
from .demo import demo, free_port, needs_front_end
from .ear import Caller, calling, pitch_of
from .handset import Handset, attached
from .test_line_calls import accept

pytestmark = [pytest.mark.timeout(180), needs_front_end]


@asynccontextmanager
async def dialled(handset: Handset, number: str, pitch: float) -> AsyncIterator[tuple[Outgoing, Caller]]:
    async with calling(pitch) as caller:
        yield await handset.invite_unsigned(number, await caller.offer()), caller


async def answered(call: Outgoing, caller: Caller) -> None:
    response = await call.final()
    assert response.status == 200
    await caller.answered(response.body.decode())


async def refused(handset: Handset, number: str) -> int:
    """The status of the failure."""
    async with dialled(handset, number, 440.0) as (call, _):
        return (await call.final()).status


def channels(ogg: bytes) -> tuple[float | None, float | None]:
    """The loudest pitch of the middle of each channel of a stereo recording."""
    resampler = av.AudioResampler(format="s16", layout="stereo", rate=sounds.RATE)
    with av.open(io.BytesIO(ogg), "r") as file:
        frames = [part for frame in file.decode(audio=0) for part in resampler.resample(frame)]
    samples = np.concatenate([frame.to_ndarray().reshape(-1, 2) for frame in frames])
    middle = samples[len(samples) // 2 :]
    return pitch_of(middle[:, 0]), pitch_of(middle[:, 1])


async def test_an_agent_calls_every_number(tmp_path: Path) -> None:
    async with (
        demo(tmp_path, free_port()) as house,
        attached(house.address, "ana", house.password("ana")) as ana,
    ):
        await tone_is_heard_and_recorded(ana)
        await echo_holds_and_resumes(ana)
        await early_media_is_heard(ana)
        await keys_are_said_back(ana)
        for number, status, cause in (("604", 486, "busy"), ("605", 503, "unavailable"), ("777", 404, "not_found")):
            assert await refused(ana, number) == status
            await ana.last_call(number=number, state="ended", cause=cause)
        assert await refused(ana, "1002") == 480
        async with dialled(ana, "606", 440.0) as (call, _):
            assert (await ana.response()).status == 180
            await call.cancel()
            assert (await ana.response()).cseq.method == "CANCEL"
            assert (await call.final()).status == 487
        await ana.last_call(number="606", cause="cancelled")
        async with dialled(ana, "608", 440.0) as (call, caller):
            await answered(call, caller)
            await ana.send((await ana.request("BYE")).reply(200))
        await ana.last_call(number="608", cause="ended", ended_by="other")


async def tone_is_heard_and_recorded(ana: Handset) -> None:
    async with dialled(ana, "602", 523.0) as (call, caller):
        await answered(call, caller)
        assert await caller.hears(1004.0) == pytest.approx(1004.0, abs=5.0)
        for _ in range(4):  # two seconds for the recording
            await caller.hears(1004.0)
        assert (await call.again("BYE")).status == 200
    made = await ana.last_call(number="602", state="ended", cause="ended", ended_by="agent")
    agent, other = channels(await ana.recording_of(made["id"]))
    assert agent == pytest.approx(523.0, abs=5.0)
    assert other == pytest.approx(1004.0, abs=5.0)


async def echo_holds_and_resumes(ana: Handset) -> None:
    async with dialled(ana, "600", 523.0) as (call, caller):
        await answered(call, caller)
        await caller.hears(523.0)
        for direction in ("sendonly", "sendrecv"):
            response = await call.again("INVITE", await caller.offer(direction))
            assert response.status == 200
            await caller.answered(response.body.decode())
            await ana.last_call(number="600", held=direction == "sendonly")
        await caller.hears(523.0)
        await call.again("BYE")


async def early_media_is_heard(ana: Handset) -> None:
    async with dialled(ana, "603", 440.0) as (call, caller):
        progress = await ana.response(skip=(100, 180))
        assert progress.status == 183
        await caller.answered(progress.body.decode())
        await caller.hears(659.0)
        assert (await call.final()).status == 200
        await caller.hears(440.0)
        await call.again("BYE")


async def keys_are_said_back(ana: Handset) -> None:
    async with dialled(ana, "607", 440.0) as (call, caller):
        await answered(call, caller)
        await caller.receives()
        await caller.press("1234")
        await caller.hears(697.0)  # the low tone of 1, 2 and 3
        await ana.send((await ana.request("BYE")).reply(200))


async def test_two_agents_hear_each_other(tmp_path: Path) -> None:
    async with (
        demo(tmp_path, free_port()) as house,
        attached(house.address, "ana", house.password("ana")) as ana,
        attached(house.address, "bruno", house.password("bruno")) as bruno,
        dialled(ana, "1002", 523.0) as (call, hers),
        calling(784.0) as his,
    ):
        invite = await bruno.request("INVITE")
        assert invite.from_.uri.unescaped_user == "1001"
        assert invite.from_.display_name == "Ana Souza"
        await bruno.send(invite.reply(180, to_tag="b"))
        assert (await ana.response()).status == 180
        await accept(bruno, invite, await his.answer(invite.body.decode()))
        await answered(call, hers)
        await hers.hears(784.0)
        await his.hears(523.0)
        assert (await call.again("BYE")).status == 200
        await bruno.send((await bruno.request("BYE")).reply(200))
        await bruno.last_call(direction="in", number="1001", cause="ended", ended_by="other")
