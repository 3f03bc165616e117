"""Evaluate the rules, in order: the first that decides, decides; every rule asked leaves a trace line.

The order is the security: whether the door is open at all, who it is and whether he is blocked, what he has
proven first, what the access rules say of him, what he has proven second. It is asked when a verification
starts and again at the moment of the decision, so that a user who was disabled in between is denied.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from vestibule.model.access_rule import AccessRule, Effect
from vestibule.model.application import (
    CONSOLE_APPLICATION,
    RESET_APPLICATION,
    Application,
    FirstFactor,
    SecondFactor,
)
from vestibule.model.networks import Address, contains, parse_networks
from vestibule.model.user import Requirement, User
from vestibule.model.verification import Reason, TraceLine
from vestibule.policy.access import NO_RULES, AccessFacts, AccessRules
from vestibule.policy.decision import Bypass, Decision, Deny, Permit, RequirePasscode, RequirePassword
from vestibule.policy.registration import (
    Asked,
    Opened,
    RegistrationFacts,
    asked_to_register,
    closes_every_door,
    is_first_asked_by_policy,
    needs_second_factor,
)


class Facts(msgspec.Struct, frozen=True):
    """What the rules may know. `held` are the methods of the user's usable authenticators. `is_enrolled`:
    he has proven an authenticator or was given one, usable now or not (suspended, not valid now)."""

    application: Application
    user: User | None
    held: frozenset[str]
    is_first_factor_proven: bool
    is_enrolled: bool = False
    is_app_password_proven: bool = False
    """An app password for this application is proven, in place of the first factor."""
    is_stranger_accepted: bool = False
    """The door lets in by the first factor alone who is nobody here, and it is proven."""
    rules: AccessRules = NO_RULES
    groups: frozenset[str] = frozenset()
    """Those of the person, where a rule names any."""
    address: Address | None = None
    """Where the person is, if anybody told it."""
    now: int = 0
    """Epoch milliseconds."""
    policy_days: int | None = None
    """For how many days he may put off the registration policy of his tenant; None: it does not mean him."""
    chosen_is_off: bool = False
    """The method that he has chosen to be asked by was switched off."""
    is_in_edition: bool = True
    """Whether the edition of the tenant has what the application needs."""
    may_skip: bool = True
    """Whether something may stand for the second factor; not where it has been asked for already."""


_Rule = Callable[[Facts, list[TraceLine]], Decision | None]
"""Adds its line to the trace; returns a decision if this rule decides."""


def evaluate(facts: Facts) -> Decision:
    """Return what the rules say of `facts`, with the trace of every rule that was asked."""
    trace: list[TraceLine] = []
    for rule in RULES:
        decision = rule(facts, trace)
        if decision is not None:
            return decision
    raise AssertionError("the last rule always decides")


def with_passcode(asked: RequirePasscode, method: str, reason: Reason) -> Permit | Deny:
    """Return what the rules say once the passcode that they asked for, the last thing to prove, is proven by
    `method`; `reason` is what the method calls that."""
    if method not in asked.methods:
        return Deny(Reason.METHOD_NOT_ALLOWED, asked.trace)
    return Permit(reason, (*asked.trace[:-1], TraceLine("second_factor", "proven", {"method": method})))


def begins_his_time(facts: Facts) -> bool:
    """Tell whether the registration policy meets this person for the first time: he has proven who he is, at
    whichever door, and from now on the days are counted that he has."""
    user = facts.user
    if user is None or facts.policy_days is None or not user.may_enter(facts.now):
        return False
    is_proven = facts.is_first_factor_proven or facts.application.first_factor is FirstFactor.CLIENT
    return is_proven and is_first_asked_by_policy(_registration(facts, user, None))


def _application_is_enabled(facts: Facts, trace: list[TraceLine]) -> Decision | None:
    if not facts.application.is_enabled:
        return _deny(Reason.APPLICATION_DISABLED, trace, TraceLine("application", "disabled"))
    if not facts.is_in_edition:
        return _deny(Reason.EDITION_LACKING, trace, TraceLine("application", "not_in_edition"))
    trace.append(_APPLICATION_ENABLED)
    return None


def _user_is_known(facts: Facts, trace: list[TraceLine]) -> Decision | None:
    if facts.user is None and facts.is_stranger_accepted:
        return _stranger(facts, trace)
    if facts.user is None:
        return _deny(Reason.UNKNOWN_USER, trace, TraceLine("user", "unknown"))
    if not facts.user.is_active:
        return _deny(Reason.USER_DISABLED, trace, TraceLine("user", "disabled"))
    trace.append(_USER_ACTIVE)
    return None


def _stranger(facts: Facts, trace: list[TraceLine]) -> Decision:
    """Let in who is nobody here, unless an access rule for everybody denies it from there."""
    asked = AccessFacts("", frozenset(), facts.application.application_id, facts.address)
    rule = facts.rules.first(asked, trace)
    if rule is not None and rule.effect is Effect.DENY:
        return Deny(Reason.ACCESS_DENIED, tuple(trace))
    return Permit(Reason.NOT_MATCHED, (*trace, TraceLine("user", "not_matched")))


def _first_factor_is_first(facts: Facts, trace: list[TraceLine]) -> Decision | None:
    if facts.application.first_factor is FirstFactor.CLIENT:
        trace.append(_FIRST_BY_CLIENT)
        return None
    if not facts.is_first_factor_proven:
        return RequirePassword((*trace, _FIRST_MISSING))
    trace.append(_FIRST_PROVEN)
    return None


def _nothing_blocks(facts: Facts, trace: list[TraceLine]) -> Decision | None:
    if facts.user is not None and facts.user.is_blocked(facts.now):
        return _deny(Reason.USER_BLOCKED, trace, TraceLine("user", "blocked"))
    return None


def _second_factor_is_enough(facts: Facts, trace: list[TraceLine]) -> Decision | None:
    """Ask the access rules, then whether anything stands for a second factor, then for it.

    What a person's own state demands and what a rule demands add up: a rule that skips frees nobody whose
    state demands a second factor; an address that is trusted does, unless a rule demands one there.
    """
    assert facts.user is not None
    rule = _rule_for(facts, facts.user, trace)
    if rule is not None and rule.effect is Effect.DENY:
        return Deny(Reason.ACCESS_DENIED, tuple(trace))
    if facts.application.is_legacy:
        return _app_password_is_enough(facts, facts.user, rule, trace)
    registers_here = facts.application.second_factor is SecondFactor.IF_ENROLLED
    is_asked_anyhow = facts.user.must_register or facts.policy_days is not None
    if is_asked_anyhow and not registers_here:
        asked = closes_every_door(_registration(facts, facts.user, rule))
        if asked is not None:
            return _must_register(asked, trace)
    if registers_here and not (facts.held or facts.is_enrolled):
        return Permit(Reason.FIRST_FACTOR_SUFFICIENT, (*trace, _NOTHING_ENROLLED))
    if facts.may_skip and facts.application.application_id not in _NEVER_SKIPPED:
        skipped = _skipped(facts, facts.user, rule, trace)
        if skipped is not None:
            return skipped
    if not facts.held:
        asked = asked_to_register(_registration(facts, facts.user, rule))
        if asked is not None:
            return _must_register(asked, trace)
    return _second_factor_by(facts, rule, trace)


def _app_password_is_enough(
    facts: Facts, user: User, rule: AccessRule | None, trace: list[TraceLine]
) -> Decision:
    """A legacy client can ask for nothing more, so an app password stands where others prove a second factor.

    The person's own password does only where no second factor is demanded of him: by what skips it (from a
    trusted address, until he has made his first app password; no bypass is spent on a program that signs in
    by itself), and while he, `enabled`, has not registered yet.
    """
    demands = rule is not None and rule.effect is Effect.REQUIRE
    if facts.is_app_password_proven:
        if rule is not None and demands and (rule.methods or rule.within_minutes is not None):
            return _deny(Reason.METHOD_NOT_ALLOWED, trace, TraceLine("app_password", "not_enough"))
        return Permit(Reason.APP_PASSWORD_VERIFIED, (*trace, TraceLine("app_password", "sufficient")))
    skipped = _skipped(facts, user, rule, trace)
    if isinstance(skipped, Permit) and not (
        skipped.reason is Reason.TRUSTED_ADDRESS and user.has_made_app_password
    ):
        return skipped
    is_newcomer = not (facts.held or facts.is_enrolled or user.must_register or facts.chosen_is_off)
    waits = user.requirement is Requirement.ENABLED or (
        user.requirement is Requirement.DISABLED
        and facts.application.second_factor is SecondFactor.IF_ENROLLED
    )
    if is_newcomer and waits and not demands:
        return Permit(Reason.FIRST_FACTOR_SUFFICIENT, (*trace, _NOTHING_ENROLLED))
    return _deny(Reason.APP_PASSWORD_REQUIRED, trace, TraceLine("app_password", "required"))


def _registration(facts: Facts, user: User, rule: AccessRule | None) -> RegistrationFacts:
    opened = Opened(facts.application, needs_second_factor(facts.application, rule))
    return RegistrationFacts(
        user=user,
        now=facts.now,
        is_registered=bool(facts.held) or facts.is_enrolled,
        chosen_is_off=facts.chosen_is_off,
        policy_days=facts.policy_days,
        opened=(opened,),
    )


def _must_register(asked: Asked, trace: list[TraceLine]) -> Deny:
    line = TraceLine("registration", "required", {"why": asked.reason.value})
    return _deny(Reason.REGISTRATION_REQUIRED, trace, line)


def _rule_for(facts: Facts, user: User, trace: list[TraceLine]) -> AccessRule | None:
    """Return the access rule that decides. None is asked for a break-glass account: whatever they say to
    everybody, it gets in by a second factor."""
    if user.is_break_glass:
        trace.append(_BREAK_GLASS)
        return None
    asked = AccessFacts(user.user_id, facts.groups, facts.application.application_id, facts.address)
    return facts.rules.first(asked, trace)


def _skipped(facts: Facts, user: User, rule: AccessRule | None, trace: list[TraceLine]) -> Decision | None:
    """Return what stands for a second factor by the rules alone, or None."""
    is_free = user.requirement is Requirement.DISABLED and not user.is_break_glass
    if rule is not None and rule.effect is Effect.SKIP and is_free:
        return Permit(Reason.SKIPPED_BY_RULE, tuple(trace))
    if rule is None and facts.application.second_factor is SecondFactor.BY_RULES and is_free:
        return Permit(Reason.NOT_REQUIRED, (*trace, _NOT_REQUIRED))
    demands = rule is not None and rule.effect is Effect.REQUIRE
    if not demands and not user.is_break_glass and _is_trusted(facts):
        return Permit(Reason.TRUSTED_ADDRESS, (*trace, _TRUSTED))
    return Bypass(tuple(trace)) if user.bypass_until > facts.now else None


def _is_trusted(facts: Facts) -> bool:
    application = facts.application
    if contains(parse_networks(application.trusted_addresses), facts.address):
        return True
    return application.skips_trusted and contains(facts.rules.trusted, facts.address)


def _second_factor_by(facts: Facts, rule: AccessRule | None, trace: list[TraceLine]) -> Decision:
    if not facts.held:
        return _deny(Reason.NO_AUTHENTICATOR, trace, TraceLine("second_factor", "nothing_held"))
    allowed = allowed_methods(facts.application, facts.held)
    within_ms = None
    if rule is not None and rule.effect is Effect.REQUIRE:
        allowed = allowed.intersection(rule.methods) if rule.methods else allowed
        within_ms = None if rule.within_minutes is None else rule.within_minutes * 60_000
    if not allowed:
        return _deny(Reason.METHOD_NOT_ALLOWED, trace, TraceLine("second_factor", "not_allowed"))
    return RequirePasscode(allowed, (*trace, _SECOND_REQUIRED), within_ms)


def allowed_methods(application: Application, held: frozenset[str]) -> frozenset[str]:
    """Return those of the methods `held` that may open the door of `application`."""
    return held.intersection(application.methods) if application.methods else held


def _deny(reason: Reason, trace: list[TraceLine], line: TraceLine) -> Deny:
    return Deny(reason, (*trace, line))


_NEVER_SKIPPED = frozenset((CONSOLE_APPLICATION, RESET_APPLICATION))
_APPLICATION_ENABLED = TraceLine("application", "enabled")
_USER_ACTIVE = TraceLine("user", "active")
_FIRST_BY_CLIENT = TraceLine("first_factor", "checked_by_client")
_FIRST_PROVEN = TraceLine("first_factor", "proven")
_FIRST_MISSING = TraceLine("first_factor", "required")
_SECOND_REQUIRED = TraceLine("second_factor", "required")
_NOTHING_ENROLLED = TraceLine("second_factor", "none_enrolled")
_NOT_REQUIRED = TraceLine("second_factor", "not_required")
_TRUSTED = TraceLine("second_factor", "trusted_address")
_BREAK_GLASS = TraceLine("user", "break_glass")

RULES: tuple[_Rule, ...] = (
    _application_is_enabled,
    _user_is_known,
    _nothing_blocks,
    _first_factor_is_first,
    _second_factor_is_enough,
)
