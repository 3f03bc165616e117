"""Deliveries: what is to be sent, taken by one node at a time and never lost.

A node that dies with a delivery in its hands is found out by the end of its lease; what it had handed over
already is then sent twice, which is less than never.
"""

from __future__ import annotations

from typing import Final

import msgspec

from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.interfaces.transaction.sending import DeliveryFilter
from vestibule.model.delivery import Carries, Delivery
from vestibule.model.sending_outcome import SendingOutcome
from vestibule.stores.paging import Order, Where, position_of_name, searched
from vestibule.stores.rows import DELIVERY, Row, delivery_of, json_text, record_values
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests

_DELIVERIES: Final = f"select {select(DELIVERY)} from deliveries where tenant_id = :tenant_id"  # noqa: S608 - made of constants

_TYPES: Final = {"sealed_body": "bytea"} | dict.fromkeys(
    ("tries", "due_at", "expires_at", "created_at", "sent_at", "version"), "bigint"
)
ADD_DELIVERY: Final = Statement(
    insert("deliveries", DELIVERY, _TYPES),
    joins=True,
    turn=13,
    key=("tenant_id", "delivery_id"),
    identity="delivery_id",
)
REMOVE_DELIVERY: Final = Statement(
    "delete from deliveries where tenant_id = :tenant_id and delivery_id = :delivery_id",
    joins=True,
    turn=14,
    key=("tenant_id", "delivery_id"),
)
BY_ID: Final = Statement(f"{_DELIVERIES} and delivery_id = :delivery_id", joins=True, turn=0)
BY_REFERENCE: Final = Statement(
    f"{_DELIVERIES} and gateway_id = :gateway_id and reference = :reference and reference <> ''"
    " order by created_at desc limit 1",
    joins=True,
    turn=0,
)
OF_CHALLENGE: Final = Statement(
    f"{_DELIVERIES} and challenge_id = :challenge_id order by created_at, delivery_id"
)

IS_DUE: Final = Statement(
    "select 1 from deliveries where state in ('waiting', 'taken') and due_at <= :now::bigint limit 1"
)

TAKE: Final = Statement(
    f"""
    with due as materialized (
        select tenant_id, delivery_id from deliveries
         where state in ('waiting', 'taken') and due_at <= :now
         order by due_at limit :limit for update skip locked)
    update deliveries
       set state = 'taken', node = :node, tries = tries + 1, due_at = :lease_until, version = version + 1
     where (tenant_id, delivery_id) in (select due.tenant_id, due.delivery_id from due)
    returning {select(DELIVERY)}
    """  # noqa: S608 - made of constants
)

REPLACE: Final = Statement(
    """
    update deliveries
       set sealed_body = :sealed_body::bytea, state = :state, gateway_id = :gateway_id, tried = :tried,
           reference = :reference, cause = :cause, due_at = :due_at::bigint, sent_at = :sent_at::bigint,
           owed = :owed, version = version + 1
     where tenant_id = :tenant_id and delivery_id = :delivery_id and version = :version::bigint
    """,
    joins=True,
    turn=13,
    key=("tenant_id", "delivery_id"),
)

SENT: Final = Statement(
    """
    update deliveries
       set state = 'sent', sealed_body = :nothing::bytea, reference = :reference, sent_at = :now::bigint,
           version = version + 1
     where tenant_id = :tenant_id and delivery_id = :delivery_id and state = 'taken'
    """,
    joins=True,
    turn=13,
    key=("tenant_id", "delivery_id"),
)

# With the version: the node that is handing it over finds out before it tries another gateway.
DROP: Final = Statement(
    """
    update deliveries set state = 'dropped', sealed_body = :nothing, version = version + 1
     where tenant_id = :tenant_id and challenge_id = :challenge_id and state in ('waiting', 'taken')
    """
)


_OUTCOME: Final = """
    select d.tenant_id, d.delivery_id, d.carries, d.address, d.gateway_id, d.tried, d.created_at,
           d.expires_at,
           case when d.state in ('sent', 'delivered') or d.sent_at is not null then 1 else 0 end,
"""
# With a place beside the time: many are over in the same millisecond.
_NEXT: Final = """
       (d.expires_at, d.delivery_id) > (:after::bigint, :after_id) and d.expires_at <= :until::bigint
       and d.gateway_id <> ''
     order by d.expires_at, d.delivery_id limit :limit
"""

# Tests of gateways have no attempt. In a call of a server's somebody has pressed a key, or nobody has.
OVER: Final = Statement(
    f"""
    {_OUTCOME}
           case when v.state = 'approved' or (d.group_id <> '' and d.state = 'delivered') then 1 else 0 end
      from deliveries d
      left join verifications v on v.tenant_id = d.tenant_id and v.verification_id = d.verification_id
     where (v.verification_id is not null or (d.group_id <> '' and d.carries = 'call')) and
    {_NEXT}
    """
)

# Looked up for each row: a join would read all attempts there are.
_TOLD: Final = """
    coalesce((select a.state from server_attempts a
               where a.tenant_id = d.tenant_id and a.attempt_id = d.attempt_id and a.group_id = d.group_id
                 and a.provider_id = (select g.provider_id from replication_groups g
                                       where g.tenant_id = d.tenant_id and g.group_id = d.group_id)), '')
"""
# Of a text whose attempt a server does not name, only the provider's receipt is known.
RELAYED_OVER: Final = Statement(
    f"""
    {_OUTCOME}
           case when {_TOLD} = 'approved' or (d.attempt_id = '' and d.state = 'delivered') then 1 else 0 end
      from deliveries d
     where d.group_id <> '' and d.carries = 'text'
       and case when d.attempt_id <> '' and {_TOLD} = '' then 0 else 1 end = :is_told::bigint and
    {_NEXT}
    """
)

# Identifiers sort by time, so the key of the table is the order of the list.
_NEWEST: Final = Order("deliveries", select(DELIVERY), "delivery_id", is_falling=True, told="created_at")


class Deliveries(Requests):
    __slots__ = ()

    async def add_delivery(self, delivery: Delivery) -> None:
        await self.execute(ADD_DELIVERY(**record_values(delivery)))

    async def remove_delivery(self, tenant_id: str, delivery_id: str) -> None:
        await self.execute(REMOVE_DELIVERY(tenant_id=tenant_id, delivery_id=delivery_id))

    async def delivery(self, tenant_id: str, delivery_id: str) -> Delivery | None:
        rows = await self.fetch(BY_ID(tenant_id=tenant_id, delivery_id=delivery_id))
        return delivery_of(rows[0]) if rows else None

    async def delivery_by_reference(self, tenant_id: str, gateway_id: str, reference: str) -> Delivery | None:
        rows = await self.fetch(BY_REFERENCE(tenant_id=tenant_id, gateway_id=gateway_id, reference=reference))
        return delivery_of(rows[0]) if rows else None

    async def deliveries_of(self, tenant_id: str, challenge_id: str) -> tuple[Delivery, ...]:
        rows = await self.fetch(OF_CHALLENGE(tenant_id=tenant_id, challenge_id=challenge_id))
        return tuple([delivery_of(row) for row in rows])

    async def is_delivery_due(self) -> bool:
        return bool(await self.fetch(IS_DUE(now=self.now)))

    async def take_deliveries(self, node: str, limit: int, lease_ms: int) -> tuple[Delivery, ...]:
        rows = await self.fetch(TAKE(now=self.now, limit=limit, node=node, lease_until=self.now + lease_ms))
        return tuple(sorted([delivery_of(row) for row in rows], key=lambda each: each.created_at))

    async def replace_delivery(self, delivery: Delivery) -> bool:
        changed = await self.execute(
            REPLACE(
                sealed_body=delivery.sealed_body,
                state=delivery.state.value,
                gateway_id=delivery.gateway_id,
                tried=json_text(delivery.tried),
                reference=delivery.reference,
                cause=delivery.cause,
                due_at=delivery.due_at,
                sent_at=delivery.sent_at,
                owed=delivery.owed.value,
                tenant_id=delivery.tenant_id,
                delivery_id=delivery.delivery_id,
                version=delivery.version,
            )
        )
        return changed > 0

    async def note_sent(self, tenant_id: str, delivery_id: str, reference: str) -> bool:
        asked = SENT(
            tenant_id=tenant_id, delivery_id=delivery_id, reference=reference, now=self.now, nothing=b""
        )
        return await self.execute(asked) > 0

    async def drop_deliveries_of(self, tenant_id: str, challenge_id: str) -> int:
        return await self.execute(DROP(tenant_id=tenant_id, challenge_id=challenge_id, nothing=b""))

    async def sending_outcomes(
        self, after: tuple[int, str], until: int, limit: int
    ) -> tuple[SendingOutcome, ...]:
        rows = await self.fetch(OVER(after=after[0], after_id=after[1], until=until, limit=limit))
        return tuple([_outcome(row) for row in rows])

    async def relayed_outcomes(
        self, after: tuple[int, str], until: int, limit: int, *, is_told: bool
    ) -> tuple[SendingOutcome, ...]:
        asked = RELAYED_OVER(
            after=after[0], after_id=after[1], until=until, limit=limit, is_told=int(is_told)
        )
        return tuple([_outcome(row) for row in await self.fetch(asked)])

    async def deliveries(self, tenant_id: str, where: DeliveryFilter, page: Page) -> Listed:
        known, sought = Where(), Where()
        known.keep("tenant_id = :tenant_id", tenant_id=tenant_id)
        for name in ("gateway_id", "state", "carries"):
            if wanted := getattr(where, name):
                sought.keep(f"{name} = :{name}", **{name: wanted})
        if page.cursor:
            condition, values = _NEWEST.after(*position_of_name(page.cursor))
            known.keep(condition, **values)
        rows = await searched(self, _NEWEST, known, sought, page.limit)
        return rows.page(delivery_of, lambda row: (row[1], ""))


def _outcome(row: Row) -> SendingOutcome:
    return SendingOutcome(
        tenant_id=row[0],
        delivery_id=row[1],
        carries=Carries(row[2]),
        number=row[3],
        gateway_id=row[4],
        tried=tuple(msgspec.json.decode(row[5])),
        created_at=row[6],
        over_at=row[7],
        is_sent=bool(row[8]),
        is_answered=bool(row[9]),
    )
