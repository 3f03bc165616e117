"""Accounting: what clients tell of sessions is kept for a while, and shown to those who may read history."""

from __future__ import annotations

from vestibule.interfaces.store import Store
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.interfaces.transaction.radius import AccountingFilter
from vestibule.model.accounting_record import AccountingRecord
from vestibule.model.actor import Actor, Right


class Accounting:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def keep(self, record: AccountingRecord) -> None:
        """Write a record down; the same one again changes nothing. Raises `Unavailable`."""
        await self._store.transact(lambda tx: tx.add_accounting_record(record))

    async def note_forwarded(self, record: AccountingRecord) -> None:
        """Write down that the server behind has confirmed it. Raises `Unavailable`."""
        await self._store.transact(
            lambda tx: tx.note_accounting_forwarded(record.tenant_id, record.record_id)
        )

    async def list(self, actor: Actor, tenant_id: str, where: AccountingFilter, page: Page) -> Listed:
        """Return what was told, newest first."""
        actor.demand(Right.READ_HISTORY, tenant_id)
        return await self._store.read(lambda tx: tx.accounting_records(tenant_id, where, page))
