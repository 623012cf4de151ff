"""Calls that outlive their page: reloads, crashes, several screens, a lost connection. The same through both PBXs.

The gateway of these tests waits 15 s for a page (`RAMAL_TIMING__DETACHED`), and 2 s before any other page may have the
call (`RAMAL_TIMING__ELSEWHERE`).
"""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from .conftest import Phones, Site
from .exchange import until
from .gateway import User
from .phone import Phone
from .spectrum import channels
from .wire import Wire

pytestmark = pytest.mark.timeout(180)
DROPPED = ["net::ERR_", "WebSocket connection to"]  # what a browser says of a cut wire


async def seconds(phone: Phone) -> int:
    """What the timer of the call shows."""
    words = (await phone.part("call-timer").first.inner_text()).strip()
    found = re.fullmatch(r"(\d+):(\d\d)", words)
    assert found, f"the timer shows {words!r}"
    return int(found[1]) * 60 + int(found[2])


async def where(phone: Phone, place: str, within: float = 10.0) -> None:
    await expect(phone.part("call-card").first).to_have_attribute("data-where", place, timeout=within * 1000)


async def back(phone: Phone, state: str = "active") -> None:
    """The call is here again, in ``state``."""
    await where(phone, "here", 20)
    await phone.call(state)


async def talking(a: Phone, b: Phone, number: str, tone: float) -> None:
    await a.dial(number)
    await b.call("ringing-in")
    await b.press("call-answer")
    await b.hears(tone)


async def test_a_reload_keeps_the_call(phones: Phones, ana: User, tmp_path: Path) -> None:
    phone = await phones.ready(ana)
    await phone.dial("600")
    await phone.call("active")
    await phone.hears(ana.tone)
    call = await phone.call_id()
    for _ in range(3):
        before = await seconds(phone)
        await phone.page.reload()
        await back(phone)
        await phone.hears(ana.tone)
        assert await seconds(phone) >= before
        assert await phone.call_id() == call
    talked = await seconds(phone)
    await phone.press("call-hangup")
    await phone.ended("ended")
    agent, _other, rate = channels(await phone.download_recording(call, tmp_path))
    assert len(agent) / rate >= talked - 1, "one recording has the whole call"


async def test_keypad_and_other_side_after_a_reload(phones: Phones, site: Site, ana: User) -> None:
    phone = await phones.ready(ana)
    before = site.exchange.log().count("DTMF=1234")
    await phone.dial("607")
    await phone.call("active")
    await phone.page.reload()
    await back(phone)
    await phone.press("call-keypad")
    for digit in "1234":
        await phone.press(f"keypad-{digit}")
    await until(lambda: site.exchange.log().count("DTMF=1234") > before, 15, "the PBX has read 1234")
    await phone.press("call-hangup")
    await phone.ended("ended")


async def test_held_stays_held_over_a_reload(phones: Phones, ana: User, bruno: User) -> None:
    a, b = await phones.ready(ana), await phones.ready(bruno)
    await talking(a, b, bruno.extension, ana.tone)
    await a.press("call-hold")
    await a.call("held")
    await b.hears_nothing_of(ana.tone)
    await a.page.reload()
    await back(a, "held")
    await a.hears_nothing_of(bruno.tone)
    await b.hears_nothing_of(ana.tone)
    await a.press("call-hold")
    await a.call("active")
    await a.hears(bruno.tone)
    await b.hears(ana.tone)
    await a.press("call-hangup")
    await b.ended("ended")


async def test_muted_stays_muted_over_a_reload(phones: Phones, ana: User, bruno: User) -> None:
    a, b = await phones.ready(ana), await phones.ready(bruno)
    await talking(a, b, bruno.extension, ana.tone)
    await a.press("call-mute")
    await b.hears_nothing_of(ana.tone)
    await a.page.reload()
    await back(a)
    await expect(a.part("call-mute").first).to_have_attribute("aria-pressed", "true")
    await a.hears(bruno.tone)
    await b.hears_nothing_of(ana.tone)
    await a.press("call-mute")
    await b.hears(ana.tone)
    await b.press("call-hangup")
    await a.ended("ended")


async def test_both_sides_may_reload_at_once(phones: Phones, ana: User, bruno: User) -> None:
    a, b = await phones.ready(ana), await phones.ready(bruno)
    await talking(a, b, bruno.extension, ana.tone)
    await a.page.reload()
    await b.page.reload()
    await back(a)
    await back(b)
    await a.hears(bruno.tone)
    await b.hears(ana.tone)
    await a.press("call-hangup")
    await b.ended("ended")


async def test_a_ringing_call_survives_a_reload_of_the_caller(phones: Phones, ana: User, bruno: User) -> None:
    a, b = await phones.ready(ana), await phones.ready(bruno)
    await a.dial(bruno.extension)
    await b.call("ringing-in")
    await a.page.reload()
    await a.call("ringing-out", 20)
    await b.press("call-answer")
    await back(a)
    await a.hears(bruno.tone)
    await b.hears(ana.tone)
    await a.press("call-hangup")
    await b.ended("ended")


async def test_a_ringing_call_rings_again_after_a_reload(phones: Phones, ana: User, bruno: User) -> None:
    a, b = await phones.ready(ana), await phones.ready(bruno)
    await a.dial(bruno.extension)
    await b.call("ringing-in")
    await b.page.reload()
    await b.call("ringing-in", 20)
    await b.press("call-answer")
    await b.hears(ana.tone)
    await a.press("call-hangup")
    await b.ended("ended")


async def test_another_page_takes_the_call_of_one_that_crashed(phones: Phones, ana: User, bruno: User) -> None:
    a, b = await phones.ready(ana), await phones.ready(bruno)
    await talking(a, b, bruno.extension, ana.tone)
    await phones.crash(a)
    await b.hears_nothing_of(ana.tone)
    again = await phones.ready(ana)
    await back(again)
    await again.hears(bruno.tone)
    await b.hears(ana.tone)
    await again.press("call-hangup")
    await b.ended("ended")


async def test_after_the_grace_the_call_ends_and_the_history_says_why(phones: Phones, ana: User, bruno: User) -> None:
    a, b = await phones.ready(ana), await phones.ready(bruno)
    await talking(a, b, bruno.extension, ana.tone)
    call = await a.call_id()
    await phones.crash(a)
    await b.ended("ended", 30)
    again = await phones.ready(ana)
    row = await again.history_row(call, "interrupted")
    await expect(row).to_contain_text(bruno.extension)


async def test_continue_here_and_back(phones: Phones, ana: User) -> None:
    first = await phones.ready(ana)
    await first.dial("600")
    await first.call("active")
    await first.hears(ana.tone)
    second = await phones.ready(ana)
    for to, of in ((second, first), (first, second)):
        await where(to, "elsewhere")
        await expect(to.part("call-elsewhere").first).to_contain_text("outra tela")
        before = await seconds(of)
        await to.press("call-take")
        await back(to)
        await to.hears(ana.tone)
        assert await seconds(to) >= before
        await where(of, "elsewhere")
        await expect(of.part("call-reason")).to_have_count(0)
    await first.press("call-hangup")
    await first.ended("ended")
    await expect(second.part("call-card")).to_have_count(0)


async def test_a_held_and_muted_call_moves_as_it_is(phones: Phones, ana: User) -> None:
    first, second = await phones.ready(ana), await phones.ready(ana)
    await first.dial("602")
    await first.call("active")
    await first.hears(1004)
    await first.press("call-mute")
    await first.press("call-hold")
    await first.call("held")
    await second.call("held")
    await second.press("call-take")
    await back(second, "held")
    await expect(second.part("call-mute").first).to_have_attribute("aria-pressed", "true")
    await second.press("call-hold")
    await second.call("active")
    await second.hears(1004)
    await second.press("call-hangup")
    await second.ended("ended")


async def test_screens_that_lose_a_ringing_call_show_no_missed_one(phones: Phones, ana: User, bruno: User) -> None:
    a, first, second = await phones.ready(ana), await phones.ready(bruno), await phones.ready(bruno)
    await a.dial(bruno.extension)
    await first.call("ringing-in")
    await second.call("ringing-in")
    call = await first.call_id()
    await second.press("call-answer")
    await where(first, "elsewhere")
    await expect(first.part("call-answer")).to_have_count(0)
    await second.hears(ana.tone)
    await a.press("call-hangup")
    await second.ended("ended")
    await expect(first.part("call-card")).to_have_count(0)
    await first.history_row(call, "ended")


async def test_a_call_outlives_its_connection(phones: Phones, site: Site, ana: User, bruno: User) -> None:
    async with Wire(site.gateway.port).laid() as wire:
        phones.complaints.expected += DROPPED
        a, b = await phones.ready(ana, proxy={"server": wire.url}), await phones.ready(bruno)
        await talking(a, b, bruno.extension, ana.tone)
        wire.cut()
        await expect(a.part("line-status")).not_to_have_attribute("data-state", "ready")
        await a.hears(bruno.tone)
        await b.hears(ana.tone)
        await a.press("call-hold")
        await expect(a.part("call-waiting")).to_have_attribute("data-state", "hold")
        wire.mend()
        await a.line("ready", 20)
        await a.call("held")
        await b.hears_nothing_of(ana.tone)
        await a.press("call-hold")
        await a.call("active")
        await a.hears(bruno.tone)
        await b.hears(ana.tone)
        await b.press("call-hangup")
        await a.ended("ended")


async def test_hanging_up_without_a_connection_is_done_with_the_next(
    phones: Phones, site: Site, ana: User, bruno: User
) -> None:
    async with Wire(site.gateway.port).laid() as wire:
        phones.complaints.expected += DROPPED
        a, b = await phones.ready(ana, proxy={"server": wire.url}), await phones.ready(bruno)
        await talking(a, b, bruno.extension, ana.tone)
        wire.cut()
        await expect(a.part("line-status")).not_to_have_attribute("data-state", "ready")
        await a.press("call-hangup")
        await expect(a.part("call-waiting")).to_have_attribute("data-state", "hang-up")
        await b.hears_nothing_of(ana.tone)
        await b.call("active")
        wire.mend()
        await b.ended("ended")
        await a.ended("ended")


async def test_a_call_that_rings_while_the_connection_drops_rings_again(
    phones: Phones, site: Site, ana: User, bruno: User
) -> None:
    async with Wire(site.gateway.port).laid() as wire:
        phones.complaints.expected += DROPPED
        a, b = await phones.ready(ana), await phones.ready(bruno, proxy={"server": wire.url})
        await a.dial(bruno.extension)
        await b.call("ringing-in")
        wire.cut()
        await expect(b.part("call-card")).to_have_count(0)
        wire.mend()
        await b.call("ringing-in", 20)
        await b.press("call-answer")
        await b.hears(ana.tone)
        await a.hears(bruno.tone)
        await a.press("call-hangup")
        await b.ended("ended")
