"""Statement: what a customer owes for a month, line by line; and the credit note that takes some of it back.

What is issued never changes. Each line says from which days of which provider it comes, so that it can be
counted again from the usage of those days, and that from their attempts and people.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

import msgspec

from vestibule.model.day import day_after


class LineKind(StrEnum):
    USERS = "users"
    """Configured users by day."""
    ATTEMPTS = "attempts"
    """Attempts in packs of ten."""
    LICENCES = "licences"
    """Licensed users for a year."""
    CREDIT = "credit"
    """What a credit note takes back."""


class StatementLine(msgspec.Struct, frozen=True, kw_only=True):
    """`amount` is `units` times `price`, rounded once. There is no line for a call or a text (S11)."""

    kind: LineKind
    provider_id: str = ""
    provider_name: str = ""
    from_day: str
    last_day: str
    count: int
    """Users of all its days together, attempts, or licences."""
    units: str
    """What is priced, as an exact fraction such as `5000/31`."""
    price: Decimal
    amount: Decimal

    @property
    def exact_units(self) -> Fraction:
        return Fraction(self.units)


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """Without a number it is a draft, which is made anew each time it is looked at."""

    tenant_id: str
    statement_id: str
    """`2026-11-EUR`; of its credit notes `2026-11-EUR-1` and so on. So there is one for a month, whoever
    issues it however often."""
    number: str = ""
    month: str
    currency: str
    customer: str
    """The customer's name on that day."""
    lines: tuple[StatementLine, ...]
    total: Decimal
    issued_at: int = 0
    issued_by: str = ""
    credits_number: str = ""
    """Of a credit note: the number of the statement that it takes from."""
    reason: str = ""
    """Of a credit note: why."""

    @property
    def is_draft(self) -> bool:
        return not self.number

    @property
    def is_credit(self) -> bool:
        return bool(self.credits_number)


def read_month(typed: str) -> str:
    """Return a month as `2026-11`; raises ValueError with what was typed."""
    try:
        return f"{date.fromisoformat(f'{typed.strip()}-01'):%Y-%m}"
    except ValueError:
        raise ValueError(typed) from None


def days_of(month: str) -> tuple[str, str]:
    """Return the first and the last day of a month."""
    first = f"{month}-01"
    return first, day_after(f"{day_after(first, 31)[:7]}-01", -1)


def statement_id(month: str, currency: str) -> str:
    return f"{month}-{currency}"


def credit_id(of: str, number: int) -> str:
    return f"{of}-{number}"
