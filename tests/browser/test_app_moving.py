"""A person moves to a new phone with the app, and is reminded that one device is one too few."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.app_scene import FOREIGN_LINK, Device, MakeDevice, named, words
from tests.browser.scene import THEMES
from tests.houses import TENANT
from tests.integration.apps.test_approval import number_of
from vestibule.model.actor import self_of

MONTH = 31 * 24 * 3600


async def _seen(device: Device, name: str) -> None:
    """Look at the view as it stands: its pictures, by day and by night, and what axe-core says of it."""
    assert await device.window.overflow() == 0
    for theme in THEMES if device.site.takes_pictures else ():
        await device.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        picture = device.site.pictures / f"{name}-{device.language}-{theme}.png"
        await device.page.screenshot(path=picture)
    await device.window.assert_accessible(name)


async def _begin_move(device: Device) -> None:
    await device.manage("Vestibule")
    await device.button("move.title").click()
    await expect(device.dialog).to_contain_text(device.words("move.lead"))


@pytest.mark.parametrize("language", ["en", "de"])
async def test_the_new_phone_scans_what_the_old_one_shows(
    make_device: MakeDevice, language: str, tmp_path: Path
) -> None:
    """PU-10: the code, and the number that only the old phone shows. Then the account is gone from it."""
    old, new = await make_device(language), await make_device(language)
    await old.hold_alice()
    await old.add_foreign(FOREIGN_LINK)
    await _begin_move(old)
    await expect(old.dialog).to_contain_text(old.words("move.foreign"))
    await _seen(old, "move-begin")
    await old.button("move.begin").click()
    code = old.dialog.locator(".qr")
    await expect(code).to_be_visible()
    await _seen(old, "move-code")
    await code.screenshot(path=tmp_path / "code.png")

    await new.open("#add")
    await new.page.locator('input[type="file"]').set_input_files(tmp_path / "code.png")
    await new.label("account.device").fill("New phone")
    await new.button("add.add").click()
    number = old.dialog.locator(".number")
    await expect(number).to_have_text(re.compile(r"^\d\d$"))
    await expect(old.dialog).to_contain_text(old.words("move.number", device=named("New phone")))
    shown = await number.inner_text()
    await expect(number).to_have_attribute("aria-label", f"{shown[0]} {shown[1]}")
    await _seen(old, "move-number")
    await new.label("request.number_activation").fill(shown)
    await new.button("request.activate").click()
    await new.shows("outcome.activated")
    await expect(old.dialog).to_contain_text(old.words("move.done", device=named("New phone")))
    await expect(old.content).to_contain_text(old.words("move.left", account=named("Vestibule")))
    await _seen(old, "move-done")
    await old.dialog.get_by_role("button", name=old.words("close")).click()
    await expect(old.accounts).to_have_count(1)
    await expect(old.accounts).to_contain_text("Bank")

    progress = await new.asked()
    await new.approve(number_of(progress))
    assert await new.is_let_in(progress)


async def test_the_old_phone_keeps_the_account_if_that_is_wanted(make_device: MakeDevice) -> None:
    old, new = await make_device(), await make_device()
    await old.hold_alice()
    await _begin_move(old)
    await old.label("move.keep").check()
    await old.button("move.begin").click()
    await new.open(f"#activate={await old.dialog.locator('.big-code').inner_text()}")
    await new.button("add.add").click()
    number = old.dialog.locator(".number")
    await new.label("request.number_activation").fill(await number.inner_text())
    await new.button("request.activate").click()
    await expect(old.dialog).to_contain_text("still on this device")
    await old.dialog.get_by_role("button", name=old.words("close")).click()
    progress = await old.asked()
    await old.approve(number_of(progress))
    assert await old.is_let_in(progress)


async def test_a_move_that_fails_changes_nothing(make_device: MakeDevice) -> None:
    old, new = await make_device(), await make_device()
    await old.hold_alice()
    await _begin_move(old)
    await old.button("move.begin").click()
    await new.open(f"#activate={await old.dialog.locator('.big-code').inner_text()}")
    await new.button("add.add").click()
    await expect(old.dialog.locator(".number")).to_be_visible()
    await new.button("cancel").click()
    await expect(new.content.get_by_text(words("outcome.activation_failed"))).to_be_visible()
    await expect(old.dialog).to_contain_text(words("move.failed"))
    await old.dialog.get_by_role("button", name=old.words("close")).click()
    await expect(old.accounts).to_have_count(1)
    await expect(old.accounts.locator(".passcode-now")).to_be_visible()


@pytest.mark.parametrize("language", ["en", "de"])
async def test_who_has_one_device_only_is_reminded(make_device: MakeDevice, language: str) -> None:
    """It can be put away, comes back after a month, and goes for good once there is another way in."""
    device = await make_device(language)
    peer = await device.hold_alice()
    reminder = device.page.get_by_role("heading", name=device.words("backup.title"))
    await expect(reminder).to_be_visible()
    portal = device.page.get_by_role("link", name=device.words("backup.portal"))
    await expect(portal).to_have_attribute("href", f"/portal/{TENANT}")
    await _seen(device, "backup")
    await device.button("backup.later").click()
    await expect(reminder).to_have_count(0)
    await device.reload()
    await device.button("requests.check").click()
    await device.shows("requests.checked")
    await expect(reminder).to_have_count(0)

    await device.page.clock.set_fixed_time(device.site.house.clock.now() / 1000 + MONTH)
    await device.reload()
    await expect(reminder).to_be_visible()
    user = peer.account["user"]
    await device.site.house.services.enrollments.new_recovery_codes(
        self_of(TENANT, user, "alice"), TENANT, user
    )
    await device.button("requests.check").click()
    await expect(reminder).to_have_count(0)
