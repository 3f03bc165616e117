"""What a provider and licences give a tenant: the full edition (S18, S24).

A tenant has it while a provider is linked to it, or while there is a licence for everybody who is configured;
after that it has its own edition again. When there are more people than licences, and no provider to count
them, it keeps the full edition for a while, so that nobody is shut out over one user too many.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from vestibule.interfaces.store import Transaction
from vestibule.model.actor import Actor
from vestibule.model.day import DAY_MS, day_at
from vestibule.model.edition import Edition
from vestibule.model.licence import Coverage
from vestibule.model.tenant import Tenant
from vestibule.services.recording import record

GRACE_DAYS: Final = 14


def entitled(tenant: Tenant, *, is_given: bool) -> Tenant:
    """Return the tenant with the edition that it has if the full one is given to it, or is not."""
    own = tenant.own_edition or tenant.edition
    return replace(
        tenant,
        edition=Edition.FULL if is_given else own,
        own_edition=own if is_given else None,
        lapses_at=0,
    )


def after_count(tenant: Tenant, coverage: Coverage, now: int) -> Tenant:
    """Return a tenant without a provider as it is once its users and licences were counted."""
    if coverage.is_complete or tenant.own_edition is None:
        return entitled(tenant, is_given=coverage.is_complete)
    if not tenant.lapses_at:
        return replace(tenant, lapses_at=now + GRACE_DAYS * DAY_MS)
    return tenant if now < tenant.lapses_at else entitled(tenant, is_given=False)


async def count_anew(tx: Transaction, actor: Actor, tenant: Tenant) -> None:
    """Write what follows from the users and licences of a tenant now; with a provider nothing does."""
    if any(provider.deleted_at is None for provider in await tx.providers(tenant.tenant_id)):
        return
    coverage = await tx.coverage(tenant.tenant_id, day_at(tx.now))
    await put_entitled(tx, actor, tenant, after_count(tenant, coverage, tx.now))


async def put_entitled(tx: Transaction, actor: Actor, before: Tenant, after: Tenant) -> None:
    """Write a tenant that has another edition now, or will have, and record it."""
    if after == before:
        return
    await tx.put(after)
    named = (after.tenant_id, after.tenant_id, after.name)
    if after.edition is not before.edition:
        facts = {"edition": after.edition.value, "before": before.edition.value}
        await record(tx, actor, named[0], "tenant.edition_changed", *named[1:], **facts)
    if after.lapses_at > before.lapses_at:
        await record(tx, actor, named[0], "tenant.lapsing", *named[1:], until=after.lapses_at)
