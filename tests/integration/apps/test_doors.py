"""The app at the other doors: portal, console pages and REST show the number and go on by themselves."""

from __future__ import annotations

import asyncio
import re

import httpx

from tests.houses import PASSWORD, TENANT
from tests.integration.apps.conftest import AppHouse
from tests.integration.http_api.house import API, HttpHouse
from vestibule.model.verification import Reason


async def test_rest_tells_the_number_and_waits(apps: AppHouse) -> None:
    _, (device,) = await apps.alice()
    inside = HttpHouse(apps.house, apps.app)
    async with inside.caller(await inside.add_key("verify")) as shop:
        begun = (
            await shop.post(f"{API}/verifications", json={"username": "alice", "password": PASSWORD})
        ).json()
        challenge = begun["challenge"]
        assert (challenge["channel"], challenge["method"], len(challenge["number"])) == ("app", "app", 2)
        waiting = asyncio.create_task(shop.get(f"{API}/verifications/{begun['id']}", params={"wait": 20}))
        await device.approve(await device.next_request(), challenge["number"])
        async with asyncio.timeout(5):
            assert (await waiting).json()["state"] == "approved"


async def test_a_check_without_a_passcode_asks_in_the_app(apps: AppHouse) -> None:
    """It waits for nothing: the number is read from the verification that it has begun."""
    _, (device,) = await apps.alice()
    inside = HttpHouse(apps.house, apps.app)
    async with inside.caller(await inside.add_key("verify")) as shop:
        wanted = {"username": "alice", "password": PASSWORD}
        begun = (await shop.post(f"{API}/check", json=wanted)).json()
        assert (begun["approved"], begun["state"]) == (False, "pending")
        path = f"{API}/verifications/{begun['id']}"
        number = (await shop.get(path)).json()["challenge"]["number"]
        await device.approve(await device.next_request(), number)
        assert (await shop.get(path)).json()["state"] == "approved"


def _field(page: httpx.Response, name: str) -> str:
    return page.text.partition(f'name="{name}" value="')[2].partition('"')[0]


async def _post(browser: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    page = await browser.get("/portal/troubleshooting")
    data = {"csrf_token": _field(page, "csrf_token"), **fields}
    return await browser.post(path, data=data, follow_redirects=True)


async def test_a_newcomer_adds_the_app_in_the_portal_and_signs_in_with_it(apps: AppHouse) -> None:
    """Without a script: code, number, home; then a sign-in with the number on the waiting page."""
    alice = await apps.house.add_bare_person("alice")
    del alice
    browser = apps.device().client
    home = await _post(browser, f"/portal/{TENANT}/sign-in", username="alice", password=PASSWORD)
    assert "Add Vestibule app" in home.text
    shown = await _post(browser, f"/portal/{TENANT}/authenticators/device/begin")
    assert shown.headers["cache-control"] == "no-store"
    code = shown.text.partition('<p class="number">')[2][:11]
    here = shown.text.partition('data-then="')[2].partition('"')[0]
    assert "This works once" not in (await browser.get(here)).text
    device = apps.device("Pixel <9>")
    await device.activate(code)
    page = (await browser.get(here)).text
    assert "Pixel &lt;9&gt;" in page
    number = number_on(page)
    assert code not in page
    state = asyncio.create_task(browser.get(f"{here}/state", params={"at": "number"}))
    await device.approve(await device.next_request(), number)
    async with asyncio.timeout(5):
        assert (await state).json() == {"moved": True}
    done = await browser.get(here, follow_redirects=True)
    assert "is ready" in done.text
    # Another browser, later.
    apps.house.clock.advance(1)
    other = apps.device().client
    waiting = await _post(other, f"/portal/{TENANT}/sign-in", username="alice", password=PASSWORD)
    assert "Type this number in the Vestibule app" in waiting.text
    number = number_on(waiting.text)
    await device.approve(await device.next_request(), number)
    inside = await other.get(f"/portal/{TENANT}/sign-in/second-factor", follow_redirects=True)
    assert "Pixel &lt;9&gt;" in inside.text
    portal = [one for one in await apps.house.attempts() if one.channel == "portal"]
    assert portal[-1].reason is Reason.APP_APPROVED


def number_on(page: str) -> str:
    """Return the number as it is seen; it is read digit by digit."""
    found = re.search(r'<p class="number large" role="img" aria-label="(\d) (\d)">(\d\d)</p>', page)
    assert found is not None
    assert found[1] + found[2] == found[3]
    return found[3]
