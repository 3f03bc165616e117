"""Breakers of ranges of numbers: opened, tried anew and closed once, whichever node sees it first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vestibule.model.range_breaker import RangeBreaker
from vestibule.stores.rows import Row, record_values, storable
from vestibule.stores.statement import Statement, select
from vestibule.stores.transaction import Requests

COLUMNS: Final = RangeBreaker.__struct_fields__
KEPT_MS: Final = 24 * 3_600_000
"""How long one that is closed stays to be looked at."""

OPEN: Final = Statement(
    """
    insert into range_breakers as old (tenant_id, prefix, opened_at, rests_until, unanswered, cost,
                                       trials_failed, closed_at, closed_by, closed_by_name)
    values (:tenant_id, :prefix, :opened_at::bigint, :rests_until::bigint, :unanswered::bigint, :cost::bigint,
            :trials_failed::bigint, :closed_at::bigint, :closed_by, :closed_by_name)
    on conflict (tenant_id, prefix) do update
       set opened_at = excluded.opened_at, rests_until = excluded.rests_until, cost = excluded.cost,
           unanswered = excluded.unanswered, trials_failed = excluded.trials_failed, closed_at = null,
           closed_by = excluded.closed_by, closed_by_name = excluded.closed_by_name
     where old.closed_at is not null
    """
)

REST: Final = Statement(
    """
    update range_breakers set rests_until = :rests_until::bigint, trials_failed = trials_failed + 1
     where tenant_id = :tenant_id and prefix = :prefix and closed_at is null
       and rests_until = :before::bigint
    """
)

CLOSE: Final = Statement(
    """
    update range_breakers set closed_at = :now::bigint, closed_by = :closed_by, closed_by_name = :name
     where tenant_id = :tenant_id and prefix = :prefix and closed_at is null
    """
)

ALL: Final = Statement(
    f"""
    select {select(COLUMNS)} from range_breakers where closed_at is null or closed_at > :since::bigint
    """  # noqa: S608 - made of constants
)

OF_TENANT: Final = Statement(
    f"""
    select {select(COLUMNS)} from range_breakers where tenant_id = :tenant_id
     order by case when closed_at is null then 0 else 1 end, opened_at desc, prefix limit :limit
    """  # noqa: S608 - made of constants
)

SWEEP: Final = Statement(
    f"""
    with old as materialized (
        select tenant_id, prefix from range_breakers where closed_at <= :now::bigint - {KEPT_MS}
         order by closed_at limit :limit for update skip locked)
    delete from range_breakers where (tenant_id, prefix) in (select old.tenant_id, old.prefix from old)
    returning tenant_id
    """  # noqa: S608 - made of constants
)


class RangeBreakers(Requests):
    __slots__ = ()

    async def open_range_breaker(self, breaker: RangeBreaker) -> bool:
        return await self.execute(OPEN(**record_values(breaker))) > 0

    async def rest_range_breaker(self, breaker: RangeBreaker, until: int) -> bool:
        return (
            await self.execute(
                REST(
                    tenant_id=breaker.tenant_id,
                    prefix=breaker.prefix,
                    before=breaker.rests_until,
                    rests_until=until,
                )
            )
            > 0
        )

    async def close_range_breaker(self, tenant_id: str, prefix: str, by: str, name: str) -> bool:
        closing = CLOSE(tenant_id=tenant_id, prefix=prefix, now=self.now, closed_by=by, name=storable(name))
        return await self.execute(closing) > 0

    async def all_range_breakers(self, since: int) -> tuple[RangeBreaker, ...]:
        return _breakers(await self.fetch(ALL(since=since)))

    async def range_breakers(self, tenant_id: str, limit: int) -> tuple[RangeBreaker, ...]:
        return _breakers(await self.fetch(OF_TENANT(tenant_id=tenant_id, limit=limit)))


def _breakers(rows: Sequence[Row]) -> tuple[RangeBreaker, ...]:
    return tuple([RangeBreaker(**dict(zip(COLUMNS, row, strict=True))) for row in rows])
