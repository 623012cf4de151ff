"""What one peer sends: sounds, or what it hears. A track for aiortc's `RTCRtpSender`."""

from __future__ import annotations

import asyncio
import fractions
import time
from collections.abc import Callable
from typing import Any

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from .sounds import RATE, Samples, silence

FRAME = RATE // 50  # samples in 20 ms
ECHO_PACKETS = 50  # a second of echo may wait to be sent, no more
_TIME_BASE = fractions.Fraction(1, RATE)


class Program(MediaStreamTrack):
    """Silence until told otherwise. `play` and `echo` replace what was on; the RTP timestamps go on evenly.

    An echo sends the encoded packets that it is given, so it adds no codec and no jitter buffer to the delay: aiortc's
    sender packs an ``av.Packet`` as it is.
    """

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._samples = silence()
        self._at = 0
        self._looped = True
        self._finished: Callable[[], None] | None = None
        self._echoes: asyncio.Queue[tuple[int, bytes, int]] | None = None
        self._changed = asyncio.Event()
        self._started: float | None = None
        self._sent = 0  # samples since the start, the time of the next frame
        self._echo_origin: int | None = None
        self._echo_source: int | None = None

    def play(self, samples: Samples, *, loop: bool = False, finished: Callable[[], None] | None = None) -> None:
        """``finished`` is called once, when the last of ``samples`` was given out; silence follows."""
        self._samples, self._at, self._looped, self._finished = samples, 0, loop, finished
        self._echoes = None
        self._changed.set()

    def echo(self) -> None:
        self._finished = None
        self._echoes = asyncio.Queue(ECHO_PACKETS)
        self._echo_origin = None
        self._changed.set()

    def heard(self, timestamp: int, payload: bytes, source: int = 0) -> None:
        """An audio packet of the peer: ``timestamp`` unwrapped, in units of 1/48000 s, with a beginning of its own for
        each ``source`` (SSRC). Ignored unless echoing.
        """
        if self._echoes is None or not payload:
            return
        if self._echoes.full():
            self._echoes.get_nowait()
        self._echoes.put_nowait((timestamp, payload, source))

    async def recv(self) -> av.AudioFrame | av.Packet[Any]:
        """The next 20 ms, when they are due. Raises `MediaStreamError` after `stop`."""
        while self.readyState == "live":
            if self._echoes is None:
                return await self._frame()
            packet = await self._echoed(self._echoes)
            if packet is not None:
                return packet
        raise MediaStreamError

    async def _echoed(self, echoes: asyncio.Queue[tuple[int, bytes, int]]) -> av.Packet[Any] | None:
        """The next packet, or None where nothing came for 20 ms: what is on may have changed."""
        try:
            async with asyncio.timeout(0.02):
                timestamp, payload, source = await echoes.get()
        except TimeoutError:
            return None
        if self._echo_origin is None or source != self._echo_source:
            self._echo_origin, self._echo_source = timestamp - self._elapsed(), source
        packet: av.Packet[Any] = av.Packet(payload)
        packet.pts = self._sent = max(self._sent, timestamp - self._echo_origin)
        packet.time_base = _TIME_BASE
        return packet

    async def _frame(self) -> av.AudioFrame:
        wait = (self._sent - self._elapsed()) / RATE
        if wait > 0:
            await asyncio.sleep(wait)
        elif wait < -1:  # the process stood still, or an echo ran till now: do not send the past in a burst
            self._sent = self._elapsed()
        frame = av.AudioFrame(format="s16", layout="mono", samples=FRAME)
        frame.planes[0].update(self._take().tobytes())
        frame.sample_rate = RATE
        frame.time_base = _TIME_BASE
        frame.pts = self._sent
        self._sent += FRAME
        return frame

    def _elapsed(self) -> int:
        now = time.monotonic()
        if self._started is None:
            self._started = now
        return int((now - self._started) * RATE)

    def _take(self) -> Samples:
        """The next `FRAME` samples of what is on."""
        taken = self._samples[self._at : self._at + FRAME]
        self._at += FRAME
        if self._at >= len(self._samples):
            taken = self._wrap(taken)
        return taken

    def _wrap(self, taken: Samples) -> Samples:
        if self._looped:
            self._at = FRAME - len(taken)
            return np.concatenate([taken, self._samples[: self._at]])
        finished = self._finished
        taken = np.concatenate([taken, silence()[: FRAME - len(taken)]])
        self.play(silence(), loop=True)
        if finished is not None:
            finished()
        return taken
