"""App passwords: made, used by old programs, revoked, guessed. Every test runs on both engines."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from pathlib import Path

import msgspec
import pytest

from tests.houses import PASSWORD, TENANT, Person, TestHouse, open_house
from tests.integration.app_passwords.scene import (
    CALENDAR,
    MAIL,
    VPN,
    add_alice,
    enter,
    furnish,
    make,
    refusal,
    user_of,
)
from vestibule.crypto.secret import Secret
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM, NotAllowed, self_of
from vestibule.model.app_password import MOST, generated
from vestibule.model.throttle import Factor
from vestibule.model.user import Requirement, UserStatus
from vestibule.model.verification import Reason
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.users import UserFields


@pytest.fixture
async def alice(house: TestHouse) -> Person:
    await furnish(house)
    return await add_alice(house)


async def kinds(house: TestHouse, prefix: str = "app_password.") -> list[str]:
    listed = await house.store.read(lambda tx: tx.events(TENANT, prefix, Page(100)))
    return sorted(event.kind for event in listed.rows)


# --- the rules ------------------------------------------------------------------------------------------


async def test_s40_all_app_passwords_are_revoked_at_once(house: TestHouse, alice: Person) -> None:
    """S40: the administrator deletes them all, and every one of them is refused from then on."""
    first, second = await make(house, alice), await make(house, alice, "Phone", (MAIL, CALENDAR))
    assert (await enter(house, first)).is_authenticated
    assert (await enter(house, second, CALENDAR)).is_authenticated
    passwords = house.services.app_passwords
    assert await passwords.revoke_all(SYSTEM, TENANT, alice.user.user_id) == 2
    for door, typed in ((MAIL, first), (MAIL, second), (CALENDAR, second)):
        assert (await enter(house, typed, door)).reason is Reason.PASSWORD_WRONG
    assert await passwords.list(SYSTEM, TENANT, alice.user.user_id) == ()
    assert await kinds(house) == ["app_password.all_revoked", "app_password.made", "app_password.made"]
    assert await passwords.revoke_all(SYSTEM, TENANT, alice.user.user_id) == 0
    assert "app_password.all_revoked" not in (await kinds(house))[1:], "nothing was done the second time"


async def test_s41_new_app_passwords_can_be_made_afterwards(house: TestHouse, alice: Person) -> None:
    """S41: with a new device the person makes new ones; the old ones stay dead."""
    old = await make(house, alice)
    await house.services.app_passwords.revoke_all(SYSTEM, TENANT, alice.user.user_id)
    new = await make(house, alice)
    assert (await enter(house, new)).is_authenticated
    assert not (await enter(house, old)).is_authenticated


async def test_s42_a_legacy_client_with_the_normal_password_is_refused(
    house: TestHouse, alice: Person
) -> None:
    """S42: with the reason, the constant of S75 and an event; the password itself is judged nowhere."""
    refused = await enter(house, PASSWORD)
    assert (refused.reason, refused.legacy_result) == (Reason.APP_PASSWORD_REQUIRED, "0x800434D4L")
    assert not refused.is_authenticated
    assert not refused.is_first_factor_proven
    assert await kinds(house) == ["app_password.required"]
    assert (await enter(house, "no password of hers")).reason is Reason.APP_PASSWORD_REQUIRED
    throttles = await house.store.read(lambda tx: tx.throttles(TENANT, alice.user.user_id))
    assert Factor.PASSWORD not in throttles, "an old program that keeps trying locks nobody out of the portal"


async def test_a_program_that_tries_on_is_an_event_a_day(house: TestHouse, alice: Person) -> None:
    """For each person and door; every attempt is in the list of attempts all the same."""
    for _ in range(3):
        await enter(house, PASSWORD)
    assert await kinds(house) == ["app_password.required"]
    await enter(house, PASSWORD, CALENDAR)
    await house.add_person("bob", requirement=Requirement.ENFORCED)
    await house.start("bob", PASSWORD, door=MAIL)
    assert await kinds(house) == ["app_password.required"] * 3
    for _ in range(5):
        house.clock.advance(6 * 3600)
        await enter(house, PASSWORD)
    assert await kinds(house) == ["app_password.required"] * 4
    assert len(await house.attempts(user_id=alice.user.user_id)) == 9


async def test_s43_the_same_client_gets_in_with_an_app_password(house: TestHouse, alice: Person) -> None:
    """S43: name and app password, with dashes or without; nothing else is asked for."""
    shown = await make(house, alice)
    assert (await enter(house, PASSWORD)).reason is Reason.APP_PASSWORD_REQUIRED
    accepted = await enter(house, shown)
    assert (accepted.reason, accepted.is_authenticated) == (Reason.APP_PASSWORD_VERIFIED, True)
    typed = shown.reveal()
    for spelled in (typed.replace("-", ""), typed.upper(), typed.replace("-", " ")):
        assert (await enter(house, spelled)).is_authenticated
    held = await house.services.app_passwords.list(SYSTEM, TENANT, alice.user.user_id)
    assert held[0].used_at == house.clock.now()
    assert [line.step for line in accepted.trace][:1] == ["app_password"]
    assert accepted.trace[0].facts == {"name": "Thunderbird on the laptop"}


async def test_s44_where_the_setting_is_off_none_can_be_made(house: TestHouse, alice: Person) -> None:
    """S44: off is the default; those there are open nothing while it is off."""
    shown = await make(house, alice)
    await house.change_settings(app_passwords=False)
    assert await refusal(house, alice) is Refusal.APP_PASSWORDS_OFF
    assert house.services.app_passwords.choices(await user_of(house, alice)) == ()
    assert (await enter(house, shown)).reason is Reason.APP_PASSWORD_REQUIRED
    await house.services.applications.add_tenant(SYSTEM, "fresh", "Fresh")
    assert not house.services.configuration.current.tenants["fresh"].settings.app_passwords


async def test_s45_a_modern_client_needs_none(house: TestHouse, alice: Person) -> None:
    """S45: it asks for the second factor; an app password is to it a password like any wrong one."""
    shown = await make(house, alice)
    asked = await house.start("alice", door=VPN)
    assert asked.reason is Reason.PASSCODE_PENDING
    assert (await enter(house, shown, VPN)).reason is Reason.PASSWORD_WRONG
    throttles = await house.store.read(lambda tx: tx.throttles(TENANT, alice.user.user_id))
    assert throttles[Factor.PASSWORD].failures == 1


# --- making ---------------------------------------------------------------------------------------------


async def test_forty_are_the_most(house: TestHouse, alice: Person) -> None:
    """Inventory 1.11: then one must go first. Those that were made void count no more."""
    made = [await make(house, alice, f"Program {number}") for number in range(MOST)]
    assert await refusal(house, alice) is Refusal.TOO_MANY
    held = await house.services.app_passwords.list(SYSTEM, TENANT, alice.user.user_id)
    assert len(held) == MOST == len({shown.reveal() for shown in made})
    await house.services.app_passwords.revoke(SYSTEM, TENANT, alice.user.user_id, held[0].app_password_id)
    await make(house, alice)
    assert await refusal(house, alice) is Refusal.TOO_MANY
    house.clock.advance(1)
    await house.change_user(alice, void_before=house.clock.now())
    await make(house, alice)
    assert len(await house.store.read(lambda tx: tx.app_passwords(TENANT, alice.user.user_id))) == 1


async def test_of_many_at_once_no_more_than_forty_are_made(house: TestHouse, alice: Person) -> None:
    made = await asyncio.gather(*(make(house, alice) for _ in range(MOST + 5)), return_exceptions=True)
    assert sum(isinstance(each, Secret) for each in made) == MOST
    assert all(isinstance(each, Secret | Refused) for each in made)


async def test_one_is_revoked_and_the_others_stay(house: TestHouse, alice: Person) -> None:
    """By the person himself, or by an administrator; nobody revokes, or sees, another's."""
    first, second = await make(house, alice), await make(house, alice, "Phone")
    bob = await house.add_person("bob")
    passwords, user_id = house.services.app_passwords, alice.user.user_id
    held = await passwords.list(self_of(TENANT, user_id, "alice"), TENANT, user_id)
    stranger = self_of(TENANT, bob.user.user_id, "bob")
    for forbidden in (
        passwords.list(stranger, TENANT, user_id),
        passwords.revoke(stranger, TENANT, user_id, held[0].app_password_id),
        passwords.revoke_all(stranger, TENANT, user_id),
    ):
        with pytest.raises(NotAllowed):
            await forbidden
    with pytest.raises(Refused):
        await passwords.revoke(stranger, TENANT, bob.user.user_id, held[0].app_password_id)
    revoked = await passwords.revoke(
        self_of(TENANT, user_id, "alice"), TENANT, user_id, held[0].app_password_id
    )
    assert revoked.name == "Thunderbird on the laptop"
    assert not (await enter(house, first)).is_authenticated
    assert (await enter(house, second)).is_authenticated
    with pytest.raises(Refused):
        await passwords.revoke(SYSTEM, TENANT, user_id, held[0].app_password_id)


# --- what it must never do (threats 2.8) ----------------------------------------------------------------


async def test_app03_it_dies_with_what_it_stands_on(house: TestHouse, alice: Person) -> None:
    """APP-03: disabled, blocked, made void, password reset, application off, removed."""
    users, user_id = house.services.users, alice.user.user_id
    shown = await make(house, alice)
    await users.edit(SYSTEM, TENANT, user_id, UserFields(status=UserStatus.DISABLED))
    assert (await enter(house, shown)).reason is Reason.USER_DISABLED
    await users.edit(SYSTEM, TENANT, user_id, UserFields(status=UserStatus.ACTIVE))
    await house.change_user(alice, blocked_until=house.clock.now() + 1000)
    assert (await enter(house, shown)).reason is Reason.USER_BLOCKED
    house.clock.advance(2)
    assert (await enter(house, shown)).is_authenticated, "not taken away, only the person was"
    mail = house.services.configuration.current.applications[TENANT, MAIL]
    await house.services.applications.change_application(
        SYSTEM, msgspec.structs.replace(mail, is_enabled=False)
    )
    assert (await enter(house, shown)).reason is Reason.APPLICATION_DISABLED
    mail = house.services.configuration.current.applications[TENANT, MAIL]
    await house.services.applications.change_application(
        SYSTEM, msgspec.structs.replace(mail, is_enabled=True)
    )
    house.clock.advance(1)
    await house.change_user(alice, void_before=house.clock.now())
    assert (await enter(house, shown)).reason is Reason.PASSWORD_WRONG
    assert await house.services.app_passwords.list(SYSTEM, TENANT, user_id) == ()
    shown = await make(house, alice)
    house.clock.advance(1)
    await users.edit(SYSTEM, TENANT, user_id, UserFields(), Secret("Looking-Glass-1871"))
    assert (await enter(house, shown)).reason is Reason.PASSWORD_WRONG, "the password was reset"
    shown = await make(house, alice)
    await users.remove(SYSTEM, TENANT, user_id)
    assert (await enter(house, shown)).reason is Reason.UNKNOWN_USER


async def test_app05_guessing_is_counted_locked_and_told(house: TestHouse, alice: Person) -> None:
    """APP-05: ten failures lock, the right one too; somebody hears of it; the portal stays open to her."""
    await house.change_settings(lockout_threshold=3)
    shown = await make(house, alice)
    guesses = [generated(secrets.randbelow).reveal() for _ in range(4)]
    reasons = [(await enter(house, guess)).reason for guess in guesses]
    assert reasons == [*[Reason.PASSWORD_WRONG] * 3, Reason.LOCKED_OUT]
    assert (await enter(house, shown)).reason is Reason.LOCKED_OUT
    assert await kinds(house, "user.locked") == ["user.locked"]
    assert (await house.start("alice", door=VPN)).reason is Reason.PASSCODE_PENDING
    await house.services.users.unlock(SYSTEM, TENANT, alice.user.user_id)
    assert (await enter(house, shown)).is_authenticated


async def test_app05_guesses_in_parallel_get_no_more_than_the_limit(house: TestHouse, alice: Person) -> None:
    """APP-05, BF-01"""
    await house.change_settings(lockout_threshold=3)
    reasons = await asyncio.gather(*(enter(house, generated(secrets.randbelow)) for _ in range(20)))
    judged = [each for each in reasons if each.reason is Reason.PASSWORD_WRONG]
    assert len(judged) == 3


async def test_a_revoked_one_is_dead_on_every_node(tmp_path: Path, postgres_url: str) -> None:
    """APP-03: the other node has no memory of its own."""
    async with open_house(tmp_path / "one", postgres_url) as one:
        await furnish(one)
        alice = await add_alice(one)
        shown = await make(one, alice)
        (tmp_path / "two").mkdir()
        shutil.copy(one.house.settings.key_file, tmp_path / "two")
        async with open_house(tmp_path / "two", postgres_url) as two:
            two.doors = one.doors
            assert (await enter(two, shown)).is_authenticated
            await one.services.app_passwords.revoke_all(SYSTEM, TENANT, alice.user.user_id)
            assert not (await enter(two, shown)).is_authenticated
