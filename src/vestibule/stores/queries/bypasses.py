"""One-time bypasses. A person has one that waits; `users.bypass_until` says so to the sign-in path, and the
write here decides.

Rows are locked in one order: the bypass, then the person.
"""

from __future__ import annotations

from typing import Final

from vestibule.interfaces.store import Conflict
from vestibule.interfaces.transaction.blocks import BypassFilter
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.model.bypass import Bypass, BypassState
from vestibule.stores.paging import (
    Order,
    Where,
    of_people_within,
    position_of_time,
    searched,
)
from vestibule.stores.rows import BYPASS, bypass_of, record_values
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests, UniqueTaken

ADD: Final = Statement(insert("bypasses", BYPASS))

# One that was made at a later time than now is of a clock that was wrong (BYP-05).
CONSUME: Final = Statement(
    f"""
    update bypasses set state = 'used', ended_at = :now
     where tenant_id = :tenant_id and user_id = :user_id and state = 'waiting'
       and made_at <= :now and expires_at > :now and (application_id = '' or application_id = :application_id)
    returning {select(BYPASS)}
    """  # noqa: S608 - made of constants
)

NOTE_USE: Final = Statement(
    """
    update bypasses set verification_id = :verification_id
     where tenant_id = :tenant_id and user_id = :user_id and state = 'used' and ended_at = :now
       and verification_id = ''
    """
)

END: Final = Statement(
    f"""
    update bypasses set state = case when expires_at <= :now then 'expired' else :state end, ended_at = :now
     where tenant_id = :tenant_id and user_id = :user_id and state = 'waiting'
    returning {select(BYPASS)}
    """  # noqa: S608 - made of constants
)

CLOSE_EXPIRED: Final = Statement(
    """
    with due as materialized (
        select tenant_id, bypass_id from bypasses where state = 'waiting' and expires_at <= :now
         order by expires_at limit :limit for update skip locked)
    update bypasses set state = 'expired', ended_at = expires_at
     where state = 'waiting' and (tenant_id, bypass_id) in (select due.tenant_id, due.bypass_id from due)
    returning tenant_id, user_id
    """
)

WAITING: Final = Statement(
    f"select {select(BYPASS)} from bypasses"  # noqa: S608 - made of constants
    " where tenant_id = :tenant_id and user_id = :user_id and state = 'waiting'"
)

MARK_USER: Final = Statement(
    """
    update users set bypass_until = :until, version = version + 1
     where tenant_id = :tenant_id and user_id = :user_id
    """
)


_NEWEST: Final = Order("bypasses", select(BYPASS), "made_at", "bypass_id", is_falling=True)
_MADE_AT: Final = BYPASS.index("made_at")


class Bypasses(Requests):
    __slots__ = ()

    async def add_bypass(self, bypass: Bypass) -> None:
        try:
            await self.execute(ADD(**record_values(bypass)))
        except UniqueTaken:
            raise self.broken(Conflict()) from None
        await self._mark(bypass.tenant_id, bypass.user_id, bypass.expires_at)

    async def waiting_bypass(self, tenant_id: str, user_id: str) -> Bypass | None:
        rows = await self.fetch(WAITING(tenant_id=tenant_id, user_id=user_id))
        found = bypass_of(rows[0]) if rows else None
        return found if found and found.state_at(self.now) is BypassState.WAITING else None

    async def consume_bypass(self, tenant_id: str, user_id: str, application_id: str) -> Bypass | None:
        rows = await self.fetch(
            CONSUME(tenant_id=tenant_id, user_id=user_id, application_id=application_id, now=self.now)
        )
        if not rows:
            return None
        await self._mark(tenant_id, user_id, 0)
        return bypass_of(rows[0])

    async def note_bypass_used(self, tenant_id: str, user_id: str, verification_id: str) -> None:
        await self.execute(
            NOTE_USE(tenant_id=tenant_id, user_id=user_id, verification_id=verification_id, now=self.now)
        )

    async def end_bypass(self, tenant_id: str, user_id: str) -> Bypass | None:
        rows = await self.fetch(
            END(tenant_id=tenant_id, user_id=user_id, state=BypassState.WITHDRAWN.value, now=self.now)
        )
        await self._mark(tenant_id, user_id, 0)
        return bypass_of(rows[0]) if rows else None

    async def expire_bypasses(self, limit: int) -> int:
        closed = await self.fetch(CLOSE_EXPIRED(now=self.now, limit=limit))
        for tenant_id, user_id in closed:
            await self._mark(tenant_id, user_id, 0)
        return len(closed)

    async def bypasses(self, tenant_id: str, where: BypassFilter, page: Page) -> Listed:
        known, sought = Where(), Where()
        known.keep("tenant_id = :tenant_id", tenant_id=tenant_id)
        if where.user_id:
            known.keep("user_id = :user_id", user_id=where.user_id)
        if where.user_ids:
            known.among("user_id", self.texts(where.user_ids))
        if where.phones:
            sought.among("phone", self.texts(where.phones))
        known.between("made_at", where.since, where.until)
        if where.within:
            sought.look_up(of_people_within("bypasses"), within=self.texts(where.within))
        if where.text:
            sought.called(where.text)
        if page.cursor:
            condition, values = _NEWEST.after(*position_of_time(page.cursor))
            known.keep(condition, **values)
        rows = await searched(self, _NEWEST, known, sought, page.limit)
        return rows.page(bypass_of, lambda row: (row[_MADE_AT], row[1]))

    async def _mark(self, tenant_id: str, user_id: str, until: int) -> None:
        await self.execute(MARK_USER(tenant_id=tenant_id, user_id=user_id, until=until))
