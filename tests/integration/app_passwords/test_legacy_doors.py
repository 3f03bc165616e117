"""What app passwords are made for, by whom, and what they never open. SQLite: no store plays a part here."""

from __future__ import annotations

from collections.abc import AsyncIterator
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
    signed_in,
    user_of,
)
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM, NotAllowed
from vestibule.model.application import Caching, FirstFactor, SecondFactor
from vestibule.model.throttle import Factor
from vestibule.model.user import Requirement
from vestibule.model.verification import SECOND_FACTOR_NOT_PROVEN, Reason
from vestibule.services.refusal import Refusal, Refused


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[TestHouse]:
    async with open_house(tmp_path / "state") as opened:
        yield opened


@pytest.fixture
async def alice(house: TestHouse) -> Person:
    await furnish(house)
    return await add_alice(house)


async def test_s75_the_attempt_carries_the_code_that_people_search_for(
    house: TestHouse, alice: Person
) -> None:
    """S75, B7: 0x800434D4L stands in the attempt of a locally installed program that was refused."""
    await enter(house, PASSWORD)
    assert [attempt.legacy_result for attempt in await house.attempts()] == ["0x800434D4L"]


async def test_s76_each_account_stands_for_itself(house: TestHouse, alice: Person) -> None:
    """S76: of the administrator's own account a second factor is demanded, of that of his mailbox it is not:
    where the door goes by that, his mail program signs in with the password of the mailbox."""
    await house.add_application("old", is_legacy=True, second_factor=SecondFactor.BY_RULES)
    await house.add_person("mailbox")
    assert (await enter(house, PASSWORD, "old")).reason is Reason.APP_PASSWORD_REQUIRED
    assert (await house.start("mailbox", door="old")).reason is Reason.NOT_REQUIRED


# --- states (inventory 1.10, 1.11); the whole table is in tests/unit/policy ------------------------------


async def test_enabled_and_not_yet_registered_the_normal_password_works(house: TestHouse) -> None:
    """Inventory 1.10: and it is checked as at any other door, with its own count."""
    await furnish(house)
    alice = await house.add_bare_person("alice", requirement=Requirement.ENABLED)
    assert (await enter(house, PASSWORD)).reason is Reason.FIRST_FACTOR_SUFFICIENT
    assert (await enter(house, "wrong")).reason is Reason.PASSWORD_WRONG
    throttles = await house.store.read(lambda tx: tx.throttles(TENANT, alice.user.user_id))
    assert throttles[Factor.PASSWORD].failures == 1


async def test_of_whom_only_a_rule_demands_a_second_factor_has_no_app_passwords(
    house: TestHouse, alice: Person
) -> None:
    """Inventory 1.11: he can make none, and one from before opens nothing."""
    shown = await make(house, alice)
    await house.change_user(alice, requirement=Requirement.DISABLED)
    assert await refusal(house, alice) is Refusal.APP_PASSWORD_NOT_NEEDED
    assert (await enter(house, shown)).reason is Reason.APP_PASSWORD_REQUIRED


async def test_from_a_trusted_address_the_password_works_until_the_first_app_password(
    house: TestHouse, alice: Person
) -> None:
    """Inventory 1.11: afterwards it never does, even when all are revoked."""
    mail = house.services.configuration.current.applications[TENANT, MAIL]
    trusting = msgspec.structs.replace(mail, trusted_addresses=("192.0.2.0/24",))
    await house.services.applications.change_application(SYSTEM, trusting)
    office = {"user_address": "192.0.2.7"}
    assert (await enter(house, PASSWORD, **office)).reason is Reason.TRUSTED_ADDRESS
    assert (await enter(house, PASSWORD)).reason is Reason.APP_PASSWORD_REQUIRED
    shown = await make(house, alice)
    assert (await enter(house, PASSWORD, **office)).reason is Reason.APP_PASSWORD_REQUIRED
    assert (await enter(house, shown, **office)).reason is Reason.APP_PASSWORD_VERIFIED
    await house.services.app_passwords.revoke_all(SYSTEM, TENANT, alice.user.user_id)
    assert (await enter(house, PASSWORD, **office)).reason is Reason.APP_PASSWORD_REQUIRED


# --- making -----------------------------------------------------------------------------------------------


async def test_one_is_made_by_the_person_with_a_second_factor_only(house: TestHouse, alice: Person) -> None:
    """ENR-02, ENR-07: neither a skipped second factor nor one of an hour ago is enough."""
    passwords = house.services.app_passwords
    for weak in ({"is_proven": False}, {"is_fresh": False}):
        session = await signed_in(house, alice, **weak)
        with pytest.raises(NotAllowed):
            await passwords.make(session, "Mail", (MAIL,))
    assert await passwords.list(SYSTEM, TENANT, alice.user.user_id) == ()


async def test_names_and_applications_are_checked(house: TestHouse, alice: Person) -> None:
    for name in ("", "  ", "x" * 65, "a\nb"):
        assert await refusal(house, alice, name=name) is Refusal.APP_PASSWORD_NAME
    for applications in ((), (VPN,), (MAIL, VPN), ("portal",), ("nothing",)):
        assert await refusal(house, alice, applications=applications) is Refusal.APP_PASSWORD_APPLICATION
    choices = house.services.app_passwords.choices(await user_of(house, alice))
    assert [choice.name for choice in choices] == [CALENDAR, MAIL]


async def test_each_opens_the_doors_it_was_made_for(house: TestHouse, alice: Person) -> None:
    """APP-01: at another legacy application it is wrong."""
    for_mail, for_both = await make(house, alice), await make(house, alice, "Both", (MAIL, CALENDAR))
    assert (await enter(house, for_mail, CALENDAR)).reason is Reason.PASSWORD_WRONG
    assert (await enter(house, for_both, CALENDAR)).is_authenticated


# --- what they never open (threats 2.8) -------------------------------------------------------------------


async def test_app02_it_is_no_second_factor(house: TestHouse, alice: Person) -> None:
    """APP-02: neither a method in reports, nor a proof that spares one elsewhere."""
    caching = msgspec.structs.replace(
        house.services.configuration.current.applications[TENANT, VPN],
        caching=Caching.USER,
        caching_seconds=600,
    )
    await house.services.applications.change_application(SYSTEM, caching)
    accepted = await enter(house, await make(house, alice))
    assert (accepted.method, accepted.authenticator_id, accepted.legacy_result) == ("", "", "")
    assert accepted.reason in SECOND_FACTOR_NOT_PROVEN
    assert (await house.start("alice", door=VPN)).reason is Reason.PASSCODE_PENDING


async def test_app04_all_of_it_counts_and_nothing_of_it_is_stored(house: TestHouse, alice: Person) -> None:
    """APP-04: its last letter matters; the database has a hash, and no event or trace has even that."""
    shown = (await make(house, alice)).reveal()
    other = "a" if shown[-1] != "a" else "b"
    assert (await enter(house, shown[:-1] + other)).reason is Reason.PASSWORD_WRONG
    assert (await enter(house, shown + other)).reason is Reason.APP_PASSWORD_REQUIRED, "of another form"
    held = await house.store.read(lambda tx: tx.app_passwords(TENANT, alice.user.user_id))
    letters = shown.replace("-", "")
    stored = repr(msgspec.structs.astuple(held[0]))
    assert letters not in stored
    assert shown not in stored
    events = await house.store.read(lambda tx: tx.events(TENANT, "", Page(100)))
    said = repr([event.facts for event in events.rows]) + repr([a.trace for a in await house.attempts()])
    for secret in (shown, letters, held[0].token_hash):
        assert secret not in said


async def test_only_who_checks_passwords_can_take_app_passwords(house: TestHouse, alice: Person) -> None:
    """APP-01: neither the portal, nor a client that checks passwords itself."""
    applications = house.services.applications
    await house.services.setup.ensure_portal(TENANT)
    portal = house.services.configuration.current.applications[TENANT, "portal"]
    with pytest.raises(Refused) as refused:
        await applications.change_application(SYSTEM, msgspec.structs.replace(portal, is_legacy=True))
    assert refused.value.why is Refusal.NOT_POSSIBLE
    with pytest.raises(Refused) as refused:
        await house.add_application("own", FirstFactor.CLIENT, is_legacy=True)
    assert refused.value.why is Refusal.LEGACY_UNCHECKED
