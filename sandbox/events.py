"""What happened: the only way into `sandbox.switch.Switch`.

``connection`` is the id of a WebSocket, ``call`` that of a call.
"""

from dataclasses import dataclass

from signaling.message import Request, Response


@dataclass(frozen=True, slots=True)
class Received:
    connection: str
    message: Request | Response


@dataclass(frozen=True, slots=True)
class ConnectionClosed:
    connection: str


@dataclass(frozen=True, slots=True)
class TimerFired:
    name: str


@dataclass(frozen=True, slots=True)
class OfferAnswered:
    """The WebRTC peer of ``call`` answered the offer of an `AnswerOffer`."""

    call: str
    sdp: bytes


@dataclass(frozen=True, slots=True)
class OfferRefused:
    """... or could not; ``detail`` says why."""

    call: str
    detail: str


@dataclass(frozen=True, slots=True)
class SoundEnded:
    call: str


@dataclass(frozen=True, slots=True)
class KeyPressed:
    call: str
    key: str


@dataclass(frozen=True, slots=True)
class PeerLost:
    """The WebRTC peer of ``call`` has no connection any more."""

    call: str


PeerEvent = OfferAnswered | OfferRefused | SoundEnded | KeyPressed | PeerLost
Event = Received | ConnectionClosed | TimerFired | PeerEvent
