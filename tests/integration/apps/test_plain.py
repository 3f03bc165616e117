"""A VPN that can show nothing: the password alone rings in the app, where the tenant allows it."""

from __future__ import annotations

import asyncio

import msgspec

from tests.houses import PASSWORD
from tests.integration.apps.conftest import AppHouse
from tests.integration.phone.test_radius_waits import door
from vestibule.model.app_check import AppCheck
from vestibule.model.verification import Challenge, ChallengeState, Reason, VerificationState
from vestibule.services.answering import is_number_of


async def radius_attempts(apps: AppHouse) -> list[Reason]:
    return [one.reason for one in await apps.house.attempts() if one.channel == "radius"]


async def test_the_password_alone_rings_and_waits(apps: AppHouse) -> None:
    _, (device,) = await apps.alice()
    await apps.house.change_settings(app_plain_approval=True)
    async with door(apps, mode="combined", passcode_length=6) as vpn:
        waiting = asyncio.create_task(vpn.ask(PASSWORD, seconds=20))
        request = await device.next_request()
        assert request["digits"] == 0
        assert (await device.approve(request, ""))["outcome"] == "approved"
        assert "Received Access-Accept" in await waiting
        apps.house.clock.advance(1)
        waiting = asyncio.create_task(vpn.ask(PASSWORD, seconds=20))
        await device.answer(await device.next_request(), "deny")
        assert "Received Access-Reject" in await waiting
    assert await radius_attempts(apps) == [Reason.APP_APPROVED, Reason.APP_DENIED]


async def test_it_is_off_by_default(apps: AppHouse) -> None:
    _, (device,) = await apps.alice()
    async with door(apps, mode="combined", passcode_length=6) as vpn:
        assert "Received Access-Reject" in await vpn.ask(PASSWORD)
    assert await device.requests() == []
    assert await radius_attempts(apps) == [Reason.METHOD_NOT_ALLOWED]


async def test_a_door_that_shows_numbers_goes_on_asking_for_them(apps: AppHouse) -> None:
    """PU-03: the setting is for doors that cannot."""
    _, (device,) = await apps.alice()
    await apps.house.change_settings(app_plain_approval=True)
    async with door(apps) as vpn:
        assert "Received Access-Challenge" in await vpn.ask(PASSWORD)
    request = await device.next_request()
    assert request["digits"] == 2
    assert (await device.approve(request, ""))["outcome"] == "number_wrong"


async def test_a_number_where_none_is_shown_is_a_wrong_one(apps: AppHouse) -> None:
    """PU-07: none is signed, none is right."""
    _, (device,) = await apps.alice()
    await apps.house.change_settings(app_plain_approval=True)
    await apps.sign_in(can_show=False)
    request = await device.next_request()
    assert (await device.approve(request, "00"))["outcome"] == "number_wrong"


def test_no_number_is_right_where_one_should_have_been_shown() -> None:
    """PU-03: what does not say that it is plain, is not."""
    told = dict.fromkeys(("tenant_id", "challenge_id", "verification_id", "user_id", "client_id"), "x")
    bare = Challenge(
        **told,
        application_id="vpn",
        method="app",
        state=ChallengeState.OPEN,
        tries_left=3,
        expires_at=1,
        created_at=0,
    )
    assert not is_number_of(bare, "")
    assert is_number_of(msgspec.structs.replace(bare, progress={"shown_number": ""}), "")


async def test_who_has_nothing_that_can_ask_is_denied(apps: AppHouse) -> None:
    """PU-02: not with a wrong password; who has no app is denied at once, for he can type nothing more."""
    _, (device,) = await apps.alice()
    bob = await apps.house.add_person("bob")
    await apps.house.change_settings(app_plain_approval=True)
    async with door(apps, mode="combined", passcode_length=6) as vpn:
        assert "Received Access-Reject" in await vpn.ask("wrong")
        assert await device.requests() == []
        apps.house.clock.advance(1)
        assert "Received Access-Reject" in await vpn.ask(PASSWORD, user=bob.user.username)
    assert await radius_attempts(apps) == [Reason.PASSWORD_WRONG, Reason.PASSCODE_MALFORMED]


async def test_too_many_unanswered_requests_are_silent_here_too(apps: AppHouse) -> None:
    """PU-01."""
    _, (device,) = await apps.alice()
    await apps.house.change_settings(app_plain_approval=True)
    async with door(apps, mode="combined", passcode_length=6) as vpn:
        for _ in range(5):
            waiting = asyncio.create_task(vpn.ask(PASSWORD, seconds=20))
            await device.answer(await device.next_request(), "deny")
            await waiting
            apps.house.clock.advance(1)
        assert "Received Access-Reject" in await vpn.ask(PASSWORD)
    assert await device.requests() == []
    assert (await radius_attempts(apps))[-1] is Reason.APP_NOT_ASKED


async def test_a_client_that_loses_patience_ends_it(apps: AppHouse) -> None:
    """RA-25: a late approval admits nobody."""
    _, (device,) = await apps.alice()
    await apps.house.change_settings(app_plain_approval=True)
    async with door(apps, mode="combined", passcode_length=6, response_seconds=3) as vpn:
        assert "Received Access-Reject" in await vpn.ask(PASSWORD, seconds=20)
    assert await device.requests() == []
    (attempt,) = [one for one in await apps.house.attempts() if one.channel == "radius"]
    assert attempt.state is VerificationState.CANCELED


async def test_the_pin_is_asked_for_without_a_number_as_well(apps: AppHouse) -> None:
    _, (device,) = await apps.alice()
    await apps.house.change_settings(app_plain_approval=True, app_check=AppCheck.PIN)
    await apps.sign_in(can_show=False)
    request = await device.next_request()
    assert (request["digits"], request["with_pin"], request["hindrance"]) == (0, True, "no_pin")
