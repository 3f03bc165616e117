"""The rules, in their order: the door, the person, the first factor, access rules, the second factor."""

import msgspec
import pytest

from vestibule.model.access_rule import AccessRule, Effect, RuleSet
from vestibule.model.application import CONSOLE_APPLICATION, Application, FirstFactor, SecondFactor
from vestibule.model.networks import parse_address, parse_networks
from vestibule.model.user import Requirement, User, UserStatus
from vestibule.model.verification import Reason
from vestibule.policy.access import AccessRules
from vestibule.policy.decision import Bypass, Decision, Deny, Permit, RequirePasscode, RequirePassword
from vestibule.policy.evaluate import Facts, evaluate, with_passcode

VPN = Application(tenant_id="t", application_id="vpn", name="VPN", created_at=0)
ALICE = User(tenant_id="t", user_id="u", username="Alice", names=("alice",), created_at=0, updated_at=0)
READY = Facts(VPN, ALICE, frozenset({"totp"}), True)


def changed(facts: Facts, **fields: object) -> Facts:
    return msgspec.structs.replace(facts, **fields)


def with_application(facts: Facts, **fields: object) -> Facts:
    return changed(facts, application=msgspec.structs.replace(facts.application, **fields))


def test_password_and_passcode_are_enough() -> None:
    asked = evaluate(READY)
    assert isinstance(asked, RequirePasscode)
    decision = with_passcode(asked, "totp", Reason.PASSCODE_VERIFIED)
    assert isinstance(decision, Permit)
    assert decision.reason is Reason.PASSCODE_VERIFIED
    assert [line.result for line in decision.trace] == ["enabled", "active", "proven", "proven"]
    assert [line.step for line in decision.trace] == [
        "application",
        "user",
        "first_factor",
        "second_factor",
    ]


def test_a_password_alone_asks_for_a_passcode() -> None:
    assert isinstance(evaluate(READY), RequirePasscode)
    assert evaluate(READY).methods == {"totp"}


def test_a_passcode_is_not_asked_for_before_the_password() -> None:
    """Rule of order: a passcode does not stand in for the password (OTP-20)."""
    assert isinstance(evaluate(changed(READY, is_first_factor_proven=False)), RequirePassword)


def test_a_passcode_of_a_method_that_was_not_asked_for_is_never_enough() -> None:
    asked = evaluate(with_application(changed(READY, held=frozenset({"totp", "hotp"})), methods=("hotp",)))
    assert isinstance(asked, RequirePasscode)
    decision = with_passcode(asked, "totp", Reason.PASSCODE_VERIFIED)
    assert isinstance(decision, Deny)
    assert decision.reason is Reason.METHOD_NOT_ALLOWED


def test_a_client_that_checks_the_password_itself_is_believed_about_it() -> None:
    facts = with_application(changed(READY, is_first_factor_proven=False), first_factor=FirstFactor.CLIENT)
    assert isinstance(evaluate(facts), RequirePasscode)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (with_application(READY, is_enabled=False), Reason.APPLICATION_DISABLED),
        (changed(READY, user=None), Reason.UNKNOWN_USER),
        (
            changed(READY, user=msgspec.structs.replace(ALICE, status=UserStatus.DISABLED)),
            Reason.USER_DISABLED,
        ),
        (changed(READY, held=frozenset()), Reason.REGISTRATION_REQUIRED),
        (changed(READY, held=frozenset(), is_enrolled=True), Reason.NO_AUTHENTICATOR),
        (with_application(READY, methods=("hotp",)), Reason.METHOD_NOT_ALLOWED),
    ],
)
def test_what_denies(facts: Facts, reason: Reason) -> None:
    decision = evaluate(facts)
    assert isinstance(decision, Deny)
    assert decision.reason is reason
    assert decision.trace


def test_a_portal_lets_in_who_has_nothing_enrolled_and_nobody_else_without_it() -> None:
    """ENR-02: the password is enough only while nothing is enrolled."""
    portal = with_application(READY, second_factor=SecondFactor.IF_ENROLLED)
    assert isinstance(evaluate(portal), RequirePasscode)
    empty = changed(portal, held=frozenset())
    decision = evaluate(empty)
    assert isinstance(decision, Permit)
    assert decision.reason is Reason.FIRST_FACTOR_SUFFICIENT
    assert isinstance(evaluate(changed(empty, is_first_factor_proven=False)), RequirePassword)


def test_a_method_that_is_not_allowed_here_does_not_hide_that_others_are_held() -> None:
    """ENR-06: restricting methods never makes a door weaker."""
    portal = with_application(READY, second_factor=SecondFactor.IF_ENROLLED, methods=("hotp",))
    assert isinstance(evaluate(portal), Deny)


# --- blocks, rules and what stands for a second factor -----------------------------------------------------

HERE = "192.0.2.7"
LATER = 1_000


def with_user(facts: Facts, **fields: object) -> Facts:
    assert facts.user is not None
    return changed(facts, user=msgspec.structs.replace(facts.user, **fields))


def ruled(effect: Effect, facts: Facts = READY, **fields: object) -> Facts:
    rule = AccessRule(rule_id="r", name="the rule", effect=effect, **fields)  # type: ignore[arg-type] # any field
    rules = AccessRules(RuleSet(tenant_id="t", version=1, rules=(rule,)), parse_networks((HERE,)))
    return changed(facts, rules=rules, address=parse_address(HERE))


def at_rules(facts: Facts = READY) -> Facts:
    return with_application(facts, second_factor=SecondFactor.BY_RULES)


def reason(decision: Decision) -> Reason | None:
    return decision.reason if isinstance(decision, Permit | Deny) else None


def test_a_blocked_person_is_denied_until_the_block_is_over() -> None:
    blocked = with_user(READY, blocked_until=LATER)
    assert reason(evaluate(changed(blocked, now=LATER - 1))) is Reason.USER_BLOCKED
    assert isinstance(evaluate(changed(blocked, now=LATER)), RequirePasscode)


def test_a_block_is_told_before_the_password_is_asked_for() -> None:
    blocked = with_user(changed(READY, is_first_factor_proven=False), blocked_until=LATER)
    assert reason(evaluate(blocked)) is Reason.USER_BLOCKED


def test_a_rule_that_denies_denies_whatever_is_proven() -> None:
    decision = evaluate(ruled(Effect.DENY))
    assert reason(decision) is Reason.ACCESS_DENIED
    assert decision.trace[-1].facts == {"rule": "the rule", "version": "1"}


def test_a_rule_is_not_asked_before_the_first_factor() -> None:
    """First factor first: a rule tells a stranger nothing."""
    assert isinstance(
        evaluate(ruled(Effect.DENY, changed(READY, is_first_factor_proven=False))), RequirePassword
    )


def test_a_rule_that_skips_asks_for_nothing_more() -> None:
    assert reason(evaluate(ruled(Effect.SKIP))) is Reason.SKIPPED_BY_RULE


@pytest.mark.parametrize("requirement", [Requirement.ENABLED, Requirement.ENFORCED])
def test_a_rule_frees_nobody_whose_own_state_demands_a_second_factor(requirement: Requirement) -> None:
    """Inventory 1.35: what the person's state and the rules demand adds up."""
    assert isinstance(evaluate(with_user(ruled(Effect.SKIP), requirement=requirement)), RequirePasscode)


def test_a_door_by_rules_asks_only_those_of_whom_something_demands_it() -> None:
    assert reason(evaluate(at_rules())) is Reason.NOT_REQUIRED
    assert isinstance(evaluate(at_rules(ruled(Effect.REQUIRE))), RequirePasscode)
    assert isinstance(evaluate(with_user(at_rules(), requirement=Requirement.ENABLED)), RequirePasscode)
    assert reason(evaluate(at_rules(changed(READY, held=frozenset())))) is Reason.NOT_REQUIRED


def test_a_rule_says_which_methods_are_enough_and_how_fresh_a_proof_must_be() -> None:
    held = changed(READY, held=frozenset({"totp", "app"}))
    asked = evaluate(ruled(Effect.REQUIRE, held, methods=("app", "webauthn"), within_minutes=5))
    assert isinstance(asked, RequirePasscode)
    assert (asked.methods, asked.within_ms) == ({"app"}, 300_000)
    none = evaluate(ruled(Effect.REQUIRE, held, methods=("webauthn",)))
    assert reason(none) is Reason.METHOD_NOT_ALLOWED


def trusting(facts: Facts = READY) -> Facts:
    at_home = changed(facts, address=parse_address(HERE))
    return with_application(at_home, trusted_addresses=("192.0.2.0/24",))


def test_a_trusted_address_stands_for_a_second_factor_even_where_the_state_demands_one() -> None:
    """Inventory 1.10: a person's state prompts at every sign-in but from a trusted address."""
    assert reason(evaluate(trusting())) is Reason.TRUSTED_ADDRESS
    enforced = with_user(trusting(), requirement=Requirement.ENFORCED)
    assert reason(evaluate(enforced)) is Reason.TRUSTED_ADDRESS


def test_a_trusted_address_stands_for_nothing_where_a_rule_demands_a_second_factor() -> None:
    assert isinstance(evaluate(trusting(ruled(Effect.REQUIRE))), RequirePasscode)


def test_the_addresses_of_the_tenant_hold_where_the_application_says_so() -> None:
    at_home = ruled(Effect.REQUIRE, users=("somebody else",))
    assert isinstance(evaluate(at_home), RequirePasscode)
    taken = with_application(at_home, skips_trusted=True)
    assert reason(evaluate(taken)) is Reason.TRUSTED_ADDRESS
    assert isinstance(evaluate(changed(taken, address=None)), RequirePasscode)


def test_a_bypass_is_offered_where_a_second_factor_is_required_and_nowhere_else() -> None:
    """BYP-02: after the first factor, within its time."""
    bypassed = with_user(READY, bypass_until=LATER)
    assert isinstance(evaluate(bypassed), Bypass)
    assert isinstance(evaluate(changed(bypassed, now=LATER)), RequirePasscode)
    assert isinstance(evaluate(changed(bypassed, is_first_factor_proven=False)), RequirePassword)
    assert isinstance(evaluate(changed(bypassed, held=frozenset())), Bypass)
    assert reason(evaluate(at_rules(bypassed))) is Reason.NOT_REQUIRED


def test_nothing_stands_for_the_second_factor_once_it_was_asked_for() -> None:
    for facts in (trusting(), ruled(Effect.SKIP), at_rules(), with_user(READY, bypass_until=LATER)):
        assert isinstance(evaluate(changed(facts, may_skip=False)), RequirePasscode)


def test_nothing_stands_for_the_second_factor_of_the_console() -> None:
    for facts in (trusting(), ruled(Effect.SKIP), with_user(READY, bypass_until=LATER)):
        at_console = with_application(facts, application_id=CONSOLE_APPLICATION)
        assert isinstance(evaluate(at_console), RequirePasscode)


def test_who_has_registered_nothing_gets_to_where_he_registers_unless_a_rule_denies_it() -> None:
    newcomer = with_application(changed(READY, held=frozenset()), second_factor=SecondFactor.IF_ENROLLED)
    enabled = with_user(newcomer, requirement=Requirement.ENABLED)
    for facts in (newcomer, ruled(Effect.REQUIRE, newcomer), enabled):
        assert reason(evaluate(facts)) is Reason.FIRST_FACTOR_SUFFICIENT
    assert reason(evaluate(ruled(Effect.DENY, newcomer))) is Reason.ACCESS_DENIED


def test_a_break_glass_account_is_denied_by_no_rule_and_skips_nothing() -> None:
    for effect in (Effect.DENY, Effect.SKIP):
        decision = evaluate(with_user(ruled(effect), is_break_glass=True))
        assert isinstance(decision, RequirePasscode)
        assert ("user", "break_glass") in [(line.step, line.result) for line in decision.trace]
    assert isinstance(evaluate(with_user(trusting(), is_break_glass=True)), RequirePasscode)
    assert isinstance(evaluate(with_user(at_rules(), is_break_glass=True)), RequirePasscode)
    restricted = ruled(Effect.REQUIRE, methods=("webauthn",))
    assert isinstance(evaluate(with_user(restricted, is_break_glass=True)), RequirePasscode)
