"""What approving needs besides the number, in the real app against the real server.

The PIN, and the unlock of the device by the virtual authenticator of Chromium. Pictures are taken on the way.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import CDPSession, expect

from tests.browser.app_scene import words
from tests.browser.scene import THEMES, Site, Window, set_up_administrator, sign_in_to_console
from tests.browser.test_app_scene import Scene, scene
from tests.houses import PASSWORD, TENANT
from tests.integration.apps.test_approval import number_of
from vestibule.crypto.secret import Secret
from vestibule.model.actor import SYSTEM
from vestibule.model.app_check import AppCheck
from vestibule.model.verification import Reason
from vestibule.services.outcome import Progress

__all__ = ["scene"]  # The fixture.

PIN, OTHER = "830519", "471602"


@pytest.fixture
def on_localhost(site: Site) -> None:
    """An address is no relying party (WebAuthn §5.1.2), so the site goes by its name."""
    site.url = site.url.replace("127.0.0.1", "localhost")


class Acting:
    """What is done in the app, whose only request is on the screen."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.page = scene.app.page
        self.content = self.page.locator("#content")

    async def asked(self) -> Progress:
        """Let Alice sign in, and wait for her app to show it."""
        self.scene.site.house.clock.advance(1)
        progress = await self.scene.site.house.start("alice", PASSWORD)
        await expect(self.page.get_by_role("heading", name=words("request.question"))).to_be_visible()
        return progress

    async def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            await self.page.get_by_label(words(f"request.{name}"), exact=True).fill(value)

    async def press(self, name: str = "request.approve") -> None:
        await self.page.get_by_role("button", name=words(name), exact=True).click()

    async def see(self, key: str, **values: str | int) -> None:
        await expect(self.content).to_contain_text(words(key, **values))

    async def see_in_dialog(self, key: str) -> None:
        await expect(self.scene.app.dialog).to_contain_text(words(key))

    async def end(self, progress: Progress) -> Reason:
        """Return how the sign-in ended, and wait until its card has gone."""
        ended = await self.scene.site.house.wait("alice", progress)
        assert ended is not None
        await expect(self.page.locator(".request")).to_have_count(0)
        return ended.reason

    async def shoot(self, name: str) -> None:
        for theme in THEMES:
            await self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            assert await self.scene.app.window.overflow() == 0
            picture = self.scene.site.pictures / f"{name}-{theme}.png"
            await self.page.screenshot(path=picture, full_page=True)


async def with_lock(app: Acting) -> tuple[CDPSession, dict[str, Any]]:
    """Give the device of the app a lock that opens; return who steers it, and what names it."""
    steering = await app.page.context.new_cdp_session(app.page)
    await steering.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    added = await steering.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return steering, {"authenticatorId": added["authenticatorId"]}


async def test_the_pin_wrong_right_and_due(scene: Scene) -> None:
    await scene.add_app()
    house, app = scene.site.house, Acting(scene)
    pins = house.services.pins
    await house.change_settings(app_check=AppCheck.PIN)
    # Without a PIN.
    progress = await app.asked()
    user_id = progress.verification.user_id
    await app.see("request.no_pin")
    await expect(app.page.get_by_role("button", name=words("request.approve"), exact=True)).to_have_count(0)
    await app.shoot("app-no-pin")
    await app.press("request.deny")
    assert await app.end(progress) is Reason.APP_DENIED
    # Wrong, then right.
    await pins.set(SYSTEM, TENANT, user_id, Secret(PIN), must_change=False)
    progress = await app.asked()
    await app.fill(number=number_of(progress))
    await app.press()
    await app.see("request.pin_missing")
    await app.fill(pin=OTHER)
    await app.press()
    await app.see("outcome.pin_wrong", count=2)
    await app.shoot("app-pin-wrong")
    await app.fill(pin=PIN)
    await app.press()
    assert await app.end(progress) is Reason.APP_APPROVED
    # Due.
    await pins.require_change(SYSTEM, TENANT, user_id)
    progress = await app.asked()
    await app.see("request.pin_due")
    await app.fill(number=number_of(progress), pin=PIN, new_pin="123456", new_pin_again=OTHER)
    await app.press()
    await app.see("request.new_pin_differs")
    await app.fill(new_pin_again="123456")
    await app.press()
    await expect(app.content).to_contain_text("three digits in a row that count up")
    await app.shoot("app-pin-due")
    await app.fill(new_pin=OTHER, new_pin_again=OTHER)
    await app.press()
    assert await app.end(progress) is Reason.APP_APPROVED
    assert (await pins.check(TENANT, user_id, Secret(OTHER))).state.is_proven


async def test_a_pin_that_becomes_due_meanwhile_is_changed_all_the_same(scene: Scene) -> None:
    await scene.add_app()
    house, app = scene.site.house, Acting(scene)
    await house.change_settings(app_check=AppCheck.PIN)
    held = await house.store.read(lambda tx: tx.subject_by_names(TENANT, ("alice",)))
    assert held is not None
    await house.services.pins.set(SYSTEM, TENANT, held.user.user_id, Secret(PIN), must_change=False)
    progress = await app.asked()
    await house.services.pins.require_change(SYSTEM, TENANT, held.user.user_id)
    await app.fill(number=number_of(progress), pin=PIN)
    await app.press()
    await app.see("outcome.pin_expired")
    await app.fill(new_pin=OTHER, new_pin_again=OTHER)
    await app.press()
    assert await app.end(progress) is Reason.APP_APPROVED


async def test_the_unlock_of_the_device(on_localhost: None, scene: Scene) -> None:
    house, app = scene.site.house, Acting(scene)
    await house.change_settings(app_check=AppCheck.UNLOCK)
    # A device that has no lock cannot be activated, and says so; with one it can.
    number = await scene.show_number()
    await app.fill(number_activation=await number.inner_text())
    await app.press("request.activate")
    await app.see("request.unlock_missing")
    await app.shoot("app-no-lock")
    lock, authenticator = await with_lock(app)
    await app.press("request.activate")
    await app.see("outcome.activated")
    # Approved with the number and the unlock.
    progress = await app.asked()
    await app.see("request.unlock")
    await app.shoot("app-unlock")
    await app.fill(number=number_of(progress))
    await app.press()
    assert await app.end(progress) is Reason.APP_APPROVED
    # Somebody else's finger opens nothing.
    await lock.send("WebAuthn.setUserVerified", {**authenticator, "isUserVerified": False})
    progress = await app.asked()
    await app.fill(number=number_of(progress))
    await app.press()
    await app.see("request.unlock_failed")
    await app.shoot("app-unlock-failed")
    await lock.send("WebAuthn.setUserVerified", {**authenticator, "isUserVerified": True})
    await app.press()
    assert await app.end(progress) is Reason.APP_APPROVED
    # Nor does it begin a move to another phone.
    await scene.app.manage("Vestibule")
    await app.press("move.title")
    await app.see_in_dialog("request.unlock")
    await lock.send("WebAuthn.setUserVerified", {**authenticator, "isUserVerified": False})
    await app.press("move.begin")
    await app.see_in_dialog("request.unlock_failed")
    await lock.send("WebAuthn.setUserVerified", {**authenticator, "isUserVerified": True})
    await app.press("move.begin")
    await expect(scene.app.dialog.locator(".qr")).to_be_visible()


async def test_at_an_address_nothing_is_unlocked(scene: Scene) -> None:
    """The site of the fixture has no name."""
    app = Acting(scene)
    await scene.site.house.change_settings(app_check=AppCheck.UNLOCK)
    await with_lock(app)
    number = await scene.show_number()
    await app.fill(number_activation=await number.inner_text())
    await app.press("request.activate")
    await app.see("request.unlock_address")


async def test_settings_of_the_app(window: Window) -> None:
    phone = await set_up_administrator(window)
    await sign_in_to_console(window, phone)
    await window.go(f"{window.site.console}/settings")
    await window.page.select_option("[name=app_check]", "unlock")
    await window.page.get_by_label("Approve without a number where a client can show none").check()
    await window.press("Save")
    await expect(window.page.locator("body")).to_contain_text("Saved.")
    await expect(window.page.locator("[name=app_check]")).to_have_value("unlock")
    await window.shoot("settings-of-the-app")
    settings = window.site.house.services.configuration.current.tenants[TENANT].settings
    assert (settings.app_check, settings.app_plain_approval) == (AppCheck.UNLOCK, True)


async def test_a_device_from_before_says_what_to_do(scene: Scene) -> None:
    await scene.add_app()
    app = Acting(scene)
    await scene.site.house.change_settings(app_check=AppCheck.UNLOCK)
    progress = await app.asked()
    await app.see("request.no_unlock")
    await app.shoot("app-no-unlock")
    await app.press("request.deny")
    assert await app.end(progress) is Reason.APP_DENIED
