"""Money: exact decimal amounts in a currency of ISO 4217, and the one way in which they are rounded.

Pure. A price may have more decimals than its currency has coins for; an amount that is charged has as many as
the currency, rounded half away from zero, once, at the end of a line.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Final

USUAL_DECIMALS: Final = 2
_DECIMALS: Final = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF"), 0),
    **dict.fromkeys(("UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_PRICE: Final = re.compile(r"(?P<units>[0-9]{1,9})(?:[.,](?P<parts>[0-9]{1,6}))?")


def read_currency(typed: str) -> str:
    """Return a currency by its three letters; raises ValueError with what was typed."""
    currency = typed.strip().upper()
    if _CURRENCY.fullmatch(currency) is None:
        raise ValueError(typed)
    return currency


def read_price(typed: str) -> Decimal:
    """Read an amount that is not negative, with up to six decimals behind a point or a comma; raises
    ValueError with what was typed."""
    found = _PRICE.fullmatch(typed.strip())
    if found is None:
        raise ValueError(typed)
    return Decimal(".".join(filter(None, found.groups())))


def decimals(currency: str) -> int:
    """Return how many decimals an amount of a currency has that can be paid."""
    return _DECIMALS.get(currency, USUAL_DECIMALS)


def rounded(value: Fraction, places: int) -> Decimal:
    """Return an exact value with so many decimals; what is just between two goes away from zero."""
    whole, rest = divmod(abs(value.numerator) * 10**places, value.denominator)
    whole += rest * 2 >= value.denominator
    return Decimal(whole if value >= 0 else -whole).scaleb(-places)


def charged(units: Fraction, price: Decimal, currency: str) -> Decimal:
    """Return what so many units come to at a price for one."""
    return rounded(units * Fraction(price), decimals(currency))


def shown_price(price: Decimal, currency: str) -> str:
    """Return a price with the decimals of its currency, or with as many more as it needs."""
    written = f"{price.normalize():f}"
    parts = written.partition(".")[2]
    return f"{price:.{max(decimals(currency), len(parts))}f}"
