"""Engine ``none``: the SDP passes untouched, audio goes from handset to PBX directly, nothing is recorded.

It has no media events: the caller takes the answer for the connection.
"""

from .engine import Description, LegStats
from .sdp import DEFAULT_LIMITS, SdpLimits, summary


class PassThrough:
    """`media.engine.Engine` without media. Keeps no state, so everything is safe against doubles."""

    def __init__(self, limits: SdpLimits = DEFAULT_LIMITS) -> None:
        self._limits = limits

    @property
    def is_ready(self) -> bool:
        return True

    async def offer(self, call: str, leg: str, sdp: bytes, *, to: str) -> Description:
        return self._description(sdp)

    async def answer(self, call: str, leg: str, sdp: bytes, *, to: str) -> Description:
        return self._description(sdp)

    async def select(self, call: str, leg: str, *, record: bool) -> None:
        return None

    async def drop(self, call: str, leg: str) -> None:
        return None

    async def pause(self, call: str) -> None:
        return None

    async def resume(self, call: str) -> None:
        return None

    async def stats(self, call: str) -> dict[str, LegStats]:
        return {}

    async def release(self, call: str) -> None:
        return None

    def _description(self, sdp: bytes) -> Description:
        """Raises `BadDescription` where it is no SDP at all or over the limits; streams are not judged."""
        direction, audio = summary(sdp, self._limits)
        return Description(sdp, direction, audio)
