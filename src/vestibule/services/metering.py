"""Metering: who counts is looked at all day long, and each day is counted once, after it is over.

Usage is derived from what is there already: attempts, and people as they are. No attempt writes anything for
it. Every step is committed by itself and can be done again, by any node: a look begins and ends what it
finds, whoever did a part of it before; a day is counted by whoever moves the meter on from it. So a crash
anywhere, or the same round on two nodes, changes no bill (docs/adr/0022).

Invariants:
- A person counts on each day on which a look found him configured. Days without a look are between two.
- A day is written once and never changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from vestibule.interfaces.store import Store, Transaction
from vestibule.model.actor import Actor, Right
from vestibule.model.day import beginning_of, day_after, day_at, end_of
from vestibule.model.provider import Provider, UsageModel
from vestibule.model.usage import GRACE_MS, Meter, MeteredUser, Usage
from vestibule.services.refusal import Refusal, Refused

_BITE: Final = 500
MOST_USERS_SHOWN: Final = 500


class Metering:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def round(self) -> None:
        """Look at who is configured, and count the days that are over, of every provider."""
        providers = await self._store.read(lambda tx: tx.all_providers())
        meters = await self._store.read(lambda tx: tx.meters())
        for provider in providers:
            meter = meters.get(provider.provider_id) or await self._opened(provider)
            await self._meter(provider, meter, is_replaced=_is_replaced(provider, providers))

    async def usage(self, actor: Actor, tenant_id: str, first: str, last: str) -> tuple[Usage, ...]:
        """Return what a tenant has used from a day to another one, both included, by day and provider."""
        actor.demand(Right.READ_BILLING, tenant_id)
        return await self._store.read(lambda tx: tx.usage(tenant_id, first, last))

    async def users(
        self, actor: Actor, tenant_id: str, provider_id: str, day: str, after: str = ""
    ) -> tuple[MeteredUser, ...]:
        """Return who counted on a day, at most `MOST_USERS_SHOWN` by user id behind `after`."""
        actor.demand(Right.READ_BILLING, tenant_id)

        async def body(tx: Transaction) -> tuple[MeteredUser, ...]:
            if all(each.provider_id != provider_id for each in await tx.providers(tenant_id)):
                raise Refused(Refusal.NOT_FOUND, provider_id)
            return await tx.metered_users(tenant_id, provider_id, day, after, MOST_USERS_SHOWN)

        return await self._store.read(body)

    # --- parts --------------------------------------------------------------------------------------

    async def _meter(self, provider: Provider, meter: Meter, *, is_replaced: bool) -> None:
        last_day = day_at(provider.deleted_at) if provider.deleted_at is not None else None
        if last_day is not None and meter.next_day > last_day:
            return
        if provider.usage_model is UsageModel.PER_USER and last_day is None:
            await self._look(provider, meter.looked_day)
        day = meter.next_day
        while last_day is None or day <= last_day:
            if not await self._count(provider, day, counts_users=not (is_replaced and day == last_day)):
                return
            day = day_after(day)

    async def _opened(self, provider: Provider) -> Meter:
        first = day_at(provider.created_at)
        meter = Meter(
            tenant_id=provider.tenant_id,
            provider_id=provider.provider_id,
            next_day=first,
            looked_day=day_after(first, -1),
        )
        await self._store.transact(lambda tx: tx.open_meter(meter))
        return meter

    async def _look(self, provider: Provider, looked_day: str) -> None:
        """Bring who counts in line with who is configured, some at a time."""
        today = await self._store.read(_today)
        while found := await self._store.read(lambda tx: tx.unmetered_users(provider, today, _BITE)):
            await self._begin(found)
        while found := await self._store.read(lambda tx: tx.overmetered_users(provider, _BITE)):
            # He was there at the last look that went through, or at the one that found him first.
            ended = [
                msgspec.structs.replace(each, until_day=day_after(max(each.from_day, looked_day)))
                for each in found
            ]
            if not await self._end(ended):
                break
        await self._store.transact(lambda tx: tx.note_look(provider.tenant_id, provider.provider_id, today))

    async def _begin(self, users: Sequence[MeteredUser]) -> None:
        await self._store.transact(lambda tx: tx.count_users_from(users))

    async def _end(self, users: Sequence[MeteredUser]) -> int:
        return await self._store.transact(lambda tx: tx.count_users_until(users))

    async def _count(self, provider: Provider, day: str, *, counts_users: bool) -> bool:
        """Count a day; False if it is not over yet, or somebody else has."""
        since = max(beginning_of(day), provider.created_at)
        until = end_of(day) if provider.deleted_at is None else min(end_of(day), provider.deleted_at)

        async def count(tx: Transaction) -> Usage | None:
            if tx.now < end_of(day) + GRACE_MS:
                return None
            return await tx.count_usage(provider, day, since, until)

        # What was counted cannot change any more, so counting does not hold up those who sign in.
        usage = await self._store.read(count)
        if usage is None:
            return False
        if not counts_users:
            usage = msgspec.structs.replace(usage, service_users=0, server_users=0, licensed=0)
        return await self._store.transact(lambda tx: tx.add_usage(usage, day_after(day)))


def _is_replaced(provider: Provider, providers: tuple[Provider, ...]) -> bool:
    """Tell whether the tenant got another provider on the day on which this one was deleted: then the people
    of that day are the other's, for they are paid for once."""
    ended = provider.deleted_at
    if ended is None:
        return False
    return any(
        other.tenant_id == provider.tenant_id
        and other.created_at >= ended
        and day_at(other.created_at) == day_at(ended)
        for other in providers
    )


async def _today(tx: Transaction) -> str:
    return day_at(tx.now)
