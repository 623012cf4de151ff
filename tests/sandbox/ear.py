"""A WebRTC peer for tests, and an ear: tones in, spectra out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import av
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack
from aiortc.rtp import RtpPacket

from sandbox import sounds
from sandbox.program import Program
from sandbox.telephone_event import KEYS, TelephoneEvent

WINDOW = sounds.RATE // 2  # samples; 2 Hz between the bins
KEY_FORMAT = 126  # the payload type that Chromium gives telephone-event/8000


class Caller:
    """Offers or answers one audio stream that carries a tone of ``pitch`` Hz, and listens."""

    def __init__(self, pitch: float, address: str | None) -> None:
        self._pitch = pitch
        self._address = address
        self._program = Program()
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.connection.on("track", self._tracked)
        self.connection.addTrack(self._program)
        self._track: asyncio.Future[MediaStreamTrack] = asyncio.get_running_loop().create_future()

    async def offer(self, direction: str = "sendrecv", *, keys: bool = True) -> str:
        """An offer with one telephone-event format unless ``keys`` is False."""
        [transceiver] = self.connection.getTransceivers()
        transceiver.direction = direction
        if self._address is not None:
            ice: Any = transceiver.receiver.transport.transport.iceGatherer._connection
            ice.get_component_candidates = partial(_gather, type(ice).get_component_candidates, ice, self._address)
        await self.connection.setLocalDescription(await self.connection.createOffer())
        self._sing()
        text = self.connection.localDescription.sdp
        if not keys:
            return text
        head, mark, tail = text.partition("a=rtpmap:")
        line, end, rest = head.partition("\r\nc=")
        return f"{line} {KEY_FORMAT}{end}{rest}a=rtpmap:{KEY_FORMAT} telephone-event/8000\r\n{mark}{tail}"

    async def answer(self, offer: str) -> str:
        """As the called side: the answer to ``offer``."""
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp=offer, type="offer"))
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        self._sing()
        return self.connection.localDescription.sdp

    async def answered(self, sdp: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="answer"))

    async def connected(self) -> None:
        async with asyncio.timeout(10):
            while self.connection.connectionState != "connected":
                assert self.connection.connectionState != "failed"
                await asyncio.sleep(0.01)

    async def receives(self) -> None:
        """Waits for the first audio of the other side, be it silence: both legs of a hub between are connected then."""
        track = await asyncio.wait_for(self._track, 15)
        await asyncio.wait_for(track.recv(), 15)

    async def hears(self, pitch: float, within: float = 5.0, *, seconds: float = 15.0) -> float:
        """Listens until the loudest pitch of half a second is within ``within`` Hz of ``pitch``; gives that pitch."""
        track = await asyncio.wait_for(self._track, seconds)
        heard = np.zeros(0, dtype=np.int16)
        loudest: float | None = None
        try:
            async with asyncio.timeout(seconds):
                while True:
                    frame = await track.recv()
                    assert isinstance(frame, av.AudioFrame)
                    stereo = frame.to_ndarray().reshape(-1, len(frame.layout.channels))
                    heard = np.concatenate([heard, stereo[:, 0]])[-WINDOW:]
                    loudest = pitch_of(heard)
                    if loudest is not None and abs(loudest - pitch) <= within:
                        return loudest
        except TimeoutError:
            raise AssertionError(f"{pitch} Hz was not heard; the last loudest pitch was {loudest}") from None

    async def press(self, keys: str) -> None:
        """Sends each key as RFC 4733 says: three packets while pressed, the last one thrice, one timestamp."""
        transport: Any = self.connection.getTransceivers()[0].receiver.transport
        sequence = 40_000
        for number, key in enumerate(keys):
            packets = [(False, 160), (False, 320), (False, 480), (True, 640), (True, 640), (True, 640)]
            for position, (end, duration) in enumerate(packets):
                event = TelephoneEvent(event=KEYS.index(key), end=end, volume=10, duration=duration)
                packet = RtpPacket(
                    payload_type=KEY_FORMAT,
                    marker=int(position == 0),
                    sequence_number=sequence,
                    timestamp=1000 + 2000 * number,
                    ssrc=77,
                    payload=bytes(event),
                )
                sequence += 1
                await transport._send_rtp(packet.serialize())

    def _sing(self) -> None:
        at = np.arange(sounds.RATE) / sounds.RATE
        self._program.play(np.asarray(np.sin(2 * np.pi * self._pitch * at) * 8000, dtype=np.int16), loop=True)

    def _tracked(self, track: MediaStreamTrack) -> None:
        self._track.set_result(track)


@asynccontextmanager
async def calling(pitch: float = 440.0, *, address: str | None = None) -> AsyncIterator[Caller]:
    """A `Caller`, closed at the end; ``address`` is the only one it binds."""
    caller = Caller(pitch, address)
    try:
        yield caller
    finally:
        await caller.connection.close()


def pitch_of(samples: "np.ndarray[Any, np.dtype[np.int16]]") -> float | None:
    """The loudest pitch in Hz, or None for less than `WINDOW` samples or near silence."""
    if len(samples) < WINDOW or np.abs(samples).max() < 200:
        return None
    spectrum = np.abs(np.fft.rfft(samples[:WINDOW] * np.hanning(WINDOW)))
    return float(np.argmax(spectrum) * sounds.RATE / WINDOW)


async def _gather(stock: Any, ice: Any, address: str, component: int, addresses: list[str]) -> Any:
    return await stock(ice, component=component, addresses=[address])
