"""App passwords in the browser, in both languages."""

from __future__ import annotations

from tests.browser.scene import Phone, Window, enter_console, sign_in
from tests.houses import PASSWORD
from tests.integration.app_passwords.scene import add_alice, enter, furnish


async def test_a_tour_of_app_passwords(window: Window) -> None:
    """S43, S40: made in the portal, used by a program, revoked at the console."""
    site = window.site
    await furnish(site.house)
    alice = await add_alice(site.house)
    await sign_in(window, site.portal, "alice", PASSWORD, Phone(site, alice.secret))
    await window.go(f"{site.portal}/security")
    await window.press("App passwords")
    for language, name in (("en", "Thunderbird on the laptop"), ("de", "Kalender im Büro")):
        button = {"en": "Make an app password", "de": "App-Kennwort erstellen"}[language]
        await window.press({"en": "English", "de": "Deutsch"}[language])
        await window.shoot(f"70-app-passwords-{language}")
        await window.fill(name=name)
        await window.page.get_by_label("mail", exact=True).press("Space")
        await window.press(button)
        await window.shoot(f"71-new-app-password-{language}")
        shown = await window.page.inner_text("#app-password")
        assert (await enter(site.house, shown)).is_authenticated
        await window.press({"en": "The program has it", "de": "Das Programm hat es"}[language])
        assert name in await window.text()

    console = await window.another()
    await enter_console(console)
    await console.go(f"{site.console}/users/{alice.user.user_id}/methods")
    await console.shoot("72-console-app-passwords")
    await console.confirm("Revoke all")
    await console.page.get_by_text("All app passwords are revoked.").wait_for()
    assert not (await enter(site.house, shown)).is_authenticated
    assert console.problems == []
