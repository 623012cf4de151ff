"""The interface of a media engine: SDP in, SDP out, and what happened on the way.

The words are those of rtpengine's ng protocol: a call has legs; an offer or an answer came *from* one leg and is
rewritten for another one. The adapter to `signaling.ports.MediaEngine` lives in ``web``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class Direction(StrEnum):
    """RFC 3264 section 5.1, as the sender of the SDP wants it."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True)
class Description:
    """SDP for the leg named by ``to``: the sender's own, with the transport lines replaced by the hub's."""

    sdp: bytes
    direction: Direction
    audio: bool  # at least one m=audio with a port, and a codec, is left


class EngineError(Exception):
    """Base of what an engine raises."""


class BadDescription(EngineError, ValueError):
    """The peer's SDP cannot be used; the message says why in a full phrase. SIP: 488."""


class EngineUnavailable(EngineError):
    """No worker is there, or the call's worker died. SIP: 500 or 503."""


class Happening(StrEnum):
    """What the engine reports of a call, asynchronously."""

    LEG_CONNECTED = "leg_connected"  # ICE valid and DTLS done with the right fingerprint: audio can flow
    LEG_FAILED = "leg_failed"  # wrong fingerprint or a DTLS failure: it will never connect
    LEG_SILENT = "leg_silent"  # no packet and no valid check for 5 s
    LEG_ALIVE = "leg_alive"  # a silent leg is heard again
    RECORDING_STARTED = "recording_started"
    RECORDING_STOPPED = "recording_stopped"  # paused or released
    RECORDING_DISK_FULL = "recording_disk_full"  # stopped, the call goes on
    RECORDING_FAILED = "recording_failed"
    CAPTURE_CLOSED = "capture_closed"  # the capture file is complete and can be converted: `Report.capture`
    CALL_LOST = "call_lost"  # the worker died with the call


@dataclass(frozen=True, slots=True)
class Report:
    call: str
    what: Happening
    leg: str | None = None
    capture: Path | None = None


Listener = Callable[[Report], None]  # called in the event loop of the process that owns the engine; must not block


@dataclass(frozen=True, slots=True)
class LegStats:
    """Counters of one leg's RTP packets since it was made (RTCP is not counted). ``silent_for`` is in seconds."""

    packets_in: int
    packets_out: int
    dropped: int
    connected: bool
    silent_for: float | None


class Engine(Protocol):
    """``call`` and ``leg`` are the caller's own names (128-bit ids as text, or ``far``). An engine is safe against
    doubles: a second `answer` with the same SDP, a `drop` of a leg that is gone and a `release` of an unknown call
    do nothing.
    """

    @property
    def is_ready(self) -> bool:
        """Whether it can take a call now."""
        ...

    async def offer(self, call: str, leg: str, sdp: bytes, *, to: str) -> Description:
        """``leg``'s peer offered ``sdp``; gives what to offer to ``to``'s peer. Makes the call and the legs it lacks.

        A further offer on known legs is a re-INVITE: same transport lines unless the peer restarted ICE.
        Raises `BadDescription`, `EngineUnavailable`.
        """
        ...

    async def answer(self, call: str, leg: str, sdp: bytes, *, to: str) -> Description:
        """``leg``'s peer answered ``sdp`` to what `offer` gave; gives what to answer to ``to``'s peer. May come more
        than once (183, 200).
        """
        ...

    async def select(self, call: str, leg: str, *, record: bool) -> None:
        """The call was answered: ``leg`` is its near leg from now on; the capture starts if ``record``. Until then,
        every near leg gets the far side's packets (early media) and only one near leg that exists alone may
        send.
        """
        ...

    async def drop(self, call: str, leg: str) -> None:
        """That leg is gone (a fork lost, a handset vanished); the rest stays."""
        ...

    async def pause(self, call: str) -> None: ...

    async def resume(self, call: str) -> None: ...

    async def stats(self, call: str) -> dict[str, LegStats]: ...

    async def release(self, call: str) -> None:
        """The call is over: legs go, the capture is closed (`Happening.CAPTURE_CLOSED` follows if there was one)."""
        ...
