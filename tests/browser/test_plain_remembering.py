"""A browser is remembered where it is offered and wanted, and forgotten at the person's word."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.browser.plain import Plain
from tests.browser.scene import Phone, Site
from tests.houses import PASSWORD, TENANT
from vestibule.model.actor import SYSTEM
from vestibule.model.verification import Reason

HOME = f"/portal/{TENANT}"


async def portal(site: Site, **fields: Any) -> None:
    services = site.house.services
    application = services.configuration.current.applications[TENANT, "portal"]
    await services.applications.change_application(SYSTEM, msgspec.structs.replace(application, **fields))


async def sign_in(browser: Plain, name: str, phone: Phone, **fields: str) -> None:
    await browser.post(f"{HOME}/sign-in", username=name, password=PASSWORD, **fields)
    await browser.post(f"{HOME}/sign-in/second-factor", passcode=phone.passcode(), kind="passcode")


async def test_a_browser_is_remembered_and_forgotten(site: Site) -> None:
    """Inventory 1.12: by a tick at the password; seen and revoked under Security."""
    alice = await site.house.add_person("alice")
    phone = Phone(site, alice.secret)
    async with Plain(site, **{"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/130.0"}) as browser:
        assert "Ask for no second factor" not in (await browser.get(f"{HOME}/sign-in")).text
        await portal(site, remember_days=14)
        assert "in this browser for 14 days" in (await browser.get(f"{HOME}/sign-in")).text
        await sign_in(browser, "alice", phone, remember="yes")
        security = (await browser.get(f"{HOME}/security")).text
        assert "Firefox, Windows" in security
        await browser.post(f"{HOME}/sign-out")

        entered = await browser.sign_in("alice")
        assert entered.headers["location"] == f"{HOME}/"
        attempts = await site.house.attempts(user_id=alice.user.user_id)
        assert attempts[-1].reason is Reason.REMEMBERED_BROWSER
        # Who was not asked proves himself before he changes what he signs in with (ENR-07).
        wants = await browser.post(f"{HOME}/authenticators/app/begin")
        assert "/confirm" in wants.headers.get("location", "")

        await browser.post(f"{HOME}/browsers/forget")
        assert "Firefox, Windows" not in (await browser.get(f"{HOME}/security")).text
        await browser.post(f"{HOME}/sign-out")
        again = await browser.sign_in("alice")
        assert again.headers["location"].startswith(f"{HOME}/sign-in/second-factor")


async def test_a_browser_is_not_remembered_unasked(site: Site) -> None:
    alice = await site.house.add_person("alice")
    await portal(site, remember_days=14)
    async with Plain(site) as browser:
        await sign_in(browser, "alice", Phone(site, alice.secret))
        await browser.post(f"{HOME}/sign-out")
        again = await browser.sign_in("alice")
        assert again.headers["location"].startswith(f"{HOME}/sign-in/second-factor")
