"""Recordings: facts, sound, peaks."""

from pathlib import Path

from aiohttp import hdrs, web

from ..auth.sessions import Visitor
from ..jobs.recordings import Layout
from ..keys import SETTINGS, STORE
from ..problems import Problem
from ..store.recordings import READY
from ..store.tables import Recording
from . import routes
from .bodies import RecordingBody
from .routes import Route

AUDIO_TYPE = "audio/ogg; codecs=opus"
_PRIVATE = "private, no-store"


async def recording(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    return routes.answer(RecordingBody.of(await _visible(request, visitor)))


async def audio(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """Answers ``Range`` (RFC 9110 section 14); every listening and every download is audited."""
    row = await _visible(request, visitor)
    path = _file(request, row)
    download = request.query.get("download") == "1"
    headers = {hdrs.CONTENT_TYPE: AUDIO_TYPE, hdrs.CACHE_CONTROL: _PRIVATE}
    if download:
        assert row.started_at is not None
        name = f"ramal-{row.started_at:%Y%m%d-%H%M%S}-{row.call[:8]}.opus"
        headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="{name}"'
    if not request.headers.get(hdrs.RANGE, "").strip() or request.headers[hdrs.RANGE].startswith("bytes=0-"):
        await request.app[STORE].audit.add(
            row.account,
            "recording_downloaded" if download else "recording_played",
            actor=visitor.user.id,
            subject=row.id,
        )
    return web.FileResponse(path, headers=headers)


async def peaks(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    row = await _visible(request, visitor)
    path = Layout.peaks(_file(request, row))
    return web.FileResponse(path, headers={hdrs.CONTENT_TYPE: "application/json", hdrs.CACHE_CONTROL: _PRIVATE})


async def _visible(request: web.Request, visitor: Visitor) -> Recording:
    row = await request.app[STORE].recordings.get(visitor.scope, request.match_info["recording"])
    if row is None:
        raise Problem(404, "not_found", "there is no such recording")
    return row


def _file(request: web.Request, row: Recording) -> Path:
    if row.state != READY or row.path is None:
        raise Problem(404, "not_found", f"the recording is {row.state}")
    return request.app[SETTINGS].data / row.path


def add(app: web.Application) -> None:
    routes.add(
        app,
        (
            Route("GET", "/recordings/{recording}", recording),
            Route("GET", "/recordings/{recording}/audio", audio),
            Route("GET", "/recordings/{recording}/peaks", peaks),
        ),
    )
