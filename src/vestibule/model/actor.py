"""Actor: who asks for something. Every service takes one and asks it before it reads or changes anything."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from vestibule.model.right import OF_ADMINISTRATORS, OF_OPERATOR, Right

__all__ = ["SYSTEM", "Actor", "Forbidden", "NotAllowed", "Reach", "Right", "self_of"]


class NotAllowed(Exception):
    """The actor may not do this; says which right is missing. What it is about is not there for him."""


class Forbidden(NotAllowed):
    """The actor may see that it is there, and may not do this to it."""


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """Rights in one tenant (empty: in every one), over the people of some groups only if any are named."""

    rights: frozenset[Right]
    tenant_id: str
    groups: frozenset[str] = frozenset()

    def includes(self, right: Right, tenant_id: str) -> bool:
        is_held = right in self.rights or (Right.ADMINISTER in self.rights and right in OF_ADMINISTRATORS)
        places = ("",) if right in OF_OPERATOR else ("", tenant_id)
        return is_held and self.tenant_id in places


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """`rights` hold in `tenant_id` (empty: in every tenant); each of `reaches` says for itself where."""

    actor_id: str
    name: str
    tenant_id: str
    rights: frozenset[Right]
    reaches: tuple[Reach, ...] = ()
    is_program: bool = False
    """Asks by an API key: no second person stands behind it."""

    def _reaches(self) -> Iterator[Reach]:
        yield Reach(rights=self.rights, tenant_id=self.tenant_id)
        yield from self.reaches

    def may(self, right: Right, tenant_id: str) -> bool:
        """Tell whether the right is held over the whole tenant."""
        return any(not reach.groups and reach.includes(right, tenant_id) for reach in self._reaches())

    def groups_for(self, right: Right, tenant_id: str) -> frozenset[str]:
        """Return the groups over whose people the right is held, besides where it is held over everybody."""
        reaches = [reach.groups for reach in self._reaches() if reach.includes(right, tenant_id)]
        return frozenset().union(*reaches)

    def is_within(self, tenant_id: str) -> bool:
        """Tell whether there is anything that this actor may do or see in the tenant."""
        return any(reach.rights and reach.tenant_id in ("", tenant_id) for reach in self._reaches())

    def demand(self, right: Right, tenant_id: str) -> None:
        """Raise `NotAllowed` unless this actor has `right` over the whole tenant."""
        if not self.may(right, tenant_id):
            raise self._refusal(right, tenant_id)

    def limit(self, right: Right, tenant_id: str) -> frozenset[str]:
        """Return the groups to whose people this actor is limited in what the right is about; empty: to
        nobody. Raises `NotAllowed` if he has it over nobody."""
        if self.may(right, tenant_id):
            return frozenset()
        groups = self.groups_for(right, tenant_id)
        if not groups:
            raise self._refusal(right, tenant_id)
        return groups

    def is_self(self, tenant_id: str, user_id: str) -> bool:
        """Tell whether this is the person himself, acting as such."""
        return Right.SELF in self.rights and (self.actor_id, self.tenant_id) == (user_id, tenant_id)

    def demand_of(self, tenant_id: str, user_id: str) -> None:
        """Raise `NotAllowed` unless this actor administers the tenant, or is this person himself."""
        if not self.is_self(tenant_id, user_id):
            self.demand(Right.ADMINISTER, tenant_id)

    def _refusal(self, right: Right, tenant_id: str) -> NotAllowed:
        # Whoever administers a tenant is not told of what the operator has: for him it is not there.
        is_hidden = right in OF_OPERATOR and self.may(Right.ADMINISTER, tenant_id)
        kind = Forbidden if self.is_within(tenant_id) and not is_hidden else NotAllowed
        return kind(f"this needs the right {right.value} in tenant {tenant_id}")


def self_of(tenant_id: str, user_id: str, username: str) -> Actor:
    """Return a person as who acts on himself."""
    return Actor(actor_id=user_id, name=username, tenant_id=tenant_id, rights=frozenset({Right.SELF}))


SYSTEM = Actor(
    actor_id="system", name="system", tenant_id="", rights=frozenset({Right.ADMINISTER, Right.VERIFY})
)
"""The command line on the server itself: who can read the key file can do everything."""
