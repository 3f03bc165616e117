"""Amounts as people read them: with the marks of their language, in full."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Final

from vestibule.catalog import text
from vestibule.model.money import rounded, shown_price

_SHOWN_UNITS: Final = 2
"""Decimals of what is priced; it is exact in CSV and JSON."""


def number_words(language: str, value: int | Decimal) -> str:
    thousands, decimal = text(language, "ui.number.thousands"), text(language, "ui.number.decimal")
    return f"{value:,}".translate(str.maketrans(",.-", f"{thousands}{decimal}\N{EN DASH}"))


def money_words(language: str, amount: Decimal, currency: str) -> str:
    return f"{number_words(language, amount)}\N{NO-BREAK SPACE}{currency}"


def price_words(language: str, price: Decimal, currency: str) -> str:
    """Return a price with as many decimals as it needs, without its currency."""
    return number_words(language, Decimal(shown_price(price, currency)))


def unit_words(language: str, units: Fraction) -> str:
    return number_words(language, rounded(units, _SHOWN_UNITS))
