"""Legacy clients: what the person's own password opens in each state, and what an app password does."""

from __future__ import annotations

import msgspec
import pytest

from vestibule.model.access_rule import AccessRule, Effect, RuleSet
from vestibule.model.application import Application, SecondFactor
from vestibule.model.networks import parse_address
from vestibule.model.user import Requirement, User
from vestibule.model.verification import Reason
from vestibule.policy.access import AccessRules
from vestibule.policy.decision import Deny, Permit
from vestibule.policy.evaluate import Facts, evaluate

OFFICE = "192.0.2.0/24"
MAIL = Application(
    tenant_id="t",
    application_id="mail",
    name="Mail",
    is_legacy=True,
    trusted_addresses=(OFFICE,),
    created_at=0,
)
ALICE = User(tenant_id="t", user_id="u", username="Alice", names=("alice",), created_at=0, updated_at=0)
DISABLED, ENABLED, ENFORCED = Requirement
ALWAYS, IF_ENROLLED, BY_RULES = SecondFactor


def reason(
    requirement: Requirement = ENFORCED,
    second_factor: SecondFactor = ALWAYS,
    *,
    is_registered: bool = True,
    by_app_password: bool = False,
    address: str = "",
    rule: AccessRule | None = None,
    **of_user: object,
) -> Reason:
    """Return why somebody is let in or denied with a right password."""
    decision = evaluate(
        Facts(
            application=msgspec.structs.replace(MAIL, second_factor=second_factor),
            user=msgspec.structs.replace(ALICE, requirement=requirement, **of_user),
            held=frozenset({"totp"} if is_registered else ()),
            is_first_factor_proven=True,
            is_enrolled=is_registered,
            is_app_password_proven=by_app_password,
            rules=AccessRules(RuleSet(tenant_id="t", version=1, rules=(rule,) if rule else ())),
            address=parse_address(address) if address else None,
            now=1000,
        )
    )
    assert isinstance(decision, Permit | Deny)
    return decision.reason


@pytest.mark.parametrize(
    ("requirement", "second_factor", "is_registered", "expected"),
    [
        (DISABLED, BY_RULES, False, Reason.NOT_REQUIRED),
        (DISABLED, BY_RULES, True, Reason.NOT_REQUIRED),
        (DISABLED, IF_ENROLLED, False, Reason.FIRST_FACTOR_SUFFICIENT),
        (DISABLED, IF_ENROLLED, True, Reason.APP_PASSWORD_REQUIRED),
        (DISABLED, ALWAYS, False, Reason.APP_PASSWORD_REQUIRED),
        (DISABLED, ALWAYS, True, Reason.APP_PASSWORD_REQUIRED),
        *[(ENABLED, factor, False, Reason.FIRST_FACTOR_SUFFICIENT) for factor in SecondFactor],
        *[(ENABLED, factor, True, Reason.APP_PASSWORD_REQUIRED) for factor in SecondFactor],
        *[(ENFORCED, factor, False, Reason.APP_PASSWORD_REQUIRED) for factor in SecondFactor],
        *[(ENFORCED, factor, True, Reason.APP_PASSWORD_REQUIRED) for factor in SecondFactor],
    ],
)
def test_s42_what_the_normal_password_opens(
    requirement: Requirement, second_factor: SecondFactor, is_registered: bool, expected: Reason
) -> None:
    """S42, inventory 1.10: enabled, until registered the password works; enforced, app passwords only."""
    assert reason(requirement, second_factor, is_registered=is_registered) is expected


def test_s43_an_app_password_is_enough() -> None:
    """S43: whatever is demanded of the person."""
    for requirement in (ENABLED, ENFORCED):
        for second_factor in SecondFactor:
            assert reason(requirement, second_factor, by_app_password=True) is Reason.APP_PASSWORD_VERIFIED


def test_a_trusted_address_spares_one_until_the_first_is_made() -> None:
    """Inventory 1.11"""
    assert reason(address="192.0.2.7") is Reason.TRUSTED_ADDRESS
    assert reason(address="198.51.100.7") is Reason.APP_PASSWORD_REQUIRED
    after = reason(address="192.0.2.7", has_made_app_password=True)
    assert after is Reason.APP_PASSWORD_REQUIRED
    assert reason(DISABLED, BY_RULES, has_made_app_password=True) is Reason.NOT_REQUIRED


def test_a_bypass_is_not_spent_on_a_program() -> None:
    """It would have it within a minute, and the person would stand before the door."""
    assert reason(bypass_until=2000) is Reason.APP_PASSWORD_REQUIRED


def test_rules_add_up_with_what_is_demanded_of_the_person() -> None:
    """Inventory 1.35: an app password satisfies a rule that demands a second factor, none that names methods
    or wants a proof that is fresh; and what a rule denies, it denies."""
    demands = AccessRule(rule_id="r", name="r", effect=Effect.REQUIRE)
    methods = msgspec.structs.replace(demands, methods=("totp",))
    fresh = msgspec.structs.replace(demands, within_minutes=0)
    denies = msgspec.structs.replace(demands, effect=Effect.DENY)
    skips = msgspec.structs.replace(demands, effect=Effect.SKIP)
    assert reason(by_app_password=True, rule=demands) is Reason.APP_PASSWORD_VERIFIED
    assert reason(by_app_password=True, rule=methods) is Reason.METHOD_NOT_ALLOWED
    assert reason(by_app_password=True, rule=fresh) is Reason.METHOD_NOT_ALLOWED
    assert reason(by_app_password=True, rule=denies) is Reason.ACCESS_DENIED
    assert reason(ENABLED, is_registered=False, rule=demands) is Reason.APP_PASSWORD_REQUIRED
    assert reason(DISABLED, BY_RULES, rule=demands) is Reason.APP_PASSWORD_REQUIRED
    assert reason(DISABLED, ALWAYS, rule=skips) is Reason.SKIPPED_BY_RULE
    assert reason(ENFORCED, ALWAYS, rule=skips) is Reason.APP_PASSWORD_REQUIRED
