"""What texts and calls have cost: added up once, of deliveries whose time is over, before they are swept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import astuple

from vestibule.model.day import day_at
from vestibule.model.delivery import Carries
from vestibule.model.phone_cost import PhoneCost, Sendings
from vestibule.model.tenant import DAY_MS
from vestibule.stores.statement import Statement, insert
from vestibule.stores.transaction import Requests

_COLUMNS: Final = PhoneCost.__struct_fields__
UNTIL: Final = "phone_costs_until"
"""The note that says until when it was done."""

ENDED: Final = Statement(
    f"""
    select tenant_id, coalesce(sent_at, created_at) / {DAY_MS}, gateway_id, carries, address, count(*)
      from deliveries
     where expires_at >= :since::bigint and expires_at < :until::bigint and gateway_id <> ''
       and (state in ('sent', 'delivered') or sent_at is not null)
     group by tenant_id, coalesce(sent_at, created_at) / {DAY_MS}, gateway_id, carries, address
    """  # noqa: S608 - constants
)
BEGIN: Final = Statement(
    f"insert into notes (key, value) values ('{UNTIL}', :until) on conflict (key) do nothing"  # noqa: S608 - constants
)
MOVE: Final = Statement(
    f"update notes set value = :until where key = '{UNTIL}' and value = :since"  # noqa: S608 - constants
)
READ: Final = Statement(f"select value from notes where key = '{UNTIL}'")  # noqa: S608 - constants
ADD: Final = Statement(
    insert("phone_costs", _COLUMNS)
    + """
    on conflict (tenant_id, day, gateway_id, calling_code, carries) do update
       set count = phone_costs.count + excluded.count, cost = phone_costs.cost + excluded.cost
    """
)
SUMS: Final = Statement(
    """
    select tenant_id, min(day), gateway_id, calling_code, carries, cast(sum(count) as bigint),
           cast(sum(cost) as bigint)
      from phone_costs where tenant_id = :tenant_id and day >= :first and day <= :last
     group by tenant_id, gateway_id, calling_code, carries order by gateway_id, calling_code, carries
    """
)


class PhoneCosts(Requests):
    __slots__ = ()

    async def ended_sendings(self, since: int, until: int) -> tuple[Sendings, ...]:
        return tuple(
            Sendings(
                tenant_id=tenant_id,
                day=day_at(int(day) * DAY_MS),
                gateway_id=gateway_id,
                carries=Carries(carries),
                address=address,
                count=int(count),
            )
            for tenant_id, day, gateway_id, carries, address, count in await self.fetch(
                ENDED(since=since, until=until)
            )
        )

    async def add_phone_costs(self, costs: Sequence[PhoneCost], since: int, until: int) -> bool:
        if since == 0:
            moved = await self.execute(BEGIN(until=str(until)))
        else:
            moved = await self.execute(MOVE(since=str(since), until=str(until)))
        if not moved:
            return False
        ordered = sorted([astuple(each) for each in costs])
        await self.execute_many(ADD, ordered)
        return True

    async def phone_costs_until(self) -> int | None:
        rows = await self.fetch(READ())
        return int(rows[0][0]) if rows else None

    async def phone_costs(self, tenant_id: str, first: str, last: str) -> tuple[PhoneCost, ...]:
        rows = await self.fetch(SUMS(tenant_id=tenant_id, first=first, last=last))
        return tuple(
            [
                PhoneCost(**(dict(zip(_COLUMNS, row, strict=True)) | {"carries": Carries(row[4])}))
                for row in rows
            ]
        )
