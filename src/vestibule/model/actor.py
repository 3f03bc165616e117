"""Actor: who asks for a change. Every service that changes something takes one and asks it."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Right(StrEnum):
    ADMINISTER = "administer"
    """Change people, applications and clients of the tenants in reach."""
    SELF = "self"
    """Change one's own authenticators."""
    VERIFY = "verify"


class NotAllowed(Exception):
    """The actor may not do this; says which right is missing."""


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """`tenant_id` is the tenant in reach; empty means every tenant (administrators of the installation)."""

    actor_id: str
    name: str
    tenant_id: str
    rights: frozenset[Right]

    def demand(self, right: Right, tenant_id: str) -> None:
        """Raise `NotAllowed` unless this actor has `right` in the tenant."""
        if right not in self.rights or self.tenant_id not in ("", tenant_id):
            raise NotAllowed(f"this needs the right to {right} in tenant {tenant_id}")

    def demand_of(self, tenant_id: str, user_id: str) -> None:
        """Raise `NotAllowed` unless this actor administers the tenant, or is this person himself."""
        if Right.SELF in self.rights and (self.actor_id, self.tenant_id) == (user_id, tenant_id):
            return
        self.demand(Right.ADMINISTER, tenant_id)


def self_of(tenant_id: str, user_id: str, username: str) -> Actor:
    """Return a person as who acts on himself."""
    return Actor(actor_id=user_id, name=username, tenant_id=tenant_id, rights=frozenset({Right.SELF}))


SYSTEM = Actor(
    actor_id="system", name="system", tenant_id="", rights=frozenset({Right.ADMINISTER, Right.VERIFY})
)
"""The command line on the server itself: who can read the key file can do everything."""
