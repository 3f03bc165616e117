"""Pages for everybody: in both languages, by keyboard alone, on a small screen, in light and dark."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.scene import Phone, Window, enter_console, sign_in
from tests.houses import PASSWORD

HOME_EN, HOME_DE = "Additional security verification", "Zusätzliche Sicherheitsüberprüfung"


async def focused(window: Window) -> str:
    """Return what has the focus: its name if it is a field, else its text."""
    told = await window.page.evaluate(
        "document.activeElement.name || document.activeElement.textContent.trim().replace(/\\\\s+/g, ' ')"
    )
    return str(told)


async def test_the_browser_chooses_the_language_and_the_person_after_it(window: Window) -> None:
    """German where the browser asks for it; what a person chooses is kept with him, wherever he signs in."""
    phone = Phone(window.site, (await window.site.house.add_person("bob")).secret)
    german = await window.another(locale="de-DE")
    await german.go(f"{german.site.portal}/sign-in")
    assert await german.page.get_attribute("html", "lang") == "de"
    assert await german.heading() == "Anmelden"
    await german.shoot("50-sign-in-de")
    await german.fill(username="bob", password="falsch")
    await german.press("Weiter")
    assert "Das hat nicht geklappt" in await german.text()
    await german.fill(password=PASSWORD)
    await german.press("Weiter")
    await german.fill(passcode=phone.passcode())
    await german.press("Anmelden")
    assert await german.heading() == HOME_DE
    await german.shoot("51-portal-de")
    await german.press("English")
    assert await german.heading() == HOME_EN
    assert german.problems == []

    elsewhere = await window.another(locale="de-DE")
    await elsewhere.go(f"{elsewhere.site.portal}/sign-in")
    await elsewhere.fill(username="bob", password=PASSWORD)
    await elsewhere.press("Weiter")
    await elsewhere.fill(passcode=phone.passcode())
    await elsewhere.press("Anmelden")
    assert await elsewhere.heading() == HOME_EN


async def test_the_console_speaks_german(window: Window) -> None:
    await enter_console(window)
    await window.press("Deutsch")
    seen = {
        "": "Übersicht",
        "/users": "Benutzer",
        "/tokens": "Hardware-Token",
        "/attempts": "Anmeldeversuche",
        "/applications": "Anwendungen",
        "/directories": "Verzeichnisse",
        "/clients": "RADIUS-Clients",
        "/api-keys": "API-Schlüssel",
        "/events": "Änderungen",
        "/settings": "Einstellungen",
        "/tenants": "Mandanten",
        "/account": "Ihr Konto",
    }
    for path, heading in seen.items():
        await window.go(window.site.console + path)
        assert await window.heading() == heading
        assert await window.overflow() == 0
        await window.page.set_viewport_size({"width": 390, "height": 844})
        assert await window.overflow() == 0, path
        await window.page.set_viewport_size({"width": 1280, "height": 900})


async def test_signing_in_and_renaming_take_only_a_keyboard(window: Window) -> None:
    """No pointer is used: fields have the focus one expects, dialogs take it and give it back."""
    phone = Phone(window.site, (await window.site.house.add_person("bob")).secret)
    keys = window.page.keyboard
    await window.go(f"{window.site.portal}/sign-in")
    assert await focused(window) == "username"
    await keys.type("bob")
    await keys.press("Tab")
    assert await focused(window) == "password"
    await keys.type(PASSWORD)
    await keys.press("Enter")
    await window.page.wait_for_url("**/second-factor")
    assert await focused(window) == "passcode"
    await keys.type(phone.passcode())
    await keys.press("Enter")
    await window.page.get_by_role("heading", name=HOME_EN).wait_for()

    await keys.press("Tab")
    assert await focused(window) == "Skip to content"
    await keys.press("Enter")
    await keys.press("Tab")
    assert (await focused(window)).startswith("Rename")
    await keys.press("Enter")
    assert await focused(window) == "label"
    await keys.press("Escape")
    assert (await focused(window)).startswith("Rename")
    await keys.press("Enter")
    await keys.press("Control+A")
    await keys.type("Key ring")
    await keys.press("Enter")
    await window.page.get_by_text("Key ring", exact=True).wait_for()
    assert "Saved." in await window.text()


async def test_the_menu_of_the_console_on_a_phone(window: Window) -> None:
    await enter_console(window)
    await window.page.set_viewport_size({"width": 390, "height": 844})
    assert not await window.page.get_by_role("link", name="Users", exact=True).is_visible()
    await window.control("Menu").click()
    await expect(window.control("Users", within="#menu")).to_be_visible()
    await window.press("Users", within="#menu")
    assert await window.heading() == "Users"


async def test_the_light_that_was_chosen_stays(window: Window) -> None:
    await window.go(f"{window.site.portal}/sign-in")
    for theme, name in (("dark", "Dark"), ("light", "Light")):
        async with window.page.expect_response("**/preferences"):
            await window.page.get_by_role("button", name=name, exact=True).click()
        assert await window.page.get_attribute("html", "data-theme") == theme
        await window.go(f"{window.site.portal}/troubleshooting")
        assert await window.page.get_attribute("html", "data-theme") == theme


async def test_without_a_script_everything_still_works(window: Window) -> None:
    """Scripts are comfort: signing in, registering and removing work without them."""
    bob = await window.site.house.add_person("bob")
    await window.site.house.add_authenticator(bob.user, label="spare")
    plain = await window.another(java_script_enabled=False)
    await sign_in(plain, f"{plain.site.portal}/sign-in", "bob", PASSWORD, Phone(plain.site, bob.secret))
    assert await plain.heading() == HOME_EN
    await plain.confirm("Remove: spare", "Remove")
    assert "“spare” was removed." in await plain.text()
    await plain.press("Add authenticator app")
    assert await plain.heading() == "Add authenticator app"
