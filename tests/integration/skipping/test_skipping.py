"""What stands for a second factor: each with its own result, its own switch, and an end."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.houses import PASSWORD, TENANT, Person, TestHouse
from vestibule.crypto.secret import Secret
from vestibule.model.actor import SYSTEM
from vestibule.model.application import Caching, SecondFactor
from vestibule.model.user import Requirement
from vestibule.model.verification import Reason
from vestibule.services.outcome import Progress
from vestibule.services.refusal import Refusal, Refused

HERE, ELSEWHERE = "192.0.2.7", "198.51.100.7"


async def change(house: TestHouse, door: str = "vpn", **fields: Any) -> None:
    application = house.services.configuration.current.applications[TENANT, door]
    changed = msgspec.structs.replace(application, **fields)
    await house.services.applications.change_application(SYSTEM, changed)


async def prove(house: TestHouse, person: Person, **fields: Any) -> Progress:
    progress = await house.start(person.user.username, PASSWORD, person.passcode(house.clock.now()), **fields)
    assert progress.reason is Reason.PASSCODE_VERIFIED
    house.clock.advance(30)
    return progress


async def start(house: TestHouse, **fields: Any) -> Progress:
    return await house.start("alice", **fields)


async def test_a_trusted_address_is_a_result_of_its_own(house: TestHouse) -> None:
    """Inventory 1.13: networks, ranges and addresses of both versions, at the application that names them."""
    await house.add_person("Alice")
    await change(house, trusted_addresses=("192.0.2.0/24", "2001:db8::1-2001:db8::9"))
    for address in (HERE, "::ffff:192.0.2.8", "2001:db8::5"):
        progress = await start(house, user_address=address)
        assert (progress.is_approved, progress.reason) == (True, Reason.TRUSTED_ADDRESS), address
    for address in (ELSEWHERE, "2001:db8::a", "", "nonsense"):
        assert (await start(house, user_address=address)).is_pending, address
    await change(house, trusted_addresses=())
    assert (await start(house, user_address=HERE)).is_pending


async def test_a_wrong_password_is_wrong_from_a_trusted_address_too(house: TestHouse) -> None:
    """First factor first."""
    await house.add_person("Alice")
    await change(house, trusted_addresses=(HERE,))
    assert (await house.start("alice", "wrong", user_address=HERE)).reason is Reason.PASSWORD_WRONG


async def test_the_addresses_of_the_tenant_hold_where_they_are_switched_on(house: TestHouse) -> None:
    await house.add_person("Alice")
    await house.change_settings(trusted_addresses=("192.0.2.0/24",))
    assert (await start(house, user_address=HERE)).is_pending
    await change(house, skips_trusted=True)
    assert (await start(house, user_address=HERE)).reason is Reason.TRUSTED_ADDRESS


@pytest.mark.parametrize(
    ("kind", "reason", "here", "other_address", "other_application"),
    [
        (Caching.USER, Reason.CACHED_FOR_USER, True, True, True),
        (Caching.APPLICATION, Reason.CACHED_FOR_APPLICATION, True, True, False),
        (Caching.ADDRESS, Reason.CACHED_FOR_ADDRESS, True, False, False),
    ],
)
async def test_a_proof_of_a_moment_ago_counts_for_whom_it_is_said(
    house: TestHouse, kind: Caching, reason: Reason, here: bool, other_address: bool, other_application: bool
) -> None:
    """Inventory 1.14: by user, by user and application, by user, application and address."""
    alice = await house.add_person("Alice")
    await house.add_person("Bob")
    await house.add_application("mail")
    for door in ("vpn", "mail"):
        await change(house, door, caching=kind, caching_seconds=120)
    await prove(house, alice, user_address=HERE)
    same = await start(house, user_address=HERE)
    assert (same.is_approved, same.reason) == (here, reason)
    assert same.verification.trace[-1].facts["seconds"] == "30"
    assert (await start(house, user_address=ELSEWHERE)).is_approved is other_address
    assert (await start(house, user_address=HERE, door="mail")).is_approved is other_application
    assert (await house.start("bob", user_address=HERE)).is_pending
    assert (await house.start("alice", "wrong", user_address=HERE)).reason is Reason.PASSWORD_WRONG


async def test_a_cached_proof_ends_and_is_not_made_longer_by_its_use(house: TestHouse) -> None:
    alice = await house.add_person("Alice")
    await change(house, caching=Caching.USER, caching_seconds=60)
    await prove(house, alice)
    assert (await start(house)).reason is Reason.CACHED_FOR_USER
    house.clock.advance(31)
    assert (await start(house)).is_pending


async def test_an_address_that_nobody_told_is_never_the_same(house: TestHouse) -> None:
    alice = await house.add_person("Alice")
    await change(house, caching=Caching.ADDRESS, caching_seconds=120)
    await prove(house, alice)
    assert (await start(house)).is_pending


async def test_what_was_proven_before_everything_was_voided_counts_no_more(house: TestHouse) -> None:
    alice = await house.add_person("Alice")
    await change(house, caching=Caching.USER, caching_seconds=3600, remember_days=14)
    progress = await prove(house, alice)
    token = await house.services.remembered_browsers.remember(progress.verification, "Firefox")
    await house.change_user(alice, void_before=house.clock.now() - 29_000)
    assert (await start(house, browser=token)).is_pending


async def remembered(house: TestHouse, person: Person, **fields: Any) -> Secret[str]:
    progress = await prove(house, person, **fields)
    token = await house.services.remembered_browsers.remember(progress.verification, "Firefox, Windows")
    assert token is not None
    return token


async def test_a_remembered_browser_is_known_for_its_days(house: TestHouse) -> None:
    """Inventory 1.12: 14 days, this browser only."""
    alice = await house.add_person("Alice")
    await change(house, remember_days=14)
    token = await remembered(house, alice)
    again = await start(house, browser=token)
    assert (again.is_approved, again.reason) == (True, Reason.REMEMBERED_BROWSER)
    assert (await start(house)).is_pending, "another browser"
    assert (await start(house, browser=Secret("made up"))).is_pending
    assert (await house.start("alice", "wrong", browser=token)).reason is Reason.PASSWORD_WRONG
    house.clock.advance(14 * 86_400)
    assert (await start(house, browser=token)).is_pending


async def test_a_remembered_browser_is_one_persons_at_one_application(house: TestHouse) -> None:
    alice = await house.add_person("Alice")
    await house.add_person("Bob")
    await house.add_application("mail")
    for door in ("vpn", "mail"):
        await change(house, door, remember_days=14)
    token = await remembered(house, alice)
    assert (await house.start("bob", browser=token)).is_pending
    assert (await start(house, browser=token, door="mail")).is_pending


async def test_switching_it_off_forgets_and_fewer_days_hold_at_once(house: TestHouse) -> None:
    alice = await house.add_person("Alice")
    await change(house, remember_days=14)
    token = await remembered(house, alice)
    house.clock.advance(3 * 86_400)
    await change(house, remember_days=2)
    assert (await start(house, browser=token)).is_pending
    await change(house, remember_days=0)
    assert (await start(house, browser=token)).is_pending
    await change(house, remember_days=14)
    assert (await start(house, browser=token)).is_approved


async def test_browsers_are_listed_and_forgotten_one_by_one_and_all(house: TestHouse) -> None:
    alice = await house.add_person("Alice")
    await change(house, remember_days=14)
    first, second = await remembered(house, alice), await remembered(house, alice)
    browsers = house.services.remembered_browsers
    who = (SYSTEM, TENANT, alice.user.user_id)
    listed = await browsers.list(*who)
    assert [browser.label for browser in listed] == ["Firefox, Windows"] * 2
    oldest = min(listed, key=lambda browser: browser.proven_at)
    await browsers.forget(*who, oldest.browser_id)
    with pytest.raises(Refused) as refused:
        await browsers.forget(*who, oldest.browser_id)
    assert refused.value.why is Refusal.NOT_FOUND
    assert (await start(house, browser=first)).is_pending
    assert (await start(house, browser=second)).is_approved
    assert await browsers.forget_all(*who) == 1
    assert (await start(house, browser=second)).is_pending


async def test_nothing_is_remembered_of_who_was_let_in_without_a_second_factor(house: TestHouse) -> None:
    """A remembered browser does not live on from itself, nor from a trusted address."""
    alice = await house.add_person("Alice")
    await change(house, remember_days=14, trusted_addresses=(HERE,))
    token = await remembered(house, alice)
    for fields in ({"browser": token}, {"user_address": HERE}):
        progress = await start(house, **fields)
        assert progress.is_approved
        assert await house.services.remembered_browsers.remember(progress.verification, "") is None


async def test_a_state_that_demands_a_second_factor_has_it_demanded_at_a_door_by_rules(
    house: TestHouse,
) -> None:
    """Inventory 1.35."""
    alice = await house.add_person("Alice")
    await change(house, second_factor=SecondFactor.BY_RULES)
    assert (await start(house)).reason is Reason.NOT_REQUIRED
    await house.change_user(alice, requirement=Requirement.ENABLED)
    assert (await start(house)).is_pending


async def test_what_cannot_be_is_refused_with_its_name(house: TestHouse) -> None:
    for fields, told in (
        ({"trusted_addresses": ("192.0.2.0/24", "somewhere")}, "trusted_addresses: somewhere"),
        ({"remember_days": 366}, "remember_days: 0…365"),
        ({"caching": Caching.USER, "caching_seconds": 0}, "caching_seconds: 1…86400"),
    ):
        with pytest.raises(Refused) as refused:
            await change(house, **fields)
        assert refused.value.key == told
    with pytest.raises(Refused):
        await house.change_settings(trusted_addresses=("192.0.2.1/24",))
