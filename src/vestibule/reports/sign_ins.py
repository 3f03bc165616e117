"""Sign-ins: why each was let in or not, as readers of the original's sign-in report know it.

Whether a second factor was required, how that was satisfied or why it was denied, by which method, with the
end of the phone number, and which access rules had a say.
"""

from __future__ import annotations

from typing import Final

from vestibule.interfaces.report import ReportDescriptor, attempts_of
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.phone import masked
from vestibule.model.report import Asks, Cell, Column, Kind, ReportFilter, ReportPage, row_of
from vestibule.model.verification import Reason, Verification, VerificationState

_NOT_REQUIRED: Final = frozenset({Reason.FIRST_FACTOR_SUFFICIENT, Reason.NOT_REQUIRED})
_BEFORE: Final = frozenset(
    {
        Reason.UNKNOWN_USER,
        Reason.USER_DISABLED,
        Reason.ACCESS_DENIED,
        Reason.APPLICATION_DISABLED,
        Reason.PASSWORD_MISSING,
        Reason.PASSWORD_WRONG,
        Reason.PASSWORD_EXPIRED,
        Reason.DIRECTORY_REFUSED,
        Reason.DIRECTORY_UNAVAILABLE,
    }
)
"""Reasons that end a sign-in before anybody asks for a second factor."""
_RULE: Final = "rule"

COLUMNS: Final = (
    Column("Date", "when", Kind.TIME),
    Column("Username", "user"),
    Column("Application", "application"),
    Column("IP Address", "address"),
    Column("Sign-in Status", "outcome", Kind.STATE),
    Column("MFA Required", "required", Kind.YES_NO),
    Column("MFA Result", "reason", Kind.REASON),
    Column("MFA Authentication Method", "method", Kind.METHOD),
    Column("MFA Authentication Detail", "detail"),
    Column("Conditional Access", "rules"),
    Column("Conditional Access Result"),
    Column("Result", "original_result"),
    Column("User Id"),
    Column("Unique Id"),
)


class SignIns:
    descriptor = ReportDescriptor(
        name="sign_ins",
        columns=COLUMNS,
        asks=frozenset({Asks.DAYS, Asks.USERS, Asks.STATE}),
        states=tuple(state.value for state in VerificationState),
    )

    async def page(self, tx: Transaction, tenant_id: str, where: ReportFilter, page: Page) -> ReportPage:
        found = await tx.verifications(tenant_id, attempts_of(where), page)
        return ReportPage(tuple(map(_row, found.rows)), found.next_cursor, found.searched_to)


def _row(attempt: Verification) -> tuple[Cell, ...]:
    rules = [line for line in attempt.trace if line.step == _RULE]
    known: dict[str, Cell] = {
        "Date": attempt.started_at,
        "Username": attempt.username or attempt.claimed_username,
        "Application": attempt.application_name,
        "IP Address": attempt.user_address,
        "Sign-in Status": attempt.state.value,
        "MFA Required": attempt.reason not in _NOT_REQUIRED | _BEFORE,
        "MFA Result": attempt.reason.value,
        "MFA Authentication Method": attempt.method,
        "MFA Authentication Detail": masked(attempt.phone) if attempt.phone else "",
        "Conditional Access": ", ".join(line.facts.get("rule", "") for line in rules),
        "Conditional Access Result": ", ".join(line.result for line in rules),
        "Result": attempt.legacy_result,
        "User Id": attempt.user_id,
        "Unique Id": attempt.verification_id,
    }
    return row_of(COLUMNS, known)


REPORT: Final = SignIns()
