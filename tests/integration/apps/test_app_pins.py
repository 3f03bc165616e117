"""The PIN beside the number: judged and counted as everywhere, and changed in the app when it is due."""

from __future__ import annotations

from typing import Any

import pytest

from tests.houses import TENANT
from tests.integration.apps.conftest import PLACE, AppHouse
from tests.integration.apps.test_approval import another, number_of
from tests.peers.app_device import AppDevice, AppError
from vestibule.crypto.secret import Secret
from vestibule.model.actor import SYSTEM
from vestibule.model.app_check import AppCheck
from vestibule.model.pin import PinState
from vestibule.model.throttle import Factor
from vestibule.model.verification import Reason, VerificationState
from vestibule.services.outcome import Progress

PIN, OTHER = "830519", "471602"


async def asked(
    apps: AppHouse, pin: str = PIN, *, must_change: bool = False
) -> tuple[Progress, AppDevice, dict[str, Any]]:
    """Let Alice, who has this PIN, sign in where one is asked for."""
    alice, (device,) = await apps.alice()
    await apps.house.change_settings(app_check=AppCheck.PIN)
    if pin:
        pins = apps.house.services.pins
        await pins.set(SYSTEM, TENANT, alice.user.user_id, Secret(pin), must_change=must_change)
    progress = await apps.sign_in()
    return progress, device, await device.next_request()


async def state_of(apps: AppHouse, progress: Progress, pin: str) -> PinState:
    user_id = progress.verification.user_id
    return (await apps.house.services.pins.check(TENANT, user_id, Secret(pin))).state


async def failures(apps: AppHouse, user_id: str) -> int:
    found = await apps.house.store.read(lambda tx: tx.throttles(TENANT, user_id))
    return found[Factor.PIN].failures


async def test_number_and_pin_open_the_door(apps: AppHouse) -> None:
    progress, device, request = await asked(apps)
    assert (request["with_pin"], request["pin_due"], request["hindrance"]) == (True, False, "")
    done = await device.approve(request, number_of(progress), pin=PIN)
    assert done["outcome"] == "approved"
    waited = await apps.house.wait("alice", progress, user_address=PLACE)
    assert waited is not None
    assert waited.is_approved


async def test_a_wrong_pin_ends_it_after_three(apps: AppHouse) -> None:
    """PU-03: the number alone opens nothing; each counts for the PIN, whatever asks for it."""
    progress, device, request = await asked(apps)
    number = number_of(progress)
    outcomes = [await device.approve(request, number, pin=pin) for pin in (OTHER, "", OTHER)]
    assert [(one["outcome"], one["tries_left"]) for one in outcomes] == [
        ("pin_wrong", 2),
        ("pin_wrong", 1),
        ("pin_wrong", 0),
    ]
    attempt = (await apps.house.attempts())[-1]
    assert (attempt.state, attempt.reason) == (VerificationState.DENIED, Reason.APP_PIN_WRONG)
    assert attempt.legacy_result == "FAILED_PHONE_APP_INVALID_PIN"
    assert await failures(apps, attempt.user_id) == 3
    with pytest.raises(AppError, match="over"):
        await device.approve(request, number, pin=PIN)


async def test_what_is_over_neither_counts_nor_changes_a_pin(apps: AppHouse) -> None:
    progress, device, request = await asked(apps, must_change=True)
    number = number_of(progress)
    await device.answer(request, "deny")
    for pin in (OTHER, PIN):
        with pytest.raises(AppError, match="over"):
            await device.approve(request, number, pin=pin, new_pin="620947")
    throttles = await apps.house.store.read(lambda tx: tx.throttles(TENANT, progress.verification.user_id))
    assert Factor.PIN not in throttles
    assert (await state_of(apps, progress, PIN)).is_proven


async def test_a_locked_pin_opens_nothing(apps: AppHouse) -> None:
    """PU-04: however many sign-ins the guesses are spread over, the right one comes too late."""
    progress, device, request = await asked(apps)
    await apps.house.change_settings(lockout_threshold=2)
    for _ in range(2):
        await state_of(apps, progress, OTHER)
    done = await device.approve(request, number_of(progress), pin=PIN)
    assert done["outcome"] == "pin_wrong"


async def test_after_a_wrong_pin_silence_is_no_answer(apps: AppHouse) -> None:
    progress, device, request = await asked(apps)
    await device.approve(request, number_of(progress), pin=OTHER)
    apps.house.clock.advance(61)
    await apps.expire()
    attempt = (await apps.house.attempts())[-1]
    assert (attempt.state, attempt.reason) == (VerificationState.EXPIRED, Reason.APP_NO_ANSWER)
    assert attempt.legacy_result == "FAILED_PHONE_APP_NO_RESPONSE"


async def test_a_wrong_number_is_told_first(apps: AppHouse) -> None:
    progress, device, request = await asked(apps)
    done = await device.approve(request, another(number_of(progress)), pin=PIN)
    assert (done["outcome"], done["tries_left"]) == ("number_wrong", 2)


async def test_who_has_no_pin_is_told_so_and_can_deny(apps: AppHouse) -> None:
    progress, device, request = await asked(apps, pin="")
    assert request["hindrance"] == "no_pin"
    with pytest.raises(AppError, match="Ask your administrator") as error:
        await device.approve(request, number_of(progress), pin=PIN)
    assert (error.value.status, error.value.code) == (409, "no_pin")
    assert (await device.requests())[0]["tries_left"] == 3
    assert (await device.answer(request, "deny"))["outcome"] == "denied"


async def test_a_pin_that_is_due_is_changed_with_the_approval(apps: AppHouse) -> None:
    progress, device, request = await asked(apps, must_change=True)
    number = number_of(progress)
    assert request["pin_due"] is True
    expired = await device.approve(request, number, pin=PIN)
    assert (expired["outcome"], expired["tries_left"]) == ("pin_expired", 3)
    simple = await device.approve(request, number, pin=PIN, new_pin="123456")
    assert (simple["outcome"], simple["tries_left"]) == ("pin_unsuitable", 3)
    assert "three digits in a row that count up" in simple["message"]
    used = await device.approve(request, number, pin=PIN, new_pin=PIN)
    assert used["outcome"] == "pin_unsuitable"
    done = await device.approve(request, number, pin=PIN, new_pin=OTHER)
    assert done["outcome"] == "approved"
    assert await state_of(apps, progress, OTHER) is PinState.RIGHT


async def test_a_pin_that_has_expired_is_due(apps: AppHouse) -> None:
    progress, device, _ = await asked(apps)
    await device.answer(await device.next_request(), "deny")
    await apps.house.change_settings(pin_expiry_days=1)
    apps.house.clock.advance(86_401)
    progress = await apps.sign_in()
    request = await device.next_request()
    assert request["pin_due"] is True
    done = await device.approve(request, number_of(progress), pin=PIN, new_pin=OTHER)
    assert done["outcome"] == "approved"


@pytest.mark.parametrize("wrong", ["number", "pin"])
async def test_what_is_not_proven_changes_no_pin(apps: AppHouse, wrong: str) -> None:
    progress, device, request = await asked(apps, must_change=True)
    number = number_of(progress)
    if wrong == "number":
        await device.approve(request, another(number), pin=PIN, new_pin=OTHER)
    else:
        await device.approve(request, number, pin="909192", new_pin=OTHER)
    assert await state_of(apps, progress, PIN) is PinState.MUST_CHANGE


async def test_a_request_asks_what_was_set_when_it_was_made(apps: AppHouse) -> None:
    """Nobody is asked for what he was not shown, nor let off it by a change meanwhile."""
    progress, device, request = await asked(apps)
    await apps.house.change_settings(app_check=AppCheck.NOTHING)
    assert (await device.approve(request, number_of(progress)))["outcome"] == "pin_wrong"
    following = await device.next_request()
    assert following["with_pin"] is True


async def test_an_activation_asks_for_no_pin(apps: AppHouse) -> None:
    """A newcomer has none."""
    await apps.house.change_settings(app_check=AppCheck.PIN)
    _, (device,) = await apps.alice()
    assert await device.requests() == []
