"""Failures of whole tenants by the minute, and the alarms that were raised by them."""

from __future__ import annotations

from typing import Final

from vestibule.model.spraying import MINUTE_MS, WINDOW_MS, Scope, SprayingAlarm
from vestibule.stores.statement import Statement
from vestibule.stores.transaction import Requests

COUNT: Final = Statement(
    """
    insert into failure_counts (tenant_id, began_at, failures)
    values (:tenant_id, :began_at::bigint, :failures::bigint)
    on conflict (tenant_id, began_at) do update set failures = failure_counts.failures + :failures::bigint
    """
)
COUNTED: Final = Statement(
    """
    select tenant_id, cast(sum(failures) as bigint) from failure_counts
     where began_at > :since::bigint group by tenant_id
    """
)

RAISE: Final = Statement(
    """
    insert into spraying_alarms (tenant_id, scope, failures, began_at, ends_at)
    values (:tenant_id, :scope, :failures::bigint, :now::bigint, :ends_at::bigint)
    on conflict (tenant_id, scope) do update
       set failures = excluded.failures, began_at = excluded.began_at, ends_at = excluded.ends_at
     where spraying_alarms.ends_at <= :now::bigint
    """
)
PROLONG: Final = Statement(
    """
    update spraying_alarms
       set ends_at = :ends_at::bigint,
           failures = case when failures < :failures::bigint then :failures::bigint else failures end
     where tenant_id = :tenant_id and scope = :scope
    """
)
ALARMS: Final = Statement(
    """
    select tenant_id, scope, failures, began_at, ends_at from spraying_alarms
     where ends_at > :since::bigint order by began_at desc, tenant_id, scope
    """
)


class Spraying(Requests):
    __slots__ = ()

    async def count_failures(self, tenant_id: str, failures: int) -> None:
        began_at = self.now - self.now % MINUTE_MS
        await self.execute(COUNT(tenant_id=tenant_id, began_at=began_at, failures=failures))

    async def failures_of_window(self) -> dict[str, int]:
        return {row[0]: row[1] for row in await self.fetch(COUNTED(since=self.now - WINDOW_MS))}

    async def raise_spraying_alarm(self, tenant_id: str, scope: Scope, failures: int) -> bool:
        until = self.now + WINDOW_MS
        named = {"tenant_id": tenant_id, "scope": scope.value, "failures": failures, "ends_at": until}
        if await self.execute(RAISE(**named, now=self.now)):
            return True
        await self.execute(PROLONG(**named))
        return False

    async def spraying_alarms(self, since: int) -> tuple[SprayingAlarm, ...]:
        rows = await self.fetch(ALARMS(since=since))
        return tuple(
            SprayingAlarm(
                tenant_id=tenant_id, scope=Scope(scope), failures=failures, began_at=began, ends_at=ends
            )
            for tenant_id, scope, failures, began, ends in rows
        )
