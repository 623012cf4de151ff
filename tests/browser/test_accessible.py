"""axe-core finds nothing wrong on any page, nor in any state of the call card, in the light and in the dark theme."""

from typing import Any

import pytest

from .conftest import Phones
from .gateway import ROOT, USERS, User
from .phone import Phone

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RUN = "axe.run(document, {resultTypes: ['violations']}).then((found) => found.violations.map((one) => \
  `${one.id} (${one.impact}): ${one.help}: ${one.nodes.map((node) => node.target.join(' ')).slice(0, 4).join('; ')}`))"

SETTLE = """() => {
  const ending = document.getAnimations().filter((one) => one.effect.getComputedTiming().iterations !== Infinity);
  return Promise.all(ending.map((one) => one.finished.catch(() => null)));
}"""


async def violations(phone: Phone) -> list[str]:
    """What axe-core says of the page as it is. In a world of its own: the page's policy forbids foreign scripts."""
    session = await phone.page.context.new_cdp_session(phone.page)
    tree = await session.send("Page.getFrameTree")
    frame = {"frameId": tree["frameTree"]["frame"]["id"], "worldName": "axe"}
    world = (await session.send("Page.createIsolatedWorld", frame))["executionContextId"]

    async def run(expression: str) -> Any:
        command = {"expression": expression, "contextId": world, "awaitPromise": True, "returnByValue": True}
        result = await session.send("Runtime.evaluate", command)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    await run(AXE.read_text() + ";0")
    found: list[str] = await run(RUN)
    await session.detach()
    return found


async def check(phone: Phone, where: str) -> None:
    for theme in ("light", "dark"):
        await phone.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        await phone.page.evaluate(SETTLE)  # colours on their way from one theme to the other have no contrast
        found = await violations(phone)
        assert not found, f"{where}, {theme}: " + "\n".join(found)


async def test_the_log_in_page(phones: Phones, ana: User) -> None:
    phone = await phones.page(ana)
    await phone.page.goto(f"{phone.base}/login")
    await phone.part("login-submit").wait_for()
    await check(phone, "log-in")


@pytest.mark.parametrize("login", ["ana", "adm"])
async def test_every_page(phones: Phones, login: str) -> None:
    user = USERS[login]
    phone = await phones.ready(user)
    pages = ["nav-phone", "nav-calls", "nav-settings", *(["nav-lines"] if user.number is None else [])]
    for page in pages:
        await phone.part(page).first.click()
        await phone.page.wait_for_load_state("networkidle")
        await check(phone, page)


async def test_every_state_of_the_call_card(phones: Phones, ana: User, bruno: User) -> None:
    a, b = await phones.ready(ana), await phones.ready(bruno)
    await a.dial(bruno.extension)
    await b.call("ringing-in")
    await a.call("ringing-out")
    await check(a, "ringing-out")
    await check(b, "ringing-in")
    await b.press("call-answer")
    await a.call("active")
    await check(a, "active")
    await a.press("call-keypad")
    await check(a, "keypad")
    await a.press("call-hold")
    await a.call("held")
    await check(a, "held")
    call = await a.call_id()
    await a.press("call-hangup")
    await a.ended("ended")
    await check(a, "ended")
    await (await a.history_row(call)).click()
    await a.part("recording-play").first.wait_for()
    await check(a, "a call's details")
