"""What clients have told of sessions: written once, read newest first, gone after a while."""

from __future__ import annotations

from typing import Final

from vestibule.model.accounting_record import AccountingRecord
from vestibule.stores.rows import ACCOUNTING_RECORD, accounting_record_of, record_values
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests

ADD: Final = Statement(
    insert(
        "accounting_records",
        ACCOUNTING_RECORD,
        dict.fromkeys(("received_at", "expires_at"), "bigint"),
    )
    + " on conflict (tenant_id, record_id) do nothing",
    joins=True,
    key=("tenant_id", "record_id"),
)

NEWEST: Final = Statement(
    f"""
    select {select(ACCOUNTING_RECORD)} from accounting_records
     where tenant_id = :tenant_id and (:username = '' or username = :username)
     order by received_at desc, record_id limit :limit::bigint
    """  # noqa: S608 - made of constants
)


class AccountingRecords(Requests):
    __slots__ = ()

    async def add_accounting_record(self, record: AccountingRecord) -> bool:
        return await self.execute(ADD(**record_values(record))) > 0

    async def accounting_records(
        self, tenant_id: str, username: str, limit: int
    ) -> tuple[AccountingRecord, ...]:
        rows = await self.fetch(NEWEST(tenant_id=tenant_id, username=username, limit=limit))
        return tuple([accounting_record_of(row) for row in rows])
