"""Bypassed history: who needed no second factor once, who allowed it and why, and what became of it; with the
original's columns."""

from __future__ import annotations

from typing import Final

from vestibule.interfaces.report import ReportDescriptor
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.blocks import BypassFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.bypass import Bypass, BypassState
from vestibule.model.phone import calling_code
from vestibule.model.report import Asks, Cell, Column, Kind, ReportFilter, ReportPage, row_of

COLUMNS: Final = (
    Column("Bypass Timestamp", "when", Kind.TIME),
    Column("Bypass Seconds", "seconds", Kind.COUNT),
    Column("Bypass By Username", "by"),
    Column("Username", "user"),
    Column("Country Code"),
    Column("Phone Number"),
    Column("Phone Number Formatted", "phone"),
    Column("Extension"),
    Column("Clean Extension"),
    Column("Bypass Reason", "why"),
    Column("Completion Timestamp", "ended", Kind.TIME),
    Column("Completion Reason", "end_reason"),
    Column("Bypass Used", "used", Kind.YES_NO),
    # What the original had no column for.
    Column("Application Name", "application"),
    Column("User Id"),
    Column("Attempt Id"),
    Column("Unique Id"),
)


class Bypassed:
    descriptor = ReportDescriptor(
        name="bypassed", columns=COLUMNS, asks=frozenset({Asks.DAYS, Asks.USERS, Asks.PHONES})
    )

    async def page(self, tx: Transaction, tenant_id: str, where: ReportFilter, page: Page) -> ReportPage:
        wanted = BypassFilter(
            user_ids=where.user_ids,
            phones=where.phones,
            since=where.since,
            until=where.until,
            within=where.within,
        )
        found = await tx.bypasses(tenant_id, wanted, page)
        rows = tuple([_row(bypass, tx.now) for bypass in found.rows])
        return ReportPage(rows, found.next_cursor, found.searched_to)


def _row(bypass: Bypass, now: int) -> tuple[Cell, ...]:
    state = bypass.state_at(now)
    code = calling_code(bypass.phone) if bypass.phone.startswith("+") else ""
    known: dict[str, Cell] = {
        "Bypass Timestamp": bypass.made_at,
        "Bypass Seconds": bypass.seconds,
        "Bypass By Username": bypass.actor_name,
        "Username": bypass.username,
        "Country Code": code,
        "Phone Number": bypass.phone.removeprefix(f"+{code}"),
        "Phone Number Formatted": bypass.phone,
        "Bypass Reason": bypass.reason,
        "Completion Timestamp": bypass.ended_at
        or (bypass.expires_at if state is BypassState.EXPIRED else None),
        "Completion Reason": "" if state is BypassState.WAITING else state.value,
        "Bypass Used": state is BypassState.USED,
        "Application Name": bypass.application_name,
        "User Id": bypass.user_id,
        "Attempt Id": bypass.verification_id,
        "Unique Id": bypass.bypass_id,
    }
    return row_of(COLUMNS, known)


REPORT: Final = Bypassed()
