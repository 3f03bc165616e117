"""PhoneCost: what texts and calls of one day to one country have cost the operator at one gateway."""

from __future__ import annotations

import msgspec

from vestibule.model.delivery import Carries


class PhoneCost(msgspec.Struct, frozen=True, kw_only=True):
    """It is never on a customer's bill (S11)."""

    tenant_id: str
    day: str
    gateway_id: str
    calling_code: str
    """Of the country, such as 49."""
    carries: Carries
    count: int
    cost: int
    """In 1/10,000 of the currency unit in which the gateway's prices are written."""


class Sendings(msgspec.Struct, frozen=True, kw_only=True):
    """Texts or calls to one number that are over: what a `PhoneCost` is made of."""

    tenant_id: str
    day: str
    gateway_id: str
    carries: Carries
    address: str
    count: int
