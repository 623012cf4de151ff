"""Who hears whom, what is captured, and what a call survives."""

from pathlib import Path

import pytest

from media.capture import Kind, read_event, records
from media.dtls import Role
from media.engine import BadDescription, EngineUnavailable, Happening
from media.leg import SECOND
from media.recording import convert

from .conftest import Bench
from .peer import Peer, rtp, sender_report, until


def captured(bench: Bench, name: str = "call") -> tuple[list[bytes], list[bytes], list[dict[str, object]], list[bytes]]:
    """RTP of the agent, RTP of the other side, events, sender reports."""
    data = (bench.captures / f"{name}.rrec").read_bytes()
    found: dict[Kind, list[bytes]] = {kind: [] for kind in Kind}
    for record in records(data):
        found[record.kind].append(data[record.start : record.end])
    events = [read_event(body) for body in found[Kind.EVENT]]
    return found[Kind.AGENT], found[Kind.OTHER], events, found[Kind.SENDER_REPORT]


async def ring(bench: Bench, handsets: int) -> tuple[Peer, list[Peer]]:
    """The far side calls; its audio reaches every handset, which all have answered for early media."""
    far, near = bench.peer(), [bench.peer() for _ in range(handsets)]
    call = bench.call()
    for number, peer in enumerate(near):
        offered = call.offer("far", far.describe(), f"near{number}")
        peer.connect(offered.sdp, Role.CLIENT)
        answered = call.answer(f"near{number}", peer.describe("active"), "far")
        if number == 0:
            far.connect(answered.sdp, Role.SERVER)
    await until(lambda: far.connected and all(peer.connected for peer in near))
    await until(lambda: bench.happened(Happening.LEG_CONNECTED) == 1 + handsets)
    return far, near


async def test_every_handset_hears_the_far_side_until_one_is_selected(bench: Bench) -> None:
    far, (one, two) = await ring(bench, 2)
    call = bench.calls[0]
    far.send_rtp(rtp(1))
    await until(lambda: one.clear == [rtp(1)] and two.clear == [rtp(1)])
    one.send_rtp(rtp(1, b"too early"))
    await until(lambda: call.stats()["near0"].packets_in == 1)
    call.select("near1", record=False)
    far.send_rtp(rtp(2))
    two.send_rtp(rtp(2, b"in the call"))
    one.send_rtp(rtp(2, b"not in the call"))
    far.send_rtcp(sender_report())
    await until(lambda: len(two.clear) == 2 and far.clear and two.reports)
    await until(lambda: call.stats()["near0"].packets_in == 2)
    assert far.clear == [rtp(2, b"in the call")] and one.clear == [rtp(1)] and not one.reports
    call.drop("near0")
    call.drop("near0")
    assert set(call.stats()) == {"far", "near1"}


async def test_a_handset_that_is_alone_may_speak_before_the_answer(bench: Bench) -> None:
    far, (one,) = await ring(bench, 1)
    one.send_rtp(rtp(1))
    await until(lambda: far.clear == [rtp(1)])


async def test_another_handset_takes_the_call_over(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    await bench.outgoing(call, near, far)
    call.select("near", record=True)
    near.send_rtp(rtp(1, b"first"))
    await until(lambda: far.clear)
    call.drop("near")
    again = bench.peer()
    offered = call.offer("far", far.describe("active"), "again")  # the far side's last SDP, an answer
    again.connect(offered.sdp, Role.CLIENT)
    call.answer("again", again.describe("active"), "far")
    call.select("again", record=True)
    await until(lambda: again.connected and bench.happened(Happening.LEG_CONNECTED, "again"))
    again.send_rtp(rtp(1, b"second", ssrc=3))
    far.send_rtp(rtp(1, b"third"))
    await until(lambda: len(far.clear) == 2 and again.clear)
    call.release()
    await until(lambda: bench.happened(Happening.CAPTURE_CLOSED))
    agent, other, events, _ = captured(bench)
    assert agent == [rtp(1, b"first"), rtp(1, b"second", ssrc=3)] and other == [rtp(1, b"third")]
    assert [event["event"] for event in events] == ["start", "map", "leg", "stop"]
    assert bench.happened(Happening.LEG_CONNECTED, "far") == 1


async def test_the_capture_has_what_was_said_and_no_digits(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    await bench.outgoing(call, near, far)
    near.send_rtp(rtp(1, b"before the answer"))
    await until(lambda: far.clear)
    call.select("near", record=True)
    for number in range(2, 6):
        near.send_rtp(rtp(number))
        far.send_rtp(rtp(number, b"other", ssrc=2))
    near.send_rtp(rtp(6, b"\x05\x8a\x03\xc0", payload_type=126))
    far.send_rtcp(sender_report(2))
    await until(lambda: len(far.clear) == 6 and len(near.clear) == 4 and near.reports)
    call.release()
    await until(lambda: bench.happened(Happening.CAPTURE_CLOSED))
    agent, other, events, reports = captured(bench)
    assert agent == [rtp(number) for number in range(2, 6)]
    assert other == [rtp(number, b"other", ssrc=2) for number in range(2, 6)]
    assert reports == [sender_report(2)]
    assert far.clear[-1] == rtp(6, b"\x05\x8a\x03\xc0", payload_type=126)
    assert events[-1] == {"event": "stop", "digits": [1, 0]}
    codecs = {"111": ["opus", 48000, 2], "0": ["pcmu", 8000, 1], "126": ["telephone-event", 8000, 1]}
    assert events[:2] == [{"event": "start"}, {"event": "map", "agent": codecs, "other": codecs}]
    facts = convert(bench.captures / "call.rrec", bench.captures / "call.ogg")
    assert facts.complete and facts.packets_agent == 4 and facts.lost_agent == 0


async def test_nothing_said_in_a_pause_is_captured(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    await bench.outgoing(call, near, far)
    call.pause()  # nothing to pause yet
    call.resume()
    call.select("near", record=True)
    await until(lambda: bench.happened(Happening.RECORDING_STARTED) == 1)
    for number, change in enumerate((None, call.pause, call.pause, call.resume, call.resume)):
        if change is not None:
            change()
        near.send_rtp(rtp(number))
        await until(lambda number=number: len(far.clear) == number + 1)  # type: ignore[misc]
    call.select("near", record=True)
    call.release()
    await until(lambda: bench.happened(Happening.CAPTURE_CLOSED))
    agent, _, events, _ = captured(bench)
    assert agent == [rtp(0), rtp(3), rtp(4)]
    assert [event["event"] for event in events] == ["start", "map", "pause", "resume", "stop"]
    assert bench.happened(Happening.RECORDING_STARTED) == 2 and bench.happened(Happening.RECORDING_STOPPED) == 2


async def test_a_recording_that_cannot_be_made_does_not_end_the_call(bench: Bench, tmp_path: Path) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    await bench.outgoing(call, near, far)
    (tmp_path / "call.rrec").write_bytes(b"")
    call.select("near", record=True)
    await until(lambda: bench.happened(Happening.RECORDING_FAILED))
    near.send_rtp(rtp(1))
    await until(lambda: far.clear)
    call.pause()
    call.resume()
    call.release()
    assert not bench.happened(Happening.RECORDING_STOPPED) and not bench.happened(Happening.RECORDING_STARTED)


async def test_an_offer_that_is_refused_leaves_nothing(bench: Bench) -> None:
    call = bench.call()
    near = bench.peer()
    with pytest.raises(BadDescription):
        call.offer("near", near.describe().replace(b"a=rtcp-mux\r\n", b""), "far")
    assert call.empty and not bench.hub._by_ufrag
    call.offer("near", near.describe(), "far")
    with pytest.raises(BadDescription):
        call.answer("far", b"v=0\r\n", "near")


async def test_the_same_answer_twice_changes_nothing(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    answered = await bench.outgoing(call, near, far)
    assert call.answer("far", far.describe("active"), "near") == answered
    held = call.answer("far", far.describe("active", direction="recvonly"), "near")
    assert held.direction == "recvonly" and b" 2 IN IP4" in held.sdp and b" 1 IN IP4" in answered.sdp
    near.send_rtp(rtp(1))
    await until(lambda: far.clear)


async def test_a_hold_keeps_every_transport_line(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    await bench.outgoing(call, near, far)
    first = far.remote
    offered = call.offer("near", near.describe(direction="sendonly"), "far")
    assert offered.direction == "sendonly" and b"a=sendonly" in offered.sdp
    far.connect(offered.sdp, Role.CLIENT)
    assert far.remote is not None and first is not None
    assert (far.remote.ufrag, far.remote.pwd, far.remote.setup) == (first.ufrag, first.pwd, "actpass")
    answered = call.answer("far", far.describe("active", direction="recvonly"), "near")
    assert b"a=setup:active" in answered.sdp
    near.send_rtp(rtp(1))
    await until(lambda: far.clear)
    assert bench.happened(Happening.LEG_CONNECTED) == 2


async def test_a_far_side_that_changes_its_certificate_connects_anew(bench: Bench) -> None:
    near, far, other = bench.peer(), bench.peer(), bench.peer()
    call = bench.call()
    await bench.outgoing(call, near, far)
    offered = call.offer("far", other.describe(), "near")  # the PBX moved the call to another media server
    near.connect(offered.sdp, Role.SERVER)
    answered = call.answer("near", near.describe("passive"), "far")
    assert b"a=setup:active" in answered.sdp
    other.connect(answered.sdp, Role.SERVER)
    await until(lambda: bench.happened(Happening.LEG_CONNECTED, "far") == 2 and other.connected)
    near.send_rtp(rtp(1))
    other.send_rtp(rtp(2))
    await until(lambda: other.clear and near.clear)
    assert far.clear == []


async def test_an_answer_that_refuses_audio(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    call.offer("near", near.describe(), "far")
    answered = call.answer("far", b"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nm=audio 0 UDP/TLS/RTP/SAVPF 0\r\n", "near")
    assert not answered.audio and b"m=audio 0 " in answered.sdp
    nothing = call.offer("near", b"v=0\r\ns=-\r\n", "far")
    assert not nothing.audio
    assert far.describe()


async def test_what_is_not_there_is_said(bench: Bench) -> None:
    call = bench.call()
    near = bench.peer()
    with pytest.raises(EngineUnavailable):
        call.select("near", record=False)
    call.offer("near", near.describe(), "far")
    with pytest.raises(EngineUnavailable):
        call.answer("other", near.describe(), "near")
    with pytest.raises(EngineUnavailable, match="legs already"):
        for number in range(20):
            call.offer("far", near.describe(), f"near{number}")


async def test_an_answer_to_nothing_is_refused(bench: Bench) -> None:
    call = bench.call()
    near = bench.peer()
    call.offer("near", near.describe(), "far")
    call.offer("far", near.describe(), "late")
    call._leg("bare")
    with pytest.raises(EngineUnavailable, match="nothing was offered"):
        call.answer("bare", near.describe(), "far")


async def test_silence_and_life_are_reported_by_the_clock(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    await bench.outgoing(call, near, far)
    legs = {leg.name: leg for leg in bench.hub._legs}
    heard = legs["near"].heard
    legs["near"].look(heard + 4 * SECOND)
    assert not bench.happened(Happening.LEG_SILENT)
    legs["near"].look(heard + 6 * SECOND)
    legs["near"].look(heard + 7 * SECOND)
    assert bench.happened(Happening.LEG_SILENT, "near") == 1 and legs["near"].consented
    legs["far"].look(legs["far"].heard + 11 * SECOND)
    assert not bench.happened(Happening.LEG_SILENT, "far")
    legs["far"].look(legs["far"].heard + 13 * SECOND)
    assert bench.happened(Happening.LEG_SILENT, "far") == 1
    near.send_rtp(rtp(1))
    await until(lambda: legs["near"].heard > heard)
    legs["near"].look(legs["near"].heard + SECOND)
    assert bench.happened(Happening.LEG_ALIVE, "near") == 1


async def test_who_was_not_heard_for_long_gets_nothing_more(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    await bench.outgoing(call, near, far)
    leg = next(leg for leg in bench.hub._legs if leg.name == "far")
    leg.look(leg.heard + 31 * SECOND)
    near.send_rtp(rtp(1))
    near.send_rtcp(sender_report())
    await until(lambda: call.stats()["near"].packets_in == 1)
    assert call.stats()["far"].packets_out == 0
    far.check()
    await until(lambda: far.answered > 1)
    leg.look(leg.heard + SECOND)
    near.send_rtp(rtp(2))
    await until(lambda: far.clear == [rtp(2)])


async def test_who_is_on_hold_may_be_silent_longer(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    await bench.outgoing(call, near, far)
    call.answer("far", far.describe("active", direction="inactive"), "near")
    leg = next(leg for leg in bench.hub._legs if leg.name == "far")
    leg.look(leg.heard + 29 * SECOND)
    assert not bench.happened(Happening.LEG_SILENT)


async def test_a_handshake_that_does_not_end_fails(bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    call = bench.call()
    offered = call.offer("near", near.describe("passive"), "far")
    far.connect(offered.sdp, Role.CLIENT)
    far.handshake = None  # checks, but never says a word of DTLS
    answered = call.answer("far", far.describe("passive"), "near")
    far.check()
    assert b"a=setup:active" in answered.sdp
    leg = next(leg for leg in bench.hub._legs if leg.name == "far")
    await until(lambda: leg.handshake is not None)
    leg.look(leg.handshake_since + 16 * SECOND)
    leg.look(leg.handshake_since + 17 * SECOND)
    assert bench.happened(Happening.LEG_FAILED, "far") == 1
    assert leg.begin(0) == [] and leg.handshake_due(0) == [] and leg.dtls(b"\x16" * 20, 0) == []
