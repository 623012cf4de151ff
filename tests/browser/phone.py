"""An agent at a phone: what a person does on the page and what a person sees and hears there."""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Locator, Page, expect

from .spectrum import PEAK, SILENCE

SOME = re.compile(".+")
SOON = 10.0  # seconds for things that take a moment


@dataclass
class Phone:
    """One page. Waits are bounded; a state that does not come fails with what the page shows instead."""

    page: Page
    base: str
    login: str
    password: str

    def part(self, name: str) -> Locator:
        """An element by its ``data-testid`` (static/README.md)."""
        return self.page.get_by_test_id(name)

    async def log_in(self) -> None:
        await self.page.goto(f"{self.base}/login")
        await self.part("login-name").fill(self.login)
        await self.part("login-password").fill(self.password)
        await self.part("login-submit").click()

    async def line(self, state: str, seconds: float = SOON) -> None:
        await expect(self.part("line-status")).to_have_attribute("data-state", state, timeout=seconds * 1000)

    async def ready(self) -> None:
        await self.line("ready", 20)

    async def dial(self, number: str) -> None:
        await self.part("dial-input").fill(number)
        await self.part("dial-button").click()

    async def call(self, state: str, seconds: float = SOON) -> Locator:
        """The call card, once it shows ``state``."""
        card = self.part("call-card").first
        await expect(card).to_have_attribute("data-state", state, timeout=seconds * 1000)
        return card

    async def ended(self, cause: str, seconds: float = SOON) -> str:
        """The words that tell why the call ended, once its end shows with ``cause``."""
        await self.call("ended", seconds)
        reason = self.part("call-reason").first
        await expect(reason).to_have_attribute("data-cause", cause, timeout=seconds * 1000)
        words = (await reason.inner_text()).strip()
        assert words and words != cause, f"{cause} is told by {words!r}, not in words"
        return words

    async def call_id(self) -> str:
        """The id of the call on the card, which the feed tells a moment after the page dialled."""
        card = self.part("call-card").first
        await expect(card).to_have_attribute("data-call", SOME, timeout=SOON * 1000)
        found = await card.get_attribute("data-call")
        assert found
        return found

    async def press(self, name: str) -> None:
        await self.part(name).first.click()

    async def hears(self, hertz: float, tolerance: float = 5.0, seconds: float = SOON) -> None:
        """Waits until the strongest tone that the page plays is ``hertz``."""
        last: Any = None
        try:
            async with asyncio.timeout(seconds):
                while True:
                    last = await self.page.evaluate(PEAK)
                    if last is not None and abs(last["hertz"] - hertz) <= tolerance and last["level"] > SILENCE:
                        return
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise AssertionError(f"{self.login} should hear {hertz} Hz, but hears {last}") from None

    async def hears_something(self, seconds: float = SOON) -> None:
        """Waits until the page plays a sound of any pitch."""
        last: Any = None
        try:
            async with asyncio.timeout(seconds):
                while last is None or last["level"] <= SILENCE:
                    last = await self.page.evaluate(PEAK)
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"{self.login} should hear something, but hears {last}") from None

    async def hears_nothing_of(self, hertz: float, seconds: float = SOON) -> None:
        """Waits until ``hertz`` is gone from what the page plays, and has stayed away for half a second."""
        quiet = 0
        last: Any = None
        try:
            async with asyncio.timeout(seconds):
                while quiet < 3:
                    last = await self.page.evaluate(PEAK)
                    there = last is not None and abs(last["hertz"] - hertz) <= 10 and last["level"] > SILENCE
                    quiet = 0 if there else quiet + 1
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise AssertionError(f"{self.login} should no longer hear {hertz} Hz, but hears {last}") from None

    async def history_row(self, call: str, cause: str | None = None) -> Locator:
        """The row of a call in the history, opened from the navigation as a person would."""
        await self.part("nav-calls").first.click()
        row = self.page.locator(f'[data-testid="history-row"][data-call="{call}"]')
        await expect(row).to_be_visible(timeout=SOON * 1000)
        if cause is not None:
            await expect(row).to_have_attribute("data-cause", cause)
        return row

    async def download_recording(self, call: str, folder: Path) -> Path:
        """The file that the history's download gives, once the recording is ready."""
        row = await self.history_row(call)
        await row.click()
        link = self.part("recording-download").first
        await expect(link).to_be_visible(timeout=30_000)
        async with self.page.expect_download() as download:
            await link.click()
        path = folder / f"{call}.ogg"
        await (await download.value).save_as(path)
        return path

    async def log_out(self) -> None:
        await self.part("logout").first.click()
        await expect(self.part("login-submit")).to_be_visible(timeout=SOON * 1000)
