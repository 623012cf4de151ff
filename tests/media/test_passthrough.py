"""The engine without media: what comes in goes out."""

from pathlib import Path

import pytest

from media.engine import BadDescription, Direction, Engine
from media.passthrough import PassThrough

OFFER = (Path(__file__).parent / "data" / "chromium-offer.sdp").read_bytes()


async def test_descriptions_pass_untouched() -> None:
    engine: Engine = PassThrough()
    for describe in (engine.offer, engine.answer):
        found = await describe("call", "near", OFFER, to="far")
        assert found.sdp == OFFER and found.direction is Direction.SENDRECV and found.audio
        held = await describe("call", "near", b"v=0\r\ns=-\r\nm=audio 9 RTP/AVP 8\r\na=inactive\r\n", to="far")
        assert held.direction is Direction.INACTIVE and held.audio
        with pytest.raises(BadDescription):
            await describe("call", "near", b"hello", to="far")


async def test_everything_else_does_nothing() -> None:
    engine: Engine = PassThrough()
    await engine.select("call", "near", record=True)
    await engine.pause("call")
    await engine.resume("call")
    assert await engine.stats("call") == {}
    await engine.drop("call", "near")
    await engine.release("call")
