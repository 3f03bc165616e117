"""Mails of one kind of alert to one address: counted as they are written, taken when they are summed up."""

from __future__ import annotations

from typing import Final

from vestibule.model.alert_count import SUMMED_UP_MS, AlertCount
from vestibule.stores.statement import Statement
from vestibule.stores.transaction import Requests

_COLUMNS: Final = "tenant_id, kind, address, began_at, ends_at, sent, held_back"
_IS_SENT: Final = "alert_counts.held_back = 0 and alert_counts.sent < :most::bigint"

COUNT: Final = Statement(
    f"""
    insert into alert_counts ({_COLUMNS})
    values (:tenant_id, :kind, :address, :now::bigint, :ends_at::bigint, 1, 0)
    on conflict (tenant_id, kind, address) do update
       set sent = alert_counts.sent + case when {_IS_SENT} then 1 else 0 end,
           held_back = alert_counts.held_back + case when {_IS_SENT} then 0 else 1 end
    returning held_back
    """  # noqa: S608 - made of constants
)
ARE_OVER: Final = Statement("select 1 from alert_counts where ends_at <= :now::bigint limit 1")
TAKE: Final = Statement(
    f"""
    with old as materialized (
        select tenant_id, kind, address from alert_counts where ends_at <= :now::bigint
         order by ends_at limit :limit for update skip locked)
    delete from alert_counts
     where (tenant_id, kind, address) in (select old.tenant_id, old.kind, old.address from old)
    returning {_COLUMNS}
    """  # noqa: S608 - made of constants
)


class AlertCounts(Requests):
    __slots__ = ()

    async def count_alert(self, tenant_id: str, kind: str, address: str, most: int) -> bool:
        rows = await self.fetch(
            COUNT(
                tenant_id=tenant_id,
                kind=kind,
                address=address,
                most=most,
                now=self.now,
                ends_at=self.now + SUMMED_UP_MS,
            )
        )
        return bool(rows[0][0] == 0)

    async def are_alerts_over(self) -> bool:
        return bool(await self.fetch(ARE_OVER(now=self.now)))

    async def take_alert_counts(self, limit: int) -> tuple[AlertCount, ...]:
        rows = await self.fetch(TAKE(now=self.now, limit=limit))
        return tuple(
            AlertCount(
                tenant_id=tenant_id,
                kind=kind,
                address=address,
                began_at=began,
                ends_at=ends,
                sent=sent,
                held_back=held_back,
            )
            for tenant_id, kind, address, began, ends, sent, held_back in rows
        )
