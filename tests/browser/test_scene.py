"""The whole scene in a browser: administrator, user, app, recovery codes, passcode, attempts and why."""

from __future__ import annotations

from tests.browser.scene import (
    ADMINISTRATOR,
    Phone,
    Window,
    add_user,
    set_up_administrator,
    sign_in,
    sign_in_to_console,
)

USER = "wendy"
PASSWORD = "a password of hers"


async def test_from_the_first_link_to_the_list_of_attempts(window: Window) -> None:
    """Issue of the first day: each step as people do it, without a word that is not on the page."""
    # The administrator follows the link once.
    link = await window.site.setup_url()
    await window.go(link)
    assert "Welcome" in await window.heading()
    await window.shoot("01-setup")
    administrators_phone = await set_up_administrator(window)
    assert "recovery codes" in await window.heading()
    await window.shoot("02-recovery-codes")
    await window.press("I have stored them")
    await sign_in_to_console(window, administrators_phone)
    assert await window.heading() == "Overview"
    await window.shoot("03-overview-empty")

    # He adds a user.
    await add_user(window, USER, PASSWORD, given_name="Wendy", family_name="Example")
    assert "Wendy Example" in await window.heading()
    await window.shoot("04-user")

    # She registers her phone.
    hers = await window.another()
    await sign_in(hers, hers.site.portal, USER, PASSWORD)
    assert await hers.heading() == "Additional security verification"
    await hers.shoot("05-portal-empty")
    await hers.press("Add authenticator app")
    await hers.page.get_by_text("I cannot scan the code").click()
    await hers.shoot("06-add-app")
    phone = Phone(hers.site, await hers.secret())
    await hers.fill(passcode="000000", label="Work phone")
    await hers.press("Register")
    assert "That was not right" in await hers.text()
    assert await hers.page.input_value('[name="label"]') == "Work phone"
    await hers.fill(passcode=phone.passcode())
    await hers.press("Register")
    assert "“Work phone” is registered" in await hers.text()
    await hers.shoot("07-portal-registered")
    await hers.press("Get recovery codes")
    codes = await hers.page.locator("ul.codes li").all_inner_texts()
    assert len(codes) == 10
    await hers.press("I have stored them")
    assert "10 codes left" in await hers.text()

    # Signed out and in again, now with a passcode.
    await hers.press("Sign out")
    assert await hers.heading() == "You are signed out"
    await hers.press("Sign in again")
    await hers.shoot("08-sign-in")
    await hers.fill(username=USER, password=PASSWORD)
    await hers.press("Continue")
    await hers.shoot("09-second-factor")
    await hers.fill(passcode="123456")
    await hers.press("Sign in")
    assert "That did not work" in await hers.text()
    await hers.fill(passcode=phone.passcode())
    await hers.press("Sign in")
    assert await hers.heading() == "Additional security verification"

    # A recovery code goes into the field of its own kind, once.
    await hers.press("Sign out")
    for attempt in ("first", "second"):
        await sign_in(hers, f"{hers.site.portal}/sign-in", USER, PASSWORD)
        await hers.press("Use a recovery code instead")
        await hers.fill(passcode=codes[0])
        await hers.press("Sign in")
        if attempt == "first":
            assert "9 codes left" in await hers.text()
            await hers.press("Sign out")
    assert "That did not work" in await hers.text()
    assert hers.problems == []

    # The administrator sees what happened, and why.
    await window.go(f"{window.site.console}/attempts")
    await window.shoot("10-attempts")
    assert "Password verified, nothing enrolled yet" in await window.text()
    approved = window.page.get_by_role("row").filter(has_text="Passcode verified").first
    async with window.page.expect_navigation():
        await approved.get_by_role("link").click()
    seen = await window.text()
    assert "The second factor is proven: Time-based passcode." in seen
    assert "The passcode is right: Time-based passcode, “Work phone”." in seen
    assert "SUCCESS_OATH_CODE_VERIFIED" in seen
    await window.shoot("11-attempt")
    await window.go(f"{window.site.console}/events")
    assert ADMINISTRATOR in await window.text()
    await window.shoot("12-events")
