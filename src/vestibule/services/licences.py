"""Licences: bundles that the operator adds to a tenant, and which of its people have one (S16, S29).

Invariants: of a bundle never more are assigned than there are; nobody has two for the same day; what was
good on a day that is over is not changed any more, because that day may not be billed yet.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from functools import partial
from typing import Final, TypeVar

import msgspec
from msgspec.structs import replace

from vestibule.crypto.tokens import new_id
from vestibule.interfaces.clock import Clock
from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.model.actor import SYSTEM, Actor, Right
from vestibule.model.day import day_at
from vestibule.model.licence import Coverage, Licence, LicenceKind
from vestibule.model.tenant import Tenant
from vestibule.model.user import User
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.editions import demand_people
from vestibule.services.entitlement import count_anew
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused

MOST_LICENCES: Final = 1_000_000
"""In one bundle."""
LONGEST_PRODUCT: Final = 100
MOST_YEARS: Final = 10
AT_ONCE: Final = 500
"""People who are given licences in one transaction."""

Result = TypeVar("Result")


class Bundle(msgspec.Struct, frozen=True):
    """A bundle and how many of it are assigned now."""

    licence: Licence
    assigned: int


class Licences:
    def __init__(self, store: Store, configuration: ConfigurationCache, clock: Clock) -> None:
        self._store = store
        self._configuration = configuration
        self._clock = clock

    # --- what there is ------------------------------------------------------------------------------

    async def list(self, actor: Actor, tenant_id: str) -> tuple[Bundle, ...]:
        """Return the bundles of a tenant, the latest period first."""
        actor.demand(Right.READ_BILLING, tenant_id)

        async def body(tx: Transaction) -> tuple[Bundle, ...]:
            assigned = await tx.count_assigned(tenant_id)
            return tuple(
                Bundle(licence, assigned.get(licence.licence_id, 0))
                for licence in await tx.licences(tenant_id)
            )

        return await self._store.read(body)

    async def find(self, actor: Actor, tenant_id: str, licence_id: str) -> Licence:
        actor.demand(Right.READ_BILLING, tenant_id)
        found = await self._store.read(lambda tx: tx.licence(tenant_id, licence_id))
        if found is None:
            raise Refused(Refusal.NOT_FOUND, licence_id)
        return found

    async def coverage(self, actor: Actor, tenant_id: str) -> Coverage:
        """Count today's configured users, licensed users and licences of a tenant."""
        actor.demand(Right.READ_BILLING, tenant_id)
        today = day_at(self._clock.now())
        return await self._store.read(lambda tx: tx.coverage(tenant_id, today))

    async def holders(
        self, actor: Actor, tenant_id: str, licence_id: str, after: str, limit: int
    ) -> tuple[User, ...]:
        """Return who has one of a bundle, by user id behind `after`."""
        actor.demand(Right.READ_BILLING, tenant_id)
        actor.demand(Right.READ_PEOPLE, tenant_id)

        async def body(tx: Transaction) -> tuple[User, ...]:
            given = await tx.assigned(tenant_id, licence_id, after, limit)
            people = await tx.users_by_id(tenant_id, [each.user_id for each in given])
            return tuple(people[each.user_id] for each in given if each.user_id in people)

        return await self._store.read(body)

    async def of_user(self, actor: Actor, tenant_id: str, user_id: str) -> tuple[Licence, ...]:
        """Return the bundles of which a user has one, of whatever period."""
        actor.demand(Right.READ_BILLING, tenant_id)
        return await self._store.read(lambda tx: tx.licences_of(tenant_id, user_id))

    # --- bundles ------------------------------------------------------------------------------------

    async def add(
        self,
        actor: Actor,
        tenant_id: str,
        kind: LicenceKind,
        quantity: int,
        first_day: str,
        last_day: str,
        product: str = "",
    ) -> Licence:
        """Add a bundle; with a licence for everybody the tenant has the full edition (S24)."""
        actor.demand(Right.BILLING, "")
        licence = Licence(
            tenant_id=tenant_id,
            licence_id=new_id(),
            kind=kind,
            product=product.strip() if kind is LicenceKind.BUNDLE else "",
            quantity=quantity,
            first_day=first_day,
            last_day=last_day,
            created_at=0,
        )
        demand_people(self._tenant(tenant_id))
        _check(licence)

        async def body(tx: Transaction) -> Licence:
            added = replace(licence, created_at=tx.now)
            await tx.put_licence(added)
            await record(tx, actor, tenant_id, "licence.added", added.licence_id, product, **_facts(added))
            await count_anew(tx, actor, self._tenant(tenant_id))
            return added

        return await self._written(body)

    async def change(
        self, actor: Actor, tenant_id: str, licence_id: str, quantity: int, last_day: str
    ) -> Licence:
        """Let a bundle have more or fewer licences, never fewer than are assigned, and another end, never
        one that is over."""
        before = await self._to_change(actor, tenant_id, licence_id)
        changed = replace(before, quantity=quantity, last_day=last_day)
        _check(changed)
        if last_day != before.last_day and last_day < day_at(self._clock.now()):
            raise Refused(Refusal.PERIOD_INVALID, f"{before.first_day} – {last_day}")

        async def body(tx: Transaction) -> Licence:
            await tx.put_licence(changed)
            given = (await tx.count_assigned(tenant_id)).get(licence_id, 0)
            if given > quantity:
                raise Refused(Refusal.LICENCES_GIVEN, str(given))
            facts = _facts(changed)
            await record(tx, actor, tenant_id, "licence.changed", licence_id, changed.product, **facts)
            await count_anew(tx, actor, self._tenant(tenant_id))
            return replace(changed, version=changed.version + 1)

        return await self._written(body)

    async def end(self, actor: Actor, tenant_id: str, licence_id: str) -> Licence:
        """Let a bundle be good until today and no longer; one that has not begun is deleted."""
        before = await self._to_change(actor, tenant_id, licence_id)
        today = day_at(self._clock.now())
        ended = replace(before, last_day=min(before.last_day, max(today, before.first_day)))

        async def body(tx: Transaction) -> Licence:
            if before.first_day > today:
                await tx.remove_licence(tenant_id, licence_id)
            else:
                await tx.put_licence(ended)
            await record(tx, actor, tenant_id, "licence.ended", licence_id, ended.product, **_facts(ended))
            await count_anew(tx, actor, self._tenant(tenant_id))
            return ended

        return await self._written(body)

    # --- who has one --------------------------------------------------------------------------------

    async def assign(self, actor: Actor, tenant_id: str, licence_id: str, user_id: str) -> None:
        """Give a user one of a bundle. In a tenant without people it is refused (S36)."""
        licence = await self._to_assign(actor, tenant_id, licence_id)

        async def body(tx: Transaction) -> None:
            user = await _held_user(tx, tenant_id, user_id)
            if any(licence.overlaps(other) for other in await tx.licences_of(tenant_id, user_id)):
                raise Refused(Refusal.LICENSED_ALREADY, user.username)
            if not await tx.assign_licence(tenant_id, licence_id, user_id):
                raise Refused(Refusal.LICENCES_SPENT, str(licence.quantity))
            await record(tx, actor, tenant_id, "licence.assigned", user_id, user.username, licence=licence_id)

        await self._store.transact(body)

    async def assign_all(self, actor: Actor, tenant_id: str, licence_id: str) -> int:
        """Give one to each who is configured and has none today, by name, as far as the bundle reaches;
        return to how many."""
        licence = await self._to_assign(actor, tenant_id, licence_id)
        day = max(licence.first_day, day_at(self._clock.now()))
        given = 0
        while batch := await self._store.transact(lambda tx: self._assign_some(tx, licence, day)):
            given += batch
        if given:
            await self._store.transact(
                lambda tx: record(
                    tx, actor, tenant_id, "licence.all_assigned", licence_id, licence.product, count=given
                )
            )
        return given

    async def _assign_some(self, tx: Transaction, licence: Licence, day: str) -> int:
        given = 0
        for user_id in await tx.unlicensed(licence.tenant_id, day, AT_ONCE):
            held = await tx.licences_of(licence.tenant_id, user_id)
            if any(licence.overlaps(other) for other in held):
                continue
            if not await tx.assign_licence(licence.tenant_id, licence.licence_id, user_id):
                break
            given += 1
        return given

    async def take(self, actor: Actor, tenant_id: str, licence_id: str, user_id: str) -> None:
        """Take back the licence of a user; somebody else can have it at once."""
        actor.demand(Right.CHANGE_PEOPLE, tenant_id)

        async def body(tx: Transaction) -> None:
            user = await _held_user(tx, tenant_id, user_id)
            if not await tx.end_assignment(tenant_id, licence_id, user_id):
                raise Refused(Refusal.NOT_FOUND, licence_id)
            await record(tx, actor, tenant_id, "licence.taken", user_id, user.username, licence=licence_id)

        await self._store.transact(body)

    # --- what time does -----------------------------------------------------------------------------

    async def follow(self) -> None:
        """Look at each tenant that has licences, or is given an edition by them: periods begin and end, and
        people come and go."""
        tenants = self._configuration.current.tenants
        licensed = await self._store.read(lambda tx: tx.licensed_tenants())
        given = [tenant.tenant_id for tenant in tenants.values() if tenant.own_edition is not None]
        for tenant_id in sorted({*licensed, *given}):
            tenant = self._tenant(tenant_id)
            try:
                await self._store.transact(partial(count_anew, actor=SYSTEM, tenant=tenant))
            except Conflict:
                continue  # Another node was first, or somebody has changed it: the next round looks again.
        await self._configuration.refresh()

    # --- parts --------------------------------------------------------------------------------------

    def _tenant(self, tenant_id: str) -> Tenant:
        found = self._configuration.current.tenants.get(tenant_id)
        if found is None:
            raise Refused(Refusal.NOT_FOUND, tenant_id)
        return found

    async def _to_change(self, actor: Actor, tenant_id: str, licence_id: str) -> Licence:
        actor.demand(Right.BILLING, "")
        found = await self.find(actor, tenant_id, licence_id)
        if found.last_day < day_at(self._clock.now()):
            raise Refused(Refusal.LICENCE_OVER, found.last_day)
        return found

    async def _to_assign(self, actor: Actor, tenant_id: str, licence_id: str) -> Licence:
        actor.demand(Right.CHANGE_PEOPLE, tenant_id)
        demand_people(self._tenant(tenant_id))
        found = await self._store.read(lambda tx: tx.licence(tenant_id, licence_id))
        if found is None:
            raise Refused(Refusal.NOT_FOUND, licence_id)
        if found.last_day < day_at(self._clock.now()):
            raise Refused(Refusal.LICENCE_OVER, found.last_day)
        return found

    async def _written(self, body: Callable[[Transaction], Awaitable[Result]]) -> Result:
        try:
            result = await self._store.transact(body)
        except Conflict:
            raise Refused(Refusal.CHANGED_MEANWHILE) from None
        finally:
            await self._configuration.refresh()
        return result


async def _held_user(tx: Transaction, tenant_id: str, user_id: str) -> User:
    await tx.hold_user(tenant_id, user_id)
    found = await tx.subject(tenant_id, user_id)
    if found is None:
        raise Refused(Refusal.NOT_FOUND, user_id)
    return found.user


def _facts(licence: Licence) -> dict[str, str | int]:
    return {
        "licences": licence.quantity,
        "first_day": licence.first_day,
        "last_day": licence.last_day,
    }


def _check(licence: Licence) -> None:
    """Raise `Refused` unless the bundle can be one."""
    if not 1 <= licence.quantity <= MOST_LICENCES:
        raise Refused(Refusal.QUANTITY_INVALID, str(MOST_LICENCES))
    if licence.kind is LicenceKind.BUNDLE and not licence.product:
        raise Refused(Refusal.PRODUCT_MISSING)
    period = f"{licence.first_day} – {licence.last_day}"
    try:
        first, last = date.fromisoformat(licence.first_day), date.fromisoformat(licence.last_day)
    except ValueError:
        raise Refused(Refusal.PERIOD_INVALID, period) from None
    is_plain = (first.isoformat(), last.isoformat()) == (licence.first_day, licence.last_day)
    if not is_plain or last < first or last.year - first.year > MOST_YEARS:
        raise Refused(Refusal.PERIOD_INVALID, period)
