"""Accounts in the app: renamed, removed, gone; a server that is away; and what the person has chosen."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.app_scene import Device, MakeDevice, words
from tests.houses import TENANT
from vestibule.model.actor import SYSTEM
from vestibule.model.authenticator import AuthenticatorStatus


async def test_a_device_is_renamed_and_removed(device: Device) -> None:
    """The last authenticator of a person stays."""
    peer = await device.hold_alice()
    await device.manage("alice")
    await device.label("account.device").fill("Work phone")
    await device.button("account.save").click()
    await expect(device.said).to_have_text(words("account.saved"))
    await expect(device.accounts.get_by_role("button").first).to_be_focused()
    assert (await device.held(peer)).label == "Work phone"

    await device.remove("Vestibule")
    await expect(device.dialog).to_contain_text(words("account.remove_ours"))
    await device.button("account.remove").click()
    await expect(device.dialog).to_contain_text("This is the last authenticator of this account.")
    subject = await device.site.house.store.read(lambda tx: tx.subject_by_names(TENANT, ("alice",)))
    assert subject is not None
    await device.site.house.add_authenticator(subject.user)
    await device.button("account.remove").click()
    await device.shows("welcome.title")
    assert (await device.held(peer)).status is AuthenticatorStatus.REVOKED


async def test_an_account_that_the_server_does_not_know_is_told_and_stays(make_device: MakeDevice) -> None:
    """S73: in the language of the person, who removes it here."""
    device = await make_device("de")
    peer = await device.hold_alice()
    account, enrollments = peer.account, device.site.house.services.enrollments
    await enrollments.remove(SYSTEM, TENANT, account["user"], account["authenticator"])
    await device.button("requests.check").click()
    told = "Die Authentifizierungsanfrage gilt nicht für ein aktiviertes Konto"
    await expect(device.accounts).to_contain_text(told)
    await device.reload()
    await expect(device.accounts).to_contain_text(told)
    await device.remove("Vestibule")
    await device.button("account.remove").click()
    await device.shows("welcome.title")


async def test_a_server_that_is_away_can_be_seen_and_comes_back(device: Device) -> None:
    device.expected.append(r"50\d")
    await device.hold_alice()
    with device.server_away():
        await device.button("requests.check").click()
        await expect(device.trouble).to_contain_text("The server cannot decide now.")
    await device.button("requests.check").click()
    await device.shows("requests.checked")
    await expect(device.trouble).to_be_empty()
    await device.asked()


async def test_an_account_of_another_service_is_named_and_removed(device: Device) -> None:
    await device.add_foreign()
    await device.manage("Bank")
    await device.label("account.label").fill("My bank")
    await device.button("account.save").click()
    await device.passcode("My bank")
    await device.remove("My bank")
    await expect(device.dialog).to_contain_text(words("account.remove_foreign"))
    await device.button("account.remove").click()
    await device.shows("welcome.title")


async def test_language_and_colors_are_the_browser_s_and_can_be_chosen(make_device: MakeDevice) -> None:
    device = await make_device("de", color_scheme="light")
    page = device.page
    await device.open()
    await device.shows("welcome.title")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = await page.evaluate(ground)
    await page.get_by_role("button", name="English").click()
    device.language = "en"
    await device.shows("welcome.title")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await device.button("theme_dark").click()
    await expect(device.button("theme_dark")).to_have_attribute("aria-pressed", "true")
    dark = await page.evaluate(ground)
    assert dark != light
    await device.reload()
    await device.shows("welcome.title")
    assert await page.evaluate(ground) == dark
