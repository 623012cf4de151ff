"""The headers of every answer, and what a request must show before it may change anything.

One place for both, so that a test can hold the table against it. Sources: CSP level 3, Fetch metadata, RFC 6797.
"""

import ipaddress

from aiohttp import hdrs, web
from multidict import CIMultiDict

from .problems import Problem
from .settings import Settings

_API_POLICY = (
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox"  # answers and files
)
_PERMISSIONS = (
    "microphone=(self), autoplay=(self), speaker-selection=(self), screen-wake-lock=(self), camera=(), geolocation=(), "
    "display-capture=(), usb=(), serial=(), midi=(), payment=()"
)
IMMUTABLE = "public, max-age=31536000, immutable"
LOGGED_OUT = '"cache", "storage"'  # never "cookies": it deletes those of sister hosts too


def _page_policy(settings: Settings) -> str:
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        f"media-src 'self' blob:; connect-src 'self' {settings.websocket_origin}; worker-src 'self'; "
        "manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-src 'none'; "
        "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html; "
        "report-to csp; report-uri /csp-report"
    )


class Security:
    """The rules of one install; a value that is made once."""

    def __init__(self, settings: Settings) -> None:
        self._origin = settings.public_url
        self._host = settings.public_host
        self._proxies = tuple(ipaddress.ip_network(network) for network in settings.trusted_proxies)
        self._all = {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Reporting-Endpoints": 'csp="/csp-report"',
        }
        if settings.secure:
            self._all["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
        self._pages = {
            "Content-Security-Policy": _page_policy(settings),
            "Permissions-Policy": _PERMISSIONS,
            "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
            "X-Frame-Options": "DENY",
        }

    async def add_headers(self, request: web.BaseRequest, response: web.StreamResponse) -> None:
        """The ``on_response_prepare`` signal: pages are what is HTML, error pages included."""
        self.set_headers(response.headers, page=response.content_type == "text/html")

    def set_headers(self, headers: CIMultiDict[str], *, page: bool) -> None:
        headers.update(self._all)
        headers.update(self._pages if page else {"Content-Security-Policy": _API_POLICY})
        headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
        headers[hdrs.SERVER] = "Ramal"

    def check_host(self, request: web.BaseRequest) -> None:
        """Raises `Problem` 421 where the request was meant for another host (DNS rebinding)."""
        if request.headers.get(hdrs.HOST, "").lower() != self._host:
            raise Problem(421, "bad_request", "this gateway is not reached by that host name")

    def check_origin(self, request: web.BaseRequest) -> None:
        """Raises `Problem` 403 unless the page that asks is the gateway's own, exactly."""
        if request.headers.getall(hdrs.ORIGIN, []) != [self._origin]:
            raise Problem(403, "bad_origin", "the Origin is not the gateway's own")

    def check_change(self, request: web.BaseRequest) -> None:
        """What every request that changes state must show (cross-site requests cannot). Raises `Problem`."""
        self.check_origin(request)
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise Problem(403, "bad_origin", "the request comes from another site")
        if request.headers.get("X-Ramal-Request") != "1":
            raise Problem(403, "bad_origin", "the header X-Ramal-Request: 1 is missing")
        if request.content_type != "application/json":
            raise Problem(415, "bad_request", "the Content-Type must be application/json")

    def client_address(self, request: web.BaseRequest) -> str:
        """The client's IP address: the last one of X-Forwarded-For that no trusted proxy has."""
        address = request.remote or ""
        forwarded = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
        while self._is_proxy(address) and forwarded:
            address = forwarded.pop().strip() or address
        try:
            return str(ipaddress.ip_address(address))
        except ValueError:
            return request.remote or ""

    def _is_proxy(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._proxies)
