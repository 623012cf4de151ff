"""What to do: the only way out of `signaling.line.Line`. The runner (`signaling.runner`) does these in order."""

from dataclasses import dataclass, field

from .message import Request, Response
from .views import CallView, LineView


@dataclass(frozen=True, slots=True)
class SendNear:
    handset: str
    message: Request | Response


@dataclass(frozen=True, slots=True)
class SendFar:
    message: Request | Response


@dataclass(frozen=True, slots=True)
class Connect:
    """Open the WebSocket to the PBX; one that is open or being opened is dropped first.

    `UpstreamOpened` or `UpstreamClosed` follows.
    """

    url: str
    ca: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Close the WebSocket to the PBX. No event follows."""


@dataclass(frozen=True, slots=True)
class SetTimer:
    """`TimerFired` with this ``name`` after ``seconds``; a timer of the same name that runs is replaced."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class CancelTimer:
    name: str


@dataclass(frozen=True, slots=True)
class CloseHandset:
    """Close that page's WebSocket. `HandsetDetached` may follow."""

    handset: str
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class MediaOffer:
    """``leg`` offered ``sdp``, it is to go ``to``. `MediaDescribed` or `MediaRefused` with ``ref`` follows."""

    call: str
    ref: str
    leg: str
    sdp: bytes = field(repr=False)
    to: str


@dataclass(frozen=True, slots=True)
class MediaAnswer:
    """``leg`` answered ``sdp``, it is to go ``to``. `MediaDescribed` or `MediaRefused` with ``ref`` follows."""

    call: str
    ref: str
    leg: str
    sdp: bytes = field(repr=False)
    to: str


@dataclass(frozen=True, slots=True)
class MediaSelect:
    """``leg`` is the handset in the conversation. `MediaRefused` with ``ref`` follows if that cannot be."""

    call: str
    ref: str
    leg: str
    record: bool


@dataclass(frozen=True, slots=True)
class MediaDrop:
    call: str
    leg: str


@dataclass(frozen=True, slots=True)
class MediaRelease:
    call: str


@dataclass(frozen=True, slots=True)
class Publish:
    view: LineView | CallView


@dataclass(frozen=True, slots=True)
class Audit:
    """A security event; never holds a secret or a digest."""

    what: str
    detail: str


MediaCommand = MediaOffer | MediaAnswer | MediaSelect | MediaDrop | MediaRelease
Command = (
    SendNear
    | SendFar
    | Connect
    | Disconnect
    | SetTimer
    | CancelTimer
    | CloseHandset
    | MediaOffer
    | MediaAnswer
    | MediaSelect
    | MediaDrop
    | MediaRelease
    | Publish
    | Audit
)
