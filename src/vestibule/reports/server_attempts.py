"""Attempts that servers have told their service of: the ten fields, and nothing more than it was told
(S4-S10). Names and the user's address are there only where servers are told to send them."""

from __future__ import annotations

from typing import Final

from vestibule.interfaces.report import ReportDescriptor, attempts_of
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.report import Asks, Cell, Column, Kind, ReportFilter, ReportPage, row_of
from vestibule.model.server_attempt import ServerAttempt
from vestibule.model.verification import VerificationState

COLUMNS: Final = (
    Column("Timestamp", "when", Kind.TIME),
    Column("Username", "user"),
    Column("First Name"),
    Column("Last Name"),
    Column("Email Address"),
    Column("Authentication Method", "method", Kind.METHOD),
    Column("Phone Number", "phone"),
    Column("Device Token"),
    Column("Initiating IP Address", "address"),
    Column("Outcome", "outcome", Kind.STATE),
    Column("Reason", "reason", Kind.REASON),
    Column("Authenticated"),
    Column("Result", "original_result"),
    Column("MFA Server Name", "server"),
    Column("MFA Server IP"),
    Column("Received", "", Kind.TIME),
    Column("User Id"),
    Column("Unique Id"),
)


class ServerAttempts:
    descriptor = ReportDescriptor(
        name="server_attempts",
        columns=COLUMNS,
        asks=frozenset(Asks),
        states=tuple(state.value for state in VerificationState),
        knows_people=False,
        is_of_all=True,
    )

    async def page(self, tx: Transaction, tenant_id: str, where: ReportFilter, page: Page) -> ReportPage:
        found = await tx.listed_server_attempts(tenant_id, where.users, attempts_of(where), page)
        return ReportPage(tuple(map(_row, found.rows)), found.next_cursor, found.searched_to)


def _row(attempt: ServerAttempt) -> tuple[Cell, ...]:
    known: dict[str, Cell] = {
        "Timestamp": attempt.started_at,
        "Username": attempt.username or attempt.user_id,
        "First Name": attempt.given_name,
        "Last Name": attempt.family_name,
        "Email Address": attempt.email,
        "Authentication Method": attempt.method,
        "Phone Number": attempt.phone,
        "Device Token": attempt.device,
        "Initiating IP Address": attempt.user_address,
        "Outcome": attempt.state.value,
        "Reason": attempt.reason,
        "Authenticated": "Yes" if attempt.is_authenticated else "No",
        "Result": attempt.legacy_result,
        "MFA Server Name": attempt.server_name,
        "MFA Server IP": attempt.server_address,
        "Received": attempt.received_at,
        "User Id": attempt.user_id,
        "Unique Id": attempt.attempt_id,
    }
    return row_of(COLUMNS, known)


REPORT: Final = ServerAttempts()
