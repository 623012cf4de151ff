"""What the page says of a line that cannot be used, and of a microphone that cannot."""

from playwright.async_api import expect

from .conftest import Phones, Site
from .exchange import until
from .gateway import USERS, User


async def test_a_wrong_secret_is_told_once_and_not_tried_again(phones: Phones, site: Site) -> None:
    carla = USERS["carla"]
    phone = await phones.page(carla)
    await phone.log_in()
    await phone.line("refused", 20)
    await expect(phone.part("dial-button")).to_be_disabled()
    await until(lambda: site.exchange.wrong_secrets(carla.extension) > 0, 5, "the PBX has seen a wrong secret")
    tried = site.exchange.wrong_secrets(carla.extension)
    other = await phones.page(carla)
    await other.log_in()
    await other.line("refused", 20)
    assert site.exchange.wrong_secrets(carla.extension) == tried, "a refused line was tried again by itself"
    boss = await phones.ready(USERS["adm"])
    await boss.part("nav-lines").first.click()
    row = boss.page.locator('[data-testid="lines-row"]', has_text="1003")
    await expect(row).to_have_attribute("data-state", "refused")


async def test_a_line_with_a_new_secret_gets_ready(phones: Phones, site: Site) -> None:
    """Behind the test above: the administrator puts the right secret."""
    carla = USERS["carla"]
    phone = await phones.page(carla)
    await phone.log_in()
    await phone.line("refused", 20)
    boss = await phones.ready(USERS["adm"])
    await boss.part("nav-lines").first.click()
    row = boss.page.locator('[data-testid="lines-row"]', has_text="1003")
    await row.get_by_test_id("line-secret-open").click()
    await boss.part("line-secret").fill(site.exchange.secret("1003"))
    await boss.part("line-secret-save").click()
    await phone.line("ready", 20)


async def test_a_refused_microphone_is_told_in_words(phones: Phones, ana: User) -> None:
    phone = await phones.page(ana, permissions=[])
    await phone.page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))"
    )
    await phone.log_in()
    await phone.ready()
    await phone.dial("600")
    words = await phone.ended("no_microphone")
    assert "microfone" in words.lower()


async def test_a_wrong_password_is_told(phones: Phones, ana: User) -> None:
    phone = await phones.page(ana)
    phones.complaints.expected.append("401")
    await phone.page.goto(f"{phone.base}/login")
    await phone.part("login-name").fill(ana.login)
    await phone.part("login-password").fill("not-the-password")
    await phone.part("login-submit").click()
    await expect(phone.part("login-error")).to_be_visible()
    await until(lambda: "not-the-password" not in phone.page.url, 1, "no password in an address")
