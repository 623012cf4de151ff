"""The hub under fire: every attack that ends a stock WebRTC stack, and what a peer may do that is unusual but right."""

import asyncio
import random
import socket

import pytest
from aioice import stun

from media import sdp
from media.call import Call
from media.dtls import Handshake, Identity, Role, digest
from media.engine import Happening

from .conftest import Bench
from .peer import rtp, sender_report, until

ALERT = b"\x15\xfe\xfd" + bytes(6) + b"\x00\x00\x00\x02\x02\x28"  # plaintext, fatal, handshake_failure


def client_hello() -> bytes:
    handshake = Handshake(Identity(), Role.CLIENT, [])
    handshake.start()
    (hello,) = handshake.flights()
    return hello


async def test_audio_and_reports_pass_both_ways_unchanged(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    await bench.outgoing(bench.call(), near, far)
    for number in range(10):
        near.send_rtp(rtp(number))
        far.send_rtp(rtp(number, b"other", ssrc=0x99))
    near.send_rtcp(sender_report())
    await until(lambda: len(far.clear) == 10 and len(near.clear) == 10 and far.reports)
    assert far.clear == [rtp(number) for number in range(10)]
    assert near.clear == [rtp(number, b"other", ssrc=0x99) for number in range(10)]
    assert far.reports == [sender_report()]


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\x80",
        b"\x80" * 11,
        b"\x80" * 1501,
        b"\x80\x6f" + bytes(2000),
        b"\x80\xc8" + bytes(8),
        b"\x00",
        b"\x01\x01" + bytes(60),
        b"\x00\x01\x00\x08\x21\x12\xa4\x42" + bytes(12) + b"\x00\x06\x00\xff" + bytes(4),
        b"\x16",
        b"\x16\xfe\xfd" + bytes(200),
        ALERT,
        b"\x40" * 40,
        b"\xff" * 40,
    ],
    ids=lambda value: f"{len(value)} bytes {value[:2].hex()}",
)
async def test_no_datagram_of_a_stranger_or_of_the_peer_ends_a_call(bench: Bench, datagram: bytes) -> None:
    near, far = bench.peer(), bench.peer()
    await bench.outgoing(bench.call(), near, far)
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with stranger:
        for _ in range(5):
            stranger.sendto(datagram, near.hub)
            near.send(datagram)
    near.send_rtp(rtp(1))
    far.send_rtp(rtp(1))
    await until(lambda: far.clear and near.clear)
    assert not bench.happened(Happening.LEG_FAILED)
    assert bench.hub.survived == 0


@pytest.mark.parametrize("datagram", [client_hello(), ALERT, b"\x80" * 1400], ids=["ClientHello", "alert", "media"])
async def test_a_stranger_cannot_disturb_a_handshake(bench: Bench, datagram: bytes) -> None:
    near, far, stranger = bench.peer(), bench.peer(), bench.peer()
    call = bench.call()
    offered = call.offer("near", near.describe(), "far")
    stranger.hub = near.hub = ("127.0.0.1", bench.hub.port)
    stranger.send(datagram)
    far.connect(offered.sdp, Role.CLIENT)
    stranger.send(datagram)
    answered = call.answer("far", far.describe("active"), "near")
    stranger.send(datagram)
    near.connect(answered.sdp, Role.SERVER)
    stranger.send(datagram)
    await until(lambda: near.connected and far.connected)
    await until(lambda: bench.hub.strange >= 4)
    assert stranger.answered == 0 and stranger.handshake is None


async def test_a_plaintext_alert_from_the_peers_own_address_does_not_end_the_handshake(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    offered = call.offer("near", near.describe(), "far")
    far.connect(offered.sdp, Role.CLIENT)
    await until(lambda: far.answered)
    far.send(ALERT)
    answered = call.answer("far", far.describe("active"), "near")
    far.send(ALERT)
    near.connect(answered.sdp, Role.SERVER)
    await until(lambda: near.connected and far.connected)


async def test_a_check_with_the_wrong_password_gets_no_answer_and_no_place(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    offered = call.offer("near", near.describe(), "far")
    far.connect(offered.sdp, Role.CLIENT)
    await until(lambda: far.answered)
    thief = bench.peer()
    thief.hub, thief.remote = far.hub, far.remote
    strange = bench.hub.strange
    thief.check(pwd="w" * 24)
    await until(lambda: bench.hub.strange > strange)
    assert thief.answered == 0


async def test_a_wrong_fingerprint_fails_the_leg_and_no_packet_passes(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    offered = call.offer("near", near.describe(), "far")
    far.connect(offered.sdp, Role.CLIENT)
    answered = call.answer("far", far.describe("active", fingerprint=Identity().fingerprint), "near")
    near.connect(answered.sdp, Role.SERVER)
    await until(lambda: near.connected and bench.happened(Happening.LEG_FAILED, "far"))
    await until(lambda: far.connected)  # as far as its own DTLS can tell
    call.select("near", record=False)
    far.send_rtp(rtp(1))
    near.send_rtp(rtp(1))
    near.check()
    before = near.answered
    await until(lambda: near.answered > before)  # everything sent before it has been handled
    stats = call.stats()
    assert not near.clear and not far.clear
    assert stats["far"].packets_in == 0 and stats["far"].packets_out == 0 and not stats["far"].connected


@pytest.mark.parametrize("algorithm", ["sha-384", "sha-512"])
async def test_longer_hashes_are_checked_as_well(bench: Bench, algorithm: str) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    fingerprint = f"{algorithm} {digest(near.identity.certificate, algorithm)}"
    offered = call.offer("near", near.describe(fingerprint=fingerprint), "far")
    far.connect(offered.sdp, Role.CLIENT)
    answered = call.answer("far", far.describe("active"), "near")
    near.connect(answered.sdp, Role.SERVER)
    await until(lambda: near.connected and far.connected)
    assert not bench.happened(Happening.LEG_FAILED)


async def test_a_client_hello_before_the_answer_is_kept(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    offered = call.offer("near", near.describe(), "far")
    far.connect(offered.sdp, Role.CLIENT)
    await until(lambda: far.answered)
    for _ in range(20):  # more than is kept
        far.send(client_hello())
    answered = call.answer("far", far.describe("active"), "near")
    near.connect(answered.sdp, Role.SERVER)
    await until(lambda: near.connected and far.connected)


async def test_a_passive_peer_gets_our_client_hello(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    offered = call.offer("near", near.describe("active"), "far")
    far.connect(offered.sdp, Role.SERVER)
    answered = call.answer("far", far.describe("passive"), "near")
    assert b"a=setup:passive" in answered.sdp
    near.connect(answered.sdp, Role.CLIENT)
    await until(lambda: near.connected and far.connected)


async def test_an_ice_restart_keeps_keys_and_old_credentials(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    await bench.outgoing(call, near, far)
    old = near.remote
    assert old is not None
    near.restart()
    reoffered = call.offer("near", near.describe(), "far")
    answered = call.answer("far", far.describe("active"), "near")
    assert old.ufrag.encode() not in answered.sdp
    assert far.remote is not None and far.remote.ufrag.encode() in reoffered.sdp
    before = near.answered
    near.check()  # new name of ours, old name of the hub's: Chromium does so until it has the answer
    await until(lambda: near.answered > before)
    near.connect(answered.sdp, Role.SERVER)
    await until(lambda: near.answered > before + 1)
    near.send_rtp(rtp(1))
    far.send_rtp(rtp(1))
    await until(lambda: far.clear and near.clear)
    assert bench.happened(Happening.LEG_CONNECTED) == 2


async def test_a_peer_that_moves_to_another_address_is_followed(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    await bench.outgoing(call, near, far)
    moved = bench.peer()
    near.loop.remove_reader(near.socket)
    near.socket, moved.socket = moved.socket, near.socket
    near.loop.add_reader(near.socket, near._readable)
    near.loop.remove_reader(moved.socket)
    near.check()
    before = near.answered
    await until(lambda: near.answered > before)
    near.send_rtp(rtp(5))
    far.send_rtp(rtp(5))
    await until(lambda: far.clear and near.clear)


async def test_many_addresses_of_one_leg_are_bounded(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    await bench.outgoing(call, near, far)
    for _ in range(40):
        other = bench.peer()
        other.hub, other.remote = near.hub, near.remote
        other.check(nominate=False)
        await until(lambda other=other: other.answered)  # type: ignore[misc]
    assert len(bench.hub._by_address) <= 2 * 17
    near.send_rtp(rtp(1))
    await until(lambda: far.clear)


async def test_nobody_takes_the_address_of_a_leg_that_is_heard(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    await bench.outgoing(call, near, far)
    other = bench.call("other")
    offered = other.offer("near", bench.peer().describe(), "far")
    strange = bench.hub.strange
    remote, near.remote = near.remote, sdp.parse(offered.sdp).transport(0)
    near.check()
    await until(lambda: bench.hub.strange > strange)
    near.remote = remote
    near.send_rtp(rtp(1))
    await until(lambda: far.clear)


async def test_replayed_and_forged_packets_are_dropped(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    await bench.outgoing(call, near, far)
    packet = near.sender.protect(rtp(1))
    report = near.sender.protect_rtcp(sender_report())
    for data in (packet, packet, packet[:-1] + bytes([packet[-1] ^ 1]), report, report):
        near.send(data)
    await until(lambda: call.stats()["near"].dropped == 3)
    await until(lambda: len(far.clear) == 1 and len(far.reports) == 1)


async def test_what_cannot_be_sent_is_dropped_and_counted(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    await bench.outgoing(call, near, far)
    near.send_rtp(rtp(1))
    await until(lambda: far.clear)
    call.drop("near")
    again = bench.peer()
    offered = call.offer("far", far.describe("active"), "again")
    again.connect(offered.sdp, Role.CLIENT)
    call.answer("again", again.describe("active"), "far")
    call.select("again", record=False)
    await until(lambda: again.connected and bench.happened(Happening.LEG_CONNECTED, "again"))
    again.send_rtp(rtp(1))  # the source and number of the first handset: it would be the same key stream again
    again.send_rtp(rtp(2))
    await until(lambda: len(far.clear) == 2)
    assert call.stats()["far"].dropped == 1
    leg = next(leg for leg in bench.hub._legs if leg.name == "far")
    leg.address = ("255.255.255.255", 9)  # no socket of ours may send there
    again.send_rtp(rtp(3))
    again.send_rtcp(sender_report())
    await until(lambda: call.stats()["far"].dropped == 3)
    bench.hub._send(leg.socket, b"x", leg.address)


async def test_the_sources_of_one_peer_are_bounded(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    await bench.outgoing(call, near, far)
    for ssrc in range(300):
        near.send_rtp(rtp(1, ssrc=ssrc))
        if ssrc % 50 == 0:
            await until(lambda ssrc=ssrc: _handled(call) >= min(ssrc + 1, 256))  # type: ignore[misc]
    await until(lambda: call.stats()["near"].dropped == 44)
    assert call.stats()["near"].packets_in == 256


async def test_an_error_of_one_packet_is_counted_and_survived(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    await bench.outgoing(call, near, far)

    def fails(*_: object) -> bool:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(bench.hub, "_forward", fails)
        for number in range(3):
            near.send_rtp(rtp(number))
        await until(lambda: bench.hub.survived == 3)
    near.send_rtp(rtp(9))
    await until(lambda: far.clear)
    assert sum("could not be handled" in record.message for record in caplog.records) == 2


async def test_a_released_call_leaves_nothing_behind(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    await bench.outgoing(call, near, far)
    call.release()
    hub = bench.hub
    assert not hub._legs and not hub._by_ufrag and not hub._by_address and not hub._timers
    near.send_rtp(rtp(1))
    await until(lambda: hub.strange)
    call.release()


async def test_no_noise_raises_anything(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    await bench.outgoing(bench.call(), near, far)
    stranger = bench.peer()
    stranger.hub = near.hub
    assert near.remote is not None
    good = [near.sender.protect(rtp(1)), near.sender.protect_rtcp(sender_report()), client_hello(), ALERT]
    check = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, attributes={"USERNAME": near.remote.ufrag + ":x"})
    check.add_message_integrity(near.remote.pwd.encode())
    good.append(bytes(check))
    chance = random.Random(7)
    for number in range(3_000):
        noise = bytearray(chance.choice(good) if number % 2 else chance.randbytes(chance.randrange(1600)))
        for _ in range(chance.randrange(1, 6) if noise else 0):
            noise[chance.randrange(len(noise))] = chance.randrange(256)
        (near if number % 3 else stranger).send(bytes(noise[: chance.randrange(len(noise) + 1)]))
        if number % 30 == 0:
            await asyncio.sleep(0)
    near.send_rtp(rtp(500))
    await until(lambda: rtp(500) in far.clear)
    assert bench.hub.survived == 0 and not bench.happened(Happening.LEG_FAILED)


def _handled(call: Call) -> int:
    return call.stats()["near"].packets_in
