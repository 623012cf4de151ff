"""What happened: the only way into `signaling.line.Line`. Names are in the past tense; time is an event too."""

from dataclasses import dataclass
from enum import StrEnum

from .message import Request, Response
from .ports import Description, LineConfig


class MediaHappening(StrEnum):
    """What the media engine reports of a call by itself. Same values as ``media.engine.Happening``."""

    LEG_CONNECTED = "leg_connected"
    LEG_FAILED = "leg_failed"
    LEG_SILENT = "leg_silent"
    LEG_ALIVE = "leg_alive"
    RECORDING_STARTED = "recording_started"
    RECORDING_STOPPED = "recording_stopped"
    RECORDING_DISK_FULL = "recording_disk_full"
    RECORDING_FAILED = "recording_failed"
    CAPTURE_CLOSED = "capture_closed"
    CALL_LOST = "call_lost"


@dataclass(frozen=True, slots=True)
class HandsetAttached:
    """A page's WebSocket is open. ``handset`` is the page's own id; one that is attached already is replaced."""

    handset: str


@dataclass(frozen=True, slots=True)
class HandsetDetached:
    handset: str


@dataclass(frozen=True, slots=True)
class NearReceived:
    handset: str
    message: Request | Response


@dataclass(frozen=True, slots=True)
class UpstreamWaits:
    """The connection that was asked for is not opened yet: other lines of the same PBX come first, for about so many
    ``seconds``."""

    seconds: float


@dataclass(frozen=True, slots=True)
class UpstreamOpened:
    pass


@dataclass(frozen=True, slots=True)
class UpstreamClosed:
    """``reason`` is a code of `signaling.views.LineView`; ``detail`` is for administrators."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class FarReceived:
    message: Request | Response


@dataclass(frozen=True, slots=True)
class TimerFired:
    name: str


@dataclass(frozen=True, slots=True)
class MediaDescribed:
    """The answer to the `MediaOffer` or `MediaAnswer` with this ``ref``."""

    call: str
    ref: str
    description: Description


@dataclass(frozen=True, slots=True)
class MediaRefused:
    """A media command with this ``ref`` failed; ``whose`` as in `signaling.ports.MediaError`."""

    call: str
    ref: str
    whose: str
    detail: str


@dataclass(frozen=True, slots=True)
class MediaChanged:
    call: str
    what: MediaHappening
    leg: str | None = None


@dataclass(frozen=True, slots=True)
class MuteAsked:
    call: str
    muted: bool


@dataclass(frozen=True, slots=True)
class HangUpAsked:
    call: str


@dataclass(frozen=True, slots=True)
class TransferAsked:
    """A person hands a call on: to the number ``to``, or to the other side of the line's call ``consulted``."""

    call: str
    to: str | None = None
    consulted: str | None = None


@dataclass(frozen=True, slots=True)
class TakeAsked:
    """A person wants to go on with a live call at this handset, which is attached."""

    call: str
    handset: str


@dataclass(frozen=True, slots=True)
class CallExpected:
    """The person asked (the vendor's API) to be called: from ``number``, or from anybody, within ``seconds``."""

    number: str | None = None
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class RetryAsked:
    """A person wants a refused or offline line to be tried again now."""


@dataclass(frozen=True, slots=True)
class Reconfigured:
    """An administrator changed the line: a new secret, address, name or recording policy."""

    config: LineConfig


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The person logged out: these handsets must go, and their calls with them."""

    handsets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GatewayDrains:
    """The gateway will stop: calls that are there go on, no new one begins. Who tries is told to come again
    ``retry_after`` seconds later."""

    retry_after: int


@dataclass(frozen=True, slots=True)
class LineClosed:
    """The gateway stops: every call ends, the registration is taken back."""


Event = (
    HandsetAttached
    | HandsetDetached
    | NearReceived
    | UpstreamWaits
    | UpstreamOpened
    | UpstreamClosed
    | FarReceived
    | TimerFired
    | MediaDescribed
    | MediaRefused
    | MediaChanged
    | MuteAsked
    | HangUpAsked
    | TransferAsked
    | TakeAsked
    | CallExpected
    | RetryAsked
    | Reconfigured
    | SessionEnded
    | GatewayDrains
    | LineClosed
)
