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
    proven_method: str = ""
    proven_reason: Reason = Reason.PASSCODE_VERIFIED


class _Said(msgspec.Struct, frozen=True):
    line: TraceLine
    decision: Callable[[tuple[TraceLine, ...]], Decision] | None = None


_Rule = Callable[[Facts], _Said]


def evaluate(facts: Facts) -> Decision:
    """Return what the rules say of `facts`, with the trace of every rule that was asked."""
    trace: tuple[TraceLine, ...] = ()
    for rule in RULES:
        said = rule(facts)
        trace = (*trace, said.line)
        if said.decision is not None:
            return said.decision(trace)
    raise AssertionError("the last rule always decides")


def _application_is_enabled(facts: Facts) -> _Said:
    if not facts.application.is_enabled:
        return _deny(TraceLine("application", "disabled"), Reason.APPLICATION_DISABLED)
    return _APPLICATION_ENABLED


def _user_is_known(facts: Facts) -> _Said:
    if facts.user is None:
        return _deny(TraceLine("user", "unknown"), Reason.UNKNOWN_USER)
    if not facts.user.is_active:
        return _deny(TraceLine("user", "disabled"), Reason.USER_DISABLED)
    return _USER_ACTIVE


def _first_factor_is_first(facts: Facts) -> _Said:
    if facts.application.first_factor is FirstFactor.CLIENT:
        return _FIRST_BY_CLIENT
    if not facts.is_first_factor_proven:
        return _FIRST_MISSING
    return _FIRST_PROVEN


def _second_factor_is_enough(facts: Facts) -> _Said:
    allowed = allowed_methods(facts.application, facts.held)
    if facts.proven_method in allowed:
        line = TraceLine("second_factor", "proven", {"method": facts.proven_method})
        return _Said(line, lambda trace: Permit(facts.proven_reason, trace))
    if facts.application.second_factor is SecondFactor.IF_ENROLLED and not (facts.held or facts.is_enrolled):
        return _NOTHING_ENROLLED
    if not facts.held:
        return _deny(TraceLine("second_factor", "nothing_held"), Reason.NO_AUTHENTICATOR)
    if not allowed:
        return _deny(TraceLine("second_factor", "not_allowed"), Reason.METHOD_NOT_ALLOWED)
    return _Said(TraceLine("second_factor", "required"), lambda trace: RequirePasscode(allowed, trace))


def allowed_methods(application: Application, held: frozenset[str]) -> frozenset[str]:
    """Return those of the methods `held` that may open the door of `application`."""
    return held.intersection(application.methods) if application.methods else held


def _deny(line: TraceLine, reason: Reason) -> _Said:
    return _Said(line, lambda trace: Deny(reason, trace))


_APPLICATION_ENABLED = _Said(TraceLine("application", "enabled"))
_USER_ACTIVE = _Said(TraceLine("user", "active"))
_FIRST_BY_CLIENT = _Said(TraceLine("first_factor", "checked_by_client"))
_FIRST_PROVEN = _Said(TraceLine("first_factor", "proven"))
_FIRST_MISSING = _Said(TraceLine("first_factor", "required"), RequirePassword)
_NOTHING_ENROLLED = _Said(
    TraceLine("second_factor", "none_enrolled"),
    lambda trace: Permit(Reason.FIRST_FACTOR_SUFFICIENT, trace),
)

RULES: tuple[_Rule, ...] = (
    _application_is_enabled,
    _user_is_known,
    _first_factor_is_first,
    _second_factor_is_enough,
)
