"""Fraud alerts: who reported that it was not he who signed in, and whether he is blocked for it now."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from vestibule.interfaces.report import ReportDescriptor, attempts_of
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.report import Asks, Cell, Column, Kind, ReportFilter, ReportPage
from vestibule.model.verification import Reason, Verification

_BLOCKED: Final = "blocked"
_NOT_BLOCKED: Final = "not_blocked"


class Fraud:
    descriptor = ReportDescriptor(
        name="fraud",
        columns=(
            Column("Timestamp", "when", Kind.TIME),
            Column("Username", "user"),
            Column("Phone Number", "phone"),
            Column("Authentication Method", "method", Kind.METHOD),
            Column("Application Name", "application"),
            Column("Initiating IP Address", "address"),
            Column("Result", "original_result"),
            Column("Blocked", "blocked", Kind.YES_NO),
            Column("MFA Server Name"),
            Column("User Id"),
            Column("Unique Id"),
        ),
        asks=frozenset(Asks),
        states=(_BLOCKED, _NOT_BLOCKED),
    )

    async def page(self, tx: Transaction, tenant_id: str, where: ReportFilter, page: Page) -> ReportPage:
        status = where.state
        wanted = attempts_of(replace(where, state=""), Reason.FRAUD_REPORTED)
        found = await tx.verifications(tenant_id, wanted, page)
        people = await tx.users_by_id(tenant_id, list({attempt.user_id for attempt in found.rows}))
        blocked = {user_id for user_id, user in people.items() if user.is_blocked(tx.now)}
        rows = [
            _row(attempt, is_blocked=attempt.user_id in blocked)
            for attempt in found.rows
            if not status or (status == _BLOCKED) is (attempt.user_id in blocked)
        ]
        return ReportPage(tuple(rows), found.next_cursor, found.searched_to)


def _row(attempt: Verification, *, is_blocked: bool) -> tuple[Cell, ...]:
    return (
        attempt.started_at,
        attempt.username or attempt.claimed_username,
        attempt.phone,
        attempt.method,
        attempt.application_name,
        attempt.user_address,
        attempt.legacy_result,
        is_blocked,
        attempt.node_name,
        attempt.user_id,
        attempt.verification_id,
    )


REPORT: Final = Fraud()
