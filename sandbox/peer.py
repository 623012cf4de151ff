"""One WebRTC peer of the sandbox: answers offers, plays, echoes, reads keys. aiortc's `RTCPeerConnection`, guarded.

aiortc 1.16 has no hook for what is needed here, so these private names are used, all in this file:
``RTCDtlsTransport._recv_next`` and ``RTCIceTransport._recv`` (one datagram of zero bytes, or one over 1500 bytes, from
anybody ends a stock connection), ``RTCDtlsTransport._handle_rtp_data`` (encoded packets, telephone-event), and
``RTCIceGatherer._connection`` (it binds every address of the host).
"""

import logging
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.exceptions import InvalidAccessError, InvalidStateError, OperationError
from aiortc.rtp import RtpPacket

from . import sdp, sounds
from .program import Program
from .telephone_event import KeyReader

MAX_DATAGRAM = 1500  # pylibsrtp refuses more with an error that aiortc does not expect
MIN_RTP = 12
_DTLS_ALERT = 21  # content type, RFC 8446 section 5.1: before the handshake is over it is not authenticated

logger = logging.getLogger(__name__)


class BadOffer(ValueError):
    """The offer cannot be answered; the message says why in a full phrase."""


class Peer:
    """``on_key`` is told each key pressed, ``on_lost`` that the connection failed or was closed by the other side."""

    def __init__(self, *, on_key: Callable[[str], None], on_lost: Callable[[], None]) -> None:
        self._on_key = on_key
        self._on_lost = on_lost
        self._program = Program()
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connection.on("connectionstatechange", self._state_changed)
        self._keys = KeyReader()
        self._key_formats: dict[int, int] = {}
        self._rate = sounds.RATE
        self._timestamp: int | None = None  # of the latest audio packet, unwrapped
        self._source: int | None = None  # the SSRC that it is of
        self._closed = False

    async def answer(self, offer: str) -> str:
        """The answer to an offer, the first or a further one (hold, resume).

        Raises `BadOffer`; the peer is of no use then and is to be closed.
        """
        try:
            if not self._connection.getTransceivers():
                self._prepare(offer)
            await self._connection.setRemoteDescription(RTCSessionDescription(sdp=offer, type="offer"))
            self._guard(offer)
            await self._connection.setLocalDescription(await self._connection.createAnswer())
        except (ValueError, AssertionError, IndexError, KeyError, TypeError, AttributeError) as error:
            raise BadOffer(f"the offer cannot be read: {error!r}") from error
        except (OperationError, InvalidAccessError, InvalidStateError) as error:
            raise BadOffer(f"the offer cannot be answered: {error}") from error
        self._key_formats = sdp.telephone_events(offer)
        return sdp.with_telephone_events(self._connection.localDescription.sdp, self._key_formats)

    def play(self, samples: sounds.Samples, *, loop: bool = False, finished: Callable[[], None] | None = None) -> None:
        self._program.play(samples, loop=loop, finished=finished)

    def echo(self) -> None:
        self._program.echo()

    async def close(self) -> None:
        self._closed = True
        self._program.stop()
        await self._connection.close()

    def _prepare(self, offer: str) -> None:
        mime_type = sdp.preferred_codec(offer)
        if mime_type is None:
            raise BadOffer("the offer has no audio codec that the sandbox knows")
        self._rate = sounds.RATE if mime_type == "audio/opus" else 8000
        self._connection.addTrack(self._program)
        [transceiver] = self._connection.getTransceivers()
        capabilities = RTCRtpSender.getCapabilities("audio")
        assert capabilities is not None
        transceiver.setCodecPreferences([codec for codec in capabilities.codecs if codec.mimeType == mime_type])

    def _guard(self, offer: str) -> None:
        """Puts our own functions in front of the transport's; once, after the first offer."""
        dtls: Any = self._connection.getTransceivers()[0].receiver.transport
        if dtls._handle_rtp_data == self._rtp_received:
            return
        dtls._handle_rtp_data = self._rtp_received
        dtls._recv_next = partial(_survive, dtls._recv_next)
        dtls.transport._recv = partial(_receive, dtls.transport._recv, dtls)
        addresses = sdp.candidate_addresses(offer)
        if addresses is not None:
            ice = dtls.transport.iceGatherer._connection
            ice.get_component_candidates = partial(_gather, ice.get_component_candidates, _sources(addresses))

    async def _rtp_received(self, data: bytes, arrival_time_ms: int) -> None:
        """In place of aiortc's routing to a decoder: nothing here needs decoded audio."""
        try:
            packet = RtpPacket.parse(data)
        except ValueError:
            return
        if packet.payload_type in self._key_formats:
            key = self._keys.read(packet.timestamp, packet.payload)
            if key is not None:
                self._on_key(key)
        else:
            if packet.ssrc != self._source:
                self._source, self._timestamp = packet.ssrc, None
            timestamp = self._unwrap(packet.timestamp) * (sounds.RATE // self._rate)
            self._program.heard(timestamp, packet.payload, packet.ssrc)

    def _unwrap(self, timestamp: int) -> int:
        """RTP timestamps have 32 bits; this one goes on. A step back is a late packet."""
        latest = timestamp if self._timestamp is None else self._timestamp
        step = (timestamp - latest + (1 << 31)) % (1 << 32) - (1 << 31)
        self._timestamp = max(latest, latest + step)
        return latest + step

    def _state_changed(self) -> None:
        if self._connection.connectionState in ("failed", "closed") and not self._closed:
            self._closed = True
            self._on_lost()


async def _receive(stock: Callable[[], Awaitable[bytes]], dtls: Any) -> bytes:
    """The next datagram that cannot hurt: see the note at the top."""
    while True:
        data = await stock()
        if not 0 < len(data) <= MAX_DATAGRAM:
            continue
        if 127 < data[0] < 192 and len(data) < MIN_RTP:
            continue
        if data[0] == _DTLS_ALERT and not dtls.encrypted:
            continue
        return data


async def _survive(stock: Callable[[], Awaitable[None]]) -> None:
    try:
        await stock()
    except (ValueError, IndexError, KeyError, TypeError) as error:  # one bad packet, consumed already
        logger.warning("a packet was dropped: %r", error)


async def _gather(stock: Callable[..., Awaitable[Any]], chosen: list[str], component: int, addresses: list[str]) -> Any:
    """Binds the addresses from which the peer's candidates can be reached instead of every one of the host; aioice
    leaves out loopback, which may be all there is.
    """
    return await stock(component=component, addresses=chosen or addresses)


def _sources(addresses: list[str]) -> list[str]:
    """The local address that the routing table takes towards each of ``addresses``, where there is a route."""
    sources: dict[str, None] = {}
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((address, 9))  # UDP: nothing is sent
            except OSError:
                continue
            sources[probe.getsockname()[0]] = None
    return list(sources)
