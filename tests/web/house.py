"""A whole gateway over a real SQLite file, with two companies in it, and a browser's worth of client."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import web
from argon2 import PasswordHasher

from web import keys
from web.app import build_app
from web.auth.passwords import Passwords
from web.seed import ensure_account, ensure_line, ensure_user
from web.settings import Settings, load
from web.store import Store, migrate, open_store
from web.store.scope import Role

KEY = "k1:" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU="
NOWHERE = "ws://127.0.0.1:9/ws"  # RFC 863: nobody answers there
PASSWORD = "correct horse"
CHANGE = {"X-Ramal-Request": "1", "Sec-Fetch-Site": "same-origin"}

PEOPLE = (
    ("ana", Role.AGENT, "1001"),
    ("bruno", Role.AGENT, "1002"),
    ("sofia", Role.SUPERVISOR, None),
    ("adm", Role.ADMIN, None),
)


def cheap() -> Passwords:
    """The real algorithm with parameters that cost nothing."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


async def eventually(holds: Callable[[], Awaitable[bool]], within: float = 5) -> None:
    """Waits until it holds; fails after ``within`` seconds."""
    async with asyncio.timeout(within):
        while not await holds():  # noqa: ASYNC110 - another process or task changes it, which sets no event of ours
            await asyncio.sleep(0.01)


def settings_for(data: Path, port: int = 8080, **more: str) -> Settings:
    return load(
        {
            "RAMAL_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "RAMAL_MASTER_KEYS": KEY,
            "RAMAL_DATA": str(data),
            "RAMAL_PORT": str(port),
            "RAMAL_MEDIA_WORKERS": "0",
            **more,
        }
    )


@dataclass
class Company:
    """``users`` and ``lines`` are ids by log-in name."""

    account: str
    users: dict[str, str] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)


async def seed(store: Store, name: str, *, suffix: str = "", pbx_url: str = NOWHERE) -> Company:
    company = Company(await ensure_account(store, name=name, pbx_url=pbx_url, pbx_domain="pbx.test", engine="none"))
    for login, role, number in PEOPLE:
        who = await ensure_user(
            store,
            cheap(),
            account=company.account,
            login=login + suffix,
            name=login.capitalize(),
            role=role,
            password=PASSWORD,
        )
        company.users[login] = who
        if number is not None:
            company.lines[login] = await ensure_line(
                store,
                account=company.account,
                user=who,
                number=number,
                name=login.capitalize(),
                sip_user=number,
                secret=f"s3cret-{number}",
            )
    return company


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Store]:
    """A store at the newest revision."""
    async with open_store(settings) as store:
        await migrate.upgrade(store.database)
        yield store


class Page:
    """What a browser on the gateway's own page would send."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.session = aiohttp.ClientSession(origin, cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    async def get(self, path: str, **more: Any) -> aiohttp.ClientResponse:
        return await self.session.get(path, allow_redirects=False, **more)

    async def send(self, method: str, path: str, body: object = None, **headers: str) -> aiohttp.ClientResponse:
        return await self.session.request(
            method,
            f"/api/v1{path}",
            json={} if body is None else body,
            headers={"Origin": self.origin, **CHANGE, **headers},
        )

    async def log_in(self, login: str = "ana", password: str = PASSWORD) -> aiohttp.ClientResponse:
        return await self.send("POST", "/session", {"login": login, "password": password})

    async def events(self, **headers: str) -> aiohttp.ClientWebSocketResponse:
        ticket = (await (await self.send("POST", "/events/ticket")).json())["ticket"]
        return await self.session.ws_connect(
            f"/api/v1/events?ticket={ticket}", headers={"Origin": self.origin, **headers}
        )

    async def line_ticket(self, handset: str = "handset-0001") -> str:
        answer = await (await self.send("POST", "/line/ticket", {"handset": handset})).json()
        return str(answer["ticket"])


@dataclass
class House:
    """The gateway under test and the people in it."""

    app: web.Application
    origin: str
    store: Store
    here: Company
    there: Company

    def page(self) -> Page:
        return Page(self.origin)

    @asynccontextmanager
    async def logged_in(self, login: str = "ana") -> AsyncIterator[Page]:
        async with self.page() as page:
            response = await page.log_in(login)
            assert response.status == 200, await response.text()
            yield page


@asynccontextmanager
async def house(data: Path, port: int, *, pbx_url: str = NOWHERE, **more: str) -> AsyncIterator[House]:
    settings = settings_for(data, port, **more)
    async with opened(settings) as store:
        here = await seed(store, "Aqui", pbx_url=pbx_url)
        there = await seed(store, "Ali", suffix="2", pbx_url=pbx_url)
    app = build_app(settings, build=data / "no-build")
    app[keys.PASSWORDS] = cheap()
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield House(app, settings.public_url, app[keys.STORE], here, there)
    finally:
        await runner.cleanup()
