"""What a person does around the calls: paste a number, choose devices, be told while hidden, change the password."""

from playwright.async_api import expect

from .conftest import Phones
from .gateway import USERS, User

# Notifications that the page makes, kept where a test can read them; a headless browser shows them to nobody.
KEEP_NOTIFICATIONS = """() => {
  window.told = [];
  window.Notification = class extends EventTarget {
    static permission = 'granted';
    static requestPermission = async () => 'granted';
    constructor(title, options) { super(); window.told.push(`${title}: ${options?.body ?? ''}`); }
    close() {}
  };
  Object.defineProperty(document, 'hidden', { get: () => true });
  Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });
}"""
PASTE = """(text) => {
  const data = new DataTransfer();
  data.setData('text/plain', text);
  document.activeElement.dispatchEvent(
    new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
}"""
DIGITS = "(input) => input.value.replace(/[^0-9+*#]/g, '')"


async def test_a_number_is_pasted_in_any_writing(phones: Phones, ana: User) -> None:
    phone = await phones.ready(ana)
    entry = phone.part("dial-input")
    for written, dialled in (
        ("(11) 98765-4321", "11987654321"),
        ("+55 (0)11 98765 4321", "+5511987654321"),
        ("tel:+55-11-98765-4321", "+5511987654321"),
        ("６００", "600"),
    ):
        await entry.fill("")
        await entry.focus()
        await phone.page.evaluate(PASTE, written)
        assert await entry.evaluate(DIGITS) == dialled, written


async def test_a_hidden_page_tells_of_a_call_by_title_and_notification(phones: Phones, ana: User, bruno: User) -> None:
    caller, callee = await phones.ready(ana), await phones.ready(bruno)
    await callee.part("nav-settings").first.click()
    await callee.page.evaluate(KEEP_NOTIFICATIONS)
    await callee.part("settings-notifications").check()
    await callee.part("nav-phone").first.click()
    quiet = await callee.page.title()
    await caller.dial(bruno.extension)
    await callee.call("ringing-in")
    assert "📞" in await callee.page.title()
    told = await callee.page.evaluate("window.told")
    assert len(told) == 1 and "Ana" in told[0]
    await caller.press("call-hangup")
    await expect(callee.page).to_have_title(quiet)


async def test_devices_are_chosen_and_the_level_moves(phones: Phones, ana: User) -> None:
    phone = await phones.ready(ana)
    await phone.part("nav-settings").first.click()
    await phone.press("settings-test-microphone")
    for name in ("microphone", "speaker", "ringer"):
        choice = phone.part(f"settings-{name}")
        await expect(choice.locator("option").nth(1)).to_be_attached()
        chosen = await choice.locator("option").nth(1).get_attribute("value")
        assert chosen
        await choice.select_option(chosen)
        await phone.page.reload()
        await expect(phone.part(f"settings-{name}")).to_have_value(chosen)
        await phone.press("settings-test-microphone")
    level = phone.part("settings-level")
    await expect(level).not_to_have_js_property("value", 0)
    await phone.part("nav-phone").first.click()
    await phone.ready()
    await phone.dial("600")
    await phone.call("active")
    await phone.hears(ana.tone)


async def test_a_password_is_changed_with_the_old_one_only(phones: Phones) -> None:
    carla = USERS["carla"]
    phone = await phones.page(carla)
    await phone.log_in()
    result = phone.part("settings-password-result")

    async def change(current: str, new: str) -> None:
        await phone.part("settings-password-current").fill(current)
        await phone.part("settings-password-new").fill(new)
        await phone.press("settings-password-submit")

    await phone.part("nav-settings").first.click()
    new = f"{carla.password}-nova"
    phones.complaints.expected.append("/me/password")  # the browser tells of the 403 on the console
    await change("errada-errada", new)
    await expect(result).to_have_attribute("data-kind", "bad")
    await change(carla.password, new)
    await expect(result).to_have_attribute("data-kind", "good")
    await phone.page.reload()
    await change(new, carla.password)  # as the other tests know it
    await expect(result).to_have_attribute("data-kind", "good")
