"""User details: each attempt of some users, or of all, with what it came to (S9, S10)."""

from __future__ import annotations

from typing import Final

from vestibule.interfaces.report import ReportDescriptor, attempts_of
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.report import Asks, Cell, Column, Kind, ReportFilter, ReportPage
from vestibule.model.verification import Verification, VerificationState


class UserDetails:
    descriptor = ReportDescriptor(
        name="user_details",
        columns=(
            Column("Username", "user"),
            Column("Timestamp", "when", Kind.TIME),
            Column("Application Name", "application"),
            Column("Authentication Method", "method", Kind.METHOD),
            Column("Phone Number", "phone"),
            Column("Outcome", "outcome", Kind.STATE),
            Column("Reason", "reason", Kind.REASON),
            Column("Authenticated"),
            Column("Result", "original_result"),
            Column("Initiating IP Address", "address"),
            Column("MFA Server Name"),
            Column("Unique Id"),
        ),
        asks=frozenset({Asks.DAYS, Asks.USERS, Asks.STATE}),
        states=tuple(state.value for state in VerificationState),
    )

    async def page(self, tx: Transaction, tenant_id: str, where: ReportFilter, page: Page) -> ReportPage:
        found = await tx.verifications(tenant_id, attempts_of(where), page)
        return ReportPage(tuple(map(_row, found.rows)), found.next_cursor, found.searched_to)


def _row(attempt: Verification) -> tuple[Cell, ...]:
    return (
        attempt.username or attempt.claimed_username,
        attempt.started_at,
        attempt.application_name,
        attempt.method,
        attempt.phone,
        attempt.state.value,
        attempt.reason.value,
        "Yes" if attempt.is_authenticated else "No",
        attempt.legacy_result,
        attempt.user_address,
        attempt.node_name,
        attempt.verification_id,
    )


REPORT: Final = UserDetails()
