"""Groups, many users at once, administrators and roles, in a browser."""

from __future__ import annotations

from tests.browser.scene import Window, add_user, enter_console


async def test_users_are_grouped_and_a_helper_is_invited_for_them(window: Window) -> None:
    """From the groups to the invitation, the end of it in German."""
    site = window.site
    await enter_console(window)
    await add_user(window, "alice", "Looking-Glass-1871")
    await window.go(f"{site.console}/groups")
    await window.fill(name="Sales")
    await window.press("Add group", within="form")
    await window.fill(names="alice\nnobody")
    await window.press("Add")
    assert "Line 2: nobody" in await window.text()
    await window.shoot("60-group-unknown")
    await window.fill(names="alice")
    await window.press("Add")
    assert "People added: 1" in await window.text()
    await window.shoot("61-group")
    await window.go(f"{site.console}/users")
    await window.page.get_by_label("Choose alice").check()
    await window.page.get_by_label("What", exact=True).select_option(label="Disable")
    await window.press("Try")
    await window.shoot("62-bulk")
    await window.press("Do it for one user")
    assert "Done" in await window.text()

    system = f"{site.url}/console/tenants/system"
    await window.go(f"{system}/roles")
    await window.fill(name="Front desk")
    await window.page.get_by_label("Change PINs").check()
    await window.press("Add role", within="form")
    await window.shoot("63-role")
    for language in ("en", "de"):
        await window.go(f"{system}/roles?lang={language}")
        await window.shoot(f"64-roles-{language}")
        await window.go(f"{system}/administrators")
        await window.shoot(f"65-administrators-{language}")
    await window.page.get_by_label("Rolle", exact=True).select_option(label="Helpdesk")
    await window.press("Link erzeugen")
    assert "/console/setup/" in await window.page.inner_text("#new-link")
