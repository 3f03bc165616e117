"""What reports count and list beside the lists there are: results by day, people, events by their kind.

Each statement looks at one day, at some people or at one kind of event of a tenant, by an index of just that;
so one page of a report costs the same among ten million rows as among a thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.model.usage_count import PersonCount, ResultCount
from vestibule.stores.paging import Order, Where, merged, position_of_time, searched
from vestibule.stores.queries.server_records import SERVER_ATTEMPT, server_attempt_of
from vestibule.stores.rows import EVENT, event_of
from vestibule.stores.statement import Statement, select
from vestibule.stores.transaction import Requests

COUNT_RESULTS: Final = Statement(
    """
    select state, reason, legacy_result, method, count(*) from
        (select state, reason, legacy_result, method from verifications
          where tenant_id = :tenant_id and started_at >= :since::bigint and started_at < :until::bigint
         union all
         select state, reason, legacy_result, method from server_attempts
          where tenant_id = :tenant_id and received_at >= :since::bigint and received_at < :until::bigint
        ) found
     group by state, reason, legacy_result, method order by state, reason, legacy_result, method
    """
)

COUNT_PEOPLE: Final = Statement(
    """
    select user_id, count(*), sum(case when state = 'approved' then 1 else 0 end),
           sum(case when state in ('denied', 'expired') then 1 else 0 end), max(started_at)
      from verifications
     where tenant_id = :tenant_id and user_id = any(:user_ids)
       and started_at >= :since::bigint and started_at < :until::bigint
     group by user_id
    """
)

_TOLD: Final = Order("server_attempts", select(SERVER_ATTEMPT), "received_at", "attempt_id", is_falling=True)
_RECEIVED_AT: Final = SERVER_ATTEMPT.index("received_at")
_ATTEMPT_ID: Final = SERVER_ATTEMPT.index("attempt_id")
_EVENTS: Final = Order("events", select(EVENT), "at", "event_id", is_falling=True)


class Reports(Requests):
    __slots__ = ()

    async def count_results(self, tenant_id: str, since: int, until: int) -> tuple[ResultCount, ...]:
        rows = await self.fetch(COUNT_RESULTS(tenant_id=tenant_id, since=since, until=until))
        return tuple([ResultCount(*row) for row in rows])

    async def listed_server_attempts(
        self, tenant_id: str, user_ids: Sequence[str], where: VerificationFilter, page: Page
    ) -> Listed:
        # Of each by his own index: of all at once, the list of the whole tenant would be read.
        pages = [await self._told_of(tenant_id, each, where, page) for each in user_ids or ("",)]
        return merged(pages, lambda row: (row.received_at, row.attempt_id), page.limit)

    async def _told_of(self, tenant_id: str, user_id: str, where: VerificationFilter, page: Page) -> Listed:
        known, sought = Where(), Where()
        known.keep("tenant_id = :tenant_id", tenant_id=tenant_id)
        if user_id:
            known.keep("user_id = :user_id", user_id=user_id)
        known.between("received_at", where.since, where.until)
        if where.state:
            sought.keep("state = :state", state=where.state)
        if where.phones:
            sought.among("phone", self.texts(where.phones))
        if page.cursor:
            condition, values = _TOLD.after(*position_of_time(page.cursor))
            known.keep(condition, **values)
        rows = await searched(self, _TOLD, known, sought, page.limit)
        return rows.page(server_attempt_of, lambda row: (row[_RECEIVED_AT], row[_ATTEMPT_ID]))

    async def count_attempts_of(
        self, tenant_id: str, user_ids: Sequence[str], since: int, until: int
    ) -> dict[str, PersonCount]:
        rows = await self.fetch(
            COUNT_PEOPLE(tenant_id=tenant_id, user_ids=self.texts(user_ids), since=since, until=until)
        )
        return {row[0]: PersonCount(*row[1:]) for row in rows}

    async def events_of_kinds(
        self,
        tenant_id: str,
        kinds: Sequence[str],
        since: int | None,
        until: int | None,
        subjects: Sequence[str],
        page: Page,
    ) -> Listed:
        pages = [await self._of_kind(tenant_id, kind, since, until, subjects, page) for kind in kinds]
        return merged(pages, lambda event: (event.at, event.event_id), page.limit)

    async def _of_kind(
        self,
        tenant_id: str,
        kind: str,
        since: int | None,
        until: int | None,
        subjects: Sequence[str],
        page: Page,
    ) -> Listed:
        known, sought = Where(), Where()
        known.keep("tenant_id = :tenant_id and kind = :kind", tenant_id=tenant_id, kind=kind)
        known.between("at", since, until)
        if subjects:
            sought.among("subject", self.texts(subjects))
        if page.cursor:
            condition, values = _EVENTS.after(*position_of_time(page.cursor))
            known.keep(condition, **values)
        rows = await searched(self, _EVENTS, known, sought, page.limit)
        return rows.page(event_of, lambda row: (row[2], row[1]))
