"""What was sent within a window: counted, given back, and limits that have refused.

Counting is one conditional write, so N bodies at once never get more than the limit, on whichever nodes they
run; those of a group that count for the same are counted by one, while there is room for all of them. Each
kind of limit has a statement of its own, in the order in which every body takes them: in a group all bodies
take the narrow ones before the wide ones, so nodes take their row locks in one order.
"""

from __future__ import annotations

from typing import Final

from vestibule.model.sending_limit import LimitKind, LimitReached, SendingLimit
from vestibule.stores.statement import Statement
from vestibule.stores.transaction import Requests

_ROW: Final = ("tenant_id", "kind", "key", "began_at")

# The first of a window meets the condition of the select, those behind it that of the update.
_SPEND: Final = """
    insert into sending_counts (tenant_id, kind, key, began_at, ends_at, count, cost, reached_at)
    select :tenant_id::text, :kind::text, :key::text, :began_at::bigint, :ends_at::bigint,
           :times::bigint, :times::bigint * :cost::bigint, 0
     where :times::bigint <= :most_count::bigint and :times::bigint * :cost::bigint <= :most_cost::bigint
    on conflict (tenant_id, kind, key, began_at) do update
       set count = sending_counts.count + :times::bigint,
           cost = sending_counts.cost + :times::bigint * :cost::bigint
     where sending_counts.count + :times::bigint <= :most_count::bigint
       and sending_counts.cost + :times::bigint * :cost::bigint <= :most_cost::bigint
"""
SPEND: Final = {kind: Statement(_SPEND, joins=True, turn=14, key=_ROW, repeats="times") for kind in LimitKind}

GIVE_BACK: Final = Statement(
    """
    update sending_counts set count = count - 1, cost = cost - :cost::bigint
     where tenant_id = :tenant_id and kind = :kind and key = :key and began_at = :began_at::bigint
       and count > 0
    """,
    joins=True,
    turn=6,
)

NOTE_REACHED: Final = Statement(
    """
    insert into sending_counts (tenant_id, kind, key, began_at, ends_at, count, cost, reached_at)
    values (:tenant_id, :kind, :key, :began_at::bigint, :ends_at::bigint, 0, 0, :now::bigint)
    on conflict (tenant_id, kind, key, began_at) do update set reached_at = excluded.reached_at
     where sending_counts.reached_at = 0
    """
)

REACHED: Final = Statement(
    """
    select kind, key, began_at, ends_at, reached_at from sending_counts
     where tenant_id = :tenant_id and reached_at > :since::bigint
     order by reached_at desc, kind, key limit :limit
    """
)

COST: Final = Statement(
    """
    select cost from sending_counts
     where tenant_id = :tenant_id and kind = :kind and key = :key and began_at = :began_at::bigint
    """
)


class SendingCounts(Requests):
    __slots__ = ()

    async def spend_sending(self, tenant_id: str, limit: SendingLimit, cost: int) -> bool:
        changed = await self.execute(
            SPEND[limit.kind](
                tenant_id=tenant_id,
                kind=limit.kind.value,
                key=limit.key,
                began_at=limit.began_at(self.now),
                ends_at=limit.ends_at(self.now),
                times=1,
                cost=cost,
                most_count=limit.most_count,
                most_cost=limit.most_cost,
            )
        )
        return changed > 0

    async def give_back_sending(self, tenant_id: str, limit: SendingLimit, cost: int) -> None:
        began_at = limit.began_at(self.now)
        kind = limit.kind.value
        await self.execute(
            GIVE_BACK(tenant_id=tenant_id, kind=kind, key=limit.key, began_at=began_at, cost=cost)
        )

    async def note_limit_reached(self, tenant_id: str, limit: SendingLimit) -> bool:
        changed = await self.execute(
            NOTE_REACHED(
                tenant_id=tenant_id,
                kind=limit.kind.value,
                key=limit.key,
                began_at=limit.began_at(self.now),
                ends_at=limit.ends_at(self.now),
                now=self.now,
            )
        )
        return changed > 0

    async def limits_reached(self, tenant_id: str, since: int, most: int) -> tuple[LimitReached, ...]:
        rows = await self.fetch(REACHED(tenant_id=tenant_id, since=since, limit=most))
        return tuple(
            LimitReached(kind=LimitKind(kind), key=key, began_at=began, ends_at=ends, reached_at=reached)
            for kind, key, began, ends, reached in rows
        )

    async def sending_cost(self, tenant_id: str, limit: SendingLimit) -> int:
        began_at = limit.began_at(self.now)
        rows = await self.fetch(
            COST(tenant_id=tenant_id, kind=limit.kind.value, key=limit.key, began_at=began_at)
        )
        return int(rows[0][0]) if rows else 0
