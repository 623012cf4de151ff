"""One gateway and one PBX for all scenarios of a kind; browsers by tone; a fresh context for every phone of a test."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Playwright, async_playwright

from .chromium import find_chromium, launch, write_tone
from .evidence import REPORT_VIOLATIONS, Complaints, Evidence
from .exchange import Exchange, asterisk_exchange, sandbox_exchange
from .gateway import USERS, Gateway, User
from .phone import Phone

ONCE = (
    "test_accessible",
    "test_disk_full",
    "test_screenshots",
)  # of these the PBX makes no difference: the sandbox will do
LAST = ("test_pbx_lost", "test_secret")  # in this order, after all others: one kills the PBX, one looks at everything


def exchange_of(item: pytest.Item) -> str:
    """The PBX that a test is to call through, or nothing."""
    callspec = getattr(item, "callspec", None)
    return str(callspec.params.get("exchange", "")) if callspec is not None else ""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks what is in this folder, and moves the modules of `LAST` behind the others of the same PBX."""
    here = Path(__file__).parent
    twice = [item for item in items if item.path.stem in ONCE and exchange_of(item) == "asterisk"]
    config.hook.pytest_deselected(items=twice)
    items[:] = [item for item in items if item not in twice]
    mine = [item for item in items if here in item.path.parents]
    for item in mine:
        item.add_marker("browser")
        item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
        if find_chromium() is None:
            item.add_marker(pytest.mark.skip(reason="Chromium is missing"))
    order = {id(item): LAST.index(item.path.stem) + 1 if item.path.stem in LAST else 0 for item in mine}
    places = [at for at, item in enumerate(items) if id(item) in order]

    def by_exchange(item: pytest.Item) -> tuple[str, int]:
        return exchange_of(item), order[id(item)]

    for at, item in zip(places, sorted(mine, key=by_exchange), strict=True):
        items[at] = item


@dataclass
class Site:
    """A gateway with its PBX, and what was seen of it by browsers."""

    gateway: Gateway
    exchange: Exchange
    evidence: Evidence

    @property
    def base(self) -> str:
        return self.gateway.url


@dataclass
class Browsers:
    """Browser processes, one per tone, started when first asked for."""

    playwright: Playwright
    folder: Path
    running: dict[float, Browser] = field(default_factory=dict)

    async def with_tone(self, hertz: float) -> Browser:
        if hertz not in self.running:
            tone = self.folder / f"{hertz:.0f}.wav"
            write_tone(tone, hertz)
            self.running[hertz] = await launch(self.playwright, tone)
        return self.running[hertz]


@dataclass
class Phones:
    """Opens phones for one test, and closes them after it."""

    site: Site
    browsers: Browsers
    complaints: Complaints = field(default_factory=Complaints)
    open: list[tuple[BrowserContext, Phone]] = field(default_factory=list)

    async def page(self, user: User, **options: Any) -> Phone:
        """A browser of ``user`` on an empty page. ``options`` are those of a browser context."""
        browser = await self.browsers.with_tone(user.tone)
        context = await browser.new_context(
            **{
                "locale": "pt-BR",
                "timezone_id": "America/Sao_Paulo",
                "permissions": ["microphone", "notifications"],
                "record_har_path": self.site.evidence.next_archive(),
                "record_har_content": "attach",
                "accept_downloads": True,
                **options,
            }
        )
        context.set_default_timeout(15_000)
        await context.add_init_script(REPORT_VIOLATIONS)
        page = await context.new_page()
        self.site.evidence.watch(page)
        self.complaints.watch(page)
        phone = Phone(page, self.site.base, user.login, user.password)
        self.open.append((context, phone))
        return phone

    async def ready(self, user: User, **options: Any) -> Phone:
        """A phone that is logged in and can make and take calls."""
        phone = await self.page(user, **options)
        await phone.log_in()
        if user.number is not None:
            await phone.ready()
        return phone

    async def crash(self, phone: Phone) -> None:
        """Its browser is gone at once, as far as the gateway can see."""
        context = phone.page.context
        self.open.remove((context, phone))
        await self.site.evidence.keep_storage(context)
        await context.close()

    async def close(self) -> None:
        for context, phone in self.open:
            hangup = phone.part("call-hangup").first
            if not phone.page.is_closed() and await hangup.is_visible():
                await hangup.click()
            await self.site.evidence.keep_storage(context)
            await context.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browsers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browsers]:
    async with async_playwright() as playwright:
        found = Browsers(playwright, tmp_path_factory.mktemp("tones"))
        yield found
        for browser in found.running.values():
            await browser.close()


@pytest_asyncio.fixture(
    scope="session",
    loop_scope="session",
    params=[
        pytest.param("sandbox", marks=pytest.mark.sandbox),
        pytest.param("asterisk", marks=pytest.mark.pbx),
    ],
)
async def exchange(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Exchange]:
    async with AsyncExitStack() as stack:
        if request.param == "sandbox":
            yield await stack.enter_async_context(sandbox_exchange(tmp_path_factory.mktemp("sandbox")))
        else:
            if os.geteuid() != 0:
                pytest.skip("Asterisk in a folder of its own needs root")
            yield await stack.enter_async_context(asterisk_exchange())


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def site(exchange: Exchange, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    folder = tmp_path_factory.mktemp("gateway")
    evidence = tmp_path_factory.mktemp("evidence")
    gateway = Gateway(folder)
    await gateway.set_up(exchange)
    async with gateway.serving():
        yield Site(gateway, exchange, Evidence(evidence))


@pytest_asyncio.fixture(loop_scope="session")
async def phones(site: Site, browsers: Browsers) -> AsyncIterator[Phones]:
    """Phones of one test; a console error or a violation of the content security policy fails it."""
    found = Phones(site, browsers)
    yield found
    await found.close()
    assert found.complaints.unexpected() == []


@pytest.fixture
def ana() -> User:
    return USERS["ana"]


@pytest.fixture
def bruno() -> User:
    return USERS["bruno"]
