"""PriceList: what usage costs in one currency from a day on, until the next list of that currency begins."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec


class PriceList(msgspec.Struct, frozen=True, kw_only=True):
    """Prices are decimal and without taxes. A list is never changed: a new one takes its place."""

    tenant_id: str
    """Always the operator's."""
    price_list_id: str
    currency: str
    from_day: str
    """The first day on which it holds."""
    per_user: Decimal
    """For one configured user in a month of 31 days."""
    per_pack: Decimal
    """For ten attempts."""
    per_licence: Decimal
    """For one licensed user in a year."""
    created_at: int


def in_force(lists: Iterable[PriceList], currency: str, day: str) -> PriceList | None:
    """Return the list of a currency that holds on a day."""
    begun = [each for each in lists if each.currency == currency and each.from_day <= day]
    return max(begun, key=lambda each: each.from_day, default=None)
