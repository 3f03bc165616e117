"""Blocked history: who was blocked, when, by whom and why, and how it ended; with the original's columns."""

from __future__ import annotations

from typing import Final

from vestibule.interfaces.report import ReportDescriptor
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.blocks import BlockFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.block import Block, BlockCause, BlockState
from vestibule.model.phone import calling_code
from vestibule.model.report import Asks, Cell, Column, Kind, ReportFilter, ReportPage, row_of

COLUMNS: Final = (
    Column("Block Timestamp", "when", Kind.TIME),
    Column("Block By Username", "by"),
    Column("Username", "user"),
    Column("Country Code"),
    Column("Phone Number"),
    Column("Phone Number Formatted", "phone"),
    Column("Extension"),
    Column("Clean Extension"),
    Column("Blocked", "blocked", Kind.YES_NO),
    Column("Block Reason", "why"),
    Column("Completion Timestamp", "ended", Kind.TIME),
    Column("Completion Reason", "end_reason"),
    Column("Account Lockout"),
    Column("Fraud Alert"),
    Column("Fraud Alert Not Blocked"),
    Column("Language"),
    # What the original had no column for.
    Column("Blocked Until", "until", Kind.TIME),
    Column("Completed By Username"),
    Column("User Id"),
    Column("Unique Id"),
)


class Blocked:
    descriptor = ReportDescriptor(
        name="blocked",
        columns=COLUMNS,
        asks=frozenset(Asks),
        states=(BlockState.ACTIVE.value,),
    )

    async def page(self, tx: Transaction, tenant_id: str, where: ReportFilter, page: Page) -> ReportPage:
        wanted = BlockFilter(
            user_ids=where.user_ids,
            phones=where.phones,
            is_active=bool(where.state),
            since=where.since,
            until=where.until,
            within=where.within,
        )
        found = await tx.blocks(tenant_id, wanted, page)
        rows = tuple([_row(block, tx.now) for block in found.rows])
        return ReportPage(rows, found.next_cursor, found.searched_to)


def _row(block: Block, now: int) -> tuple[Cell, ...]:
    is_fraud = block.cause is BlockCause.FRAUD
    state = block.state(now)
    code = calling_code(block.phone) if block.phone else ""
    known: dict[str, Cell] = {
        "Block Timestamp": block.begun_at,
        "Block By Username": block.actor_name,
        "Username": block.username,
        "Country Code": code,
        "Phone Number": block.phone.removeprefix(f"+{code}"),
        "Phone Number Formatted": block.phone,
        "Blocked": state is BlockState.ACTIVE,
        "Block Reason": block.reason,
        "Completion Timestamp": block.ended_at or (block.until if state is BlockState.EXPIRED else None),
        "Completion Reason": block.end_reason or (state.value if state is BlockState.EXPIRED else ""),
        "Account Lockout": "No",
        "Fraud Alert": "Yes" if is_fraud else "No",
        "Fraud Alert Not Blocked": "No",
        "Language": block.language,
        "Blocked Until": block.until,
        "Completed By Username": block.ended_by_name,
        "User Id": block.user_id,
        "Unique Id": block.block_id,
    }
    return row_of(COLUMNS, known)


REPORT: Final = Blocked()
