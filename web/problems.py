"""Errors of the API as values: RFC 9457 with a stable ``code`` that the catalogues have as ``error.<code>``."""

import json
from collections.abc import Mapping

from aiohttp import web

STATUS_CODES = {400: "bad_request", 401: "no_session", 403: "forbidden", 404: "not_found"}


class Problem(Exception):
    """Ends a request. ``detail`` is for developers, in English; people read what the code means in their language."""

    def __init__(self, status: int, code: str, detail: str = "", *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {code}: {detail}" if detail else f"{status} {code}")
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})

    def response(self) -> web.Response:
        body = {"type": "about:blank", "title": self.code.replace("_", " "), "status": self.status, "code": self.code}
        if self.detail:
            body["detail"] = self.detail
        return web.Response(
            status=self.status,
            headers=self.headers,
            body=json.dumps(body).encode(),
            content_type="application/problem+json",
        )


def of_http(error: web.HTTPException) -> Problem:
    """What aiohttp itself raised, as a problem."""
    kept = {name: value for name, value in error.headers.items() if name in ("Allow", "Retry-After")}
    code = STATUS_CODES.get(error.status, "bad_request" if error.status < 500 else "unknown")
    return Problem(error.status, code, error.reason, headers=kept)


def too_many(seconds: float) -> Problem:
    """429 with the time after which it may be tried again."""
    return Problem(429, "too_many_attempts", headers={"Retry-After": str(max(1, round(seconds + 0.5)))})
