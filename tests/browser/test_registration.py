"""Registering in the browser, by keyboard and in both languages, and what an administrator does for it."""

from __future__ import annotations

import pytest

from tests.browser.scene import Phone, Window, enter_console, sign_in
from tests.houses import PASSWORD, TENANT
from vestibule.model.actor import SYSTEM
from vestibule.model.tenant import TenantSettings
from vestibule.model.user import Requirement

WORDS = {
    "en": ("Register", "Continue", "Registration code", "Add authenticator app", "Go on with one",
           "Show my recovery codes", "I have stored them", "Finish", "You have registered."),
    "de": ("Registrieren", "Weiter", "Registrierungscode", "Authenticator-App hinzufügen",
           "Mit einem weitermachen", "Meine Codes anzeigen", "Ich habe sie aufbewahrt", "Fertig",
           "Sie sind registriert."),
}  # fmt: skip


async def by_key(window: Window, name: str) -> None:
    """Press a control without a mouse, and wait for the page that comes of it."""
    await window.control(name).focus()
    async with window.page.expect_navigation():
        await window.page.keyboard.press("Enter")


@pytest.mark.parametrize("language", ["en", "de"])
async def test_a_person_registers_with_a_code_from_a_letter(window: Window, language: str) -> None:
    """S66, inventory 1.10: why, a voucher, a method tried out, recovery codes, done."""
    title, go_on, code_field, add, one, show, stored, finish, done = WORDS[language]
    house = window.site.house
    alice = await house.add_bare_person("alice", language=language, requirement=Requirement.ENABLED)
    house.clock.advance(20 * 24 * 3600)
    await sign_in(window, f"{window.site.portal}/sign-in", "alice", PASSWORD)
    assert await window.heading() == title
    await window.shoot(f"70-register-vouch-{language}")
    await window.go(f"{window.site.portal}/security")
    assert await window.heading() == title, "there is nowhere else to go"
    code = await house.services.vouchers.make_code(SYSTEM, TENANT, alice.user.user_id)
    await window.page.get_by_label(code_field).focus()
    await window.page.keyboard.type(code.reveal())
    await by_key(window, go_on)
    await window.shoot(f"71-register-method-{language}")
    await by_key(window, add)
    phone = Phone(window.site, await window.secret())
    await window.fill(passcode=phone.passcode())
    await window.page.keyboard.press("Enter")
    await window.page.get_by_role("link", name=one).wait_for()
    await window.shoot(f"72-register-second-{language}")
    await by_key(window, one)
    await by_key(window, show)
    await window.shoot(f"73-register-codes-{language}")
    await by_key(window, stored)
    await window.shoot(f"74-register-finish-{language}")
    await by_key(window, finish)
    assert done in await window.text()


async def test_an_administrator_requires_vouches_and_demands_anew(window: Window) -> None:
    """S39, inventory 1.10: on the page of a person, with a warning before legacy clients break."""
    house = window.site.house
    alice, bob = await house.add_bare_person("alice"), await house.add_person("bob")
    await enter_console(window)
    users = f"{window.site.console}/users"
    await window.go(f"{users}/{alice.user.user_id}/access")
    await window.press("Enable")
    assert "then it is enforced by itself" in await window.text()
    await window.confirm("Enforce")
    assert "legacy clients take app passwords only" in await window.text()
    await window.press("Open for these hours")
    await window.shoot("75-console-registration")
    await window.press("Code for a letter")
    code = await window.page.locator(".mono.strong").inner_text()
    assert len(code) == 11
    await window.shoot("76-console-letter")
    await window.page.reload()
    await window.go(f"{users}/{alice.user.user_id}/registration/code")
    assert code not in await window.page.content()
    await window.press("Withdraw")
    await window.go(f"{users}/{bob.user.user_id}/access")
    await window.confirm("Have register anew")
    assert "must register anew at the next sign-in" in await window.text()
    await window.press("Take back")
    assert "must register anew at the next sign-in" not in await window.text()


async def test_the_settings_of_registration_are_kept(window: Window) -> None:
    await enter_console(window)
    await window.go(f"{window.site.console}/settings/registration")
    await window.shoot("77-console-registration-settings")
    await window.page.locator("[name=vouching][value=open_window]").uncheck()
    await window.page.get_by_label("Text message").uncheck()
    await window.page.get_by_label("Everybody").check()
    await window.fill(registration_skip_days="7", registration_methods="2")
    await window.press("Save")
    snapshot = window.site.house.services.configuration.current
    settings: TenantSettings = snapshot.tenants[TENANT].settings
    assert "open_window" not in settings.vouching
    assert "sms" not in settings.methods
    assert "totp" in settings.methods
    assert (settings.registration_policy, settings.registration_skip_days) == ("everybody", 7)
