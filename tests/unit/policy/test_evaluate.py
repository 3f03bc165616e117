"""The rules, in their order: the door, the person, the first factor, the second."""

import msgspec
import pytest

from vestibule.model.application import Application, FirstFactor, SecondFactor
from vestibule.model.user import User, UserStatus
from vestibule.model.verification import Reason
from vestibule.policy.decision import Deny, Permit, RequirePasscode, RequirePassword
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
        (changed(READY, held=frozenset()), Reason.NO_AUTHENTICATOR),
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
