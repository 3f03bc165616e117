"""The app names the country from which a sign-in is asked for, in the language of its owner."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from playwright.async_api import expect

from tests.browser.scene import Site, Window
from tests.integration.apps.conftest import AppHouse
from tests.peers.chromium import Chromium
from tests.peers.country_file import write_countries
from vestibule import catalog
from vestibule.model.application import FirstFactor
from vestibule.runtime.country_database import CountryDatabase


def words(key: str) -> str:
    return catalog.text("de", f"app.{key}")


async def test_the_country_is_named_in_german(site: Site, chromium: Chromium, tmp_path: Path) -> None:
    house = site.house
    house.services.apps._countries = CountryDatabase(
        write_countries(tmp_path / "countries.mmdb", {"203.0.113.0/24": "DE"})
    )
    alice = await house.add_bare_person("alice")
    alice.secret = b""
    await house.add_application("vpn", FirstFactor.LOCAL)
    signed_in = await AppHouse(house, cast("Any", None)).session_of(alice)
    begun = await house.services.app_activations.begin(signed_in)

    app = Window(site, await chromium.page(viewport={"width": 390, "height": 844}, locale="de-DE"))
    await app.go(f"{site.url}/app/#activate={begun.code.reveal()}")
    await app.page.get_by_label(words("account.device")).fill("Pixel 9")
    await app.page.get_by_role("button", name=words("add.add"), exact=True).click()
    number = app.page.get_by_label(words("request.number_activation"))
    await expect(number).to_be_visible()
    stage = await house.services.app_activations.stage(signed_in, begun.authenticator_id)
    await number.fill(stage.number)
    await app.page.get_by_role("button", name=words("request.activate"), exact=True).click()
    await expect(app.page.locator("#content")).to_contain_text(words("outcome.activated"))

    await house.start("alice", user_address="203.0.113.7")
    facts = app.page.locator("dl.facts").filter(has_text="203.0.113.7")
    await expect(facts).to_contain_text(f"{words('request.country')}Deutschland")
    site.pictures.mkdir(exist_ok=True)
    await app.page.screenshot(path=site.pictures / "app-request-country.png")
    assert app.problems == []
