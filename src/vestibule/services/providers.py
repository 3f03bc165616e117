"""Providers: bought by the operator for a tenant that is there, or with a tenant of their own.

Invariants:
- The usage model of a provider never changes (S20); another one takes its place (S21).
- A tenant has one provider at a time. Its end takes nothing away that was set up in a linked tenant (S23); a
  tenant that was made with its provider ends with it, whole (S25).
- What has ended is kept and still billed.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import msgspec
from msgspec.structs import replace

from vestibule.crypto.tokens import new_id
from vestibule.interfaces.store import AlreadyExists, Conflict, Store, Transaction
from vestibule.model.actor import Actor, Right
from vestibule.model.day import day_at
from vestibule.model.edition import Edition
from vestibule.model.licence import Coverage
from vestibule.model.provider import Provider, UsageModel
from vestibule.model.tenant import SYSTEM_TENANT, Tenant
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.editions import is_in_effect
from vestibule.services.entitlement import entitled, put_entitled
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused

LONGEST_NAME: Final = 100
_CURRENCY: Final = re.compile("[A-Z]{3}")

Result = TypeVar("Result")


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """What comes with the deletion of a provider."""

    provider: Provider
    tenant: Tenant
    coverage: Coverage
    edition: Edition
    """What the tenant has afterwards, if it is linked."""
    closed: tuple[str, ...] = ()
    """Applications of a linked tenant that let nobody in afterwards, by name. They come back with the next
    provider."""
    lost: dict[str, int] = {}
    """Of a tenant that ends with its provider: how many of what is deleted for good."""


class Providers:
    def __init__(self, store: Store, configuration: ConfigurationCache) -> None:
        self._store = store
        self._configuration = configuration

    # --- what there is ------------------------------------------------------------------------------

    async def list(self, actor: Actor) -> tuple[Provider, ...]:
        """Return those of all tenants that have not ended, by name."""
        actor.demand(Right.BILLING, "")
        there = self._configuration.current.providers.values()
        return tuple(sorted(there, key=lambda provider: (provider.name.casefold(), provider.provider_id)))

    async def of(self, actor: Actor, tenant_id: str) -> tuple[Provider, ...]:
        """Return all that a tenant has ever had, the newest first."""
        actor.demand(Right.READ_BILLING, tenant_id)
        return await self._store.read(lambda tx: tx.providers(tenant_id))

    def find(self, actor: Actor, provider_id: str) -> Provider:
        """Return a provider that has not ended."""
        actor.demand(Right.BILLING, "")
        for provider in self._configuration.current.providers.values():
            if provider.provider_id == provider_id:
                return provider
        raise Refused(Refusal.NOT_FOUND, provider_id)

    # --- what is done -------------------------------------------------------------------------------

    async def create(
        self, actor: Actor, name: str, usage_model: UsageModel, currency: str, tenant_id: str = ""
    ) -> Provider:
        """Create a provider, linked to a tenant or (empty) with a new one of its own (S22, S34).

        A linked tenant has the full edition from now on, for everybody in it (S18).
        """
        actor.demand(Right.BILLING, "")
        if not _CURRENCY.fullmatch(currency):
            raise Refused(Refusal.CURRENCY_INVALID, currency)
        linked = self._linkable(tenant_id) if tenant_id else None
        provider_id = new_id()
        provider = Provider(
            tenant_id=tenant_id or f"p-{provider_id[:12]}",
            provider_id=provider_id,
            name=name.strip(),
            usage_model=usage_model,
            is_linked=linked is not None,
            currency=currency,
            created_at=0,
        )

        async def body(tx: Transaction) -> Provider:
            added = replace(provider, created_at=tx.now)
            if linked is None:
                await tx.put(_standalone(added))
            else:
                await put_entitled(tx, actor, linked, entitled(linked, is_given=True))
            await tx.put(added)
            facts = {"usage_model": usage_model.value, "tenant": added.tenant_id}
            await record(tx, actor, _told_in(added), "provider.created", provider_id, added.name, **facts)
            return added

        return await self._written(body, name)

    async def change(
        self,
        actor: Actor,
        provider_id: str,
        *,
        name: str,
        usage_model: UsageModel | None = None,
        version: int | None = None,
    ) -> Provider:
        """Call a provider otherwise; with `version`, only if nobody has changed it since. Another
        `usage_model` than it has is refused (S20)."""
        before = self.find(actor, provider_id)
        if usage_model not in (None, before.usage_model):
            raise Refused(Refusal.MODEL_FIXED, before.name)
        if version not in (None, before.version):
            raise Refused(Refusal.CHANGED_MEANWHILE, before.name)
        changed = replace(before, name=name.strip())

        async def body(tx: Transaction) -> None:
            await tx.put(changed)
            facts = {"before": before.name}
            await record(tx, actor, _told_in(changed), "provider.renamed", provider_id, changed.name, **facts)

        await self._written(body, before.name)
        return self.find(actor, provider_id)

    async def ending(self, actor: Actor, provider_id: str) -> Ending:
        """Return what comes with its deletion; nothing is changed."""
        provider = self.find(actor, provider_id)
        return await self._store.read(lambda tx: self._ending(tx, provider))

    async def delete(self, actor: Actor, provider_id: str) -> Ending:
        """Delete a provider, and with it the tenant that was made for it (S25).

        A linked tenant keeps all that is in it (S23), and the full edition only if there is a licence for
        everybody (S24, S31); else it has its own edition again, at once.
        """
        provider = self.find(actor, provider_id)

        async def body(tx: Transaction) -> Ending:
            ending = await self._ending(tx, provider)
            await tx.put(replace(provider, deleted_at=tx.now))
            if provider.is_linked:
                after = entitled(ending.tenant, is_given=ending.coverage.is_complete)
                await put_entitled(tx, actor, ending.tenant, after)
            else:
                await tx.remove_tenant(provider.tenant_id)
            facts = {"tenant": provider.tenant_id, "usage_model": provider.usage_model.value}
            await record(
                tx, actor, _told_in(provider), "provider.deleted", provider_id, provider.name, **facts
            )
            return ending

        return await self._written(body, provider.name)

    # --- parts --------------------------------------------------------------------------------------

    def _linkable(self, tenant_id: str) -> Tenant:
        """Return a tenant to which a provider may be linked."""
        tenant = self._configuration.current.tenants.get(tenant_id)
        if tenant is None or tenant_id == SYSTEM_TENANT:
            raise Refused(Refusal.NOT_FOUND, tenant_id)
        if tenant_id in self._configuration.current.providers:
            raise Refused(Refusal.PROVIDER_THERE, tenant.name)
        return tenant

    async def _ending(self, tx: Transaction, provider: Provider) -> Ending:
        snapshot, tenant_id = self._configuration.current, provider.tenant_id
        tenant = snapshot.tenants[tenant_id]
        coverage = await tx.coverage(tenant_id, day_at(tx.now))
        after = entitled(tenant, is_given=coverage.is_complete)
        peers = [peer for peer in snapshot.peers.values() if peer.client.tenant_id == tenant_id]
        closed = {
            peer.application.name
            for peer in peers
            if not is_in_effect(after, peer.application, peer.client.kind)
        }
        there = {
            "applications": sum(key[0] == tenant_id for key in snapshot.applications),
            "clients": len(peers),
            "gateways": sum(key[0] == tenant_id for key in snapshot.gateways),
            "voice_messages": len(await tx.voice_messages(tenant_id)),
            "servers": len(await tx.activated_servers(tenant_id)),
        }
        return Ending(
            provider=provider,
            tenant=tenant,
            coverage=coverage,
            edition=after.edition,
            closed=tuple(sorted(closed)) if provider.is_linked else (),
            lost={} if provider.is_linked else there,
        )

    async def _written(self, body: Callable[[Transaction], Awaitable[Result]], name: str) -> Result:
        try:
            result = await self._store.transact(body)
        except AlreadyExists as taken:
            why = Refusal.PROVIDER_THERE if taken.what == "provider" else Refusal.NAME_TAKEN
            raise Refused(why, taken.key) from None
        except Conflict:
            raise Refused(Refusal.CHANGED_MEANWHILE, name) from None
        finally:
            await self._configuration.refresh()
        return result


def _standalone(provider: Provider) -> Tenant:
    """Return the tenant that is made with a provider of its own (S35)."""
    return Tenant(
        tenant_id=provider.tenant_id,
        name=provider.name,
        created_at=provider.created_at,
        is_standalone=True,
    )


def _told_in(provider: Provider) -> str:
    """Return in whose record of changes a provider is: who is linked sees it; the rest would end with it."""
    return provider.tenant_id if provider.is_linked else SYSTEM_TENANT
