"""Statements as CSV and as JSON: each line, and under it the days that it is made of.

Pure. Numbers are written as programs read them, exact units as fractions such as `5000/31`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from vestibule.model.csv_line import MARK, csv_line
from vestibule.model.provider import UsageModel
from vestibule.model.statement import Statement, StatementLine
from vestibule.model.usage import Usage
from vestibule.policy.rating import units_of

HEADER: Final = (
    "record",
    "number",
    "month",
    "customer",
    "kind",
    "provider",
    "from",
    "to",
    "users_at_service",
    "users_at_servers",
    "licensed_users",
    "attempts_at_service",
    "attempts_at_servers",
    "count",
    "units",
    "price",
    "amount",
    "currency",
)

Cell = str | int | Decimal


class BilledStatement(msgspec.Struct, frozen=True):
    """A statement with the days of each of its lines, in their order."""

    statement: Statement
    days: tuple[tuple[Usage, ...], ...]


def with_days(statement: Statement, usages: Sequence[Usage]) -> BilledStatement:
    """Find the days of each line among what a customer has used in the month."""
    return BilledStatement(statement, tuple(_days_of(line, usages) for line in statement.lines))


def counted(usage: Usage) -> int:
    """Return what of a day is counted for its provider's model."""
    return usage.paid_users if usage.usage_model is UsageModel.PER_USER else usage.attempts


def statement_csv(billed: BilledStatement) -> bytes:
    lines = [csv_line(HEADER)]
    for line, days in zip(billed.statement.lines, billed.days, strict=True):
        lines.append(csv_line(_line_cells(billed.statement, line)))
        lines.extend(csv_line(_day_cells(billed.statement, line, day)) for day in days)
    return (MARK + "".join(lines)).encode()


def statement_json(billed: BilledStatement) -> bytes:
    return msgspec.json.format(msgspec.json.encode(statement_record(billed)), indent=2) + b"\n"


def statement_record(billed: BilledStatement) -> dict[str, Any]:
    """Return a statement with its days as plain values."""
    record = plain_record(billed.statement)
    for line, days in zip(record["lines"], billed.days, strict=True):
        line["days"] = [usage_record(day) for day in days]
    return record


def plain_record(statement: Statement) -> dict[str, Any]:
    """Return a statement as plain values; amounts and prices are texts, which nothing rounds."""
    record: dict[str, Any] = msgspec.to_builtins(statement)
    del record["statement_id"]
    return record


def usage_record(usage: Usage) -> dict[str, Any]:
    """Return what a day came to as plain values."""
    record: dict[str, Any] = msgspec.to_builtins(usage)
    del record["tenant_id"]
    return record | {"count": counted(usage), "units": str(units_of(usage))}


def _days_of(line: StatementLine, usages: Iterable[Usage]) -> tuple[Usage, ...]:
    return tuple(
        usage
        for usage in usages
        if usage.provider_id == line.provider_id and line.from_day <= usage.day <= line.last_day
    )


def _line_cells(statement: Statement, line: StatementLine) -> tuple[Cell, ...]:
    return (
        "line",
        *(statement.number, statement.month, statement.customer, line.kind.value, line.provider_name),
        *(line.from_day, line.last_day),
        *("", "", "", "", ""),
        *(line.count, line.units, line.price, line.amount, statement.currency),
    )


def _day_cells(statement: Statement, line: StatementLine, usage: Usage) -> tuple[Cell, ...]:
    numbers = (usage.service_users, usage.server_users, usage.licensed)
    attempts = (usage.service_attempts, usage.server_attempts)
    return (
        "day",
        *(statement.number, statement.month, statement.customer, line.kind.value, line.provider_name),
        *(usage.day, usage.day),
        *(*numbers, *attempts, counted(usage)),
        *(str(units_of(usage)), "", "", statement.currency),
    )
