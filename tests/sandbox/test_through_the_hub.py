"""The sandbox's peer behind the media hub, as in the demo: the hub is ICE-lite, so the peer must send the checks."""

import asyncio
from pathlib import Path

import pytest

from media.engine import Report
from media.pool import MediaSettings, Pool
from media.probe import default_address
from sandbox import sounds

from .ear import calling
from .test_peer import serving

pytestmark = pytest.mark.timeout(60)


@pytest.mark.parametrize("address", sorted({"127.0.0.1", default_address()}))
async def test_echo_tone_and_keys_pass_the_hub(tmp_path: Path, address: str) -> None:
    settings = MediaSettings(captures=tmp_path, bind=(address,), advertise=(address,), workers=1)
    reports: list[Report] = []
    async with Pool(settings, reports.append) as hub, serving() as it, calling(523.0, address=address) as caller:
        it.peer.echo()
        offer = await hub.offer("call", "near", (await caller.offer()).encode(), to="far")
        assert b"a=ice-lite" in offer.sdp
        answer = await it.peer.answer(offer.sdp.decode())
        described = await hub.answer("call", "far", answer.encode(), to="near")
        await caller.answered(described.sdp.decode())
        await hub.select("call", "near", record=False)
        await caller.connected()
        await caller.hears(523.0)
        await caller.press("42")
        assert [await asyncio.wait_for(it.keys.get(), 5) for _ in range(2)] == ["4", "2"]
        it.peer.play(sounds.tone(), loop=True)
        await caller.hears(sounds.MILLIWATT_HZ)
        await hub.release("call")
