"""Phones in a real browser: a page that waits goes on by itself, in two languages, by keyboard only."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.browser.phone_scene import NUMBER, PhoneSite, phone_site
from tests.browser.scene import Site, Window, enter_console
from tests.houses import PASSWORD, TENANT
from vestibule.model.actor import SYSTEM
from vestibule.model.call import CallEventKind

GERMAN = {"locale": "de-DE"}


@pytest_asyncio.fixture(loop_scope="session")
async def phones(site: Site) -> AsyncIterator[PhoneSite]:
    async with phone_site(site) as made:
        yield made


async def begin(window: Window, name: str = "alice") -> None:
    await window.go(window.site.portal)
    await window.page.fill('[name="username"]', name)
    await window.page.fill('[name="password"]', PASSWORD)
    await window.page.keyboard.press("Enter")
    await window.page.wait_for_url("**/second-factor")


async def press_by_keyboard(window: Window, name: str) -> None:
    """Reach a button with Tab and press it with Enter."""
    for _ in range(40):
        await window.page.keyboard.press("Tab")
        if name in await window.page.evaluate("document.activeElement.textContent.trim()"):
            await window.page.keyboard.press("Enter")
            return
    raise AssertionError(f"no Tab leads to {name}")


async def test_the_waiting_page_goes_on_when_the_call_is_confirmed(phones: PhoneSite, window: Window) -> None:
    alice = await phones.add_callee("alice", "voice", "sms")
    users = phones.site.house.services.users
    await users.set_default_method(SYSTEM, TENANT, alice.user.user_id, "voice")
    await begin(window)
    assert "We are calling •••56. Answer and press #." in await window.text()
    assert "Text me at •••56" in await window.text()
    await window.shoot("80-waiting")
    handset = await phones.ringing()
    await handset.confirm()
    await window.page.wait_for_url(window.site.portal + "/")
    assert NUMBER in await window.text()
    await window.shoot("81-home-with-phones")


async def test_the_waiting_page_without_a_script_goes_on_too(phones: PhoneSite, window: Window) -> None:
    await phones.add_callee("alice", "voice")
    bare = await window.another(java_script_enabled=False)
    await begin(bare)
    await (await phones.ringing()).confirm()
    await bare.page.wait_for_url(window.site.portal + "/", timeout=20_000)
    assert bare.problems == []


async def test_a_busy_phone_and_another_way_by_keyboard_in_german(phones: PhoneSite, window: Window) -> None:
    """S37."""
    alice = await phones.add_callee("alice", "sms", "voice")
    await phones.site.house.change_user(alice, default_method="voice", language="")
    german = await window.another(**GERMAN)
    await begin(german)
    assert "Wir rufen •••56 an" in await german.text()
    await (await phones.ringing()).tell(CallEventKind.BUSY)
    await german.page.get_by_text("Ihr Telefon war nicht erreichbar").wait_for()
    await german.shoot("82-choose-german")
    await press_by_keyboard(german, "Nachricht an •••56")
    await german.page.locator('[name="passcode"]').wait_for()
    passcode = await phones.passcode()
    assert await german.page.evaluate("document.activeElement.name") == "passcode"
    await german.shoot("83-typed-german")
    await german.page.keyboard.type(passcode)
    await german.page.keyboard.press("Enter")
    await german.page.wait_for_url(window.site.portal + "/")
    assert german.problems == []


async def test_a_phone_is_added_by_a_call(phones: PhoneSite, window: Window) -> None:
    await phones.site.house.add_bare_person("alice")
    await window.go(window.site.portal)
    await window.fill(username="alice", password=PASSWORD)
    await window.press("Continue")
    await window.shoot("84-home-newcomer")
    await window.press("Add a phone for calls")
    await window.shoot("85-add-phone")
    await window.fill(number="030 12")
    await window.press("Call now")
    assert "not a phone number" in await window.text()
    await window.fill(number="+49 30 123456", label="Office")
    await window.press("Call now")
    assert f"We are calling {NUMBER}" in await window.text()
    await window.shoot("86-prove-phone")
    await (await phones.ringing()).confirm()
    await window.page.wait_for_url(window.site.portal + "/")
    assert f"{NUMBER} is registered." in await window.text()
    assert "Office" in await window.text()


async def test_an_administrator_adds_tries_and_removes_a_phone(phones: PhoneSite, window: Window) -> None:
    alice = await phones.add_callee("alice")
    await enter_console(window)
    page = f"{window.site.console}/users/{alice.user.user_id}/methods"
    await window.go(page)
    await window.fill(number="030 1")
    await window.press("Add phone")
    assert "not a phone number" in await window.text()
    await window.fill(number="+48 22 1234567")
    await window.press("Add phone")
    beside = await window.page.inner_text("#field-number-error")
    assert "Numbers that begin with +48" in beside, "SMS-04: the country, and how it is opened"
    assert "--open-country +48" in beside
    await window.fill(number="+49 30 123456 x12")
    await window.page.select_option('[name="phone_method"]', "voice")
    await window.press("Add phone")
    assert f"{NUMBER} x12 is added." in await window.text()
    await window.shoot("87-console-phone")
    await window.press("Test")
    assert "is being asked" in await window.text()
    await (await phones.ringing()).confirm()
    await window.page.reload()
    assert "A new phone was proven" in await window.text() or "so it works" in await window.text()
    assert NUMBER in await window.text(), "S6"
    await window.shoot("88-console-tested")
    await window.go(page)
    await window.confirm(f"Remove: {NUMBER} x12", "Remove")
    await window.page.wait_for_load_state()
    assert "+4930123456 x12" not in await window.page.inner_text("section[aria-labelledby=authenticators]")
