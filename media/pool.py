"""The engine of the default install: worker processes, one Unix control socket each, least-loaded placement, restart.

    async with Pool(settings, listener) as engine:
        description = await engine.offer(call, "far", sdp, to=handset)

A call lives in one worker from its first offer to its release. A worker that dies is started again; its calls are
reported as `Happening.CALL_LOST`, and their captures as `Happening.CAPTURE_CLOSED`.
"""

from types import TracebackType
from typing import Self

from .engine import Description, LegStats, Listener
from .settings import MediaSettings

__all__ = ["MediaSettings", "Pool"]


class Pool:
    """`media.engine.Engine` on worker processes of this machine; an async context manager."""

    def __init__(self, settings: MediaSettings, listener: Listener) -> None:
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        raise NotImplementedError

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        raise NotImplementedError

    @property
    def workers(self) -> int:
        """How many workers are up and ready."""
        raise NotImplementedError

    async def offer(self, call: str, leg: str, sdp: bytes, *, to: str) -> Description:
        raise NotImplementedError

    async def answer(self, call: str, leg: str, sdp: bytes, *, to: str) -> Description:
        raise NotImplementedError

    async def select(self, call: str, leg: str, *, record: bool) -> None:
        raise NotImplementedError

    async def drop(self, call: str, leg: str) -> None:
        raise NotImplementedError

    async def pause(self, call: str) -> None:
        raise NotImplementedError

    async def resume(self, call: str) -> None:
        raise NotImplementedError

    async def stats(self, call: str) -> dict[str, LegStats]:
        raise NotImplementedError

    async def release(self, call: str) -> None:
        raise NotImplementedError
