"""The PBX dies in the middle of a call, and comes back. Runs behind the other scenarios."""

import re

from playwright.async_api import expect

from .conftest import Phones, Site
from .gateway import User

NEXT_TRY = re.compile(r"Próxima tentativa em \d+ s|Tentando de novo agora")


async def test_a_lost_pbx_is_told_within_15_seconds(phones: Phones, site: Site, ana: User) -> None:
    phone = await phones.ready(ana)
    await phone.dial("602")
    await phone.call("active")
    await phone.hears(1004)
    call = await phone.call_id()
    await site.exchange.crash()
    try:
        words = await phone.ended("pbx_lost", 15)
        assert "central" in words.lower()
        await phone.line("offline", 15)
        await expect(phone.part("line-status")).to_contain_text("Sem conexão com a central")
        await phone.press("call-close")
        await expect(phone.page.locator("main")).to_contain_text(NEXT_TRY)
    finally:
        await site.exchange.restore()
    await phone.line("ready", 90)
    await phone.history_row(call, "pbx_lost")
    await phone.part("nav-phone").first.click()
    await phone.dial("602")
    await phone.call("active")
    await phone.hears(1004)
