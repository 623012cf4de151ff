"""A call by keyboard alone: every key that is pressed here is one that a person without a mouse would press."""

from playwright.async_api import expect

from .conftest import Phones
from .gateway import User
from .phone import Phone

FOCUSED = "document.activeElement && document.activeElement.closest('[data-testid]')?.dataset.testid"
# What shows where the focus is: an outline, or a shadow in its place.
RING = """() => {
  const style = getComputedStyle(document.activeElement);
  return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
}"""


async def tab_to(phone: Phone, name: str) -> None:
    """Presses Tab until ``name`` has the focus; every stop on the way must show that it has it."""
    passed = []
    for _ in range(60):
        at = await phone.page.evaluate(FOCUSED)
        if at == name:
            assert await phone.page.evaluate(RING), f"{name} has the focus and does not show it"
            return
        passed.append(at)
        await phone.page.keyboard.press("Tab")
    raise AssertionError(f"Tab never comes to {name}; it passes {passed}")


async def test_a_call_is_made_held_resumed_and_ended_by_keyboard(phones: Phones, ana: User, bruno: User) -> None:
    b = await phones.ready(bruno)
    a = await phones.page(ana)
    await a.page.goto(f"{a.base}/login")
    keys = a.page.keyboard
    await tab_to(a, "login-name")
    await keys.type(a.login)
    await tab_to(a, "login-password")
    await keys.type(a.password)
    await keys.press("Enter")
    await a.ready()
    await tab_to(a, "dial-input")
    await keys.type(bruno.extension)
    await keys.press("Enter")
    await b.call("ringing-in")
    await tab_to(b, "call-answer")
    await b.page.keyboard.press("Enter")
    await a.call("active")
    await a.hears(bruno.tone)
    await tab_to(a, "call-hold")
    await keys.press("Space")
    await a.call("held")
    await tab_to(a, "call-hold")
    await keys.press("Space")
    await a.call("active")
    await tab_to(a, "call-keypad")
    await keys.press("Enter")
    await expect(a.part("keypad-5").first).to_be_visible()
    await tab_to(a, "call-hangup")
    await keys.press("Enter")
    await a.ended("ended")
    await b.ended("ended")
