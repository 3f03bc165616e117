"""Editions at the console: changed for the tenant at hand; what is outside is marked, and refused by name."""

from __future__ import annotations

from tests.browser.plain import Plain
from tests.browser.scene import Site
from tests.browser.test_plain_forms import administrator
from tests.houses import TENANT
from vestibule.model.edition import Edition

CONSOLE = f"/console/tenants/{TENANT}"


async def test_b6_pages_mark_what_the_edition_lacks(site: Site) -> None:
    """B6, S18: and mark nothing any more with the full one."""
    marked = "Needs the edition “full”"
    async with Plain(site) as browser:
        await administrator(site, browser)
        assert marked not in (await browser.get(f"{CONSOLE}/settings")).text
        assert (await browser.post(f"{CONSOLE}/edition", edition="gold")).status_code == 404
        await browser.post(f"{CONSOLE}/edition", edition="free-suite")
        assert site.house.services.configuration.current.tenants[TENANT].edition is Edition.FREE_SUITE
        assert "has the edition free-suite now" in (await browser.get(f"{CONSOLE}/tenants")).text
        for page in ("settings", "clients", "api-keys", "voice-messages", "applications"):
            assert marked in (await browser.get(f"{CONSOLE}/{page}")).text, page
        assert marked not in (await browser.get(f"{CONSOLE}/users")).text
        refused = await browser.get(f"{CONSOLE}/attempts.csv")
        assert (refused.status_code, "needs the edition “full”" in refused.text) == (422, True)
        await browser.post(f"{CONSOLE}/edition", edition="full")
        assert (await browser.get(f"{CONSOLE}/attempts.csv")).status_code == 200


async def test_an_edition_that_lacks_what_is_in_use_is_refused(site: Site) -> None:
    await site.house.add_person("alice")
    async with Plain(site) as browser:
        await administrator(site, browser)
        refused = await browser.post(f"{CONSOLE}/edition", edition="free-admins")
        assert (refused.status_code, "suite_services" in refused.text) == (422, True)
