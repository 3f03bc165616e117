"""A gateway as it is configured: the kind names a plug-in, the settings are that plug-in's."""

from __future__ import annotations

from typing import Any

import msgspec

from vestibule.model.delivery import TO_PHONES, Carries
from vestibule.model.number_range import fitting_digits, read_beginnings
from vestibule.model.price import price_of, read_prices


class GatewayConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: str
    gateway_id: str
    kind: str
    name: str
    settings: dict[str, Any] = {}
    secret: bytes = b""
    """Sealed password or token."""
    priority: int = 10
    """The lowest that can be used is used."""
    is_enabled: bool = True
    created_at: int
    version: int = 1
    text_price: str = ""
    """What a text costs, as `price.read_prices` reads it; empty: nothing that is counted."""
    call_price: str = ""
    serves: str = ""
    """The beginnings of the numbers that it carries to, as `number_range.read_beginnings` reads them; empty:
    of all."""

    def fitting_digits(self, number: str) -> int | None:
        """Return how closely it is named for an E.164 number, in digits; None: it does not carry there."""
        return fitting_digits(read_beginnings(self.serves), number)

    def price(self, carries: Carries, number: str) -> int:
        """Return what one text or call to an E.164 number costs, in 1/10,000 of the currency unit."""
        return price_of(read_prices(self._written(carries)), number)

    def has_price(self, carries: Carries) -> bool:
        """Tell whether there is a price to everywhere. What does not go to a phone costs nothing."""
        return carries not in TO_PHONES or "" in read_prices(self._written(carries))

    def _written(self, carries: Carries) -> str:
        return self.call_price if carries is Carries.CALL else self.text_price
