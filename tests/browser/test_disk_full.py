"""A disk without room: the recording stops with a warning, the call never. A gateway of its own wants the room."""

from dataclasses import replace
from pathlib import Path

from playwright.async_api import expect

from .conftest import Browsers, Phones, Site
from .evidence import Evidence
from .gateway import Gateway, User


async def test_a_full_disk_is_told_and_the_call_goes_on(
    site: Site, browsers: Browsers, ana: User, tmp_path: Path
) -> None:
    gateway = Gateway(tmp_path)
    gateway.environment["RAMAL_RECORDING_MIN_FREE"] = str(1 << 60)
    await gateway.set_up(site.exchange)
    async with gateway.serving():
        phones = Phones(replace(site, gateway=gateway, evidence=Evidence(tmp_path)), browsers)
        phone = await phones.ready(ana)
        await phone.dial("600")
        await expect(phone.part("call-recording").first).to_have_attribute("data-state", "disk_full")
        await phone.hears(ana.tone)
        await phone.press("call-hangup")
        await phone.ended("ended")
        await phones.close()
    assert phones.complaints.unexpected() == []
