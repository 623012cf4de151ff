import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from media.probe import default_address
from sandbox import sounds
from sandbox.peer import BadOffer, Peer

from .ear import Caller, calling


class Serving:
    """A `Peer` and what it told."""

    def __init__(self) -> None:
        self.keys: asyncio.Queue[str] = asyncio.Queue()
        self.lost = asyncio.Event()
        self.peer = Peer(on_key=self.keys.put_nowait, on_lost=self.lost.set)

    async def answer(self, caller: Caller, direction: str = "sendrecv") -> str:
        answer = await self.peer.answer(await caller.offer(direction))
        await caller.answered(answer)
        return answer


@asynccontextmanager
async def serving() -> AsyncIterator[Serving]:
    it = Serving()
    try:
        yield it
    finally:
        await it.peer.close()


async def test_an_echo_gives_the_own_tone_back() -> None:
    async with serving() as it, calling(523.0) as caller:
        it.peer.echo()
        await it.answer(caller)
        await caller.hears(523.0)


@pytest.mark.parametrize("address", sorted({"127.0.0.1", default_address()}))
async def test_the_peer_is_reached_on_the_address_of_the_offer_and_binds_no_other(address: str) -> None:
    async with serving() as it, calling(address=address) as caller:
        it.peer.play(sounds.tone(), loop=True)
        answer = await it.answer(caller)
        hosts = {line.split(" ")[4] for line in answer.splitlines() if line.startswith("a=candidate:")}
        assert hosts == {address}
        await caller.hears(sounds.MILLIWATT_HZ)


async def test_sounds_end_and_the_next_one_follows() -> None:
    async with serving() as it, calling() as caller:
        ended = asyncio.Event()
        await it.answer(caller)
        await caller.connected()
        it.peer.play(sounds.keys("5"), finished=ended.set)
        await asyncio.wait_for(ended.wait(), 5)
        it.peer.play(sounds.tone(), loop=True)
        await caller.hears(sounds.MILLIWATT_HZ)
        it.peer.echo()
        await caller.hears(440.0)


async def test_keys_are_read_and_the_echo_goes_on() -> None:
    async with serving() as it, calling(523.0) as caller:
        it.peer.echo()
        await it.answer(caller)
        await caller.connected()
        await caller.press("1904*#")
        assert [await asyncio.wait_for(it.keys.get(), 5) for _ in range(6)] == list("1904*#")
        assert it.keys.empty()
        await caller.hears(523.0)


async def test_hold_is_answered_and_resume_brings_the_sound_back() -> None:
    async with serving() as it, calling(523.0) as caller:
        it.peer.echo()
        await it.answer(caller)
        await caller.hears(523.0)
        assert "a=recvonly" in await it.answer(caller, "sendonly")
        assert "a=inactive" in await it.answer(caller, "inactive")
        assert "a=sendrecv" in await it.answer(caller)
        await caller.hears(523.0)


async def test_the_answer_takes_telephone_event_only_where_it_was_offered() -> None:
    async with serving() as it, calling() as caller:
        assert "telephone-event" not in await it.peer.answer(await caller.offer(keys=False))
    async with serving() as it, calling() as caller:
        answer = await it.answer(caller)
        assert "a=rtpmap:126 telephone-event/8000\r\n" in answer


async def test_datagrams_that_end_a_stock_connection_do_not_end_this_one() -> None:
    async with serving() as it, calling(523.0) as caller:
        it.peer.echo()
        answer = await it.answer(caller)
        await caller.connected()
        _, _, _, _, host, port, *_ = next(line for line in answer.splitlines() if "candidate:" in line).split(" ")
        alert = b"\x15\xfe\xfd" + bytes(20)
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for hostile in (b"", b"\x80" * 1501, b"\x80", b"\x80\xc8", alert, b"\x16" * 60, b"\xff"):
                stranger.sendto(hostile, (host, int(port)))
        await caller.hears(523.0)
        assert not it.lost.is_set()


async def test_a_caller_that_goes_away_is_noticed() -> None:
    async with serving() as it, calling() as caller:
        await it.answer(caller)
        await caller.connected()
        await caller.connection.close()
        await asyncio.wait_for(it.lost.wait(), 10)


@pytest.mark.parametrize(
    "offer",
    ["", "v=0\r\n", "no sdp", "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 18\r\n"],
)
async def test_an_offer_that_cannot_be_answered_says_so(offer: str) -> None:
    async with serving() as it:
        with pytest.raises(BadOffer):
            await it.peer.answer(offer)
