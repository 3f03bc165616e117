"""Guard: may somebody do this to this person? Asked before anything is done to anybody.

Three things are looked at: the right; whether the person is in a group that the right is limited to; and
whether he has a role himself. Who has one is changed only by those who may change administrators and, while
a second person is asked for, only after one has agreed (see proposals.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vestibule.interfaces.store import Store, Transaction
from vestibule.model.actor import SYSTEM, Actor, Forbidden, NotAllowed, Right
from vestibule.model.proposal import Act
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import Role, User
from vestibule.services.proposals import NOT_NEEDED, Agreement, Proposals
from vestibule.services.refusal import Refusal, Refused


class Guard:
    def __init__(self, store: Store, proposals: Proposals) -> None:
        self._store = store
        self._proposals = proposals

    async def admit_reading(self, actor: Actor, right: Right, tenant_id: str, user_id: str) -> None:
        """Raise `NotAllowed` unless `actor` has `right` over this person."""
        groups = actor.limit(right, tenant_id)
        if groups and groups.isdisjoint(await self._store.read(lambda tx: tx.groups_of(tenant_id, user_id))):
            raise NotAllowed(f"{user_id} is in no group that {right.value} is limited to")

    async def admit(
        self,
        actor: Actor,
        right: Right,
        tenant_id: str,
        user_id: str,
        act: Act,
        facts: Mapping[str, Any] | None = None,
    ) -> Agreement:
        """Raise `NotAllowed` unless `actor` may do this to him, and `Refused` if a second person has to agree
        first. `facts`: what exactly is to be done; never a secret. Return what the act uses up."""
        if actor == SYSTEM:
            return NOT_NEEDED
        await self.admit_reading(actor, right, tenant_id, user_id)
        subject = await self._store.read(lambda tx: tx.subject(tenant_id, user_id))
        if subject is None:
            raise Refused(Refusal.NOT_FOUND, user_id)
        if subject.user.role is not Role.NONE:
            actor.demand(Right.ADMINISTRATORS, SYSTEM_TENANT)
            return await self._proposals.need_second(actor, act, subject.user, facts or {})
        return NOT_NEEDED

    async def admit_reading_or_self(self, actor: Actor, right: Right, tenant_id: str, user_id: str) -> None:
        """`admit_reading`, but for the person himself."""
        if not actor.is_self(tenant_id, user_id):
            await self.admit_reading(actor, right, tenant_id, user_id)

    async def admit_or_self(
        self,
        actor: Actor,
        right: Right,
        tenant_id: str,
        user_id: str,
        act: Act,
        facts: Mapping[str, Any] | None = None,
    ) -> Agreement:
        """`admit`, but for what a person may do to himself."""
        if actor.is_self(tenant_id, user_id):
            return NOT_NEEDED
        return await self.admit(actor, right, tenant_id, user_id, act, facts)

    async def admit_one_of_many(self, tx: Transaction, actor: Actor, right: Right, user: User) -> None:
        """The same within a transaction, for one of many. Who has a role is never one of many."""
        groups = actor.limit(right, user.tenant_id)
        if groups and groups.isdisjoint(await tx.groups_of(user.tenant_id, user.user_id)):
            raise NotAllowed(f"{user.user_id} is in no group that {right.value} is limited to")
        if user.role is not Role.NONE and actor != SYSTEM:
            raise Forbidden(f"{user.user_id} has a role")
