"""Every route against every role and a foreign company: nothing is open by default."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from web import keys
from web.store.tables import Recording

from .house import House
from .test_store import call_values

# Whoever may reach it without a session. Everything else of the API answers 401.
OPEN = {("POST", "/api/v1/session")}
BY_TICKET = {("GET", "/api/v1/events")}

# (method, path) -> status for: the agent whose data it is, another agent, supervisor, administrator, a foreign one
MATRIX: dict[tuple[str, str], tuple[int, int, int, int, int]] = {
    ("GET", "/me"): (200, 200, 200, 200, 200),
    ("PATCH", "/me"): (200, 200, 200, 200, 200),
    ("POST", "/me/password"): (403, 403, 403, 403, 403),  # the current password in the body is wrong
    ("GET", "/line"): (200, 200, 404, 404, 404),
    ("POST", "/line/ticket"): (200, 200, 404, 404, 404),
    ("POST", "/line/retry"): (202, 202, 404, 404, 404),
    ("POST", "/events/ticket"): (200, 200, 200, 200, 200),
    ("GET", "/lines"): (403, 403, 200, 200, 200),
    ("PUT", "/lines/{line}/secret"): (403, 403, 403, 204, 404),
    ("GET", "/calls"): (200, 200, 200, 200, 200),
    ("GET", "/calls/{call}"): (200, 404, 200, 200, 404),
    ("PATCH", "/calls/{call}"): (404, 404, 403, 403, 404),  # the call is not live, or another's
    ("POST", "/calls/{call}/hangup"): (404, 404, 403, 403, 404),
    ("POST", "/calls/{call}/transfer"): (404, 404, 403, 403, 404),
    ("POST", "/calls/{call}/take"): (422, 422, 422, 422, 422),
    ("GET", "/recordings/{recording}"): (200, 404, 200, 200, 404),
    ("GET", "/recordings/{recording}/audio"): (200, 404, 200, 200, 404),
    ("GET", "/recordings/{recording}/peaks"): (200, 404, 200, 200, 404),
    ("DELETE", "/session"): (204, 204, 204, 204, 204),
}
ROLES = ("ana", "bruno", "sofia", "adm", "adm2")
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("PATCH", "/me"): {"theme": "dark"},
    ("POST", "/me/password"): {"current": "guess", "new": "um cavalo correto"},
    ("POST", "/line/ticket"): {"handset": "handset-0001"},
    ("PUT", "/lines/{line}/secret"): {"secret": "another one"},
    ("PATCH", "/calls/{call}"): {"muted": True},
    ("POST", "/calls/{call}/transfer"): {"to": "1002"},
}
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def api_routes(app: web.Application) -> set[tuple[str, str]]:
    found = set()
    for route in app.router.routes():
        resource = route.resource
        if resource is not None and resource.canonical.startswith("/api/v1/") and route.method != "HEAD":
            found.add((route.method, resource.canonical))
    return found


async def a_call_with_a_recording(gateway: House) -> dict[str, str]:
    await gateway.store.calls.save(call_values(gateway.here, "c" * 32), [])
    row = await gateway.store.recordings.add(account=gateway.here.account, call="c" * 32, capture="x")
    return {"line": gateway.here.lines["ana"], "call": "c" * 32, "recording": await _finish(gateway, row)}


async def _finish(gateway: House, row: Recording) -> str:
    data = gateway.app[keys.SETTINGS].data
    audio = data / "recordings" / f"{row.id}.opus"
    audio.write_bytes(b"OggS" * 100)
    audio.with_suffix(".peaks.json").write_text('{"rate":10,"agent":[0],"other":[0]}')
    row.state, row.path, row.started_at = "ready", str(audio.relative_to(data)), NOON
    row.duration, row.bytes, row.sha256 = 1.0, 400, "0" * 64
    await gateway.store.recordings.keep(row)
    return row.id


async def test_the_matrix_names_every_route(gateway: House) -> None:
    named = {(method, f"/api/v1{path}") for method, path in MATRIX}
    assert named | OPEN | BY_TICKET == api_routes(gateway.app)


async def test_without_a_session_nothing_is_open(gateway: House) -> None:
    async with gateway.page() as page:
        for method, path in api_routes(gateway.app) - OPEN:
            plain = path.format(line="l", call="c", recording="r").removeprefix("/api/v1")
            response = await page.send(method, plain)
            assert response.status == (403 if (method, path) in BY_TICKET else 401), (method, path)


async def test_every_change_is_guarded_against_other_sites(gateway: House) -> None:
    async with gateway.logged_in("adm") as page:
        for method, path in api_routes(gateway.app):
            if method != "GET":
                plain = path.format(line="l", call="c", recording="r").removeprefix("/api/v1")
                response = await page.send(method, plain, Origin="https://evil.example")
                assert response.status == 403, (method, path)
        assert (await page.get("/api/v1/me")).status == 200


@pytest.mark.parametrize("who", ROLES)
async def test_each_role_may_what_the_matrix_says(gateway: House, who: str) -> None:
    names = await a_call_with_a_recording(gateway)
    wrong = []
    async with gateway.logged_in(who) as page:
        for (method, path), statuses in MATRIX.items():
            response = await page.send(method, path.format(**names), BODIES.get((method, path)))
            expected = statuses[ROLES.index(who)]
            if response.status != expected:
                wrong.append((method, path, response.status, expected, await response.text()))
    assert wrong == []


async def test_lists_hold_nothing_of_another_company(gateway: House) -> None:
    await a_call_with_a_recording(gateway)
    async with gateway.logged_in("adm2") as page:
        text = await (await page.get("/api/v1/lines")).text() + await (await page.get("/api/v1/calls")).text()
    for foreign in (gateway.here.account, *gateway.here.lines.values(), *gateway.here.users.values(), "c" * 32):
        assert foreign not in text


async def test_a_new_secret_is_a_new_version_and_is_audited(gateway: House) -> None:
    line = gateway.here.lines["ana"]
    async with gateway.logged_in("adm") as page:
        assert (await page.send("PUT", f"/lines/{line}/secret", {"secret": "n3w"})).status == 204
        lines = await (await page.get("/api/v1/lines")).text()
    opened = await gateway.store.secrets.get(account=gateway.here.account, kind="sip", owner=line)
    assert opened is not None and (opened.value, opened.version) == ("n3w", 2)
    assert "n3w" not in lines
    entries = [row for row in await gateway.store.audit.all(gateway.here.account) if row.what == "secret_set"]
    assert [(row.subject, row.actor, row.detail) for row in entries] == [(line, gateway.here.users["adm"], "version 2")]


async def test_every_route_is_documented(gateway: House) -> None:
    text = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    documented = {(method, path) for method, path in re.findall(r"^\| `([A-Z]+) (/[a-z/{}]*)", text, re.MULTILINE)}
    routes = {
        (method, re.sub(r"{\w+}", "{id}", path.removeprefix("/api/v1"))) for method, path in api_routes(gateway.app)
    }
    assert documented == routes
