"""A picture of every page and every state of the call card: three sizes, two themes, three languages.

They lie in ``tests/screenshots/<language>/<what>-<width>-<theme>.png``, which git ignores, for people to look at. What
is checked here: nothing is wider than the window, and the one thing to press is inside it.
"""

from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import expect

from .conftest import Phones, Site
from .gateway import ROOT, USERS, User
from .phone import Phone

FOLDER = ROOT / "tests" / "screenshots"
SIZES = ((1280, 800), (390, 844), (300, 500))
LANGUAGES = ("pt-BR", "es", "en")
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
pytestmark = pytest.mark.timeout(300)


async def shoot(phone: Phone, language: str, what: str, press: str | None = None) -> None:
    """Pictures in all sizes and themes. ``press`` names the control that must be in the window without scrolling."""
    folder = FOLDER / language
    folder.mkdir(parents=True, exist_ok=True)
    problems = []
    for width, height in SIZES:
        await phone.page.set_viewport_size({"width": width, "height": height})
        for theme in ("light", "dark"):
            await phone.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            await phone.page.screenshot(path=folder / f"{what}-{width}-{theme}.png", animations="disabled")
        wider = await phone.page.evaluate(OVERFLOW)
        if wider > 0:
            problems.append(f"{what} at {width}x{height} in {language} is {wider} px wider than the window")
        if press is not None:
            box = await phone.part(press).first.bounding_box()
            if box is None or box["y"] + box["height"] > height + 1 or box["x"] + box["width"] > width + 1:
                problems.append(f"{press} of {what} at {width}x{height} in {language} is outside of the window: {box}")
    await phone.page.set_viewport_size({"width": SIZES[0][0], "height": SIZES[0][1]})
    assert not problems, "\n".join(problems)


async def choose(phone: Phone, language: str) -> None:
    """The language, as a person sets it in the settings."""
    await phone.part("nav-settings").first.click()
    chooser = phone.part("language").first
    await chooser.select_option(language)
    await expect(phone.page.locator("html")).to_have_attribute("lang", language)
    await phone.part("nav-phone").first.click()


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def language_of_before(site: Site) -> AsyncIterator[None]:
    """The language is kept with the user: the tests behind these read Portuguese."""
    yield
    ours = {"Origin": site.base, "X-Ramal-Request": "1"}
    for user in USERS.values():
        async with aiohttp.ClientSession(site.base, headers=ours, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            await session.post("/api/v1/session", json={"login": user.login, "password": user.password})
            async with session.patch("/api/v1/me", json={"language": "pt-BR"}) as reply:
                assert reply.status == 200


@pytest.mark.parametrize("language", LANGUAGES)
async def test_pages(phones: Phones, language: str) -> None:
    phone = await phones.page(USERS["ana"], locale=language)
    await phone.page.goto(f"{phone.base}/login?language={language}")
    await phone.part("login-submit").wait_for()
    await shoot(phone, language, "login", "login-submit")
    await phone.log_in()
    await phone.ready()
    await choose(phone, language)
    await shoot(phone, language, "phone", "dial-button")
    for page in ("calls", "settings"):
        await phone.part(f"nav-{page}").first.click()
        await phone.page.wait_for_load_state("networkidle")
        await shoot(phone, language, page)
    boss = await phones.ready(USERS["adm"], locale=language)
    await choose(boss, language)
    await boss.part("nav-lines").first.click()
    await boss.part("lines-row").first.wait_for()
    await shoot(boss, language, "lines")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_call_card(phones: Phones, ana: User, bruno: User, language: str) -> None:
    a, b = await phones.ready(ana), await phones.ready(bruno)
    await choose(a, language)
    await choose(b, language)
    await a.dial(bruno.extension)
    await b.call("ringing-in")
    await a.call("ringing-out")
    await shoot(a, language, "call-ringing-out", "call-hangup")
    await shoot(b, language, "call-ringing-in", "call-answer")
    await b.press("call-answer")
    await a.call("active")
    await shoot(a, language, "call-active", "call-hangup")
    await a.press("call-keypad")
    await shoot(a, language, "call-keypad", "call-hangup")
    await a.press("call-keypad")
    await a.press("call-hold")
    await a.call("held")
    await shoot(a, language, "call-held", "call-hangup")
    call = await a.call_id()
    again = await phones.ready(ana, locale=language)
    await again.part("call-take").first.wait_for()
    await shoot(again, language, "call-elsewhere", "call-take")
    await again.part("nav-calls").first.click()
    await shoot(again, language, "call-elsewhere-bar", "call-take")
    await again.page.evaluate("() => { navigator.mediaDevices.getUserMedia = () => new Promise(() => {}); }")
    await again.press("call-take")
    await again.part("call-reconnecting").first.wait_for()
    await shoot(again, language, "call-reconnecting-bar", "call-hangup")
    await again.part("nav-phone").first.click()
    await shoot(again, language, "call-reconnecting", "call-hangup")
    await again.page.close()
    await a.press("call-hangup")
    await a.ended("ended")
    await shoot(a, language, "call-ended")
    row = await a.history_row(call)
    await shoot(a, language, "calls-filled")
    await row.click()
    await a.part("recording-play").first.wait_for()
    await shoot(a, language, "call-details")
