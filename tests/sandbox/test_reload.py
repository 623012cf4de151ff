"""A call outlives its page, through the whole house: the page goes in the middle, another one comes with its id."""

import io
from pathlib import Path

import av
import numpy as np
import pytest

from sandbox import sounds
from signaling.dialog import Dialog

from .client import via
from .demo import demo, free_port, needs_front_end
from .ear import WINDOW, Caller, calling, pitch_of
from .handset import Handset, attached
from .test_gateway import answered, dialled

pytestmark = [pytest.mark.timeout(180), needs_front_end]
PAGE, OTHER = "handset-of-ana", "her-other-page"


async def taken(page: Handset, caller: Caller, why: str) -> Dialog:
    """The page answers the call that it is given."""
    invite = await page.request("INVITE")
    assert invite.headers.get("X-Ramal-Resume") == why
    response = invite.reply(
        200,
        to_tag="again",
        headers=(("Contact", str(page.contact)),),
        body=(await caller.answer(invite.body.decode())).encode(),
        content_type="application/sdp",
    )
    await page.send(response)
    assert (await page.request("ACK")).call_id == invite.call_id
    return Dialog.uas(invite, response)


def pitches(ogg: bytes) -> set[int]:
    """Those of the agent's side, for each half second, rounded to 10 Hz; 0 for silence."""
    resampler = av.AudioResampler(format="s16", layout="stereo", rate=sounds.RATE)
    with av.open(io.BytesIO(ogg), "r") as file:
        frames = [part for frame in file.decode(audio=0) for part in resampler.resample(frame)]
    agent = np.concatenate([frame.to_ndarray().reshape(-1, 2) for frame in frames])[:, 0]
    windows = [agent[at : at + WINDOW] for at in range(0, len(agent) - WINDOW, WINDOW)]
    return {round((pitch_of(window) or 0) / 10) * 10 for window in windows}


async def test_a_call_goes_on_in_another_page(tmp_path: Path) -> None:
    async with demo(tmp_path, free_port()) as house:
        login = house.address, "ana", house.password("ana")
        async with attached(*login, handset=PAGE) as page, dialled(page, "600", 520.0) as (call, caller):
            await answered(call, caller)
            for _ in range(3):
                await caller.hears(520.0)

        async with attached(*login, handset=PAGE) as page, calling(780.0) as caller:
            await taken(page, caller, "detached")
            for _ in range(3):
                await caller.hears(780.0)
            made = await page.last_call(state="active", handset=PAGE, detached=False, resume_until=None)
            async with attached(*login, handset=OTHER) as other, calling(1040.0) as second:
                assert await other.post(f"/calls/{made['id']}/take", {"handset": OTHER}) == 202
                dialog = await taken(other, second, "taken")
                bye = await page.request("BYE")
                assert bye.headers.get("Reason") == 'SIP;cause=200;text="Call continued elsewhere"'
                await page.send(bye.reply(200))
                for _ in range(3):
                    await second.hears(1040.0)
                await other.last_call(handset=OTHER, detached=False)
                assert await other.post(f"/calls/{made['id']}/take", {"handset": OTHER}) == 409
                bye, _ = dialog.request("BYE", via())
                await other.send(bye)
                assert (await other.response()).status == 200
                ended = await other.last_call(state="ended", cause="ended", ended_by="agent")
                assert ended["id"] == made["id"] and len((await other.get("/calls"))["calls"]) == 1
                assert {520, 780, 1040} <= pitches(await other.recording_of(made["id"]))


async def test_a_call_waits_for_its_page_and_then_ends(tmp_path: Path) -> None:
    async with demo(tmp_path, free_port(), RAMAL_TIMING__DETACHED="2") as house:
        login = house.address, "ana", house.password("ana")
        async with attached(*login) as watcher:
            async with attached(*login, handset=PAGE) as page, dialled(page, "602", 520.0) as (call, caller):
                await answered(call, caller)
                await caller.hears(1004.0)
            waiting = await watcher.last_call(detached=True, handset=PAGE)
            assert waiting["resume_until"] is not None and waiting["state"] == "active"
            await watcher.last_call(state="ended", cause="interrupted", ended_by="gateway", detached=False)
