"""What became of a request at each device is read in REST, in the console and on the command line (S7)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.houses import PASSWORD, TENANT, Person
from tests.integration.apps.conftest import AppHouse, app_house
from tests.integration.apps.test_approval import number_of
from tests.integration.apps.test_doors import _post
from tests.integration.cli.conftest import CommandLine
from tests.integration.http_api.house import API, HttpHouse
from vestibule.model.actor import SYSTEM
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import Role


@pytest.fixture
async def apps(tmp_path: Path) -> AsyncIterator[AppHouse]:
    async with app_house(tmp_path) as made:
        yield made


async def decided(apps: AppHouse) -> tuple[str, str]:
    """Let one of two devices decide, of which the other is not reached; return the attempt and its device."""
    _, (phone, tablet) = await apps.alice("Pixel <9>", "Tablet")
    progress = await apps.sign_in()
    await phone.approve(await phone.next_request(), number_of(progress))
    row = (await apps.house.attempts())[-1]

    async def mark() -> None:
        identifier = tablet.account["authenticator"]
        held = await apps.house.store.read(lambda tx: tx.authenticator(TENANT, identifier))
        assert held is not None
        held.parameters["unreachable_since"] = apps.house.clock.now()
        await apps.house.store.transact(lambda tx: tx.replace_authenticator(held))

    await mark()
    await apps.house.services.device_records.close()
    assert await apps.house.services.device_records.of(SYSTEM, row)
    return row.verification_id, row.device


async def console(apps: AppHouse, page: str) -> str:
    """Sign an administrator in and return a page of the console."""
    admin: Person = await apps.house.add_person(
        "admin", "hotp", SYSTEM_TENANT, role=Role.ADMINISTRATOR, language="en"
    )
    browser = apps.device().client
    await _post(browser, "/console/sign-in", username="admin", password=PASSWORD)
    await _post(browser, "/console/sign-in/second-factor", passcode=admin.passcode(0).reveal())
    shown = await browser.get(f"/console/tenants/{TENANT}{page}")
    assert shown.status_code == 200
    return shown.text


async def test_rest_tells_it(apps: AppHouse) -> None:
    attempt, fingerprint = await decided(apps)
    inside = HttpHouse(apps.house, apps.app)
    async with inside.caller(await inside.add_key("admin")) as caller:
        told = (await caller.get(f"{API}/attempts/{attempt}")).json()
        assert told["device"] == fingerprint
        devices = {device["label"]: device for device in told["devices"]}
        assert devices["Pixel <9>"]["decision"] == "decided"
        assert {"no_push", "shown"} == {each["fact"] for each in devices["Pixel <9>"]["facts"]}
        assert devices["Tablet"]["decision"] == "another"
        user = (await caller.get(f"{API}/users/{told['user_id']}")).json()
        held = {one["label"]: one for one in user["authenticators"]}
        assert held["Pixel <9>"]["device"] == fingerprint
        assert held["Tablet"]["unreachable_since"] == apps.house.clock.now()


async def test_the_console_shows_it(apps: AppHouse) -> None:
    attempt, fingerprint = await decided(apps)
    page = await console(apps, f"/attempts/{attempt}")
    assert fingerprint in page
    devices = page.partition('id="devices"')[2].partition("</section>")[0]
    assert "Pixel &lt;9&gt;" in devices
    for words in ("Request shown", "Decided on this device", "Another device decided", "no notifications"):
        assert words in devices


async def test_a_device_that_is_not_reached_is_seen(apps: AppHouse) -> None:
    await decided(apps)
    alice = (await apps.house.attempts())[-1].user_id
    assert "Notifications have not arrived on this device since" in await console(
        apps, f"/users/{alice}/methods"
    )


async def test_the_command_line_shows_it(apps: AppHouse, tmp_path: Path) -> None:
    attempt, fingerprint = await decided(apps)
    cli = CommandLine({"VESTIBULE_STATE_DIRECTORY": str(tmp_path)}, tmp_path)
    shown = await asyncio.to_thread(cli.out, "attempts", "show", attempt)
    for words in (fingerprint, "Devices that were asked", "Pixel <9>", "Decided on this device"):
        assert words in shown
    told = await asyncio.to_thread(cli.json, "attempts", "show", attempt)
    assert [device["decision"] for device in told["devices"]] == ["decided", "another"]
    listed = await asyncio.to_thread(cli.out, "authenticator", "list", "alice")
    assert "not reached since" in listed
