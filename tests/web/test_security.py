"""The table of headers for each kind of answer, and what a request must show before it changes anything."""

import io
import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from sqlalchemy import text

from web.problems import Problem
from web.security import Security
from web.settings import load

from .house import CHANGE, KEY, House, house, settings_for

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "media-src 'self' blob:; connect-src 'self' ws://{host}; worker-src 'self'; manifest-src 'self'; "
    "form-action 'self'; base-uri 'none'; object-src 'none'; frame-src 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types lit-html; report-to csp; report-uri /csp-report"
)
API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox"
PERMISSIONS = (
    "microphone=(self), autoplay=(self), speaker-selection=(self), screen-wake-lock=(self), camera=(), geolocation=(), "
    "display-capture=(), usb=(), serial=(), midi=(), payment=()"
)
ALL = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Reporting-Endpoints": 'csp="/csp-report"',
}
HTML = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
async def built(tmp_path: Path, unused_tcp_port_factory: Callable[[], int]) -> AsyncIterator[House]:
    """A gateway with a front end of two files."""
    build = tmp_path / "no-build"
    (build / ".vite").mkdir(parents=True)
    (build / "assets").mkdir()
    (build / "assets" / "main-a1b2.js").write_text("export {};")
    manifest = {"static/src/main.ts": {"file": "assets/main-a1b2.js"}}
    (build / ".vite" / "manifest.json").write_text(json.dumps(manifest))
    async with house(tmp_path, unused_tcp_port_factory()) as made:
        yield made


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/", 200, "page"),
        ("/calls", 200, "page"),
        ("/nowhere", 404, "page"),
        ("/api/v1/me", 200, "api"),
        ("/api/v1/nowhere", 404, "api"),
        ("/healthz", 200, "api"),
        ("/static/assets/main-a1b2.js", 200, "static"),
        ("/static/.vite/manifest.json", 404, "page"),
        ("/locale", 200, "static"),
    ],
)
async def test_every_kind_of_answer_has_its_headers(built: House, path: str, status: int, kind: str) -> None:
    host = built.origin.removeprefix("http://")
    async with built.logged_in() as page:
        if path == "/locale":
            found = re.search(r'"(/locale/[^"]+)"', await (await page.get("/", headers=HTML)).text())
            assert found is not None
            path = found[1]
        response = await page.get(path, headers=HTML)
        assert response.status == status
        headers = response.headers
        assert {name: headers[name] for name in ALL} == ALL
        assert "Strict-Transport-Security" not in headers  # plain http on localhost
        assert "aiohttp" not in headers["Server"]
        immutable = "public, max-age=31536000, immutable"
        assert headers["Cache-Control"] == (immutable if kind == "static" else "no-store")
        if kind == "page":
            assert headers["Content-Security-Policy"] == PAGE_POLICY.format(host=host)
            assert headers["Permissions-Policy"] == PERMISSIONS
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
            assert headers["X-Frame-Options"] == "DENY"
        else:
            assert headers["Content-Security-Policy"] == API_POLICY
            assert "X-Frame-Options" not in headers


def test_over_https_the_policy_names_the_secure_socket() -> None:
    security = Security(load({"RAMAL_PUBLIC_URL": "https://Phone.example.com:8443", "RAMAL_MASTER_KEYS": KEY}))
    response = web.Response()
    security.set_headers(response.headers, page=True)
    assert "connect-src 'self' wss://phone.example.com:8443;" in response.headers["Content-Security-Policy"]
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert response.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"


async def test_errors_are_problems_for_programs_and_pages_for_people(gateway: House) -> None:
    async with gateway.page() as page:
        problem = await page.get("/nowhere")
        assert problem.content_type == "application/problem+json"
        assert (await problem.json())["code"] == "not_found"
        shown = await page.get("/nowhere", headers={**HTML, "Accept-Language": "es"})
        assert shown.content_type == "text/html" and 'lang="es"' in await shown.text()
        api = await page.get("/api/v1/nowhere", headers=HTML)
        assert api.content_type == "application/problem+json"
        wrong = await page.session.put("/api/v1/me", headers={"Origin": gateway.origin})
        assert wrong.status == 405 and "GET" in wrong.headers["Allow"]


GOOD = {**CHANGE, "Content-Type": "application/json"}


@pytest.mark.parametrize("path", ["/api/v1/session", "/api/v1/line/retry"])
@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"Origin": None}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "{origin}.evil.example"}, 403),
        ({"Origin": "{origin}/"}, 403),
        ({"X-Ramal-Request": None}, 403),
        ({"X-Ramal-Request": "0"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "multipart/form-data"}, 415),
        ({"Host": "evil.example"}, 421),
    ],
)
async def test_what_another_site_could_send_changes_nothing(
    gateway: House, path: str, change: dict[str, str | None], status: int
) -> None:
    async with gateway.logged_in() as page:
        headers = {"Origin": gateway.origin, **GOOD, **change}
        sent = {name: value.format(origin=gateway.origin) for name, value in headers.items() if value is not None}
        method = "DELETE" if path.endswith("session") else "POST"
        response = await page.session.request(method, path, data=b"{}", headers=sent)
        assert response.status == status, await response.text()
        assert (await page.get("/api/v1/me")).status == 200  # still logged in


async def test_the_log_in_itself_is_guarded(gateway: House) -> None:
    async with gateway.page() as page:
        body = {"login": "ana", "password": "correct horse"}
        response = await page.session.post("/api/v1/session", json=body, headers={"Origin": "https://evil.example"})
        assert response.status == 403 and "Set-Cookie" not in response.headers


async def test_two_origins_are_none(gateway: House) -> None:
    async with gateway.logged_in() as page:
        headers = [("Origin", gateway.origin), ("Origin", "https://evil.example"), *GOOD.items()]
        assert (await page.session.post("/api/v1/line/retry", data=b"{}", headers=headers)).status == 403


async def test_a_browser_without_fetch_metadata_is_judged_by_its_origin(gateway: House) -> None:
    async with gateway.logged_in() as page:
        headers = {"Origin": gateway.origin, "X-Ramal-Request": "1"}
        assert (await page.session.post("/api/v1/line/retry", json={}, headers=headers)).status == 202


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"login": 1}', b'{"login":"a","password":"b","x":1}', b"\xff"])
async def test_a_wrong_body_is_told_in_words(gateway: House, body: bytes) -> None:
    async with gateway.page() as page:
        response = await page.session.post("/api/v1/session", data=body, headers={"Origin": gateway.origin, **GOOD})
        problem = await response.json()
        assert (response.status, problem["code"]) == (422, "bad_request") and problem["detail"]


async def test_a_body_over_a_mebibyte_is_refused(gateway: House) -> None:
    async with gateway.page() as page:
        response = await page.session.post(
            "/api/v1/session", data=io.BytesIO(b" " * (1 << 20) + b"{}"), headers={"Origin": gateway.origin, **GOOD}
        )
        assert response.status == 413


@pytest.mark.parametrize("path", ["/", "/login", "/api/v1/me", "/static/x", "/sip"])
async def test_another_host_name_is_answered_by_nothing(gateway: House, path: str) -> None:
    async with gateway.page() as page:
        assert (await page.get(path, headers={"Host": "rebound.example"})).status == 421


async def test_probes_come_by_any_name(gateway: House) -> None:
    async with gateway.page() as page:
        for path in ("/healthz", "/readyz"):
            response = await page.get(path, headers={"Host": "10.0.0.1"})
            assert response.status == 200 and (await response.json())["status"] == "ok"


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "forged, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.7, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "10.0.0.2", "10.0.0.2"),
    ],
)
def test_only_trusted_proxies_say_who_the_client_is(
    tmp_path: Path, peer: str, forwarded: str | None, address: str
) -> None:
    security = Security(settings_for(tmp_path, RAMAL_TRUSTED_PROXIES="10.0.0.0/8"))
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    request = make_mocked_request("GET", "/", headers=headers).clone(remote=peer)
    assert security.client_address(request) == address


@pytest.mark.parametrize(
    "body",
    [
        {"csp-report": {"effective-directive": "script-src", "blocked-uri": "https://evil.example"}},
        [{"type": "csp-violation", "body": {"effectiveDirective": "img-src", "blockedURL": "data"}}],
        [[[]]],
        {"csp-report": []},
        7,
    ],
)
async def test_policy_reports_are_taken_from_anybody(gateway: House, body: object) -> None:
    async with gateway.page() as page:
        assert (await page.session.post("/csp-report", json=body)).status == 204


async def test_policy_reports_that_are_none_are_refused(gateway: House) -> None:
    async with aiohttp.ClientSession(gateway.origin) as session:
        assert (await session.post("/csp-report", data=b"{")).status == 400
        assert (await session.post("/csp-report", data=b" " * 20_000)).status == 204  # not even read


async def test_a_database_that_is_away_is_told_without_its_insides(gateway: House) -> None:
    async with gateway.logged_in() as page:
        async with gateway.store.database.engine.begin() as connection:
            await connection.execute(text("DROP TABLE session"))
        response = await page.get("/api/v1/me")
        assert response.status == 503 and response.headers["Retry-After"] == "5"
        problem = await response.json()
        assert problem["code"] == "unknown" and "session" not in problem["detail"]
        shown = await page.get("/", headers=HTML)
        assert shown.status == 503 and "sqlite" not in (await shown.text()).lower()


def test_a_problem_says_what_it_is() -> None:
    response = Problem(429, "too_many_attempts", headers={"Retry-After": "3"}).response()
    assert response.headers["Retry-After"] == "3" and response.content_type == "application/problem+json"
    assert isinstance(response.body, bytes)
    assert json.loads(response.body) == {
        "type": "about:blank",
        "title": "too many attempts",
        "status": 429,
        "code": "too_many_attempts",
    }
