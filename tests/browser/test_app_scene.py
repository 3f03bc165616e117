"""All of it in Chromium: portal and app in two browsers, the real server between them, a VPN at the door.

A newcomer adds the app in the portal, signs in at the portal and at a VPN with the number, and denies what he
did not begin. Pictures are taken on the way.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest_asyncio
from playwright.async_api import Locator, expect

from tests.browser.app_scene import Device
from tests.browser.scene import Site, Window
from tests.houses import PASSWORD, TENANT, TestHouse
from tests.integration.apps.test_radius import challenged, go_on, number_in
from tests.integration.phone.test_radius_waits import door
from vestibule.model.actor import SYSTEM
from vestibule.model.verification import Reason
from vestibule.worker.rounds import make_rounds


@dataclass
class Scene:
    site: Site
    portal: Window
    app: Device

    @property
    def house(self) -> TestHouse:
        return self.site.house

    async def sign_in(self, window: Window) -> None:
        await window.go(self.site.portal)
        await window.fill(username="alice", password=PASSWORD)
        await window.press("Continue")

    async def show_number(self) -> Locator:
        """Follow the portal's page from the code to the number; return where it stands. The app is given a
        picture of that page."""
        await self.portal.press("Add Vestibule app")
        await self.portal.shoot("add-app-code")
        picture = self.site.pictures / "code-on-the-screen.png"
        await self.portal.page.screenshot(path=picture)
        await self.app.open("#add")
        async with self.app.page.expect_file_chooser() as choosing:
            await self.app.button("add.picture").click()
        await (await choosing.value).set_files(picture)
        await self.app.label("account.device").fill("Pixel 9")
        await self.app.button("add.add").click()
        number = self.portal.page.locator(".number")
        await expect(number).to_have_text(re.compile(r"^\d\d$"))
        return number

    async def add_app(self) -> None:
        """Follow it to the end."""
        number = await self.show_number()
        await self.portal.shoot("add-app-number")
        await self.app.label("request.number_activation").fill(await number.inner_text())
        await self.app.button("request.activate").click()
        await self.app.shows("outcome.activated")
        await expect(self.portal.page.locator("body")).to_contain_text("is ready")
        await self.portal.shoot("add-app-done")


@pytest_asyncio.fixture(loop_scope="session")
async def scene(site: Site, window: Window, device: Device) -> AsyncIterator[Scene]:
    """Alice, who holds nothing yet, signed in at the portal; beside it her phone with the app."""
    await site.house.add_bare_person("alice")
    rounds = asyncio.create_task(make_rounds(site.house.services))
    made = Scene(site, window, device)
    await made.sign_in(window)
    yield made
    rounds.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await rounds


async def test_the_app_is_added_and_opens_the_portal_and_the_vpn(scene: Scene) -> None:
    await scene.add_app()
    site, app = scene.site, scene.app
    # The portal, from another browser.
    site.house.clock.advance(1)
    other = await scene.portal.another()
    await scene.sign_in(other)
    await expect(other.page.get_by_text("Type this number in the Vestibule app")).to_be_visible()
    number = await other.page.locator(".number").inner_text()
    await other.shoot("sign-in-with-the-app")
    await app.approve(number)
    await expect(other.page.locator("h1")).to_have_text("Additional security verification")
    # The VPN.
    async with door(scene) as vpn:  # type: ignore[arg-type] # it needs the house only
        shown_there = await challenged(vpn)
        waiting = asyncio.create_task(go_on(vpn, shown_there))
        await app.approve(number_in(shown_there))
        assert "Received Access-Accept" in await waiting
        site.house.clock.advance(1)
        unwanted = await challenged(vpn)
        waiting = asyncio.create_task(go_on(vpn, unwanted))
        await app.button("request.deny").click()
        assert "Received Access-Reject" in await waiting
    reasons = [one.reason for one in await site.house.attempts() if one.channel == "radius"]
    assert sorted(reasons) == [Reason.APP_APPROVED, Reason.APP_DENIED]


async def test_an_app_that_was_removed_says_so_and_is_added_again(scene: Scene) -> None:
    """S73, S74: repaired by removing it in the app, and configuring it again in the portal."""
    await scene.add_app()
    house = scene.site.house
    held = await house.store.read(lambda tx: tx.subject_by_names(TENANT, ("alice",)))
    assert held is not None
    (device,) = held.authenticators
    await house.services.enrollments.remove(SYSTEM, TENANT, held.user.user_id, device.authenticator_id)
    await scene.app.reload()
    told = "Authentication request is not for an activated account"
    await expect(scene.app.accounts).to_contain_text(told)
    await scene.portal.page.reload()
    await scene.add_app()
