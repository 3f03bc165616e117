"""The portal as its people see it, page by page, by keyboard only, in both languages."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.scene import Phone, Window
from tests.houses import PASSWORD, TENANT
from vestibule.catalog import text
from vestibule.crypto.secret import Secret
from vestibule.model.actor import SYSTEM
from vestibule.model.self_service import PasswordReset

_FOCUSED = """() => {
  const at = document.activeElement;
  return (at.getAttribute("aria-label") || at.innerText || at.name || "").trim();
}"""
MOST_STOPS = 80


class Keys:
    """Somebody without a pointer, who reads one language."""

    def __init__(self, window: Window, language: str) -> None:
        self.window = window
        self.language = language

    def words(self, key: str, **values: str | int) -> str:
        return text(self.language, key, **values)

    async def reach(self, name: str) -> None:
        """Press Tab until what bears this name has the focus."""
        for _ in range(MOST_STOPS):
            await self.window.page.keyboard.press("Tab")
            if (await self.window.page.evaluate(_FOCUSED)) == name:
                return
        raise AssertionError(f"{name!r} cannot be reached by keyboard")

    async def press(self, name: str) -> None:
        """Reach a link or button, and press Enter; wait for the page that comes of it."""
        await self.reach(name)
        async with self.window.page.expect_navigation():
            await self.window.page.keyboard.press("Enter")

    async def type(self, field: str, value: str) -> None:
        """Reach a field by its name in the form, and type."""
        for _ in range(MOST_STOPS):
            found = await self.window.page.evaluate("document.activeElement.getAttribute('name')")
            if found == field:
                await self.window.page.keyboard.type(value)
                return
            await self.window.page.keyboard.press("Tab")
        raise AssertionError(f"the field {field} cannot be reached by keyboard")

    async def enter(self) -> None:
        async with self.window.page.expect_navigation():
            await self.window.page.keyboard.press("Enter")

    async def stands_at(self, heading: str, name: str, **values: str) -> None:
        """See the heading; test_every_page sees that such a page is accessible and fits."""
        await expect(self.window.page.locator("h1")).to_have_text(self.words(heading, **values))
        await self.window.shoot(f"portal-{name}-{self.language}")


@pytest.mark.parametrize("language", ["en", "de"])
async def test_the_portal_is_toured_by_keyboard(window: Window, language: str) -> None:
    """Every page of the portal's navigation, and those behind them, without a pointer."""
    site = window.site
    await site.house.add_application("vpn")
    await site.house.change_settings(
        help_contact="030 555 0100", password_reset=PasswordReset.ALL, password_reset_by_phone=True
    )
    alice = await site.house.add_person("alice", language=language)
    await site.house.services.pins.set(
        SYSTEM, TENANT, alice.user.user_id, Secret("830519"), must_change=False
    )
    await site.house.start("alice", "not hers", user_address="203.0.113.9")
    keys = Keys(await window.another(locale=f"{language}-DE"), language)
    await keys.window.go(f"{site.portal}/sign-in")
    await keys.stands_at("sign_in.title", "sign-in")
    await keys.press(keys.words("sign_in.cannot_get_in"))
    await keys.stands_at("help.way_in.title", "help")
    await keys.press(keys.words("help.way_in.reset"))
    await keys.stands_at("portal.reset.title", "reset")
    await keys.press(keys.words("portal.reset.no_passcode"))
    await keys.stands_at("portal.reset.title", "reset-ask")
    await keys.type("username", "alice")
    await keys.enter()
    await keys.stands_at("portal.reset.asked_title", "reset-asked")
    await keys.press(keys.words("sign_in.trouble"))
    await keys.stands_at("help.title", "guide")
    await keys.press(keys.words("ui.sign_in"))
    phone = Phone(site, alice.secret)
    await keys.type("username", "alice")
    await keys.type("password", PASSWORD)
    await keys.enter()
    await keys.type("passcode", phone.passcode())
    await keys.enter()
    await keys.stands_at("portal.home.title", "methods")

    await keys.press(keys.words("portal.nav.security"))
    await keys.stands_at("portal.security.title", "security")
    await keys.press(keys.words("portal.password.change"))
    await keys.stands_at("portal.password.title", "password")
    await keys.type("old", "wrong")
    await keys.type("new", "Nothing-like-it-before")
    await keys.type("again", "another")
    await keys.enter()
    assert keys.words("refusal.passwords_differ") in await keys.window.text()
    await keys.stands_at("portal.password.title", "password-refused")

    await keys.press(keys.words("portal.nav.history"))
    await keys.stands_at("portal.history.title", "history")
    not_me = keys.window.page.get_by_role("link", name=keys.words("portal.history.not_me"))
    await keys.press(str(await not_me.first.get_attribute("aria-label")))
    await keys.stands_at("portal.not_me.title", "not-me")
    await keys.press(keys.words("portal.not_me.submit"))
    await keys.stands_at("portal.disowned.title", "disowned")

    await keys.press(keys.words("portal.nav.language"))
    await keys.stands_at("portal.language.title", "language")
    await keys.type("language_call", "E")
    await keys.press(keys.words("ui.form.save"))
    assert keys.words("form.saved") in await keys.window.text()
    await keys.press(keys.words("portal.nav.help"))
    await keys.stands_at("help.way_in.title", "help-inside")
    await keys.window.go(f"{site.portal}/nowhere")
    await keys.stands_at("error.not_found.title", "error")
    assert keys.window.problems == []


@pytest.mark.parametrize("language", ["en", "de"])
async def test_who_has_lost_his_phone_comes_in_by_a_recovery_code_and_replaces_it(
    window: Window, language: str
) -> None:
    """S78, tried as somebody new would: the help says what to do, and each thing it says is there."""
    site = window.site
    alice = await site.house.add_person("alice", language=language)
    made = await site.house.services.enrollments.new_recovery_codes(SYSTEM, TENANT, alice.user.user_id)
    keys = Keys(await window.another(locale=f"{language}-DE"), language)
    await keys.window.go(f"{site.portal}/sign-in")
    await keys.press(keys.words("sign_in.cannot_get_in"))
    await keys.press(keys.words("ui.sign_in"))
    await keys.type("username", "alice")
    await keys.type("password", PASSWORD)
    await keys.enter()
    await keys.press(keys.words("sign_in.second_factor.use_recovery_code"))
    await keys.type("passcode", made.shown[0].reveal())
    await keys.enter()
    await keys.stands_at("portal.home.title", "after-a-loss")
    await keys.press(keys.words("portal.home.add_app"))
    new = Phone(site, await keys.window.secret())
    await keys.type("passcode", new.passcode())
    await keys.enter()
    lost = alice.user.username + "'s totp"
    await keys.reach(f"{keys.words('portal.home.remove')}: {lost}")
    await keys.window.page.keyboard.press("Enter")
    await keys.press(keys.words("portal.home.remove"))
    assert keys.words("portal.home.removed", name=lost) in await keys.window.text()
    assert keys.words("portal.home.codes_left", count=9) in await keys.window.text()
    assert keys.window.problems == []
