"""Evaluate the rules, in order: the first that decides, decides; every rule asked leaves a trace line.

The order is the security: whether the door is open at all, who it is, what he has proven first, what he
has proven second. It is asked when a verification starts and again at the moment of the decision, so
that a user who was disabled in between is denied.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from vestibule.model.application import Application, FirstFactor, SecondFactor
from vestibule.model.user import User
from vestibule.model.verification import Reason, TraceLine
from vestibule.policy.decision import Decision, Deny, Permit, RequirePasscode, RequirePassword


class Facts(msgspec.Struct, frozen=True):
    """What the rules may know. `held` are the methods of the user's usable authenticators. `is_enrolled`:
    he has proven an authenticator or was given one, usable now or not (suspended, not valid now)."""

    application: Application
    user: User | None
    held: frozenset[str]
    is_first_factor_proven: bool
    is_enrolled: bool = False


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


def _application_is_enabled(facts: Facts, trace: list[TraceLine]) -> Decision | None:
    if not facts.application.is_enabled:
        return _deny(Reason.APPLICATION_DISABLED, trace, TraceLine("application", "disabled"))
    trace.append(_APPLICATION_ENABLED)
    return None


def _user_is_known(facts: Facts, trace: list[TraceLine]) -> Decision | None:
    if facts.user is None:
        return _deny(Reason.UNKNOWN_USER, trace, TraceLine("user", "unknown"))
    if not facts.user.is_active:
        return _deny(Reason.USER_DISABLED, trace, TraceLine("user", "disabled"))
    trace.append(_USER_ACTIVE)
    return None


def _first_factor_is_first(facts: Facts, trace: list[TraceLine]) -> Decision | None:
    if facts.application.first_factor is FirstFactor.CLIENT:
        trace.append(_FIRST_BY_CLIENT)
        return None
    if not facts.is_first_factor_proven:
        return RequirePassword((*trace, _FIRST_MISSING))
    trace.append(_FIRST_PROVEN)
    return None


def _second_factor_is_enough(facts: Facts, trace: list[TraceLine]) -> Decision | None:
    allowed = allowed_methods(facts.application, facts.held)
    if facts.application.second_factor is SecondFactor.IF_ENROLLED and not (facts.held or facts.is_enrolled):
        return Permit(Reason.FIRST_FACTOR_SUFFICIENT, (*trace, _NOTHING_ENROLLED))
    if not facts.held:
        return _deny(Reason.NO_AUTHENTICATOR, trace, TraceLine("second_factor", "nothing_held"))
    if not allowed:
        return _deny(Reason.METHOD_NOT_ALLOWED, trace, TraceLine("second_factor", "not_allowed"))
    return RequirePasscode(allowed, (*trace, _SECOND_REQUIRED))


def allowed_methods(application: Application, held: frozenset[str]) -> frozenset[str]:
    """Return those of the methods `held` that may open the door of `application`."""
    return held.intersection(application.methods) if application.methods else held


def _deny(reason: Reason, trace: list[TraceLine], line: TraceLine) -> Deny:
    return Deny(reason, (*trace, line))


_APPLICATION_ENABLED = TraceLine("application", "enabled")
_USER_ACTIVE = TraceLine("user", "active")
_FIRST_BY_CLIENT = TraceLine("first_factor", "checked_by_client")
_FIRST_PROVEN = TraceLine("first_factor", "proven")
_FIRST_MISSING = TraceLine("first_factor", "required")
_SECOND_REQUIRED = TraceLine("second_factor", "required")
_NOTHING_ENROLLED = TraceLine("second_factor", "none_enrolled")

RULES: tuple[_Rule, ...] = (
    _application_is_enabled,
    _user_is_known,
    _first_factor_is_first,
    _second_factor_is_enough,
)
