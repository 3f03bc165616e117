"""Budget: what a customer means to spend in a month, and when he is told how much of it is gone."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import msgspec


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """One of a provider, in its currency. It stops nothing: it tells."""

    tenant_id: str
    provider_id: str
    amount: Decimal
    percents: tuple[int, ...] = (80, 100)
    """At which parts of the amount somebody is told, once in a month each."""
    version: int = 1


def reached(budget: Budget, spent: Decimal) -> tuple[int, ...]:
    """Return the parts of the budget that are spent, the smallest first."""
    part = Fraction(spent) * 100
    return tuple(percent for percent in sorted(budget.percents) if part >= percent * Fraction(budget.amount))
