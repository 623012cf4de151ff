"""Real worker processes: calls between real WebRTC peers, and workers that are killed in the middle of them."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack

from media import sdp
from media.capture import records
from media.converter import orphans
from media.dtls import Role
from media.engine import BadDescription, EngineError, EngineUnavailable, Happening, Report
from media.pool import MediaSettings, Pool
from media.recording import convert

from .peer import Peer, rtp, until

LOOPBACK = ("127.0.0.1",)


@pytest.fixture
def reports() -> list[Report]:
    return []


@pytest.fixture
async def pool(tmp_path: Path, reports: list[Report]) -> AsyncIterator[Pool]:
    settings = MediaSettings(tmp_path / "captures", LOOPBACK, workers=1, min_free_bytes=0)
    async with Pool(settings, reports.append) as pool:
        yield pool


@pytest.fixture
async def peers() -> AsyncIterator[Callable[[], Peer]]:
    made: list[Peer] = []

    def make() -> Peer:
        made.append(Peer())
        return made[-1]

    yield make
    for peer in made:
        peer.close()


def happened(reports: list[Report], what: Happening, call: str = "call") -> list[Report]:
    return [report for report in reports if report.what is what and report.call == call]


async def outgoing(pool: Pool, near: Peer, far: Peer, call: str = "call") -> None:
    offered = await pool.offer(call, "near", near.describe(), to="far")
    far.connect(offered.sdp, Role.CLIENT)
    answered = await pool.answer(call, "far", far.describe("active"), to="near")
    near.connect(answered.sdp, Role.SERVER)
    await pool.select(call, "near", record=True)
    await until(lambda: near.connected and far.connected)


async def test_a_call_from_offer_to_recording(
    pool: Pool, reports: list[Report], peers: Callable[[], Peer], tmp_path: Path
) -> None:
    near, far = peers(), peers()
    await outgoing(pool, near, far)
    for number in range(20):
        near.send_rtp(rtp(number))
        far.send_rtp(rtp(number))
    await until(lambda: len(far.clear) == 20 and len(near.clear) == 20)
    stats = await pool.stats("call")
    assert stats["near"].packets_in == 20 and stats["far"].packets_out == 20 and stats["far"].connected
    await pool.pause("call")
    await pool.resume("call")
    await pool.release("call")
    await pool.release("call")
    await pool.drop("call", "near")
    await until(lambda: happened(reports, Happening.CAPTURE_CLOSED))
    capture = happened(reports, Happening.CAPTURE_CLOSED)[0].capture
    assert capture == tmp_path / "captures" / "call.rrec"
    facts = convert(capture, tmp_path / "call.ogg")
    assert facts.complete and (facts.packets_agent, facts.packets_other) == (20, 20)
    assert len(happened(reports, Happening.RECORDING_STOPPED)) == 2
    with pytest.raises(EngineUnavailable):
        await pool.stats("call")


async def test_whole_webrtc_peers_talk_through_a_worker(
    pool: Pool, reports: list[Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda **_: list(LOOPBACK))
    here, there = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    try:
        here.addTrack(AudioStreamTrack())
        there.addTrack(AudioStreamTrack())
        await here.setLocalDescription(await here.createOffer())
        offered = await pool.offer("call", "near", here.localDescription.sdp.encode(), to="far")
        await there.setRemoteDescription(RTCSessionDescription(offered.sdp.decode(), "offer"))
        await there.setLocalDescription(await there.createAnswer())
        answered = await pool.answer("call", "far", there.localDescription.sdp.encode(), to="near")
        await here.setRemoteDescription(RTCSessionDescription(answered.sdp.decode(), "answer"))
        await pool.select("call", "near", record=False)
        for connection in (here, there):
            (receiver,) = connection.getReceivers()
            frames = [await asyncio.wait_for(receiver.track.recv(), 10) for _ in range(5)]
            assert all(frame.sample_rate == 48_000 for frame in frames)  # type: ignore[union-attr]
        await until(lambda: len(happened(reports, Happening.LEG_CONNECTED)) == 2)
        stats = await pool.stats("call")
        assert all(leg.packets_in >= 5 and leg.packets_out >= 5 and not leg.dropped for leg in stats.values())
    finally:
        await here.close()
        await there.close()


async def test_a_peer_with_another_certificate_gets_nothing(
    pool: Pool, reports: list[Report], peers: Callable[[], Peer]
) -> None:
    near, far, thief = peers(), peers(), peers()
    offered = await pool.offer("call", "near", near.describe(), to="far")
    thief.ufrag, thief.pwd = far.ufrag, far.pwd
    thief.connect(offered.sdp, Role.CLIENT)
    await pool.answer("call", "far", far.describe("active"), to="near")
    await until(lambda: happened(reports, Happening.LEG_FAILED))
    assert happened(reports, Happening.LEG_FAILED)[0].leg == "far"
    stats = await pool.stats("call")
    assert not any(leg.connected or leg.packets_out for leg in stats.values())


async def test_a_killed_worker_loses_its_calls_but_not_their_captures(
    pool: Pool, reports: list[Report], peers: Callable[[], Peer], tmp_path: Path
) -> None:
    near, far = peers(), peers()
    await outgoing(pool, near, far)
    capture = tmp_path / "captures" / "call.rrec"
    for number in range(50):
        near.send_rtp(rtp(number))
    await until(lambda: len(far.clear) == 50)
    await until(lambda: capture.stat().st_size > 50 * 80)  # the writer has it within a second
    assert orphans(capture.parent) == []
    (worker,) = pool.pids
    os.kill(worker, signal.SIGKILL)
    await until(lambda: happened(reports, Happening.CALL_LOST))
    assert happened(reports, Happening.CAPTURE_CLOSED)[0].capture == capture
    assert orphans(capture.parent) == [capture]
    assert len(list(records(capture.read_bytes()))) >= 50
    assert not convert(capture, tmp_path / "call.ogg").complete
    with pytest.raises(EngineUnavailable):
        await pool.answer("call", "far", far.describe("active"), to="near")
    await until(lambda: pool.workers == 1 and pool.pids != (worker,))
    await outgoing(pool, peers(), peers(), "next")


async def test_a_worker_that_is_killed_again_and_again_comes_back(pool: Pool, peers: Callable[[], Peer]) -> None:
    for _ in range(3):
        await until(lambda: pool.workers == 1)
        (worker,) = pool.pids
        os.kill(worker, signal.SIGKILL)
        await until(lambda worker=worker: pool.pids and pool.pids != (worker,), 20)  # type: ignore[misc]
    await outgoing(pool, peers(), peers())


async def test_a_request_under_way_fails_with_its_worker(pool: Pool, peers: Callable[[], Peer]) -> None:
    near = peers()
    await pool.offer("call", "near", near.describe(), to="far")
    os.kill(pool.pids[0], signal.SIGSTOP)
    try:
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(_refused(pool.stats("call")), name="asking")
            await asyncio.sleep(0)
            os.kill(pool.pids[0], signal.SIGKILL)
        assert "died" in str(asking.result())
    finally:
        await pool.release("call")


async def _refused(doing: Awaitable[object]) -> EngineUnavailable:
    with pytest.raises(EngineUnavailable) as error:
        await doing
    return error.value


async def test_the_end_of_the_pool_finishes_every_capture(
    tmp_path: Path, reports: list[Report], peers: Callable[[], Peer]
) -> None:
    settings = MediaSettings(tmp_path, LOOPBACK, workers=2, min_free_bytes=0)
    async with Pool(settings, reports.append) as pool:
        assert pool.workers == 2
        for name in ("one", "two"):
            near, far = peers(), peers()
            await outgoing(pool, near, far, name)
            near.send_rtp(rtp(1))
            await until(lambda far=far: far.clear)  # type: ignore[misc]
        pids = pool.pids
    for name in ("one", "two"):
        assert happened(reports, Happening.CAPTURE_CLOSED, name) and happened(reports, Happening.CALL_LOST, name)
        assert convert(tmp_path / f"{name}.rrec", tmp_path / f"{name}.ogg").complete
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_calls_go_where_there_are_fewest(tmp_path: Path, peers: Callable[[], Peer]) -> None:
    settings = MediaSettings(tmp_path, LOOPBACK, workers=2, calls_per_worker=2, min_free_bytes=0)
    async with Pool(settings, lambda _: None) as pool:
        ports = []
        for number in range(4):
            offered = await pool.offer(f"call{number}", "near", peers().describe(), to="far")
            ports.append(sdp.parse(offered.sdp).sections[0].port)
        assert len(set(ports)) == 2 and ports.count(ports[0]) == 2
        with pytest.raises(EngineUnavailable, match="as many calls"):
            await pool.offer("call4", "near", peers().describe(), to="far")
        await pool.release("call0")
        assert (
            sdp.parse((await pool.offer("call4", "near", peers().describe(), to="far")).sdp).sections[0].port in ports
        )


async def test_ports_are_numbered_and_a_taken_one_stops_the_start(tmp_path: Path, peers: Callable[[], Peer]) -> None:
    base = peers().port
    taken = MediaSettings(tmp_path, LOOPBACK, base_port=base, workers=1)
    with pytest.raises(OSError, match="did not start"):
        async with Pool(taken, lambda _: None):
            pass
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with Pool(replace(taken, base_port=port), lambda _: None) as pool:
        offered = await pool.offer("call", "near", peers().describe(), to="far")
        assert sdp.parse(offered.sdp).sections[0].port == port


async def test_what_is_refused_takes_no_place(pool: Pool, peers: Callable[[], Peer]) -> None:
    for text in (b"v=1\r\n", b"\xff", b"v=0\r\n" + b"a=x\r\n" * 5_000):
        with pytest.raises(BadDescription):
            await pool.offer("call", "near", text, to="far")
    with pytest.raises(EngineUnavailable, match="no media worker"):
        await pool.select("call", "near", record=True)
    with pytest.raises(EngineError, match="file name"):
        await pool.offer("../call", "near", peers().describe(), to="far")
    assert not pool._homes


async def test_a_listener_that_fails_does_no_harm(tmp_path: Path, peers: Callable[[], Peer]) -> None:
    def fails(_: Report) -> None:
        raise ZeroDivisionError

    settings = MediaSettings(tmp_path, LOOPBACK, workers=1, min_free_bytes=0)
    async with Pool(settings, fails) as pool:
        near, far = peers(), peers()
        await outgoing(pool, near, far)
        near.send_rtp(rtp(1))
        await until(lambda: far.clear)


async def test_a_worker_has_no_secret_of_the_web_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAMAL_MASTER_KEY", "not-for-media")
    async with Pool(MediaSettings(tmp_path, LOOPBACK, workers=1), lambda _: None) as pool:
        environment = await asyncio.to_thread(Path(f"/proc/{pool.pids[0]}/environ").read_bytes)
    assert b"not-for-media" not in environment and b"PATH=" in environment


async def test_a_worker_ends_with_its_parent(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom media.pool import MediaSettings, Pool\n"
        "async def main():\n"
        "    async with Pool(MediaSettings(Path(sys.argv[1]), ('127.0.0.1',), workers=1), print) as pool:\n"
        "        print(pool.pids[0], flush=True)\n        await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert parent.stdout is not None
    worker = int(await asyncio.wait_for(parent.stdout.readline(), 30))
    parent.kill()
    await parent.wait()
    await until(lambda: not _alive(worker))


def _alive(pid: int) -> bool:
    """Running; a process that ended and waits for its parent is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_worker_that_hangs_is_killed_and_started_again(
    tmp_path: Path, reports: list[Report], peers: Callable[[], Peer]
) -> None:
    settings = MediaSettings(tmp_path / "captures", LOOPBACK, workers=1, min_free_bytes=0, silence=2)
    async with Pool(settings, reports.append) as pool:
        await outgoing(pool, peers(), peers())
        (worker,) = pool.pids
        os.kill(worker, signal.SIGSTOP)
        await until(lambda: bool(happened(reports, Happening.CALL_LOST)), 20)
        assert happened(reports, Happening.CAPTURE_CLOSED)
        await until(lambda: pool.is_ready and pool.pids != (worker,), 20)
        await outgoing(pool, peers(), peers(), "next")
    assert not _alive(worker)


def test_a_worker_has_ten_seconds_for_a_sign_of_life() -> None:
    assert MediaSettings(Path(), LOOPBACK).silence == 10.0
