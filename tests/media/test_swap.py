"""A call whose near leg is replaced while it goes on: another page, with another SSRC, address and certificate."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest

from media.capture import Kind, read_event, records
from media.dtls import Role
from media.engine import Happening, Report
from media.pool import MediaSettings, Pool
from media.recording import convert

from .peer import Peer, rtp, until

OLD, NEW = 0x1111, 0x2222


@pytest.fixture
async def peers() -> AsyncIterator[Callable[[], Peer]]:
    made: list[Peer] = []

    def make() -> Peer:
        made.append(Peer())
        return made[-1]

    yield make
    for peer in made:
        peer.close()


def sources(peer: Peer) -> list[int]:
    """The SSRC of each packet that came."""
    return [int.from_bytes(packet[8:12]) for packet in peer.clear]


def heard_all(page: Peer, far: Peer, count: int) -> bool:
    return len(page.clear) == 10 and len(far.clear) == 10 * count


async def replaced(pool: Pool, said: bytes, page: Peer, name: str, before: str) -> None:
    """The far side's last SDP, an offer or an answer, is offered to another page, which has the call then."""
    offered = await pool.offer("call", "far", said, to=name)
    page.connect(offered.sdp, Role.CLIENT)
    await pool.answer("call", name, page.describe("active"), to="far")
    await pool.select("call", name, record=True)
    await pool.drop("call", before)
    await until(lambda: page.connected)


@pytest.mark.parametrize("direction", ["out", "in"])
async def test_another_page_gets_the_call(direction: str, peers: Callable[[], Peer], tmp_path: Path) -> None:
    reports: list[Report] = []
    settings = MediaSettings(tmp_path / "captures", ("127.0.0.1",), workers=1, min_free_bytes=0)
    async with Pool(settings, reports.append) as pool:
        near, far = peers(), peers()
        if direction == "out":
            offered = await pool.offer("call", "h1", near.describe(), to="far")
            far.connect(offered.sdp, Role.CLIENT)
            said = far.describe("active")
            near.connect((await pool.answer("call", "far", said, to="h1")).sdp, Role.SERVER)
        else:
            said = far.describe()
            near.connect((await pool.offer("call", "far", said, to="h1")).sdp, Role.CLIENT)
            answered = await pool.answer("call", "h1", near.describe("active"), to="far")
            far.connect(answered.sdp, Role.SERVER)
        await pool.select("call", "h1", record=True)
        await until(lambda: near.connected and far.connected)
        hub = far.hub
        for number in range(10):
            near.send_rtp(rtp(number, ssrc=OLD))
        await until(lambda: len(far.clear) == 10)

        for count in range(2, 12):
            page, name, before = peers(), f"h1.{count}", "h1" if count == 2 else f"h1.{count - 1}"
            await replaced(pool, said, page, name, before)
            for number in range(10):
                page.send_rtp(rtp(7000 + number, ssrc=NEW + count))
                far.send_rtp(rtp(100 * count + number))
            await until(partial(heard_all, page, far, count))
            assert sources(far)[-10:] == [NEW + count] * 10
        assert far.hub == hub and near.clear == []
        heard = len(far.clear)
        near.send_rtp(rtp(11, ssrc=OLD))
        page.send_rtp(rtp(7010, ssrc=NEW + 11))
        await until(lambda: len(far.clear) == heard + 1)
        assert sources(far)[-1] == NEW + 11
        assert set(await pool.stats("call")) == {"far", "h1.11"}

        await pool.release("call")
        await until(lambda: [report for report in reports if report.what is Happening.CAPTURE_CLOSED])
    data = (tmp_path / "captures" / "call.rrec").read_bytes()
    events = [read_event(data[record.start : record.end]) for record in records(data) if record.kind is Kind.EVENT]
    swaps = [event for event in events if event["event"] == "leg"]
    assert len(swaps) == 10 and all(isinstance(event["gap"], int) for event in swaps)
    facts = convert(tmp_path / "captures" / "call.rrec", tmp_path / "call.ogg")
    assert (facts.complete, facts.packets_agent, facts.packets_other) == (True, 111, 100)
    assert [report.what for report in reports].count(Happening.RECORDING_STARTED) == 1
