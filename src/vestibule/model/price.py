"""Prices of texts and calls, as an administrator writes them, and what they come to.

Pure. A list of prices is one line: `0.10 49:0.07 4916:0.06` is 0.10 to everywhere, 0.07 to numbers that
begin with +49, and 0.06 where they go on with 16. The longest beginning counts. Amounts are whole numbers of
1/10,000 of the currency unit, so nothing is ever rounded; which currency it is, nobody needs to know here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

UNIT: Final = 10_000
"""Parts of the currency unit in which amounts are counted."""
LONGEST_PRICES: Final = 2000
"""Characters of a list of prices."""
_ENTRY: Final = re.compile(
    r"(?:\+?(?P<prefix>[1-9][0-9]{0,14}):)?(?P<units>[0-9]{1,4})(?:[.,](?P<parts>[0-9]{1,4}))?"
)

_MOST_KEPT: Final = 1000
"""Lists that need not be read again: each text asks for those of all gateways of its tenant."""

Prices = Mapping[str, int]
"""Amount by the beginning of the number; the empty one is for all others."""


@lru_cache(_MOST_KEPT)
def read_prices(written: str) -> Prices:
    """Read a list of prices; raises ValueError with the entry that cannot be one."""
    prices: dict[str, int] = {}
    for entry in written.replace(";", " ").split():
        found = _ENTRY.fullmatch(entry)
        prefix = (found["prefix"] or "") if found else ""
        if found is None or prefix in prices:
            raise ValueError(entry)
        prices[prefix] = int(found["units"]) * UNIT + int((found["parts"] or "").ljust(4, "0"))
    return MappingProxyType(prices)


def written_prices(prices: Mapping[str, int]) -> str:
    """Return a list of prices in its one spelling, that for all numbers first."""
    return " ".join(
        f"{prefix}:{amount(cost)}" if prefix else amount(cost) for prefix, cost in sorted(prices.items())
    )


def price_of(prices: Mapping[str, int], number: str) -> int:
    """Return the price of the longest beginning that an E.164 number has; 0 if there is none."""
    digits = number.removeprefix("+")
    fitting = [prefix for prefix in prices if digits.startswith(prefix)]
    return prices[max(fitting, key=len)] if fitting else 0


def amount(cost: int) -> str:
    """Return an amount with two decimals, or with as many more as it needs."""
    units, parts = divmod(cost, UNIT)
    decimals = f"{parts:04d}"
    return f"{units}.{decimals[:2]}{decimals[2:].rstrip('0')}"
