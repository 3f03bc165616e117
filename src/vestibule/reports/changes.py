"""Changes: phones, PINs and devices of people that are others now; with the original's columns.

Of a phone number an event holds the end only, and of a PIN nothing but that it is another.
"""

from __future__ import annotations

from typing import Final

from vestibule.interfaces.report import ReportDescriptor
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.event import Event
from vestibule.model.report import Asks, Cell, Column, Kind, ReportFilter, ReportPage, row_of

_KINDS: Final = (
    "authenticator.enrolled",
    "authenticator.removed",
    "phone.added",
    "pin.change_required",
    "pin.changed",
    "pin.cleared",
    "pin.set",
    "user.changed",
)
_PHONES: Final = frozenset({"sms", "voice"})

COLUMNS: Final = (
    Column("Change Timestamp", "when", Kind.TIME),
    Column("Username", "user"),
    Column("New Country Code"),
    Column("New Phone Number", "phone"),
    Column("New Extension"),
    Column("New Backup Country Code"),
    Column("New Backup Phone Number"),
    Column("New Backup Extension"),
    Column("New PIN"),
    Column("PIN Change Required"),
    Column("Old Device Token"),
    Column("New Device Token", "device"),
    # What the original had no column for.
    Column("Change", "change", Kind.EVENT),
    Column("Fields", "fields"),
    Column("By Username", "by"),
    Column("User Id"),
    Column("Unique Id"),
)


class Changes:
    descriptor = ReportDescriptor(
        name="changes",
        columns=COLUMNS,
        asks=frozenset({Asks.DAYS, Asks.USERS}),
        is_of_all=True,
    )

    async def page(self, tx: Transaction, tenant_id: str, where: ReportFilter, page: Page) -> ReportPage:
        found = await tx.events_of_kinds(tenant_id, _KINDS, where.since, where.until, where.user_ids, page)
        return ReportPage(tuple(map(_row, found.rows)), found.next_cursor, found.searched_to)


def _row(event: Event) -> tuple[Cell, ...]:
    label = str(event.facts.get("label", ""))
    is_phone, is_new = event.facts.get("method") in _PHONES, event.kind != "authenticator.removed"
    known: dict[str, Cell] = {
        "Change Timestamp": event.at,
        "Username": event.subject_name,
        "New Phone Number": label if is_phone and is_new else "",
        "New PIN": "Yes" if event.kind in ("pin.changed", "pin.set") else "",
        "PIN Change Required": "Yes" if event.kind == "pin.change_required" else "",
        "Old Device Token": label if not is_phone and not is_new else "",
        "New Device Token": label if not is_phone and is_new else "",
        "Change": event.kind,
        "Fields": ", ".join(map(str, event.facts.get("fields", ()))),
        "By Username": event.actor_name,
        "User Id": event.subject,
        "Unique Id": event.event_id,
    }
    return row_of(COLUMNS, known)


REPORT: Final = Changes()
