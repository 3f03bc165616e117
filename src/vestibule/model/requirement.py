"""How the requirement of a person moves: set by an administrator, or raised by his own registration.

The tables are the whole state machine. Nothing else moves it; above all, to be disabled takes no method away,
and to be enabled again enforces nothing until he registers anew.
"""

from __future__ import annotations

from vestibule.model.user import Requirement

BY_ADMINISTRATOR: dict[Requirement, frozenset[Requirement]] = {
    Requirement.DISABLED: frozenset({Requirement.ENABLED, Requirement.ENFORCED}),
    Requirement.ENABLED: frozenset({Requirement.DISABLED, Requirement.ENFORCED}),
    Requirement.ENFORCED: frozenset({Requirement.DISABLED, Requirement.ENABLED}),
}

BY_REGISTRATION: dict[Requirement, frozenset[Requirement]] = {
    Requirement.DISABLED: frozenset(),
    Requirement.ENABLED: frozenset({Requirement.ENFORCED}),
    Requirement.ENFORCED: frozenset(),
}


def after_registration(requirement: Requirement) -> Requirement:
    """Return where a finished registration leaves it."""
    return next(iter(BY_REGISTRATION[requirement]), requirement)
