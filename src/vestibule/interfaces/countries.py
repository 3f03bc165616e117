"""Countries: where an address is, as far as somebody has written it down."""

from __future__ import annotations

from typing import Protocol


class Countries(Protocol):
    def of(self, address: str) -> str:
        """Return the two letters (ISO 3166-1) of the country that an IP address is in; empty if that is not
        known, or if it is no IP address. Never raises, and asks nobody."""
        ...
