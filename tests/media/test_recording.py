"""Recordings of captures with beeps at known moments: each beep is found within a few milliseconds of its place."""

import hashlib
import os
import random
import stat
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from media.capture import Kind
from media.recording import BadCapture, RecordingFacts, convert

from .captures import WALL, Log, Sent, beeps, jitter, listen, lose, onsets, send, started

MOMENTS = [0.5, 1.5, 2.5, 3.5]
DELAY = 0.02  # what every packet of `send` takes: the recording shows sound when it arrived


def make(log: Log, tmp_path: Path) -> tuple[RecordingFacts, list[float], list[float]]:
    """Facts, and the onsets of either channel less the delay of the network."""
    target = tmp_path / "call.ogg"
    facts = convert(log.write(tmp_path / "call.rrec"), target)
    left, right = listen(target)
    return facts, [moment - DELAY for moment in onsets(left)], [moment - DELAY for moment in onsets(right)]


def near(found: list[float], expected: list[float], tolerance: float = 0.004) -> bool:
    return len(found) == len(expected) and bool(np.all(np.abs(np.array(found) - expected) < tolerance))


def voice(moments: list[float], payload_type: int = 111, seconds: float = 4.0, **options: float) -> list[Sent]:
    rate = {111: 48_000, 9: 16_000}.get(payload_type, 8_000)
    return send(beeps(seconds, moments, rate), payload_type, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("payload_type", [111, 0, 8, 9], ids=["opus", "pcmu", "pcma", "g722"])
def test_beeps_are_where_they_were(tmp_path: Path, payload_type: int) -> None:
    log = started().packets(Kind.AGENT, voice(MOMENTS, payload_type))
    log.packets(Kind.OTHER, voice([1.0, 3.0], payload_type, ssrc=8)).event(4.2, "stop", digits=[0, 0])
    facts, left, right = make(log, tmp_path)
    assert near(left, MOMENTS) and near(right, [1.0, 3.0])
    assert facts.duration == pytest.approx(4.2, abs=1e-6) and facts.complete
    assert (facts.packets_agent, facts.packets_other, facts.lost_agent, facts.lost_other) == (200, 200, 0, 0)
    assert facts.started_at == datetime.fromtimestamp(WALL / 1e9, UTC)


def test_the_file_is_what_its_facts_say(tmp_path: Path) -> None:
    facts, _, _ = make(started().packets(Kind.AGENT, voice(MOMENTS)).event(4.05, "stop"), tmp_path)
    target = tmp_path / "call.ogg"
    data = target.read_bytes()
    assert (facts.bytes, facts.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert not (tmp_path / "call.ogg.part").exists()
    assert listen(target).shape == (2, round(4.05 * 48_000))
    assert len(facts.peaks_agent) == len(facts.peaks_other) == 41
    loud = [index for index, peak in enumerate(facts.peaks_agent) if peak > 0.3]
    assert loud == [5, 15, 25, 35] and max(facts.peaks_other) == 0


def test_the_channels_do_not_mix(tmp_path: Path) -> None:
    tone = (0.5 * 32767 * np.sin(2 * np.pi * 1004 * np.arange(4 * 48_000) / 48_000)).astype(np.int16)
    other = (0.5 * 32767 * np.sin(2 * np.pi * 440 * np.arange(4 * 48_000) / 48_000)).astype(np.int16)
    log = started().packets(Kind.AGENT, send(other)).packets(Kind.OTHER, send(tone, ssrc=8))
    convert(log.write(tmp_path / "call.rrec"), tmp_path / "call.ogg")
    for channel, own, strange in zip(listen(tmp_path / "call.ogg"), (440, 1004), (1004, 440), strict=True):
        spectrum = np.abs(np.fft.rfft(channel[48_000 : 3 * 48_000]))
        assert abs(int(spectrum.argmax()) / 2 - own) <= 1
        assert spectrum[2 * strange] < spectrum[2 * own] / 30


def test_loss_and_jitter_do_not_move_what_is_left(tmp_path: Path) -> None:
    packets = lose(jitter(voice(MOMENTS), 0.06), 0.05)
    facts, left, _ = make(started().packets(Kind.AGENT, packets).event(4.2, "stop", digits=[0, 0]), tmp_path)
    assert facts.packets_agent == len(packets) and 0 < facts.lost_agent <= 200 - len(packets)
    for moment in left:
        assert min(abs(moment - expected) for expected in MOMENTS) < 0.045  # a lost first packet of a beep is 20 ms
    assert len(left) == len(MOMENTS)


def test_bursts_of_loss_leave_the_rest_in_place(tmp_path: Path) -> None:
    packets = [packet for packet in voice(MOMENTS) if not 0.8 < packet.at < 1.3 and not 2.8 < packet.at < 3.3]
    facts, left, _ = make(started().packets(Kind.AGENT, packets), tmp_path)
    assert near(left, MOMENTS) and facts.lost_agent == 200 - len(packets) and not facts.complete


def test_doubled_packets_sound_once(tmp_path: Path) -> None:
    packets = voice(MOMENTS)
    again = voice(MOMENTS, delay=0.05)
    facts, left, _ = make(started().packets(Kind.AGENT, packets + again), tmp_path)
    assert near(left, MOMENTS) and facts.lost_agent == 0


def test_sequence_numbers_and_timestamps_wrap(tmp_path: Path) -> None:
    packets = voice(MOMENTS, sequence=65_450, timestamp=2**32 - 48_000)
    facts, left, _ = make(started().packets(Kind.AGENT, jitter(packets, 0.05)), tmp_path)
    assert len(left) == 4 and facts.lost_agent == 0
    assert np.all(np.abs(np.array(left) - MOMENTS) < 0.01)


def test_a_pause_is_silence_of_its_length(tmp_path: Path) -> None:
    packets = [packet for packet in voice(MOMENTS) if not 1.0 < packet.arrival < 3.0]
    log = started().packets(Kind.AGENT, packets).event(1.0, "pause").event(3.0, "resume").event(4.1, "stop")
    facts, left, _ = make(log, tmp_path)
    assert near(left, [0.5, 3.5]) and facts.lost_agent == 0


def test_a_pause_until_the_end_is_in_the_duration(tmp_path: Path) -> None:
    packets = [packet for packet in voice(MOMENTS) if packet.arrival < 1.0]
    facts, left, _ = make(started().packets(Kind.AGENT, packets).event(1.0, "pause").event(6.0, "stop"), tmp_path)
    assert near(left, [0.5]) and facts.duration == pytest.approx(6.0) and facts.lost_agent == 0


def test_a_leg_that_comes_late_is_late(tmp_path: Path) -> None:
    log = started().packets(Kind.AGENT, voice(MOMENTS))
    facts, left, right = make(log.packets(Kind.OTHER, voice([0.5], seconds=1.0, begin=2.7, ssrc=9)), tmp_path)
    assert near(left, MOMENTS) and near(right, [3.2])
    assert facts.packets_other == 50


def test_the_codec_may_change_in_the_middle(tmp_path: Path) -> None:
    first = [packet for packet in voice(MOMENTS) if packet.at < 2.0]
    second = [packet for packet in voice(MOMENTS, 0, sequence=100) if packet.at >= 2.0]
    facts, left, _ = make(started().packets(Kind.AGENT, first + second), tmp_path)
    assert near(left, MOMENTS) and facts.lost_agent == 0


def test_a_new_meaning_of_a_payload_type_counts_from_then_on(tmp_path: Path) -> None:
    first = [packet for packet in voice(MOMENTS) if packet.at < 2.0]
    second = [packet for packet in voice(MOMENTS, 8, ssrc=99) if packet.at >= 2.0]
    for packet in second:
        packet.payload_type = 111
    log = started().packets(Kind.AGENT, first + second)
    log.event(2.01, "map", agent={"111": ["pcma", 8000, 1]}, other={})
    assert near(make(log, tmp_path)[1], MOMENTS)


def test_a_jump_of_the_timestamps_is_no_gap(tmp_path: Path) -> None:
    packets = voice(MOMENTS)
    for packet in packets:
        if packet.at >= 2.0:
            packet.timestamp += 48_000 * 30
    assert near(make(started().packets(Kind.AGENT, packets), tmp_path)[1], MOMENTS)


def test_a_network_that_stood_still_shifts_nothing(tmp_path: Path) -> None:
    packets = voice(MOMENTS)
    for packet in packets:
        if 1.8 < packet.at < 2.4:
            packet.arrival = 2.42
    assert near(make(started().packets(Kind.AGENT, packets), tmp_path)[1], MOMENTS)


def test_clocks_that_drift_are_followed(tmp_path: Path) -> None:
    moments = [float(second) for second in range(5, 300, 10)]
    packets = voice(moments, 0, seconds=300.0)
    for packet in packets:
        packet.arrival = packet.at * (1 + 200e-6) + DELAY
    _, left, _ = make(started().packets(Kind.AGENT, packets), tmp_path)
    drifted = np.array(moments) * (1 + 200e-6)
    assert len(left) == len(moments) and np.all(np.abs(np.array(left) - drifted) < 0.045)


def test_keypad_digits_that_were_left_out_are_not_lost(tmp_path: Path) -> None:
    packets = [packet for packet in voice(MOMENTS) if not 1.0 <= packet.at < 1.16]
    log = started().packets(Kind.AGENT, packets).event(4.0, "stop", digits=[8, 0])
    assert make(log, tmp_path)[0].lost_agent == 0


def test_padding_comfort_noise_and_strange_codecs_are_silence(tmp_path: Path) -> None:
    log = started().packets(Kind.AGENT, voice(MOMENTS))
    log.packets(Kind.OTHER, [Sent(0.5, 1, 1, b"\x10" * 20, 77, 3, 0.5), Sent(0.6, 2, 1, b"", 111, 3, 0.6)])
    log.packets(Kind.OTHER, [Sent(0.7, 3, 1, b"\x40", 13, 3, 0.7), Sent(0.8, 4, 1, b"\xff\xff\xff", 111, 3, 0.8)])
    facts, left, right = make(log, tmp_path)
    assert near(left, MOMENTS) and right == [] and facts.lost_other == 0


@pytest.mark.parametrize("seed", range(8))
def test_a_capture_cut_anywhere_is_converted(tmp_path: Path, seed: int) -> None:
    log = started().packets(Kind.AGENT, voice(MOMENTS)).packets(Kind.OTHER, voice(MOMENTS, 0, ssrc=9))
    data = log.event(4.2, "stop").bytes()
    cut = random.Random(seed).randrange(24, len(data))
    path = tmp_path / "call.rrec"
    path.write_bytes(data[:cut])
    facts = convert(path, tmp_path / "call.ogg")
    assert not facts.complete and facts.duration == pytest.approx(4.2 * cut / len(data), abs=0.6)
    found = onsets(listen(tmp_path / "call.ogg")[0])
    assert len(found) == sum(moment + DELAY + 0.06 < facts.duration for moment in MOMENTS) or len(found) <= 4


@pytest.mark.parametrize("data", [b"", b"RREC2\0\0", b"RIFF" + bytes(100), bytes(100)])
def test_what_is_no_capture_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "call.rrec"
    path.write_bytes(data)
    with pytest.raises(BadCapture):
        convert(path, tmp_path / "call.ogg")
    assert os.listdir(tmp_path) == ["call.rrec"]


def test_a_broken_clock_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadCapture, match="longer than a day"):
        convert(started().event(90_000, "stop").write(tmp_path / "call.rrec"), tmp_path / "call.ogg")


def test_an_empty_capture_gives_an_empty_recording(tmp_path: Path) -> None:
    facts = convert(Log().write(tmp_path / "call.rrec"), tmp_path / "call.ogg")
    assert facts.duration == 0 and facts.packets_agent == 0 and facts.bytes > 0


def test_a_folder_that_is_not_there_leaves_no_part(tmp_path: Path) -> None:
    capture = started().write(tmp_path / "call.rrec")
    with pytest.raises(OSError):
        convert(capture, tmp_path / "missing" / "call.ogg")
    with pytest.raises(ValueError, match="48,000"):
        convert(capture, tmp_path / "call.ogg", peak_rate=7)
