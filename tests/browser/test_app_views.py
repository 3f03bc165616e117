"""Every view of the app: for the keyboard, for screen readers, in each color, on the smallest screen."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import segno
from playwright.async_api import Page, expect

from tests.browser.app_scene import FOREIGN_LINK, Device, MakeDevice, named, newcomer, words
from tests.browser.test_app_activation import FILM
from tests.houses import TENANT
from tests.integration.apps.test_approval import another, number_of
from vestibule.model.actor import SYSTEM

SMALLEST = {"width": 320, "height": 844}


async def _until_focused(page: Page, name: str) -> None:
    """Press the tabulator until the stop of that name is reached, and see each stop."""
    for _ in range(40):
        await page.keyboard.press("Tab")
        stop = await page.evaluate(
            """() => { const it = document.activeElement;
                const name = it.getAttribute("aria-label") ?? it.labels?.[0]?.textContent ?? it.textContent;
                return [it.tagName, name.trim(), getComputedStyle(it).outlineStyle]; }"""
        )
        # A heading that a view begins with has the focus without being a stop.
        assert stop[0] in ("BODY", "H1") or stop[2] != "none", stop
        if stop[1] == name:
            return
    pytest.fail(f"the keyboard does not reach {name}")


async def test_everything_can_be_done_with_the_keyboard_alone(device: Device) -> None:
    alice = await newcomer(device)
    page, focused = device.page, device.focused
    await device.open()
    await _until_focused(page, words("welcome.begin"))
    await page.keyboard.press("Enter")
    await expect(focused).to_have_text(words("add.title"))
    await _until_focused(page, words("add.entry"))
    await page.keyboard.type(alice.code)
    await page.keyboard.press("Enter")
    await expect(focused).to_have_text(words("add.activate_title"))
    await _until_focused(page, words("add.add"))
    await page.keyboard.press("Enter")
    await expect(focused).to_have_text(words("request.activation"))
    await _until_focused(page, words("request.number_activation"))
    await page.keyboard.type(await alice.number())
    await page.keyboard.press("Enter")
    await device.shows("outcome.activated")
    device.site.house.clock.advance(1)
    await device.asked()
    await _until_focused(page, words("request.fraud"))
    await page.keyboard.press("Enter")
    await expect(device.dialog).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(device.button("request.fraud")).to_be_focused()
    await page.keyboard.press("Shift+Tab")
    await expect(device.button("request.deny")).to_be_focused()
    await page.keyboard.press("Enter")
    await device.shows("outcome.denied", application=named("vpn"))


async def _views(device: Device) -> AsyncIterator[str]:
    """Yield the name of each view, with the view open."""
    alice = await newcomer(device)
    await device.open()
    yield "welcome"
    await device.page.get_by_role("link", name=device.words("welcome.begin")).click()
    await device.shows("add.title")
    yield "add"
    await device.label("add.entry").fill(FOREIGN_LINK)
    await device.button("add.next").click()
    await device.shows("add.foreign_title")
    yield "add-foreign"
    await device.button("add.add").click()
    await device.passcode("Bank")
    await device.bring(alice.code)
    await device.shows("add.activate_title")
    yield "activate"
    await device.button("add.add").click()
    await device.label("request.number_activation").wait_for()
    yield "activation"
    await alice.pass_the_test()
    device.site.house.clock.advance(1)
    await device.reload()
    await device.shows("requests.none")
    await device.passcode("alice")
    yield "home"
    progress = await device.asked()
    yield "request"
    await device.approve(another(number_of(progress)))
    await device.shows("outcome.number_wrong", count=2)
    yield "request-wrong"
    await device.button("request.fraud").click()
    yield "fraud"
    await device.page.keyboard.press("Escape")
    await device.button("request.deny").click()
    await device.shows("outcome.denied", application=named("vpn"))
    yield "denied"
    await device.manage("alice")
    yield "manage"
    await device.button("account.remove").click()
    yield "remove"
    await device.page.keyboard.press("Escape")
    with device.server_away():
        await device.button("requests.check").click()
        await expect(device.trouble).not_to_be_empty()
        yield "away"
    enrollments, user_id = device.site.house.services.enrollments, alice.person.user.user_id
    await enrollments.remove(SYSTEM, TENANT, user_id, alice.pending)
    await device.button("requests.check").click()
    await expect(device.accounts.filter(has_text="alice")).to_contain_text(device.words("not_activated"))
    yield "gone"
    await device.page.get_by_role("link", name=device.words("add.short")).click()
    await device.page.evaluate(FILM, segno.make("nothing of ours").png_data_uri(scale=6))
    await device.button("add.camera").click()
    await expect(device.page.locator("video")).to_be_visible()
    yield "camera"


async def test_each_view_is_accessible_and_fits(make_device: MakeDevice) -> None:
    """WCAG 2.2 AA, as far as axe-core can tell, in both colors; 44 px for fingers (§2.5.5); not too wide on
    the smallest screen, in the language with the longer words (§1.4.10); nothing moves for who prefers that.
    """
    device = await make_device("de", viewport=SMALLEST, bypass_csp=True, reduced_motion="reduce")
    device.expected.append(r"50\d")
    small = """[...document.querySelectorAll("button, summary, a:not(.skip)")]
        .filter((it) => it.checkVisibility() && it.getBoundingClientRect().height < 44)
        .map((it) => it.outerHTML)"""
    async for view in _views(device):
        await device.window.assert_accessible(view)
        assert await device.page.evaluate(small) == [], view
        assert await device.page.evaluate("document.getAnimations().length") == 0, view
        assert await device.window.overflow() == 0, view
        await device.window.shoot(f"app-{view}")
