"""What the lists of the console are as CSV (model/csv_line.py): their columns, in their order."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from vestibule.model.accounting_record import AccountingRecord
from vestibule.model.verification import Verification

HEADER: Final = (
    "started",
    "decided",
    "user",
    "claimed_name",
    "first_name",
    "last_name",
    "email",
    "application",
    "client",
    "client_address",
    "user_address",
    "channel",
    "method",
    "authenticator",
    "phone",
    "device",
    "outcome",
    "reason",
    "authenticated",
    "original_result",
    "server",
    "server_address",
    "id",
)
TOLD: Final = (
    "Framed-IP-Address",
    "Calling-Station-Id",
    "NAS-Identifier",
    "NAS-IP-Address",
    "Acct-Session-Time",
    "Acct-Input-Octets",
    "Acct-Output-Octets",
    "Acct-Terminate-Cause",
)
"""Attributes of accounting that have a cell of their own."""
ACCOUNTING_HEADER: Final = ("received", "kind", "user", "session", "client", "passed_on", *TOLD, "id")


def csv_row(attempt: Verification) -> tuple[str, ...]:
    """Return the cells of one attempt, in the order of `HEADER`."""
    return (
        _time(attempt.started_at),
        _time(attempt.decided_at),
        attempt.username,
        attempt.claimed_username,
        attempt.given_name,
        attempt.family_name,
        attempt.email,
        attempt.application_name,
        attempt.client_name,
        attempt.client_address,
        attempt.user_address,
        attempt.channel,
        attempt.method,
        attempt.authenticator_label,
        attempt.phone,
        attempt.device,
        attempt.state.value,
        attempt.reason.value,
        "yes" if attempt.is_authenticated else "no",
        attempt.legacy_result,
        attempt.node_name,
        attempt.node_address,
        attempt.verification_id,
    )


def accounting_row(record: AccountingRecord) -> tuple[str, ...]:
    """Return the cells of what was told of a session, in the order of `ACCOUNTING_HEADER`."""
    return (
        _time(record.received_at),
        record.kind,
        record.username,
        record.session,
        record.client_name,
        record.forwarding.value,
        *map(record.told, TOLD),
        record.record_id,
    )


def _time(at: int | None) -> str:
    return "" if at is None else f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
