"""Proposal: what one administrator would do to another, and a second one confirms or refuses."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

import msgspec


class Act(StrEnum):
    """What can be done to a person who has a role. The texts are `role.act.<act>`."""

    EDIT = "edit"
    PASSWORD = "password"  # noqa: S105 - the name of an act
    ENABLE = "enable"
    DISABLE = "disable"
    REMOVE = "remove"
    UNLOCK = "unlock"
    BLOCK = "block"
    UNBLOCK = "unblock"
    BYPASS = "bypass"
    TEMPORARY_PASS = "temporary_pass"  # noqa: S105 - the name of an act
    ADD_FACTOR = "add_factor"
    REMOVE_FACTOR = "remove_factor"
    REGISTRATION = "registration"
    FORGET_BROWSERS = "forget_browsers"
    PIN = "pin"
    APP_PASSWORDS = "app_passwords"
    ROLES = "roles"
    """Give him other roles."""
    INVITE = "invite"
    """Make somebody an administrator who is not there yet."""
    ROLE = "role"
    """Define a role otherwise."""
    ONE_IS_ENOUGH = "one_is_enough"
    """Stop asking for a second person."""


AT_ONCE: Final = frozenset({Act.DISABLE, Act.BLOCK, Act.APP_PASSWORDS, Act.FORGET_BROWSERS})
"""What shuts a door. In an emergency nobody waits for a second person to shut one."""


class ProposalState(StrEnum):
    OPEN = "open"
    CONFIRMED = "confirmed"
    """A second person agrees: whoever proposed it may do it, once."""
    REFUSED = "refused"
    DONE = "done"


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """`facts` are what exactly is proposed, never a secret; something else is another proposal."""

    tenant_id: str
    proposal_id: str
    act: Act
    user_id: str
    """Whom it is about; empty: no person in particular."""
    username: str
    facts: dict[str, Any] = {}
    actor: str
    actor_name: str
    state: ProposalState = ProposalState.OPEN
    decided_by: str = ""
    decided_by_name: str = ""
    created_at: int
    expires_at: int
    version: int = 1
