"""Activations: apps and other authenticators that people have bound to themselves; with the original's
columns, of which what has not happened is empty."""

from __future__ import annotations

from typing import Final

from vestibule.interfaces.report import ReportDescriptor
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.event import Event
from vestibule.model.report import Asks, Cell, Column, Kind, ReportFilter, ReportPage, row_of

_KINDS: Final = ("authenticator.assigned", "authenticator.enrolled")

COLUMNS: Final = (
    Column("Username", "user"),
    Column("Account Name"),
    Column("Timestamp", "when", Kind.TIME),
    Column("Get Activation Code Result"),
    Column("Activate Success"),
    Column("Activate Error"),
    Column("Activation Status Result"),
    Column("Device Name", "device"),
    Column("Device Type"),
    Column("App Version"),
    Column("OATH Token Enabled"),
    # What the original had no column for.
    Column("Method", "method", Kind.METHOD),
    Column("By Username", "by"),
    Column("User Id"),
    Column("Unique Id"),
)


class Activations:
    descriptor = ReportDescriptor(
        name="activations",
        columns=COLUMNS,
        asks=frozenset({Asks.DAYS, Asks.USERS}),
        is_of_all=True,
    )

    async def page(self, tx: Transaction, tenant_id: str, where: ReportFilter, page: Page) -> ReportPage:
        found = await tx.events_of_kinds(tenant_id, _KINDS, where.since, where.until, where.user_ids, page)
        return ReportPage(tuple(map(_row, found.rows)), found.next_cursor, found.searched_to)


def _row(event: Event) -> tuple[Cell, ...]:
    method = str(event.facts.get("method", "hotp" if "serial" in event.facts else ""))
    known: dict[str, Cell] = {
        "Username": event.subject_name,
        "Account Name": event.tenant_id,
        "Timestamp": event.at,
        "Get Activation Code Result": "Success",
        "Activate Success": "Yes",
        "Activation Status Result": "Success",
        "Device Name": str(event.facts.get("label", event.facts.get("serial", ""))),
        "OATH Token Enabled": "Yes" if method in ("totp", "hotp", "app") else "No",
        "Method": method,
        "By Username": event.actor_name,
        "User Id": event.subject,
        "Unique Id": event.event_id,
    }
    return row_of(COLUMNS, known)


REPORT: Final = Activations()
