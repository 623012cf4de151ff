"""What an agent waits for, and what the browser fetches: against the sandbox, in headless Chromium.

*Ready* is from the click on log in until the page says that calls can be made; the line was idle, so the connection to
the PBX, TLS and the registration are in it. *Ringing* is from the click on dial until the page shows that it rings.
Times are taken in the page, by an observer of the element's state, not by polling from here.
"""

import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from tests.browser.chromium import launch, write_tone
from tests.browser.exchange import sandbox_exchange
from tests.browser.gateway import USERS, Gateway
from tests.browser.phone import Phone

RUNS = 7
# The time (ms since 1970) at which each element of a test id first had each state.
WATCH = """
window.seen = {};
new MutationObserver(() => {
  for (const name of ["line-status", "call-card"]) {
    const element = document.querySelector(`[data-testid="${name}"]`);
    const key = element && `${name} ${element.dataset.state}`;
    if (key && !(key in window.seen)) window.seen[key] = performance.timeOrigin + performance.now();
  }
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"] });
"""
# Bytes of a script or a style sheet as they came over the wire, headers not counted.
BYTES = """
() => performance.getEntriesByType("resource").filter((one) => /\\.(js|css)(\\?|$)/.test(one.name))
  .map((one) => [new URL(one.name).pathname, one.encodedBodySize])
"""


@dataclass
class Figures:
    ready: list[float]
    ringing: list[float]
    fetched: dict[str, dict[str, int]]  # by the moment until which they came: path -> bytes


async def one_run(browser: Browser, base: str, figures: Figures) -> None:
    """Log in, dial 606, hang up, look at every page, log out."""
    user = USERS["ana"]
    context = await browser.new_context(permissions=["microphone", "notifications"], locale="pt-BR")
    await context.add_init_script(WATCH)
    page = await context.new_page()
    phone = Phone(page, base, user.login, user.password)
    fetched: dict[str, int] = {}
    await page.goto(f"{base}/login")
    await phone.part("login-name").fill(user.login)
    await phone.part("login-password").fill(user.password)
    fetched.update(await page.evaluate(BYTES))
    figures.fetched["log-in page"] = dict(fetched)
    clicked = time.time() * 1000
    await phone.part("login-submit").click()
    await phone.ready()
    figures.ready.append(await page.evaluate("window.seen['line-status ready']") - clicked)
    fetched.update(await page.evaluate(BYTES))
    figures.fetched["phone, ready for calls"] = dict(fetched)
    await phone.part("dial-input").fill("606")
    clicked = time.time() * 1000
    await phone.part("dial-button").click()
    await phone.call("ringing-out")
    figures.ringing.append(await page.evaluate("window.seen['call-card ringing-out']") - clicked)
    await phone.press("call-hangup")
    await phone.ended("cancelled")
    for name in ("nav-calls", "nav-settings"):
        await phone.part(name).first.click()
        await page.wait_for_load_state("networkidle")
    fetched.update(await page.evaluate(BYTES))
    figures.fetched["every page of an agent"] = dict(fetched)
    await phone.log_out()
    await context.close()


async def report(folder: Path) -> None:
    """Runs everything in ``folder`` and prints the figures."""
    figures = Figures([], [], {})
    tone = folder / "tone.wav"
    write_tone(tone, 440)
    async with sandbox_exchange(folder) as exchange, async_playwright() as playwright:
        gateway = Gateway(folder)
        # A line is given up as soon as its page has gone, so that every run registers anew.
        gateway.environment |= {"RAMAL_TIMING__IDLE": "0", "RAMAL_LOG_LEVEL": "warning"}
        await gateway.set_up(exchange)
        async with gateway.serving():
            browser = await launch(playwright, tone)
            for _ in range(RUNS):
                await one_run(browser, gateway.url, figures)
            await browser.close()
    print(f"\nThe page, {RUNS} runs against the sandbox (median, worst)")
    for what, values in (("log in to ready", figures.ready), ("dial to ringing", figures.ringing)):
        print(f"  {what:24} {statistics.median(values):6.0f} ms  {max(values):6.0f} ms")
    print("\nJavaScript and CSS over the wire, compressed, without a cache")
    for moment, files in figures.fetched.items():
        script = sum(size for path, size in files.items() if path.endswith(".js"))
        style = sum(size for path, size in files.items() if path.endswith(".css"))
        print(
            f"  {moment:24} {script / 1000:6.1f} kB js  {style / 1000:6.1f} kB css  {(script + style) / 1000:6.1f} kB"
        )
