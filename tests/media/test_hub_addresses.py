"""Where the hub listens and sends: its own addresses, and peers that are ICE-lite themselves."""

import asyncio
import socket
from pathlib import Path

import pytest
from aioice import stun

from media import sdp
from media.call import Call
from media.dtls import Role
from media.engine import Happening
from media.hub import Hub
from media.probe import can_bind
from media.writer import Writer

from .conftest import Bench
from .peer import Peer, rtp, sender_report, until


async def test_the_hub_sends_the_checks_to_a_lite_peer(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer(lite=True)
    call = bench.call()
    offered = call.offer("near", near.describe(), "far")
    far.connect(offered.sdp, Role.CLIENT)
    answered = call.answer("far", far.describe("active"), "near")
    near.connect(answered.sdp, Role.SERVER)
    await until(lambda: near.connected and far.connected)
    assert far.checked
    near.send_rtp(rtp(1))
    far.send_rtp(rtp(1))
    await until(lambda: far.clear and near.clear)


async def test_a_forged_success_of_our_check_is_not_believed(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer(lite=True)
    far.loop.remove_reader(far.socket)
    call = bench.call()
    call.offer("near", near.describe(), "far")
    call.answer("far", far.describe("active"), "near")
    received: list[tuple[bytes, tuple[str, int]]] = []
    await until(lambda: _receive(far.socket, received))
    data, source = received[0]
    request = stun.parse_message(data)
    forged = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, request.transaction_id)
    forged.attributes["XOR-MAPPED-ADDRESS"] = ("127.0.0.1", 9)
    forged.add_message_integrity(b"a guess")
    strange = bench.hub.strange
    far.socket.sendto(bytes(forged), source)
    await until(lambda: bench.hub.strange > strange)
    assert all(leg.address is None for leg in bench.hub._legs)


async def test_two_calls_of_one_hub_meet_at_a_pbx_that_leaves_sdp_alone(bench: Bench) -> None:
    caller, callee = bench.peer(), bench.peer()
    ana, bia = bench.call("ana"), bench.call("bia")
    to_pbx = ana.offer("near", caller.describe(), "far")
    to_bia = bia.offer("far", to_pbx.sdp, "near")
    callee.connect(to_bia.sdp, Role.CLIENT)
    from_bia = bia.answer("near", callee.describe("active"), "far")
    assert b"ice-lite" in to_pbx.sdp and b"ice-lite" not in from_bia.sdp
    to_ana = ana.answer("far", from_bia.sdp, "near")
    caller.connect(to_ana.sdp, Role.SERVER)
    await until(lambda: bench.happened(Happening.LEG_CONNECTED) == 4 and caller.connected and callee.connected)
    for number in range(5):
        caller.send_rtp(rtp(number))
        callee.send_rtp(rtp(number, b"back"))
    caller.send_rtcp(sender_report())
    await until(lambda: len(callee.clear) == 5 and len(caller.clear) == 5 and callee.reports)
    assert len(bench.hub._private) == 1
    bia.release()
    assert not bench.hub._private


async def test_on_the_socket_of_one_leg_only_its_peer_is_heard(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer(lite=True)
    call = bench.call()
    offered = call.offer("near", near.describe(), "far")
    far.connect(offered.sdp, Role.CLIENT)
    call.answer("far", far.describe("active"), "near")
    await until(lambda: far.connected)
    stranger = bench.peer()
    stranger.hub, stranger.remote = far.hub, sdp.parse(offered.sdp).transport(0)
    strange = bench.hub.strange
    stranger.send(b"\x80" * 100)
    near.remote = sdp.parse(call.answer("far", far.describe("active"), "near").sdp).transport(0)
    near.hub = far.hub
    near.check()  # good credentials, of another leg
    await until(lambda: bench.hub.strange == strange + 2)
    assert near.answered == 0


async def test_ipv6(tmp_path: Path) -> None:
    if not can_bind("::1"):
        pytest.skip("this machine has no IPv6")
    hub = Hub(("127.0.0.1", "::1"), ("127.0.0.1", "::1"), 0)
    writer = Writer(asyncio.get_running_loop().call_soon_threadsafe, min_free_bytes=0)
    hub.start(lambda: None)
    near, far = Peer(), Peer(host="::1")
    call = Call("call", hub, writer, tmp_path, lambda _: None)
    try:
        offered = call.offer("near", near.describe(), "far")
        far.connect(offered.sdp, Role.CLIENT)
        answered = call.answer("far", far.describe("active"), "near")
        near.connect(answered.sdp, Role.SERVER)
        await until(lambda: near.connected and far.connected)
        near.send_rtp(rtp(1))
        far.send_rtp(rtp(2))
        await until(lambda: far.clear and near.clear)
    finally:
        call.release()
        near.close()
        far.close()
        hub.close()
        writer.stop()


def test_an_address_that_is_not_ours_is_named() -> None:
    with pytest.raises(OSError, match=r"203\.0\.113\.7"):
        Hub(("203.0.113.7",), ("203.0.113.7",), 0)


async def test_a_leg_without_a_socket_of_its_own_uses_the_shared_one(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    near, far = bench.peer(), bench.peer(lite=True)
    call = bench.call()

    def none_left(*_: object) -> list[socket.socket]:
        raise OSError("no port is left")

    monkeypatch.setattr("media.hub._bind", none_left)
    offered = call.offer("near", near.describe(), "far")
    far.connect(offered.sdp, Role.CLIENT)
    call.answer("far", far.describe("active"), "near")
    await until(lambda: far.connected)
    assert far.hub == ("127.0.0.1", bench.hub.port)


async def test_a_lite_peer_without_an_address_of_our_family_is_not_checked(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer(lite=True)
    call = bench.call()
    call.offer("near", near.describe(), "far")
    call.answer(
        "far", far.describe("active").replace(b"UDP 2130706431 127.0.0.1", b"UDP 2130706431 2001:db8::9"), "near"
    )
    assert not bench.hub._private and far.checked == 0


def test_every_address_has_the_same_port() -> None:
    hub = Hub(("127.0.0.1", "127.0.0.2"), ("127.0.0.1", "127.0.0.2"), 0)
    try:
        assert {sock.getsockname() for sock in hub.sockets} == {("127.0.0.1", hub.port), ("127.0.0.2", hub.port)}
    finally:
        hub.close()


def _receive(sock: socket.socket, into: list[tuple[bytes, tuple[str, int]]]) -> bool:
    try:
        into.append(sock.recvfrom(2048))
    except BlockingIOError:
        return False
    return True
