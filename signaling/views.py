"""What a line tells the world: the state of the line and of its calls, as values.

The line publishes a whole view at every change (`signaling.commands.Publish`); the journal keeps it, the feed sends
it to the pages. Times are not in here: the line has no clock, the journal stamps each view when it gets it.
"""

from dataclasses import dataclass
from enum import StrEnum

from .causes import Cause


class LineState(StrEnum):
    """The far side of a line as the gateway sees it.

    ::

        idle -> connecting -> registering -> ready
                    ^              |           |
                    |              v           v
                    +-- offline <--+-----------+      (a next try is due: retry_in)
                                   |
                                   v
                                refused               (waits for a person)
    """

    IDLE = "idle"  # no handset, nothing connected
    CONNECTING = "connecting"  # the WebSocket to the PBX is being opened
    REGISTERING = "registering"
    READY = "ready"  # registered: calls can be made and received
    OFFLINE = "offline"  # no connection to the PBX, or it did not take the registration; a next try is due
    REFUSED = "refused"  # the PBX refused the secret or the extension: not tried again by itself


@dataclass(frozen=True, slots=True)
class LineView:
    """``reason`` is a code in snake case (``bad_secret``, ``forbidden``, ``not_found``, ``unreachable``, ``tls``,
    ``timeout``, ``closed``, ``server_error``, ``held_back``) that the catalogues translate as ``line.reason.<code>``;
    ``detail`` is the PBX's own text, for administrators; ``retry_in`` is in seconds from now.
    """

    line: str
    state: LineState
    reason: str | None = None
    detail: str | None = None
    retry_in: float | None = None
    handsets: int = 0
    messages_waiting: int | None = None  # new voice messages; None where the PBX told nothing


class Direction(StrEnum):
    """As the agent sees it."""

    IN = "in"
    OUT = "out"


class CallState(StrEnum):
    """::

    dialing -> ringing -> active -> ended       outgoing (ringing may have early media)
    ringing -> active -> ended                  incoming
    """

    DIALING = "dialing"
    RINGING = "ringing"
    ACTIVE = "active"
    ENDED = "ended"


class RecordingState(StrEnum):
    OFF = "off"
    ON = "on"
    PAUSED = "paused"
    DISK_FULL = "disk_full"  # was on, and stopped because the disk is full; the call goes on
    FAILED = "failed"


class TransferState(StrEnum):
    NONE = "none"
    PENDING = "pending"  # the PBX was asked; the call goes on meanwhile
    FAILED = "failed"  # the call goes on
    DONE = "done"  # the call ends with it


@dataclass(frozen=True, slots=True)
class CallView:
    """One call of a line. ``number`` and ``name`` are those of the other side, as dialled or as the PBX told them.

    ``near_call_id`` is the Call-ID that the handset itself chose for its INVITE (outgoing calls): with it the page
    finds its own session. ``sip_status`` and ``sip_reason`` are the far side's final answer, where there was one.

    ``detached``: the page of ``handset`` is gone and the call waits for it, for ``grace`` seconds from the view in
    which that began; None where it waits for as long as it rings.
    """

    call: str
    line: str
    direction: Direction
    state: CallState
    number: str
    name: str | None = None
    handset: str | None = None  # the one that dialled, answered, or has it now
    near_call_id: str | None = None
    early_media: bool = False
    held: bool = False  # by the agent
    held_by_other: bool = False
    muted: bool = False
    recording: RecordingState = RecordingState.OFF
    cause: Cause | None = None
    sip_status: int | None = None
    sip_reason: str | None = None
    ended_by: str | None = None  # "agent", "other", "gateway"
    detached: bool = False
    grace: float | None = None
    transfer: TransferState = TransferState.NONE  # the last one that was asked for
    transfer_to: str | None = None
