"""What clients have told of sessions: written once, read newest first, gone after a while."""

from __future__ import annotations

from typing import Final

from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.interfaces.transaction.radius import AccountingFilter
from vestibule.model.accounting_record import AccountingRecord, Forwarding
from vestibule.stores.paging import Order, Where, position_of_time, searched
from vestibule.stores.rows import ACCOUNTING_RECORD, accounting_record_of, record_values, storable
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

FORWARDED: Final = Statement(
    """
    update accounting_records set forwarding = :done
     where tenant_id = :tenant_id and record_id = :record_id
    """,
    joins=True,
    key=("tenant_id", "record_id"),
)

_NEWEST: Final = Order(
    "accounting_records", select(ACCOUNTING_RECORD), "received_at", "record_id", is_falling=True
)
# The latest word of its session, which is not that it has ended; nor has its client begun anew since.
_IS_OPEN: Final = """
    kind in ('Start', 'Interim-Update')
    and 0 = (select count(*) from accounting_records later
              where later.tenant_id = accounting_records.tenant_id
                and later.client_id = accounting_records.client_id
                and later.session = accounting_records.session
                and (later.received_at, later.record_id)
                  > (accounting_records.received_at, accounting_records.record_id))
    and 0 = (select count(*) from accounting_records anew
              where anew.tenant_id = accounting_records.tenant_id
                and anew.client_id = accounting_records.client_id
                and anew.kind in ('Accounting-On', 'Accounting-Off')
                and anew.received_at > accounting_records.received_at)
"""


class AccountingRecords(Requests):
    __slots__ = ()

    async def add_accounting_record(self, record: AccountingRecord) -> bool:
        return await self.execute(ADD(**record_values(record))) > 0

    async def note_accounting_forwarded(self, tenant_id: str, record_id: str) -> None:
        await self.execute(FORWARDED(tenant_id=tenant_id, record_id=record_id, done=Forwarding.DONE.value))

    async def accounting_records(self, tenant_id: str, where: AccountingFilter, page: Page) -> Listed:
        known, sought = Where(), Where()
        known.keep("tenant_id = :tenant_id", tenant_id=tenant_id)
        for name in ("username", "client_id", "session"):
            if wanted := getattr(where, name):
                known.keep(f"{name} = :{name}", **{name: storable(wanted)})
        if where.since is not None:
            known.keep("received_at >= :since", since=where.since)
        if where.until is not None:
            known.keep("received_at < :until", until=where.until)
        if where.is_open:
            sought.look_up(_IS_OPEN)
        if page.cursor:
            condition, values = _NEWEST.after(*position_of_time(page.cursor))
            known.keep(condition, **values)
        rows = await searched(self, _NEWEST, known, sought, page.limit)
        return rows.page(accounting_record_of, lambda row: (row[_RECEIVED], row[_RECORD]))


_RECEIVED: Final = ACCOUNTING_RECORD.index("received_at")
_RECORD: Final = ACCOUNTING_RECORD.index("record_id")
