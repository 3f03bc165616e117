"""Texts that others wrote stay texts, and no script gets around it (PU-16)."""

from __future__ import annotations

import pytest
from playwright.async_api import Error as BrowserError
from playwright.async_api import expect

from tests.browser.app_scene import Device, MakeDevice

MARKUP = '<img src=x onerror="alert(1)">'
HOSTILE = MARKUP + "\u202e" + "A" * 60


async def test_texts_of_others_are_text(device: Device) -> None:
    """PU-16: nothing in them is markup, turns the line around, or fills the screen."""
    house, username = device.site.house, MARKUP + "b" * 60
    await house.change_settings(issuer=HOSTILE)
    await house.add_application(HOSTILE)
    person = await house.add_bare_person(username)
    person.secret = b""
    await device.hold(await device.apps.activated(await device.apps.session_of(person)))
    await device.asked(username, door=HOSTILE, user_address=HOSTILE)
    shown = await device.cards.locator("bdi").all_inner_texts()
    assert len(shown) == 4, "application, account, issuer and place"
    assert all(text.startswith("<img src=x") for text in shown)
    assert all(len(text) <= 80 and "\u202e" not in text for text in shown)
    await expect(device.content.locator("img")).to_have_count(0)
    assert await device.window.overflow() == 0


async def test_no_text_can_become_markup_or_script(make_device: MakeDevice) -> None:
    """The policy of the page sees to it, whatever the scripts do (Trusted Types)."""
    device = await make_device(worker=True)
    await device.open()
    device.expected.append("requires 'Trusted|violates the following Content Security policy")
    for attempt in (
        "document.body.innerHTML = '<b>'",
        "document.createElement('script').text = 'alert(1)'",
        "navigator.serviceWorker.register('/app/other.js')",
        "trustedTypes.createPolicy('another', { createHTML: (text) => text })",
    ):
        with pytest.raises(BrowserError, match=r"Trusted|createPolicy"):
            await device.page.evaluate(f"async () => {{ await ({attempt}); }}")
