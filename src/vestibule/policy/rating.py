"""Rating: what usage comes to, at the prices of its days.

Pure, and exact until a line is priced: users are counted by day in thirty-first parts of a month, whatever
month it is, attempts in packs of ten. A line ends where another price list begins, and is rounded once, half
away from zero, to what the currency can pay (model/money.py). Nothing here knows of calls, texts or methods:
they cost the customer nothing (S11, S12).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import Final

from vestibule.model.money import charged
from vestibule.model.price_list import PriceList, in_force
from vestibule.model.provider import UsageModel
from vestibule.model.statement import LineKind, StatementLine
from vestibule.model.usage import Usage

DAYS_OF_A_MONTH: Final = 31
ATTEMPTS_OF_A_PACK: Final = 10


class NoPrice(LookupError):
    """There is no price list for a day that is to be charged."""

    def __init__(self, currency: str, day: str) -> None:
        super().__init__(f"no price list in {currency} on {day}")
        self.currency = currency
        self.day = day


def units_of(usage: Usage) -> Fraction:
    """Return what a day adds to what is priced."""
    if usage.usage_model is UsageModel.PER_USER:
        return Fraction(usage.paid_users, DAYS_OF_A_MONTH)
    return Fraction(usage.attempts, ATTEMPTS_OF_A_PACK)


def rated(
    usages: Iterable[Usage], lists: Sequence[PriceList], currency: str, provider_name: str = ""
) -> tuple[StatementLine, ...]:
    """Return the lines of one provider for these days, in their order; raises `NoPrice`."""
    by_day = sorted(usages, key=lambda usage: usage.day)

    def priced(usage: Usage) -> PriceList:
        found = in_force(lists, currency, usage.day)
        if found is None:
            raise NoPrice(currency, usage.day)
        return found

    runs = groupby(by_day, key=lambda usage: priced(usage).from_day)
    return tuple(_line(list(days), priced, currency, provider_name) for _, days in runs)


def total_of(lines: Iterable[StatementLine]) -> Decimal:
    return sum((line.amount for line in lines), Decimal(0))


def licence_line(count: int, day: str, lists: Sequence[PriceList], currency: str) -> StatementLine:
    """Return the line of a bundle of licences whose year begins on a day: the fee for the year, whatever is
    used (S16); raises `NoPrice`."""
    found = in_force(lists, currency, day)
    if found is None:
        raise NoPrice(currency, day)
    return StatementLine(
        kind=LineKind.LICENCES,
        from_day=day,
        last_day=day,
        count=count,
        units=str(count),
        price=found.per_licence,
        amount=charged(Fraction(count), found.per_licence, currency),
    )


def years_begun(first_day: str, last_day: str) -> list[str]:
    """Return the days on which the years of a period begin. A year of one that began on a 29th of February
    begins on the first of March where there is none."""
    first = date.fromisoformat(first_day)
    begun = []
    for year in range(first.year, int(last_day[:4]) + 1):
        try:
            begun.append(first.replace(year=year).isoformat())
        except ValueError:
            begun.append(date(year, 3, 1).isoformat())
    return [day for day in begun if day <= last_day]


def _line(
    days: list[Usage], priced: Callable[[Usage], PriceList], currency: str, provider_name: str
) -> StatementLine:
    first, prices = days[0], priced(days[0])
    is_per_user = first.usage_model is UsageModel.PER_USER
    price = prices.per_user if is_per_user else prices.per_pack
    units = sum(map(units_of, days), Fraction())
    return StatementLine(
        kind=LineKind.USERS if is_per_user else LineKind.ATTEMPTS,
        provider_id=first.provider_id,
        provider_name=provider_name,
        from_day=first.day,
        last_day=days[-1].day,
        count=sum(usage.paid_users if is_per_user else usage.attempts for usage in days),
        units=str(units),
        price=price,
        amount=charged(units, price, currency),
    )
