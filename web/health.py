"""Is it alive, is it ready; and what browsers report of the Content-Security-Policy."""

import asyncio
import json

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from .keys import GATEWAY, HUB, REPORTS_BY_ADDRESS, SECURITY, STORE
from .log import clean, logger
from .shutdown import RETRY_AFTER

log = logger(__name__)

_REPORT_MOST = 16_384  # bytes
_DATABASE_TIMEOUT = 3.0  # seconds


async def healthz(_request: web.Request) -> web.StreamResponse:
    """The process answers."""
    return web.json_response({"status": "ok"})


async def readyz(request: web.Request) -> web.StreamResponse:
    """A page that comes now can be served: the database answers, a media worker is up, no restart is under way."""
    app = request.app
    if app[GATEWAY].is_draining:
        return web.json_response({"status": "draining"}, status=503, headers={"Retry-After": RETRY_AFTER})
    found = {"database": await _database_answers(app), "media": app[HUB].is_ready}
    good = all(found.values())
    return web.json_response({"status": "ok" if good else "unavailable", **found}, status=200 if good else 503)


async def _database_answers(app: web.Application) -> bool:
    try:
        async with asyncio.timeout(_DATABASE_TIMEOUT):
            await app[STORE].database.ping()
    except (SQLAlchemyError, OSError, TimeoutError):
        return False
    return True


async def csp_report(request: web.Request) -> web.StreamResponse:
    """Both forms: ``report-uri`` (one object) and the Reporting API (a list). Anybody may send anything: it is only
    logged, a little of it, at a bounded rate.
    """
    wait = request.app[REPORTS_BY_ADDRESS].take(request.app[SECURITY].client_address(request))
    if wait or (request.content_length or 0) > _REPORT_MOST:
        return web.Response(status=204)
    body = await request.content.read(_REPORT_MOST)
    try:
        report = json.loads(body)
    except (ValueError, RecursionError):
        return web.Response(status=400)
    for entry in (report if isinstance(report, list) else [report])[:10]:
        log.warning("a page broke the Content-Security-Policy", **_facts(entry))
    return web.Response(status=204)


def _facts(entry: object) -> dict[str, str]:
    body = entry.get("csp-report") or entry.get("body") if isinstance(entry, dict) else None
    if not isinstance(body, dict):
        return {}
    wanted = {
        "directive": ("effective-directive", "effectiveDirective", "violated-directive"),
        "blocked": ("blocked-uri", "blockedURL"),
        "page": ("document-uri", "documentURL"),
        "source": ("source-file", "sourceFile"),
    }
    found = {name: next((body[key] for key in keys if body.get(key)), None) for name, keys in wanted.items()}
    return {name: clean(str(value))[:300] for name, value in found.items() if value is not None}


def add(app: web.Application) -> None:
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_post("/csp-report", csp_report)
