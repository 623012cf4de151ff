"""Logging in and out: cookies, rates, what ends with a session."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import update

from web import keys
from web.store.scope import now
from web.store.tables import Session

from .house import PASSWORD, House, house


async def test_a_person_logs_in_and_is_known(gateway: House) -> None:
    async with gateway.page() as page:
        assert (await page.get("/api/v1/me")).status == 401
        response = await page.log_in("Ana ")
        assert response.status == 200
        me = await response.json()
        assert me == await (await page.get("/api/v1/me")).json()
    assert me == {
        "id": gateway.here.users["ana"],
        "login": "ana",
        "name": "Ana",
        "role": "agent",
        "language": "pt-BR",
        "theme": "system",
        "account": {"id": gateway.here.account, "name": "Aqui", "time_zone": "America/Sao_Paulo", "country": "BR"},
        "line": gateway.here.lines["ana"],
    }


async def test_the_cookie_is_for_the_server_alone(gateway: House) -> None:
    async with gateway.page() as page:
        (cookie,) = (await page.log_in()).headers.getall("Set-Cookie")
    parts = {part.strip() for part in cookie.split(";")}
    assert cookie.startswith("ramal=") and {"HttpOnly", "Path=/", "SameSite=Lax"} <= parts
    assert not any(part.startswith(("Max-Age", "Domain", "Expires")) for part in parts)
    token = cookie.partition("=")[2].partition(";")[0]
    assert len(token) >= 43  # 256 bits
    rows = await gateway.store.sessions.by_token(token)
    assert rows is None  # the database has only its hash


async def test_over_https_the_cookie_is_bound_to_the_host(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int]
) -> None:
    url = "https://phone.example.com"
    async with house(tmp_path, unused_tcp_port_factory(), RAMAL_PUBLIC_URL=url) as made:
        port = made.app[keys.SETTINGS].port
        headers = {"Host": "phone.example.com", "Origin": url, "X-Ramal-Request": "1"}
        async with aiohttp.ClientSession(headers=headers) as session:
            answer = await session.post(
                f"http://127.0.0.1:{port}/api/v1/session", json={"login": "ana", "password": PASSWORD}
            )
            (cookie,) = answer.headers.getall("Set-Cookie")
            assert answer.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"
    parts = {part.strip() for part in cookie.split(";")}
    assert cookie.startswith("__Host-ramal=") and {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= parts


@pytest.mark.parametrize(("login", "password"), [("ana", "wrong password"), ("nobody", PASSWORD), ("ana2", "x")])
async def test_a_wrong_log_in_tells_nothing(gateway: House, login: str, password: str) -> None:
    async with gateway.page() as page:
        response = await page.log_in(login, password)
        assert response.status == 401
        assert response.content_type == "application/problem+json"
        assert (await response.json())["code"] == "bad_credentials"
        assert "Set-Cookie" not in response.headers


async def test_logging_in_again_makes_the_old_token_worthless(gateway: House) -> None:
    async with gateway.logged_in() as page:
        old = page.session.cookie_jar.filter_cookies(page.session._base_url)["ramal"].value  # type: ignore[arg-type]
        await page.log_in()
        new = page.session.cookie_jar.filter_cookies(page.session._base_url)["ramal"].value  # type: ignore[arg-type]
        assert old != new
        assert (await page.get("/api/v1/me")).status == 200
    async with aiohttp.ClientSession(gateway.origin, headers={"Cookie": f"ramal={old}"}) as thief:
        assert (await thief.get("/api/v1/me")).status == 401


async def test_log_out_ends_the_session_and_clears_the_browser(gateway: House) -> None:
    async with gateway.logged_in() as page:
        token = page.session.cookie_jar.filter_cookies(page.session._base_url)["ramal"].value  # type: ignore[arg-type]
        response = await page.send("DELETE", "/session")
        assert response.status == 204
        assert response.headers["Clear-Site-Data"] == '"cache", "storage"'
    async with aiohttp.ClientSession(gateway.origin, headers={"Cookie": f"ramal={token}"}) as thief:
        assert (await thief.get("/api/v1/me")).status == 401


async def test_five_wrong_passwords_for_a_name_are_enough(gateway: House) -> None:
    async with gateway.page() as page:
        for _ in range(5):
            assert (await page.log_in("ana", "wrong")).status == 401
        response = await page.log_in("ana")
        assert response.status == 429
        assert (await response.json())["code"] == "too_many_attempts"
        assert 0 < int(response.headers["Retry-After"]) <= 61
        assert (await page.log_in("bruno")).status == 200


async def test_ten_wrong_log_ins_from_an_address_are_enough(gateway: House) -> None:
    async with gateway.page() as page:
        for number in range(10):
            assert (await page.log_in(f"nobody{number}")).status == 401
        assert (await page.log_in("ana")).status == 429


async def test_right_log_ins_do_not_count(gateway: House) -> None:
    async with gateway.page() as page:
        for _ in range(12):
            assert (await page.log_in()).status == 200


async def test_a_disabled_person_is_out_at_once(gateway: House) -> None:
    async with gateway.logged_in() as page:
        await gateway.store.users._set(gateway.here.users["ana"], disabled=True)
        assert (await page.get("/api/v1/me")).status == 401
        assert (await page.log_in()).status == 401


@pytest.mark.parametrize(("column", "hours"), [("seen_at", 12), ("created_at", 24)])
async def test_a_session_ends_by_itself(gateway: House, column: str, hours: int) -> None:
    async with gateway.logged_in() as page:
        for back, status in ((timedelta(hours=hours, minutes=-1), 200), (timedelta(hours=hours, minutes=1), 401)):
            async with gateway.store.database.transaction() as session:
                await session.execute(update(Session).values({column: now() - back}))
            assert (await page.get("/api/v1/me")).status == status


async def test_preferences_are_kept(gateway: House) -> None:
    async with gateway.logged_in() as page:
        changed = await page.send("PATCH", "/me", {"language": "es", "theme": "dark"})
        assert changed.status == 200 and "ramal-language=es" in changed.headers["Set-Cookie"]
        me = await (await page.get("/api/v1/me")).json()
        assert (me["language"], me["theme"]) == ("es", "dark")
        for wrong in ({"language": "fr"}, {"theme": "pink"}, {"role": "admin"}, {"name": "x"}):
            assert (await page.send("PATCH", "/me", wrong)).status == 422


async def test_the_own_password_is_changed_with_the_old_one_only(gateway: House) -> None:
    new = "um cavalo correto"
    async with gateway.logged_in() as page, gateway.logged_in() as elsewhere:
        wrong = await page.send("POST", "/me/password", {"current": "guess", "new": new})
        assert (wrong.status, (await wrong.json())["code"]) == (403, "bad_credentials")
        weak = await page.send("POST", "/me/password", {"current": PASSWORD, "new": "short"})
        assert (weak.status, (await weak.json())["code"]) == (422, "weak_password")
        assert (await page.send("POST", "/me/password", {"current": PASSWORD, "new": new})).status == 204
        assert (await page.get("/api/v1/me")).status == 200
        assert (await elsewhere.get("/api/v1/me")).status == 401  # every other session has ended
        assert (await page.log_in("ana", PASSWORD)).status == 401
        assert (await page.log_in("ana", new)).status == 200


async def test_guessing_the_old_password_is_bounded_too(gateway: House) -> None:
    async with gateway.logged_in() as page:
        for _ in range(5):
            wrong = await page.send("POST", "/me/password", {"current": "guess", "new": "um cavalo correto"})
            assert wrong.status == 403
        last = await page.send("POST", "/me/password", {"current": PASSWORD, "new": "um cavalo correto"})
        assert last.status == 429


async def test_the_feed_closes_with_4401_when_the_session_ends(gateway: House) -> None:
    async with gateway.logged_in() as page:
        socket = await page.events()
        assert (await socket.receive_json())["type"] == "snapshot"
        await page.send("DELETE", "/session")
        async with asyncio.timeout(5):
            assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == 4401


async def test_logins_are_audited(gateway: House) -> None:
    async with gateway.logged_in() as page:
        await page.log_in("ana", "wrong")
        await page.send("DELETE", "/session")
    what = [row.what for row in await gateway.store.audit.all(gateway.here.account)]
    assert what[-3:] == ["logged_in", "log_in_refused", "logged_out"]
    assert await gateway.store.audit.broken_at(gateway.here.account) is None
