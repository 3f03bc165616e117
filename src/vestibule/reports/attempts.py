"""Attempts: one row for each, with the columns that readers of the original's activity report know (S4-S10).

What the original kept apart by method (call, text, app, token) is filled in for the method that decided; what
this product does not record of an attempt stays empty.
"""

from __future__ import annotations

from typing import Final

from vestibule.interfaces.report import ReportDescriptor, attempts_of
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.phone import calling_code
from vestibule.model.report import Asks, Cell, Column, Kind, ReportFilter, ReportPage, row_of
from vestibule.model.verification import Verification, VerificationState

_CALL: Final = ("Country Code", "Phone Number", "Extension", "Authenticated", "Result")
_METHODS: Final = {
    "voice": "Phone Call",
    "sms": "Text Message",
    "app": "Mobile App",
    "totp": "OATH Token",
    "hotp": "OATH Token",
}
"""What the original called the methods; one that it did not know has its own name."""
_MODES: Final = {
    "voice": "Phone Call Mode",
    "sms": "Text Message Mode",
    "app": "Mobile App Mode",
    "totp": "OATH Token Mode",
    "hotp": "OATH Token Mode",
}

COLUMNS: Final = (
    Column("Timestamp", "when", Kind.TIME),
    Column("Username", "user"),
    Column("First Name"),
    Column("Last Name"),
    Column("Email Address"),
    Column("User Group"),
    Column("Authentication Method"),
    Column("Phone Call Mode"),
    Column("Text Message Direction"),
    Column("Text Message Mode"),
    Column("Mobile App Mode"),
    Column("OATH Token Mode"),
    Column("Authentication Type"),
    Column("Application Name", "application"),
    *(Column(f"Primary Call {each}") for each in _CALL),
    *(Column(f"Backup Call {each}") for each in _CALL),
    Column("Overall Authenticated"),
    Column("Overall Result"),
    Column("Results"),
    Column("Authenticated", "authenticated", Kind.YES_NO),
    Column("Result", "original_result"),
    Column("Initiating IP Address", "address"),
    Column("Device Token"),
    Column("Device Type"),
    Column("Mobile App Version"),
    Column("OS Version"),
    Column("Used Check for Notification"),
    # What the original had no column for.
    Column("Method", "method", Kind.METHOD),
    Column("Phone Number", "phone"),
    Column("Outcome", "outcome", Kind.STATE),
    Column("Reason", "reason", Kind.REASON),
    Column("MFA Server Name", "server"),
    Column("MFA Server IP"),
    Column("Client Name"),
    Column("Client IP Address"),
    Column("User Id"),
    Column("Unique Id"),
)


class Attempts:
    descriptor = ReportDescriptor(
        name="attempts",
        columns=COLUMNS,
        asks=frozenset(Asks),
        states=tuple(state.value for state in VerificationState),
    )

    async def page(self, tx: Transaction, tenant_id: str, where: ReportFilter, page: Page) -> ReportPage:
        found = await tx.verifications(tenant_id, attempts_of(where), page)
        return ReportPage(tuple(map(_row, found.rows)), found.next_cursor, found.searched_to)


def _row(attempt: Verification) -> tuple[Cell, ...]:
    result = attempt.legacy_result or attempt.reason.value
    authenticated = "Yes" if attempt.is_authenticated else "No"
    known: dict[str, Cell] = {
        "Timestamp": attempt.started_at,
        "Username": attempt.username or attempt.claimed_username,
        "First Name": attempt.given_name,
        "Last Name": attempt.family_name,
        "Email Address": attempt.email,
        "Authentication Method": _METHODS.get(attempt.method, attempt.method),
        "Authentication Type": attempt.channel,
        "Application Name": attempt.application_name,
        "Overall Authenticated": authenticated,
        "Overall Result": result,
        "Results": result,
        "Authenticated": attempt.is_authenticated,
        "Result": attempt.legacy_result,
        "Initiating IP Address": attempt.user_address,
        "Device Token": attempt.device,
        "Method": attempt.method,
        "Phone Number": attempt.phone,
        "Outcome": attempt.state.value,
        "Reason": attempt.reason.value,
        "MFA Server Name": attempt.node_name,
        "MFA Server IP": attempt.node_address,
        "Client Name": attempt.client_name,
        "Client IP Address": attempt.client_address,
        "User Id": attempt.user_id,
        "Unique Id": attempt.verification_id,
    }
    if mode := _MODES.get(attempt.method):
        known[mode] = "PIN" if "_pin_" in f"{attempt.reason}_" else "Standard"
    if attempt.method == "voice":
        code = calling_code(attempt.phone)
        number = attempt.phone.removeprefix(f"+{code}")
        told = (code, number, "", authenticated, result)
        known |= {f"Primary Call {name}": value for name, value in zip(_CALL, told, strict=True)}
    return row_of(COLUMNS, known)


REPORT: Final = Attempts()
