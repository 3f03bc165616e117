"""Phones of people: numbers read by the tenant's rules, and given by an administrator."""

from __future__ import annotations

import pytest

from tests.houses import TENANT, TestHouse
from vestibule.crypto.secret import Secret
from vestibule.model.actor import SYSTEM, NotAllowed, self_of
from vestibule.model.authenticator import AuthenticatorStatus
from vestibule.model.phone import Phone
from vestibule.model.pin import PinProblem
from vestibule.model.tenant import TenantSettings
from vestibule.services.enrollment import MAX_AUTHENTICATORS
from vestibule.services.phones import NewPhone, numbers_of, phone_of
from vestibule.services.refusal import Refusal, Refused


async def test_numbers_are_read_by_the_country_of_the_tenant(house: TestHouse) -> None:
    phones = house.services.phones
    with pytest.raises(Refused) as caught:
        phones.read(TENANT, "030 1234567")
    assert caught.value.why is Refusal.PHONE_INVALID, "nobody guesses a country"
    assert phones.read(TENANT, "+49 30 1234567") == Phone("+49301234567")
    await house.change_settings(country_code="49")
    assert phones.read(TENANT, "030 1234567 x12") == Phone("+49301234567", "12")
    with pytest.raises(Refused) as caught:
        phones.read(TENANT, "030 1234567 x12@")
    assert caught.value.why is Refusal.EXTENSION_INVALID


async def test_what_costs_too_much_is_refused_whoever_asks(house: TestHouse) -> None:
    """VOI-09, SMS-04."""
    phones = house.services.phones
    for typed in ("+979 1 2345 6789", "+881 6 1234 5678", "+1 900 234 5678", "+49 900 1 234567"):
        with pytest.raises(Refused) as caught:
            phones.read(TENANT, typed)
        assert caught.value.why is Refusal.PHONE_NOT_ALLOWED
    await house.change_settings(calling_codes=("49", "43"))
    assert phones.read(TENANT, "+43 1 234567") == Phone("+431234567")
    with pytest.raises(Refused) as caught:
        phones.read(TENANT, "+48 22 1234567")
    assert (caught.value.why, caught.value.key) == (Refusal.COUNTRY_CLOSED, "+48")
    with pytest.raises(Refused):
        phones.judged(TENANT, Phone("+48221234567"))


@pytest.mark.parametrize(
    "settings",
    [
        TenantSettings(country_code="4"),
        TenantSettings(country_code="4930"),
        TenantSettings(country_code="+49"),
        TenantSettings(calling_codes=("49", "+43")),
        TenantSettings(calling_codes=("4",)),
        TenantSettings(calling_codes=("49",) * 251),
        TenantSettings(texts_per_number=-1),
        TenantSettings(texts_per_prefix=100_001),
        TenantSettings(texts_per_tenant=1_000_001),
        TenantSettings(daily_cost_cap=-1),
        TenantSettings(pin_least_digits=3),
        TenantSettings(pin_least_digits=10, pin_most_digits=9),
        TenantSettings(pin_most_digits=21),
        TenantSettings(pin_history=25),
        TenantSettings(pin_expiry_days=-1),
    ],
)
async def test_settings_that_cannot_be_meant_are_refused(house: TestHouse, settings: TenantSettings) -> None:
    with pytest.raises(Refused):
        await house.services.applications.change_settings(SYSTEM, TENANT, settings)


async def test_a_phone_is_given_by_an_administrator_and_is_ready(house: TestHouse) -> None:
    bob = await house.add_person("bob", phone="+49 40 7654321")
    phones, user_id = house.services.phones, bob.user.user_id
    wanted = NewPhone(method="voice", typed="+49 30 1234567 x12", label="Office")
    added = await phones.add(SYSTEM, TENANT, user_id, wanted)
    assert added.parameters == {"number": "+49301234567", "extension": "12", "with_pin": False}
    assert (added.status, added.method, added.label) == (AuthenticatorStatus.ACTIVE, "voice", "Office")
    found = await house.services.users.find(SYSTEM, TENANT, user_id)
    assert found is not None
    assert {phone_of(held) for held in found.authenticators} == {None, Phone("+49301234567", "12")}
    assert numbers_of(found) == ("+49 40 7654321", "+49301234567", "12")
    refused = await house.services.pins.set(SYSTEM, TENANT, user_id, Secret("793012"))
    assert refused.problems == (PinProblem.RUN, PinProblem.PHONE)


async def test_a_phone_is_not_given_by_anybody_else_or_for_what_is_no_phone(house: TestHouse) -> None:
    bob = await house.add_person("bob")
    phones, user_id = house.services.phones, bob.user.user_id
    text = NewPhone(method="sms", typed="+49301234567")
    with pytest.raises(NotAllowed):
        await phones.add(self_of(TENANT, user_id, "bob"), TENANT, user_id, text)
    for method in ("totp", "push", "fax"):
        with pytest.raises(Refused) as caught:
            await phones.add(SYSTEM, TENANT, user_id, NewPhone(method=method, typed=text.typed))
        assert caught.value.why is Refusal.NOT_POSSIBLE
    with pytest.raises(Refused) as caught:
        await phones.add(SYSTEM, TENANT, "nobody", text)
    assert caught.value.why is Refusal.NOT_FOUND
    for _ in range(MAX_AUTHENTICATORS - 1):
        await phones.add(SYSTEM, TENANT, user_id, text)
    with pytest.raises(Refused) as caught:
        await phones.add(SYSTEM, TENANT, user_id, text)
    assert caught.value.why is Refusal.TOO_MANY
