"""Between `signaling` and `media`: the engine of a call by its account, errors in signaling's words, reports back."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from media.engine import BadDescription, Engine, EngineError, EngineUnavailable, Happening, LegStats, Report
from media.engine import Description as MediaDescription
from signaling.ports import Description, MediaError

from .log import logger

log = logger(__name__)

OnMedia = Callable[[str, str, str | None], None]  # (call, value of Happening, leg)
OnCapture = Callable[[str, Path], None]  # (call, capture): must not block


class MediaAdapter:
    """`signaling.ports.MediaEngine` over two engines of `media`.

    ``is_anchored`` says of a call whether its audio passes by this server; a call that it does not know does.
    """

    def __init__(self, hub: Engine, passthrough: Engine, is_anchored: Callable[[str], bool]) -> None:
        self._hub = hub
        self._passthrough = passthrough
        self._is_anchored = is_anchored

    async def offer(self, call: str, leg: str, sdp: bytes, *, to: str) -> Description:
        return await _translated(call, leg, self._engine(call).offer(call, leg, sdp, to=to))

    async def answer(self, call: str, leg: str, sdp: bytes, *, to: str) -> Description:
        return await _translated(call, leg, self._engine(call).answer(call, leg, sdp, to=to))

    async def select(self, call: str, leg: str, *, record: bool) -> None:
        try:
            await self._engine(call).select(call, leg, record=record)
        except EngineError as error:
            raise MediaError(str(error)) from error

    async def drop(self, call: str, leg: str) -> None:
        try:
            await self._engine(call).drop(call, leg)
        except EngineError as error:
            log.warning("a leg was not dropped", call=call, why=str(error))

    async def release(self, call: str) -> None:
        try:
            await self._engine(call).release(call)
        except EngineError as error:
            log.warning("a call was not released", call=call, why=str(error))

    def _engine(self, call: str) -> Engine:
        return self._hub if self._is_anchored(call) else self._passthrough


async def _translated(call: str, leg: str, described: Awaitable[MediaDescription]) -> Description:
    try:
        description = await described
    except BadDescription as error:
        log.warning("a description was refused", call=call, leg=leg, why=str(error))
        raise MediaError(str(error), whose="peer") from error
    except EngineError as error:
        log.warning("a description was not made", call=call, leg=leg, why=str(error))
        raise MediaError(str(error)) from error
    return Description(sdp=description.sdp, direction=description.direction.value, audio=description.audio)


class NoHub:
    """The hub of an install without media workers: only accounts with engine ``none`` can call."""

    @property
    def is_ready(self) -> bool:
        return True  # as ready as it was asked to be

    async def offer(self, call: str, leg: str, sdp: bytes, *, to: str) -> MediaDescription:
        raise EngineUnavailable("this gateway has no media workers")

    async def answer(self, call: str, leg: str, sdp: bytes, *, to: str) -> MediaDescription:
        raise EngineUnavailable("this gateway has no media workers")

    async def select(self, call: str, leg: str, *, record: bool) -> None:
        raise EngineUnavailable("this gateway has no media workers")

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


class Reports:
    """The listener of a media engine: every report to the gateway, closed captures to the jobs as well."""

    def __init__(self, on_media: OnMedia, on_capture: OnCapture) -> None:
        self._on_media = on_media
        self._on_capture = on_capture

    def __call__(self, report: Report) -> None:
        if report.what is Happening.CAPTURE_CLOSED and report.capture is not None:
            self._on_capture(report.call, report.capture)
        self._on_media(report.call, report.what.value, report.leg)
