"""Why somebody is asked to register: seven reasons, each a rule of its own, and who may put it off."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from vestibule.model.access_rule import AccessRule, Effect
from vestibule.model.application import Application, Purpose, SecondFactor
from vestibule.model.requirement import BY_ADMINISTRATOR, BY_REGISTRATION, after_registration
from vestibule.model.tenant import DAY_MS, TenantSettings, Whom
from vestibule.model.user import Requirement, User
from vestibule.policy.registration import (
    Opened,
    RegistrationFacts,
    RegistrationReason,
    asked_to_register,
    closes_every_door,
    needs_second_factor,
    policy_days,
)

NOW = 1_800_000_000_000
ALICE = User(tenant_id="t", user_id="u", username="Alice", names=("alice",), created_at=0, updated_at=0)
VPN = Application(tenant_id="t", application_id="vpn", name="VPN", created_at=0)
REQUIRE = AccessRule(rule_id="r", name="strict", effect=Effect.REQUIRE)


def facts(user: User = ALICE, **fields: Any) -> RegistrationFacts:
    return RegistrationFacts(user=user, now=NOW, **fields)


def alice(**fields: Any) -> User:
    return msgspec.structs.replace(ALICE, **fields)


def reason(given: RegistrationFacts) -> RegistrationReason | None:
    asked = asked_to_register(given)
    return asked.reason if asked else None


def opened(purpose: Purpose = Purpose.SIGN_IN, *, needs: bool = True) -> tuple[Opened, ...]:
    return (Opened(msgspec.structs.replace(VPN, purpose=purpose), needs),)


def test_nobody_is_asked_for_nothing() -> None:
    assert reason(facts()) is None
    assert reason(facts(is_registered=True)) is None


def test_s39_who_was_told_to_register_anew_is_asked_whatever_he_holds() -> None:
    """S39: before all else, and every other door is closed to him."""
    told = alice(must_register=True)
    for is_registered in (True, False):
        given = facts(told, is_registered=is_registered, opened=opened())
        assert reason(given) is RegistrationReason.DEMANDED_AGAIN
        assert closes_every_door(given) is not None
    assert closes_every_door(facts(alice(requirement=Requirement.ENABLED))) is None


@pytest.mark.parametrize("requirement", [Requirement.ENABLED, Requirement.ENFORCED])
def test_s66_asked_because_an_administrator_requires_it_and_nothing_is_registered(
    requirement: Requirement,
) -> None:
    """S66: enabled by an administrator, no security information yet."""
    assert reason(facts(alice(requirement=requirement))) is RegistrationReason.REQUIRED
    assert reason(facts(alice(requirement=requirement), is_registered=True)) is None


def test_s67_asked_because_he_may_reset_his_password() -> None:
    """S67: self-service password reset is enabled for him, and there is nothing to do it with."""
    assert reason(facts(resets_password=True)) is RegistrationReason.PASSWORD_RESET
    assert reason(facts(resets_password=True, is_registered=True)) is None


def test_s68_asked_because_an_application_needs_a_second_factor() -> None:
    """S68: a rule asks for one there, or the application always does, and he is unregistered; the page names
    the application."""
    asked = asked_to_register(facts(opened=opened()))
    assert asked is not None
    assert (asked.reason, asked.application) == (RegistrationReason.APPLICATION, "VPN")
    assert reason(facts(opened=opened(needs=False))) is None
    assert reason(facts(opened=opened(), is_registered=True)) is None
    assert needs_second_factor(VPN, REQUIRE)
    assert needs_second_factor(VPN, None)
    by_rules = msgspec.structs.replace(VPN, second_factor=SecondFactor.BY_RULES)
    assert needs_second_factor(by_rules, REQUIRE)
    assert not needs_second_factor(by_rules, None)
    skips = msgspec.structs.replace(REQUIRE, effect=Effect.SKIP)
    assert not needs_second_factor(VPN, skips)


def test_s69_asked_because_he_registers_a_device() -> None:
    """S69: a device is joined, and that needs a second factor: by the application itself or by a rule."""
    asked = reason(facts(opened=opened(Purpose.DEVICE_REGISTRATION)))
    assert asked is RegistrationReason.DEVICE_REGISTRATION
    assert reason(facts(opened=opened(Purpose.DEVICE_REGISTRATION, needs=False))) is None
    joins = msgspec.structs.replace(VPN, purpose=Purpose.DEVICE_REGISTRATION)
    assert needs_second_factor(joins, None)
    by_rules = msgspec.structs.replace(joins, second_factor=SecondFactor.BY_RULES)
    assert not needs_second_factor(by_rules, None)
    assert needs_second_factor(by_rules, REQUIRE)
    assert reason(facts(opened=opened(Purpose.DEVICE_REGISTRATION), is_registered=True)) is None


def test_s70_asked_because_he_sets_up_the_sign_in_of_a_device() -> None:
    """S70: the device's own sign-in is set up, which needs a second factor."""
    asked = reason(facts(opened=opened(Purpose.DEVICE_SIGN_IN_SETUP)))
    assert asked is RegistrationReason.DEVICE_SIGN_IN_SETUP
    assert reason(facts(opened=opened(Purpose.DEVICE_SIGN_IN_SETUP, needs=False))) is None
    sets_up = msgspec.structs.replace(VPN, purpose=Purpose.DEVICE_SIGN_IN_SETUP)
    assert needs_second_factor(sets_up, None)
    assert reason(facts(opened=opened(Purpose.DEVICE_SIGN_IN_SETUP), is_registered=True)) is None


def test_s71_asked_by_the_policy_and_later_until_its_time_is_up() -> None:
    """S71: a registration policy applies to him; his days are counted from when he was first asked."""
    first = asked_to_register(facts(policy_days=14))
    assert first is not None
    assert first.reason is RegistrationReason.POLICY
    assert first.can_wait(NOW)
    for days, waits in ((0, True), (13, True), (14, False), (400, False)):
        given = facts(alice(registering_since=NOW - days * DAY_MS), policy_days=14)
        asked = asked_to_register(given)
        assert asked is not None
        assert asked.can_wait(NOW) is waits
        assert (closes_every_door(given) is None) is waits
    assert closes_every_door(facts(policy_days=0)) is not None
    assert reason(facts(policy_days=14, is_registered=True)) is None
    assert reason(facts(alice(is_break_glass=True), policy_days=0)) is None


def test_s71_the_policy_means_everybody_or_groups_but_for_some() -> None:
    """S71: included and excluded groups."""

    def days(groups: set[str], **fields: Any) -> int | None:
        return policy_days(TenantSettings(**fields), frozenset(groups))

    assert days({"a"}) is None
    assert days(set(), registration_policy=Whom.EVERYBODY) == 14
    assert days({"x"}, registration_policy=Whom.EVERYBODY, registration_except_groups=("x",)) is None
    chosen = {"registration_policy": Whom.GROUPS, "registration_groups": ("a",), "registration_skip_days": 3}
    assert days({"a"}, **chosen) == 3
    assert days({"b"}, **chosen) is None
    assert days({"a", "x"}, **chosen, registration_except_groups=("x",)) is None


def test_s72_asked_because_his_method_was_switched_off() -> None:
    """S72: told so whether or not another method is left to him, and before he is told to have nothing."""
    for is_registered in (True, False):
        given = facts(
            alice(requirement=Requirement.ENFORCED), chosen_is_off=True, is_registered=is_registered
        )
        assert reason(given) is RegistrationReason.METHOD_SWITCHED_OFF


def test_who_has_begun_is_asked_to_finish() -> None:
    begun = alice(registering_since=NOW - 1)
    assert reason(facts(begun, is_registered=True)) is RegistrationReason.UNFINISHED
    assert reason(facts(begun)) is None
    assert reason(facts(ALICE, is_registered=True)) is None


def test_only_an_administrator_moves_a_requirement_but_from_enabled_to_enforced() -> None:
    """Inventory 1.10: enabled becomes enforced with the registration; disabled and enforced stay."""
    assert all(state not in BY_ADMINISTRATOR[state] for state in Requirement)
    assert all(len(BY_ADMINISTRATOR[state]) == 2 for state in Requirement)
    assert {state: after_registration(state) for state in Requirement} == {
        Requirement.DISABLED: Requirement.DISABLED,
        Requirement.ENABLED: Requirement.ENFORCED,
        Requirement.ENFORCED: Requirement.ENFORCED,
    }
    assert sum(len(leads) for leads in BY_REGISTRATION.values()) == 1
