"""Calls as an agent makes and takes them, through the sandbox and through Asterisk: the same scenarios."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Dialog, expect

from .conftest import Phones, Site
from .exchange import until
from .gateway import User
from .spectrum import channels, strongest


async def test_the_line_is_ready_in_words(phones: Phones, ana: User) -> None:
    phone = await phones.ready(ana)
    await expect(phone.part("line-status")).to_contain_text("Pronto para chamadas")


async def test_echo_gives_the_own_voice_back(phones: Phones, ana: User) -> None:
    phone = await phones.ready(ana)
    await phone.dial("600")
    await phone.call("active")
    await phone.hears(ana.tone)
    await expect(phone.part("call-timer").first).to_have_text(re.compile(r"^\s*0:0[1-9]\s*$"))
    await phone.press("call-hangup")
    await phone.ended("ended")


async def test_a_tone_is_heard_and_recorded(phones: Phones, ana: User, tmp_path: Path) -> None:
    phone = await phones.ready(ana)
    await phone.dial("602")
    await phone.call("active")
    await phone.hears(1004)
    await phone.page.wait_for_timeout(2000)  # two seconds of both channels, to be found in the recording
    call = await phone.call_id()
    await phone.press("call-hangup")
    await phone.ended("ended")
    agent, other, rate = channels(await phone.download_recording(call, tmp_path))
    assert len(agent) / rate >= 2
    assert strongest(agent, rate) == pytest.approx(ana.tone, abs=5)
    assert strongest(other, rate) == pytest.approx(1004, abs=5)


async def test_two_agents_hear_each_other(phones: Phones, ana: User, bruno: User) -> None:
    a, b = await phones.ready(ana), await phones.ready(bruno)
    await a.dial(bruno.extension)
    card = await b.call("ringing-in")
    await a.call("ringing-out")
    await expect(card).to_contain_text(ana.extension)
    await b.press("call-answer")
    await a.call("active")
    await b.call("active")
    await a.hears(bruno.tone)
    await b.hears(ana.tone)
    await b.press("call-hangup")
    await a.ended("ended")
    await b.ended("ended")


async def test_hold_and_resume(phones: Phones, ana: User, bruno: User) -> None:
    a, b = await phones.ready(ana), await phones.ready(bruno)
    await a.dial(bruno.extension)
    await b.call("ringing-in")
    await b.press("call-answer")
    await b.hears(ana.tone)
    await a.press("call-hold")
    await a.call("held")
    await b.hears_nothing_of(ana.tone)
    await a.hears_nothing_of(bruno.tone)
    await a.press("call-hold")
    await a.call("active")
    await a.hears(bruno.tone)
    await b.hears(ana.tone)
    await a.press("call-hangup")
    await b.ended("ended")


async def test_keypad_digits_arrive(phones: Phones, site: Site, ana: User) -> None:
    phone = await phones.ready(ana)
    before = site.exchange.log().count("DTMF=1234")
    await phone.dial("607")
    await phone.call("active")
    await phone.press("call-keypad")
    for digit in "1234":
        await phone.press(f"keypad-{digit}")
    await until(lambda: site.exchange.log().count("DTMF=1234") > before, 15, "the PBX has read 1234")
    await phone.press("call-hangup")
    await phone.ended("ended")


async def test_early_media_is_heard_before_the_answer(phones: Phones, ana: User) -> None:
    phone = await phones.ready(ana)
    await phone.dial("603")
    await phone.call("ringing-out")
    await phone.hears_something()
    await phone.call("ringing-out")  # it was early: not answered yet
    await phone.call("active")
    await phone.hears(ana.tone)
    await phone.press("call-hangup")
    await phone.ended("ended")


@pytest.mark.parametrize(
    ("number", "cause", "words"),
    [
        ("604", "busy", "ocupad"),
        ("605", "unavailable", "indispon"),
        ("5550199", "not_found", "não encontrad|não existe"),
    ],
)
async def test_a_failure_is_told_in_words(phones: Phones, ana: User, number: str, cause: str, words: str) -> None:
    phone = await phones.ready(ana)
    await phone.dial(number)
    assert re.search(words, (await phone.ended(cause)).lower())


async def test_a_ringing_call_is_cancelled(phones: Phones, ana: User) -> None:
    phone = await phones.ready(ana)
    await phone.dial("606")
    await phone.call("ringing-out")
    await phone.press("call-hangup")
    await phone.ended("cancelled")


async def test_a_cancelled_call_stops_ringing_at_the_other_agent(phones: Phones, ana: User, bruno: User) -> None:
    a, b = await phones.ready(ana), await phones.ready(bruno)
    await a.dial(bruno.extension)
    await b.call("ringing-in")
    await a.press("call-hangup")
    await a.ended("cancelled")
    await b.ended("cancelled")


@pytest.mark.parametrize("number", ["601", "608"])
async def test_the_other_side_hangs_up(phones: Phones, ana: User, number: str) -> None:
    phone = await phones.ready(ana)
    await phone.dial(number)
    await phone.call("active")
    await phone.ended("ended", 15)


async def test_a_refused_call_is_told_to_the_caller(phones: Phones, ana: User, bruno: User) -> None:
    a, b = await phones.ready(ana), await phones.ready(bruno)
    await a.dial(bruno.extension)
    await b.call("ringing-in")
    await b.press("call-refuse")
    await b.ended("refused")
    assert "recus" in (await a.ended("refused")).lower()


async def test_mute_silences_and_unmute_brings_back(phones: Phones, ana: User, bruno: User) -> None:
    a, b = await phones.ready(ana), await phones.ready(bruno)
    await a.dial(bruno.extension)
    await b.call("ringing-in")
    await b.press("call-answer")
    await b.hears(ana.tone)
    await a.press("call-mute")
    await expect(a.part("call-mute").first).to_have_attribute("aria-pressed", "true")
    await b.hears_nothing_of(ana.tone)
    await a.hears(bruno.tone)
    await a.press("call-mute")
    await b.hears(ana.tone)
    await a.press("call-hangup")
    await b.ended("ended")


async def test_all_pages_of_a_line_ring_and_the_first_answer_wins(phones: Phones, ana: User, bruno: User) -> None:
    a, first, second = await phones.ready(ana), await phones.ready(bruno), await phones.ready(bruno)
    await a.dial(bruno.extension)
    await first.call("ringing-in")
    await second.call("ringing-in")
    await second.press("call-answer")
    await second.hears(ana.tone)
    await expect(first.part("call-answer")).to_have_count(0)
    await a.press("call-hangup")
    await second.ended("ended")


async def test_the_history_tells_every_call(phones: Phones, ana: User, bruno: User) -> None:
    a, b = await phones.ready(ana), await phones.ready(bruno)
    await a.dial(bruno.extension)
    await b.call("ringing-in")
    taken, made = await b.call_id(), await a.call_id()
    await b.press("call-answer")
    await a.hears(bruno.tone)
    await a.press("call-hangup")
    await b.ended("ended")
    await expect(await a.history_row(made, "ended")).to_contain_text(bruno.extension)
    await expect(await b.history_row(taken, "ended")).to_contain_text(ana.extension)
    await a.part("nav-phone").first.click()
    await a.dial("604")
    await a.ended("busy")
    busy = await a.call_id()
    await expect(await a.history_row(busy, "busy")).to_contain_text("604")


async def test_logging_out_ends_the_handset(phones: Phones, ana: User, bruno: User) -> None:
    a, b = await phones.ready(ana), await phones.ready(bruno)
    await a.dial(bruno.extension)
    await b.call("ringing-in")
    await b.press("call-answer")
    await a.call("active")
    b.page.on("dialog", lambda dialog: dialog.accept())
    await b.log_out()
    await a.ended("ended", 15)


async def test_leaving_the_page_in_a_call_warns_first(phones: Phones, ana: User) -> None:
    phone = await phones.ready(ana)
    await phone.dial("600")
    await phone.hears(ana.tone)
    warned: list[str] = []

    async def stay(dialog: Dialog) -> None:
        warned.append(dialog.type)
        await dialog.dismiss()

    phone.page.on("dialog", stay)
    await phone.page.close(run_before_unload=True)
    await until(lambda: warned == ["beforeunload"], 5, "the page asks whether to leave")
    await phone.hears(ana.tone)
    await phone.press("call-hangup")
    await phone.ended("ended")
