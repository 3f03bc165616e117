"""User summary: how often each user was asked for, how it ended, and when last. Users who are gone are not
in it; their attempts are in the report of attempts."""

from __future__ import annotations

from typing import Final

from vestibule.interfaces.report import ReportDescriptor
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.interfaces.transaction.people import UserFilter
from vestibule.model.report import Asks, Cell, Column, Kind, ReportFilter, ReportPage
from vestibule.model.usage_count import PersonCount
from vestibule.model.user import User

_NOTHING: Final = PersonCount(0, 0, 0, 0)
_EVER: Final = 2**53


class UserSummary:
    descriptor = ReportDescriptor(
        name="user_summary",
        columns=(
            Column("Username", "user"),
            Column("First Name"),
            Column("Last Name"),
            Column("Authentications", "count", Kind.COUNT),
            Column("Approved", "approved", Kind.COUNT),
            Column("Denied", "refused", Kind.COUNT),
            Column("Last Authentication", "last", Kind.TIME),
        ),
        asks=frozenset({Asks.DAYS, Asks.USERS}),
    )

    async def page(self, tx: Transaction, tenant_id: str, where: ReportFilter, page: Page) -> ReportPage:
        found = await _people(tx, tenant_id, where, page)
        ids = [user.user_id for user in found.rows]
        until = where.until or _EVER
        counts = await tx.count_attempts_of(tenant_id, ids, where.since or 0, until) if ids else {}
        rows = tuple([_row(user, counts.get(user.user_id, _NOTHING)) for user in found.rows])
        return ReportPage(rows, found.next_cursor, found.searched_to)


async def _people(tx: Transaction, tenant_id: str, where: ReportFilter, page: Page) -> Listed:
    if not where.user_ids:
        return await tx.users(tenant_id, UserFilter(within=where.within), page)
    known = await tx.users_by_id(tenant_id, where.user_ids)
    mine = []
    for user in sorted(known.values(), key=lambda user: user.names[0]):
        groups = await tx.groups_of(tenant_id, user.user_id) if where.within else frozenset()
        if not where.within or not groups.isdisjoint(where.within):
            mine.append(user)
    return Listed(tuple(mine))


def _row(user: User, count: PersonCount) -> tuple[Cell, ...]:
    return (
        user.username,
        user.given_name,
        user.family_name,
        count.attempts,
        count.approved,
        count.refused,
        count.last_at or None,
    )


REPORT: Final = UserSummary()
