"""Passcodes in the app: of accounts of this server and of others, by link, by hand and from a picture."""

from __future__ import annotations

from pathlib import Path

import segno
from playwright.async_api import expect

from tests.browser.app_scene import FOREIGN, FOREIGN_LINK, Device, MakeDevice, oathtool, words

OTHER = FOREIGN[::-1]


async def test_an_account_of_another_service_is_added_by_its_link(make_device: MakeDevice) -> None:
    """Nothing of it is sent; the same account again takes the place of the old one."""
    device = await make_device(permissions=["clipboard-read", "clipboard-write"])
    now, sent = device.site.house.clock.now(), []
    device.page.on("request", lambda request: sent.append(request.url) if "/v1/" in request.url else None)
    await device.bring(FOREIGN_LINK)
    await device.shows("add.foreign_title")
    await expect(device.label("add.issuer")).to_have_value("Bank")
    await device.button("add.add").click()
    await expect(device.accounts).to_contain_text("bob@bank.example")
    assert await device.passcode("Bank") == oathtool(FOREIGN, now)
    await device.accounts.get_by_role("button", name="Copy the passcode of").click()
    await expect(device.said).to_have_text(words("accounts.copied"))
    assert await device.page.evaluate("navigator.clipboard.readText()") == oathtool(FOREIGN, now)

    await device.bring(FOREIGN_LINK.replace(FOREIGN, OTHER))
    await device.shows("add.again")
    await device.button("add.add").click()
    expected = oathtool(OTHER, now)
    await expect(device.page.locator(".passcode-now")).to_have_text(f"{expected[:3]} {expected[3:]}")

    await device.bring(f"otpauth://totp/Safe?secret={FOREIGN}&algorithm=SHA256&digits=8&period=60")
    await device.button("add.add").click()
    expected = oathtool(FOREIGN, now, "--totp=sha256", "--digits=8", "--time-step-size=60s")
    safe = device.accounts.filter(has_text="Safe").locator(".passcode-now")
    await expect(safe).to_have_text(f"{expected[:4]} {expected[4:]}")
    assert sent == []


async def test_an_account_is_added_by_a_key_that_is_typed(device: Device) -> None:
    await device.open("#add")
    await device.page.get_by_text(words("add.by_hand")).click()
    await device.label("add.issuer").fill("Mail")
    key = device.label("add.key")
    await key.fill("no key 1")
    await device.button("add.add").click()
    await device.shows("problem.key")
    await key.fill(" ".join(FOREIGN[at : at + 4].lower() for at in range(0, len(FOREIGN), 4)))
    await device.button("add.add").click()
    assert await device.passcode("Mail") == oathtool(FOREIGN, device.site.house.clock.now())


async def test_an_account_is_read_from_a_picture_of_a_qr_code(device: Device, tmp_path: Path) -> None:
    empty, picture = tmp_path / "empty.png", tmp_path / "code.png"
    segno.make(FOREIGN_LINK, error="m").save(str(picture), scale=6)
    await device.open("#add")
    await device.page.screenshot(path=empty)
    for chosen, shown in ((empty, "problem.no_code_in_picture"), (picture, "add.foreign_title")):
        async with device.page.expect_file_chooser() as choosing:
            await device.button("add.picture").click()
        await (await choosing.value).set_files(chosen)
        await device.shows(shown)
    await device.button("add.add").click()
    await device.passcode("Bank")


async def test_a_wrong_clock_of_the_device_is_told(device: Device) -> None:
    """Passcodes of this server go by its clock."""
    now = device.site.house.clock.now()
    await device.page.clock.set_fixed_time(now / 1000 - 600)
    peer = await device.hold_alice()
    await device.shows("clock_wrong", seconds=600)
    secret = peer.account["passcodes"]["secret"]
    shown = device.page.locator(".passcode-now")
    expected = oathtool(secret, now)
    await expect(shown).to_have_text(f"{expected[:3]} {expected[3:]}")
