"""How often a person has failed from where: one row for each source that failed, forgotten after a while."""

from __future__ import annotations

from typing import Final

from vestibule.model.throttle import Factor, SourceThrottle, ThrottleLimits
from vestibule.stores.rows import storable
from vestibule.stores.statement import Statement
from vestibule.stores.transaction import Requests

_FAILURES: Final = (
    "case when :is_match then 0 when source_throttles.failed_at <= :forgotten then 1"
    " else source_throttles.failures + 1 end"
)
SETTLE: Final = Statement(
    f"""
    insert into source_throttles (tenant_id, user_id, factor, source, failures, locked_until, failed_at)
    values (:tenant_id, :user_id, :factor, :source, :first_failures, :first_locked_until, :now)
    on conflict (tenant_id, user_id, factor, source) do update
       set failures = {_FAILURES},
           locked_until = case when :is_match then 0
                               when ({_FAILURES}) % :threshold::bigint = 0 then :lock_until::bigint
                               else 0 end,
           failed_at = :now
     where source_throttles.locked_until <= :now
    returning failures, locked_until
    """,  # noqa: S608 - made of constants
    joins=True,
    turn=4,
    key=("tenant_id", "user_id", "factor", "source"),
)

RELEASE: Final = Statement(
    """
    update source_throttles
       set failures = failures - 1,
           locked_until = case when failures % :threshold::bigint = 0 then 0 else locked_until end
     where tenant_id = :tenant_id and user_id = :user_id and factor = :factor and source = :source
       and failures > 0
    """,
    joins=True,
    turn=4,
    key=("tenant_id", "user_id", "factor", "source"),
)

CLEAR: Final = Statement(
    """
    update source_throttles set failures = 0, locked_until = 0
     where tenant_id = :tenant_id and user_id = :user_id and factor = :factor and source = :source
    """,
    joins=True,
    turn=4,
    key=("tenant_id", "user_id", "factor", "source"),
)
CLEAR_ALL: Final = Statement(
    "delete from source_throttles where tenant_id = :tenant_id and user_id = :user_id"
)

OF_USER: Final = Statement(
    """
    select factor, source, failures, locked_until, failed_at from source_throttles
     where tenant_id = :tenant_id and user_id = :user_id and failures > 0 order by failed_at desc, source
     limit 20
    """
)


class SourceThrottles(Requests):
    __slots__ = ()

    async def settle_source(
        self,
        tenant_id: str,
        user_id: str,
        factor: Factor,
        source: str,
        is_match: bool,
        limits: ThrottleLimits,
    ) -> SourceThrottle | None:
        source, threshold = storable(source), limits.source_threshold
        lock_until = self.now + limits.lock_ms
        rows = await self.fetch(
            SETTLE(
                tenant_id=tenant_id,
                user_id=user_id,
                factor=factor.value,
                source=source,
                first_failures=0 if is_match else 1,
                first_locked_until=lock_until if threshold == 1 and not is_match else 0,
                is_match=is_match,
                forgotten=limits.forgotten_at(self.now),
                threshold=threshold,
                lock_until=lock_until,
                now=self.now,
            )
        )
        return SourceThrottle(factor, source, rows[0][0], rows[0][1], self.now) if rows else None

    async def release_source(
        self, tenant_id: str, user_id: str, factor: Factor, source: str, limits: ThrottleLimits
    ) -> None:
        await self.execute(
            RELEASE(
                tenant_id=tenant_id,
                user_id=user_id,
                factor=factor.value,
                source=storable(source),
                threshold=limits.source_threshold,
            )
        )

    async def clear_source(self, tenant_id: str, user_id: str, factor: Factor, source: str) -> None:
        await self.execute(
            CLEAR(tenant_id=tenant_id, user_id=user_id, factor=factor.value, source=storable(source))
        )

    async def clear_sources(self, tenant_id: str, user_id: str) -> None:
        await self.execute(CLEAR_ALL(tenant_id=tenant_id, user_id=user_id))

    async def source_throttles(self, tenant_id: str, user_id: str) -> tuple[SourceThrottle, ...]:
        rows = await self.fetch(OF_USER(tenant_id=tenant_id, user_id=user_id))
        return tuple([SourceThrottle(Factor(row[0]), *row[1:]) for row in rows])
