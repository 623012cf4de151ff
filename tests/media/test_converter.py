"""Conversions in a process of their own."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from media.capture import Kind
from media.converter import Converter, ConverterDied
from media.recording import BadCapture

from .captures import beeps, send, started
from .peer import until


async def test_conversions_run_in_a_niced_process_that_may_die(tmp_path: Path) -> None:
    packets = send(beeps(1.0, [0.5], 48_000))
    capture = started().packets(Kind.AGENT, packets).event(1.1, "stop").write(tmp_path / "call.rrec")
    async with Converter() as converter:
        facts = await converter.convert(capture, tmp_path / "call.ogg", peak_rate=20)
        assert facts.complete and facts.packets_agent == 50 and len(facts.peaks_agent) == 22
        (child,) = converter.pids
        assert os.getpriority(os.PRIO_PROCESS, child) >= 15
        with pytest.raises(BadCapture):
            await converter.convert(tmp_path / "call.ogg", tmp_path / "other.ogg")
        with pytest.raises(FileNotFoundError):
            await converter.convert(tmp_path / "missing.rrec", tmp_path / "other.ogg")
        os.kill(child, signal.SIGKILL)
        with pytest.raises(ConverterDied):
            while True:  # the first may still have gone through before the executor noticed
                await converter.convert(capture, tmp_path / "call.ogg")
        assert (await converter.convert(capture, tmp_path / "again.ogg")).complete
        assert converter.pids != (child,)
    assert converter.pids == ()


async def test_the_end_does_not_wait_for_a_long_conversion(tmp_path: Path) -> None:
    log = started().event(20_000, "stop")
    capture = log.write(tmp_path / "call.rrec")
    async with asyncio.TaskGroup() as group:
        async with Converter() as converter:
            converting = group.create_task(died(converter, capture, tmp_path / "call.ogg"), name="converting")
            await until((tmp_path / "call.ogg.part").exists, 30)
    assert converting.result() and capture.exists() and not (tmp_path / "call.ogg").exists()


async def died(converter: Converter, capture: Path, target: Path) -> bool:
    try:
        await converter.convert(capture, target)
    except ConverterDied:
        return True
    return False


async def test_one_that_was_never_used_ends_at_once() -> None:
    async with Converter() as converter:
        assert converter.pids == ()
