"""The built front end: Vite's manifest says which hashed files an entry needs; they are served from memory."""

import gzip
import json
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import hdrs, web

from ..log import logger
from ..security import IMMUTABLE

log = logger(__name__)

BUILD = Path(__file__).parents[2] / "static" / "build"
URL = "/static/"
_COMPRESSED = frozenset({".js", ".css", ".svg", ".json", ".map"})


@dataclass(frozen=True, slots=True)
class Asset:
    """One built file. ``packed`` is its gzip form, where that is worth it."""

    content_type: str
    body: bytes
    packed: bytes | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What a page that starts with one of Vite's entries must load."""

    js: tuple[str, ...] = ()
    css: tuple[str, ...] = ()
    preloads: tuple[str, ...] = ()


class Assets:
    """Reads the build once, and again when its manifest has changed (a developer's ``vite build --watch``)."""

    def __init__(self, build: Path = BUILD) -> None:
        self._build = build
        self._manifest_path = build / ".vite" / "manifest.json"
        self._stamp: float | None = None
        self._manifest: dict[str, Any] = {}
        self._files: dict[str, Asset] = {}
        self._refresh()

    @property
    def is_built(self) -> bool:
        return bool(self._manifest)

    def entry(self, source: str) -> Entry:
        """The files of an entry such as ``static/src/main.ts``; nothing where the front end was not built."""
        self._refresh()
        chunk = self._manifest.get(source)
        if chunk is None:
            return Entry()
        imported = _imports(self._manifest, source)
        css = [sheet for name in (source, *imported) for sheet in self._manifest[name].get("css", ())]
        return Entry(
            js=(URL + chunk["file"],),
            css=tuple(dict.fromkeys(URL + sheet for sheet in css)),
            preloads=tuple(URL + self._manifest[name]["file"] for name in imported),
        )

    def respond(self, request: web.Request, name: str) -> web.Response:
        """A built file for ever: its name changes with its content. Raises `web.HTTPNotFound`."""
        asset = self._files.get(name)
        if asset is None:
            raise web.HTTPNotFound
        headers: dict[str, str] = {hdrs.CACHE_CONTROL: IMMUTABLE, hdrs.CONTENT_TYPE: asset.content_type}
        return packed_response(request, asset.body, asset.packed, headers)

    def _refresh(self) -> None:
        try:
            stamp = self._manifest_path.stat().st_mtime
        except FileNotFoundError:
            if self._stamp is None and not self._manifest:
                log.error("the front end is not built: pages stay empty", looked_for=str(self._manifest_path))
                self._stamp = 0.0
            return
        if stamp == self._stamp:
            return
        self._manifest = json.loads(self._manifest_path.read_text(encoding="utf-8"))
        self._files = {
            str(path.relative_to(self._build)): _load(path)
            for path in sorted(self._build.rglob("*"))
            if path.is_file() and not path.relative_to(self._build).parts[0].startswith(".")
        }
        self._stamp = stamp


def packed_response(request: web.Request, body: bytes, packed: bytes | None, headers: dict[str, str]) -> web.Response:
    """``body``, or its gzip form where the client takes that."""
    if packed is None:
        return web.Response(body=body, headers=headers)
    headers = {**headers, hdrs.VARY: hdrs.ACCEPT_ENCODING}
    if "gzip" not in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
        return web.Response(body=body, headers=headers)
    return web.Response(body=packed, headers={**headers, hdrs.CONTENT_ENCODING: "gzip"})


def pack(body: bytes) -> bytes:
    return gzip.compress(body, 9, mtime=0)


def _load(path: Path) -> Asset:
    body = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if path.suffix in (".js", ".mjs"):
        kind = "text/javascript"
    text = kind.startswith("text/")
    return Asset(
        content_type=f"{kind}; charset=utf-8" if text else kind,
        body=body,
        packed=pack(body) if path.suffix in _COMPRESSED else None,
    )


def _imports(manifest: dict[str, Any], source: str) -> list[str]:
    """Every chunk that ``source`` imports statically, each once."""
    found: list[str] = []
    waiting = list(manifest[source].get("imports", ()))
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found.append(name)
            waiting.extend(manifest[name].get("imports", ()))
    return found
