"""Branding of a tenant: its name, colour and logo on the pages and in the mails that its people see."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.model.actor import Actor, Right
from vestibule.model.branding import (
    LONGEST_NAME,
    MOST_LOGO_BYTES,
    Branding,
    darker,
    is_logo,
    logo_name,
    shades,
)
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused


class Brandings:
    def __init__(self, store: Store, configuration: ConfigurationCache) -> None:
        self._store = store
        self._configuration = configuration

    def of(self, tenant_id: str) -> Branding:
        """Return what everybody sees; empty where the tenant has chosen nothing."""
        return self._configuration.current.brandings.get(tenant_id) or Branding(tenant_id=tenant_id)

    def read(self, actor: Actor, tenant_id: str) -> Branding:
        actor.demand(Right.READ_CONFIGURATION, tenant_id)
        return self.of(tenant_id)

    async def change(self, actor: Actor, tenant_id: str, name: str, color: str) -> Branding:
        """Choose name and colour; empty: those of the product. A colour that cannot be read is refused with
        one that can."""
        actor.demand(Right.SETTINGS, tenant_id)
        name, color = name.strip(), color.strip().lower()
        if len(name) > LONGEST_NAME or not (name.isprintable() or not name):
            raise Refused(Refusal.BRAND_NAME, str(LONGEST_NAME))
        if color and shades(color) is None:
            near = darker(color)
            raise Refused(Refusal.BRAND_COLOR_LIGHT if near else Refusal.BRAND_COLOR, near or color[:20])
        changed = replace(self.of(tenant_id), name=name, color=color)

        async def body(tx: Transaction) -> None:
            await tx.put(changed)
            await record(tx, actor, tenant_id, "branding.changed", tenant_id, name, color=color)

        return await self._written(tenant_id, body)

    async def put_logo(self, actor: Actor, tenant_id: str, picture: bytes) -> Branding:
        """Show a picture beside the name; nothing but a PNG of bounded size is taken."""
        actor.demand(Right.SETTINGS, tenant_id)
        if not is_logo(picture):
            raise Refused(Refusal.BRAND_LOGO, str(MOST_LOGO_BYTES // 1024))
        return await self._put_picture(actor, tenant_id, picture)

    async def remove_logo(self, actor: Actor, tenant_id: str) -> Branding:
        actor.demand(Right.SETTINGS, tenant_id)
        return await self._put_picture(actor, tenant_id, b"")

    async def logo(self, tenant_id: str, name: str) -> bytes | None:
        """Return the picture that is known by `name`, if it is the tenant's now."""
        if not name or self.of(tenant_id).logo != name:
            return None
        return await self._store.read(lambda tx: tx.logo(tenant_id, name))

    async def _put_picture(self, actor: Actor, tenant_id: str, picture: bytes) -> Branding:
        name = logo_name(picture) if picture else ""
        changed = replace(self.of(tenant_id), logo=name)

        async def body(tx: Transaction) -> None:
            await tx.put(changed)
            await tx.put_logo(tenant_id, picture)
            await record(tx, actor, tenant_id, "branding.logo", tenant_id, changed.name, removed=not picture)

        return await self._written(tenant_id, body)

    async def _written(self, tenant_id: str, body: Callable[[Transaction], Awaitable[None]]) -> Branding:
        try:
            await self._store.transact(body)
        except Conflict:
            raise Refused(Refusal.CHANGED_MEANWHILE, tenant_id) from None
        finally:
            await self._configuration.refresh()
        return self.of(tenant_id)
