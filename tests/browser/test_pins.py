"""PINs in the browser: an administrator gives one, its user changes it, a lock is seen and lifted."""

from __future__ import annotations

from tests.browser.scene import Phone, Window, enter_console, sign_in
from tests.houses import PASSWORD, TENANT, Person
from vestibule.crypto.secret import Secret
from vestibule.model.actor import SYSTEM
from vestibule.model.pin import PinState


async def check(window: Window, person: Person, pin: str) -> PinState:
    pins = window.site.house.services.pins
    return (await pins.check(TENANT, person.user.user_id, Secret(pin))).state


async def at_the_console(window: Window, person: Person) -> str:
    """Sign in to the console and return the page of a person."""
    await enter_console(window)
    page = f"{window.site.console}/users/{person.user.user_id}"
    await window.go(f"{page}/methods")
    return page


async def test_an_administrator_gives_renews_and_clears_a_pin(window: Window) -> None:
    """1.8: a random one is shown once and must be changed; one of his choice is held to the rules."""
    bob = await window.site.house.add_person("bob", phone="+49 30 2748650")
    page = await at_the_console(window, bob)
    await window.shoot("60-console-no-pin")
    await window.press("New random PIN")
    pin = await window.page.inner_text("#new-pin")
    await window.shoot("61-console-new-pin")
    assert await check(window, bob, pin) is PinState.MUST_CHANGE
    assert "Must be changed" in await window.text()
    await window.page.reload()  # the browser sends the form again, or asks for the page: neither shows it
    await window.go(f"{page}/pin/generate")
    assert window.page.url == f"{page}/methods"
    assert pin not in await window.page.content()

    await window.page.get_by_text("Set a PIN of your choice").click()
    await window.fill(pin="302748")
    await window.press("Set PIN")
    assert "must not have a part of the phone number" in await window.text()
    assert await window.page.input_value('[name="pin"]') == ""
    await window.shoot("62-console-pin-refused")
    await window.fill(pin="830519")
    await window.page.get_by_text("The user may keep it").click()
    await window.press("Set PIN")
    assert "The user has a new PIN." in await window.text()
    assert await check(window, bob, "830519") is PinState.RIGHT
    await window.press("Require a change")
    assert await check(window, bob, "830519") is PinState.MUST_CHANGE
    await window.confirm("Clear")
    await window.page.get_by_text("The PIN is cleared.").wait_for()
    assert await check(window, bob, "830519") is PinState.NONE_SET


async def test_a_locked_pin_is_seen_and_lifted(window: Window) -> None:
    house = window.site.house
    await house.change_settings(lockout_threshold=3)
    bob = await house.add_person("bob")
    await house.services.pins.set(SYSTEM, TENANT, bob.user.user_id, Secret("830519"), must_change=False)
    for _ in range(3):
        await check(window, bob, "1470")
    await window.go(await at_the_console(window, bob))
    assert "Locked: too many wrong PINs" in await window.text()
    await window.shoot("63-console-pin-locked")
    await window.press("Unlock")
    assert "The user can try again." in await window.text()
    assert await check(window, bob, "830519") is PinState.RIGHT
    await check(window, bob, "1470")
    await window.page.reload()
    assert "Wrong PINs" in await window.text()
    await window.go(f"{window.site.console}/events")
    assert "PIN locked" in await window.text()


async def test_a_user_changes_his_pin_after_the_sign_in(window: Window) -> None:
    """1.3, 1.8: a first PIN is asked to be changed at once, with the rules in view."""
    house = window.site.house
    bob = await house.add_person("bob")
    await house.services.pins.set(SYSTEM, TENANT, bob.user.user_id, Secret("830519"))
    await sign_in(window, f"{window.site.portal}/sign-in", "bob", PASSWORD, Phone(window.site, bob.secret))
    assert await window.heading() == "Change your PIN"
    assert "4 to 20 digits" in await window.text()
    await window.shoot("64-portal-pin-wanted")
    await window.fill(old="1470", pin="27419", again="27419")
    await window.press("Change PIN")
    assert "The PIN was not right." in await window.text()
    await window.fill(old="830519", pin="1112", again="27419")
    await window.press("Change PIN")
    assert "the same digit three times in a row" in await window.text()
    assert "The two PINs are not the same." in await window.text()
    await window.shoot("65-portal-pin-refused")
    await window.fill(old="830519", pin="27419", again="27419")
    await window.press("Change PIN")
    assert "Your PIN is changed." in await window.text()
    await window.shoot("66-portal-pin-changed")
    assert await check(window, bob, "27419") is PinState.RIGHT


async def test_a_user_may_change_his_pin_later_and_in_german(window: Window) -> None:
    house = window.site.house
    bob = await house.add_person("bob", language="de")
    await house.services.pins.set(SYSTEM, TENANT, bob.user.user_id, Secret("830519"))
    await sign_in(window, f"{window.site.portal}/sign-in", "bob", PASSWORD, Phone(window.site, bob.secret))
    await window.page.get_by_role("heading", name="PIN ändern").wait_for()
    await window.shoot("67-portal-pin-de")
    await window.press("Später")
    assert await window.heading() == "Zusätzliche Sicherheitsüberprüfung"
    await window.press("Sicherheit")
    assert "Muss geändert werden" in await window.text()
    await window.press("PIN ändern")
    await window.fill(old="830519", pin="27419", again="27419")
    await window.press("PIN ändern")
    assert "Ihre PIN ist geändert." in await window.text()


async def test_who_has_no_pin_sees_none(window: Window) -> None:
    bob = await window.site.house.add_person("bob")
    await sign_in(window, f"{window.site.portal}/sign-in", "bob", PASSWORD, Phone(window.site, bob.secret))
    await window.press("Security")
    assert not await window.page.get_by_role("heading", name="PIN", exact=True).count()
    answer = await window.page.goto(f"{window.site.portal}/pin")
    assert answer is not None
    assert answer.status == 404


async def test_the_settings_of_pins_and_phones_are_kept(window: Window) -> None:
    await enter_console(window)
    await window.go(f"{window.site.console}/settings")
    await window.fill(pin_least_digits="6", pin_expiry_days="90", country_code="+49", calling_codes="+49, 43")
    await window.page.get_by_text("Refuse four digits in a row").click()
    await window.press("Save")
    assert "Saved." in await window.text()
    await window.shoot("68-console-settings-pins")
    settings = window.site.house.services.configuration.current.tenants[TENANT].settings
    assert (settings.pin_least_digits, settings.pin_expiry_days) == (6, 90)
    assert (settings.country_code, settings.calling_codes) == ("49", ("49", "43"))
    assert (settings.pin_refuse_simple, settings.pin_refuse_phone) == (True, False)
    await window.fill(country_code="4930")
    await window.press("Save")
    assert "country_code: 4930" in await window.text()
    await window.fill(country_code="", calling_codes="", pin_most_digits="5")
    await window.press("Save")
    assert "pin_most_digits: 6" in await window.text()
