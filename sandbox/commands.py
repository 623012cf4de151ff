"""What to do: the only way out of `sandbox.switch.Switch`. The server does these in order."""

from dataclasses import dataclass

from signaling.message import Request, Response


@dataclass(frozen=True, slots=True)
class Send:
    """Dropped in silence where the connection is gone."""

    connection: str
    message: Request | Response


@dataclass(frozen=True, slots=True)
class SetTimer:
    """`TimerFired` with this ``name`` after ``seconds``; a timer of the same name that runs is replaced."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class CancelTimer:
    name: str


@dataclass(frozen=True, slots=True)
class AnswerOffer:
    """`OfferAnswered` or `OfferRefused` follows. The first one makes the call's WebRTC peer."""

    call: str
    sdp: bytes


@dataclass(frozen=True, slots=True)
class PlaySound:
    """One of the sounds of `sandbox.dialplan`; `SoundEnded` follows unless it is looped."""

    call: str
    sound: str
    loop: bool


@dataclass(frozen=True, slots=True)
class PlayKeys:
    """``keys`` as DTMF tones; `SoundEnded` follows."""

    call: str
    keys: str


@dataclass(frozen=True, slots=True)
class EchoBack:
    call: str


@dataclass(frozen=True, slots=True)
class ClosePeer:
    call: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth a line in the log of the sandbox. Never a secret."""

    text: str


Command = Send | SetTimer | CancelTimer | AnswerOffer | PlaySound | PlayKeys | EchoBack | ClosePeer | Note
