"""E-mail in the console: who is told, in which words, and what became of it; in both languages."""

from __future__ import annotations

from pathlib import Path

from tests.browser.scene import Window, enter_console
from tests.houses import TENANT
from tests.integration.mail.mailing import add_mail_gateway, mail, round_of
from tests.peers.mail_server import MailServer


async def test_who_is_told_and_what_became_of_it(window: Window, tmp_path: Path) -> None:
    house = window.site.house
    await enter_console(window)
    await window.press("E-mail")
    assert "There is no gateway for e-mail that is on" in await window.text()
    with MailServer(tmp_path / "mail", "none") as server:
        await add_mail_gateway(house, server)
        await window.page.get_by_label("Every alert that has no address of its own").fill("soc@example.org")
        async with window.page.expect_navigation():
            await window.page.keyboard.press("Enter")
        assert "Saved" in await window.text()
        settings = house.services.configuration.current.tenants[TENANT].settings.mail
        assert settings.alerts == {"*": ("soc@example.org",)}
        await window.shoot("60-mail")

        await window.page.get_by_role("link", name="Welcome").first.click()
        await window.fill(text="Hello {name},\n\n{nonsense}")
        await window.press("Preview")
        assert "no such placeholder: welcome.en: {nonsense}" in await window.text()
        await window.fill(text="Hello {name}, this is {tenant}.")
        await window.press("Preview")
        assert "Hello Alice Example, this is" in await window.text()

        await mail(house, "unknown@example.org")
        await round_of(house)
        await window.go(f"{window.site.console}/outbox")
        assert "no such mailbox" in await window.text()
        await window.press("Send again: unknown@example.org")
        assert "It is sent again." in await window.text()
        await window.press("Deutsch")
        assert "Postausgang" in await window.heading()
        await window.shoot("61-outbox-german")
