"""Dispatches: mails and webhooks, taken by one node at a time and never lost; and events that wait for being
told, which are taken by whoever has written down whom.
"""

from __future__ import annotations

from typing import Final

import msgspec

from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.interfaces.transaction.sending import DispatchFilter
from vestibule.model.dispatch import KEPT_MS, LIFE_MS, Dispatch, DispatchState
from vestibule.model.event import Event
from vestibule.stores.paging import Order, Where, position_of_name, searched
from vestibule.stores.rows import DISPATCH, dispatch_of, record_values
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests

ADD: Final = Statement(insert("dispatches", DISPATCH))
BY_ID: Final = Statement(
    f"select {select(DISPATCH)} from dispatches"  # noqa: S608 - made of constants
    " where tenant_id = :tenant_id and dispatch_id = :dispatch_id"
)
IS_DUE: Final = Statement(
    "select 1 from dispatches where state in ('waiting', 'taken') and due_at <= :now::bigint limit 1"
)
TAKE: Final = Statement(
    f"""
    with due as materialized (
        select tenant_id, dispatch_id from dispatches
         where state in ('waiting', 'taken') and due_at <= :now
         order by due_at limit :limit for update skip locked)
    update dispatches
       set state = 'taken', node = :node, tries = tries + 1, due_at = :lease_until, version = version + 1
     where (tenant_id, dispatch_id) in (select due.tenant_id, due.dispatch_id from due)
    returning {select(DISPATCH)}
    """  # noqa: S608 - made of constants
)
REPLACE: Final = Statement(
    """
    update dispatches
       set sealed_body = :sealed_body, state = :state, gateway_id = :gateway_id, cause = :cause,
           tries = :tries::bigint, due_at = :due_at::bigint, expires_at = :expires_at::bigint,
           sent_at = :sent_at::bigint, version = version + 1
     where tenant_id = :tenant_id and dispatch_id = :dispatch_id and version = :version::bigint
    """
)
# What was of use for a while only, such as a code, is gone when that is over; the rest may be sent again.
EMPTY: Final = Statement(
    f"""
    update dispatches set sealed_body = :nothing::bytea, version = version + 1
     where state = 'failed' and expires_at <= :now::bigint and expires_at - created_at < {LIFE_MS}
       and sealed_body <> :nothing
    """  # noqa: S608 - made of constants
)
SWEEP: Final = Statement(
    f"""
    with old as materialized (
        select tenant_id, dispatch_id from dispatches where expires_at <= :now::bigint - {KEPT_MS}
         order by expires_at limit :limit for update skip locked)
    delete from dispatches where (tenant_id, dispatch_id) in (select old.tenant_id, old.dispatch_id from old)
    returning tenant_id
    """  # noqa: S608 - made of constants
)

UNTOLD: Final = Statement(
    "insert into untold_events (tenant_id, event_id, event) values (:tenant_id, :event_id, :event)"
)
TAKE_UNTOLD: Final = Statement(
    """
    with oldest as materialized (
        select tenant_id, event_id from untold_events order by event_id limit :limit for update skip locked)
    delete from untold_events
     where (tenant_id, event_id) in (select oldest.tenant_id, oldest.event_id from oldest)
    returning event
    """
)
IS_UNTOLD: Final = Statement("select 1 from untold_events limit 1")


# Identifiers sort by time, so the key of the table is the order of the list.
_NEWEST: Final = Order("dispatches", select(DISPATCH), "dispatch_id", is_falling=True, told="created_at")


class Dispatches(Requests):
    __slots__ = ()

    async def add_dispatch(self, dispatch: Dispatch) -> None:
        await self.execute(ADD(**record_values(dispatch)))

    async def dispatch(self, tenant_id: str, dispatch_id: str) -> Dispatch | None:
        rows = await self.fetch(BY_ID(tenant_id=tenant_id, dispatch_id=dispatch_id))
        return dispatch_of(rows[0]) if rows else None

    async def is_dispatch_due(self) -> bool:
        return bool(await self.fetch(IS_DUE(now=self.now)))

    async def take_dispatches(self, node: str, limit: int, lease_ms: int) -> tuple[Dispatch, ...]:
        rows = await self.fetch(TAKE(now=self.now, limit=limit, node=node, lease_until=self.now + lease_ms))
        return tuple(sorted([dispatch_of(row) for row in rows], key=lambda each: each.dispatch_id))

    async def replace_dispatch(self, dispatch: Dispatch) -> bool:
        values = record_values(dispatch)
        return await self.execute(REPLACE(**{name: values[name] for name in REPLACE.parameters})) > 0

    async def dispatches(self, tenant_id: str, where: DispatchFilter, page: Page) -> Listed:
        known, sought = Where(), Where()
        known.keep("tenant_id = :tenant_id", tenant_id=tenant_id)
        if where.state == DispatchState.FAILED:
            known.keep("state = 'failed'")  # there is an index of them
        elif where.state:
            sought.keep("state = :state", state=where.state)
        for name in ("carries", "address", "user_id"):
            if wanted := getattr(where, name):
                sought.keep(f"{name} = :{name}", **{name: wanted})
        if page.cursor:
            condition, values = _NEWEST.after(*position_of_name(page.cursor))
            known.keep(condition, **values)
        rows = await searched(self, _NEWEST, known, sought, page.limit)
        return rows.page(dispatch_of, lambda row: (row[1], ""))

    async def take_untold(self, limit: int) -> tuple[Event, ...]:
        rows = await self.fetch(TAKE_UNTOLD(limit=limit))
        events = [msgspec.json.decode(row[0], type=Event) for row in rows]
        return tuple(sorted(events, key=lambda each: each.event_id))

    async def is_untold(self) -> bool:
        return bool(await self.fetch(IS_UNTOLD()))
