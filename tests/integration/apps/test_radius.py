"""A VPN whose user approves in the app: radclient at the door, the number in what it shows (PU-03)."""

from __future__ import annotations

import asyncio
import re

from tests.houses import PASSWORD
from tests.integration.apps.conftest import AppHouse
from tests.integration.phone.test_radius_waits import Concentrator, door, state_in
from vestibule.model.verification import Reason


def number_in(shown: str) -> str:
    found = re.search(r"Type the number (\d\d) in the Vestibule app", shown)
    assert found is not None, shown
    return found[1]


async def challenged(vpn: Concentrator) -> str:
    """Send the password and return what the challenge shows."""
    shown = await vpn.ask(PASSWORD)
    assert "Received Access-Challenge" in shown
    return shown


async def go_on(vpn: Concentrator, shown: str, typed: str = "", seconds: int = 20) -> str:
    return await vpn.ask(typed, f"State = {state_in(shown)}", seconds=seconds)


async def test_the_number_is_shown_at_once_and_opens_the_door(apps: AppHouse) -> None:
    _, (device,) = await apps.alice()
    async with door(apps) as vpn:
        shown = await challenged(vpn)
        waiting = asyncio.create_task(go_on(vpn, shown))
        done = await device.approve(await device.next_request(), number_in(shown))
        assert done["outcome"] == "approved"
        assert "Received Access-Accept" in await waiting
    (attempt,) = [one for one in await apps.house.attempts() if one.channel == "radius"]
    assert attempt.reason is Reason.APP_APPROVED


async def test_who_answers_before_he_presses_enter_is_let_in_by_it(apps: AppHouse) -> None:
    _, (device,) = await apps.alice()
    async with door(apps) as vpn:
        shown = await challenged(vpn)
        await device.approve(await device.next_request(), number_in(shown))
        assert "Received Access-Accept" in await go_on(vpn, shown)
        assert "Received Access-Reject" in await go_on(vpn, shown), "once"


async def test_a_denial_is_a_reject(apps: AppHouse) -> None:
    _, (device,) = await apps.alice()
    async with door(apps) as vpn:
        shown = await challenged(vpn)
        waiting = asyncio.create_task(go_on(vpn, shown))
        await device.answer(await device.next_request(), "deny")
        assert "Received Access-Reject" in await waiting


async def test_a_passcode_may_be_typed_instead(apps: AppHouse) -> None:
    """S48: the phone is without a signal."""
    _, (device,) = await apps.alice()
    async with door(apps) as vpn:
        shown = await challenged(vpn)
        apps.house.clock.advance(30)
        passcode = device.passcode(apps.house.clock.now())
        assert "Received Access-Accept" in await go_on(vpn, shown, passcode)
    assert await device.requests() == []


async def test_while_nothing_comes_the_number_is_shown_again(apps: AppHouse) -> None:
    _, (device,) = await apps.alice()
    async with door(apps, response_seconds=3) as vpn:
        shown = await challenged(vpn)
        again = await go_on(vpn, shown)
        assert "Received Access-Challenge" in again
        assert number_in(shown) in again
        waiting = asyncio.create_task(go_on(vpn, again))
        await device.approve(await device.next_request(), number_in(shown))
        assert "Received Access-Accept" in await waiting
    assert len([a for a in await apps.house.attempts() if a.channel == "radius"]) == 1


async def test_a_door_that_can_show_nothing_asks_for_a_passcode(apps: AppHouse) -> None:
    """Password and passcode in one field: no number could be shown, so nothing is asked in the app."""
    _, (device,) = await apps.alice()
    async with door(apps, mode="combined", passcode_length=6) as vpn:
        apps.house.clock.advance(30)
        assert "Received Access-Accept" in await vpn.ask(PASSWORD + device.passcode(apps.house.clock.now()))
        assert "Received Access-Reject" in await vpn.ask(PASSWORD + "000000")
    assert await device.requests() == []
