"""What an application may let be skipped, checked before it is written. Pure."""

from __future__ import annotations

from typing import Final

from vestibule.model.application import CONSOLE_APPLICATION, Application, Caching
from vestibule.model.networks import parse_range
from vestibule.services.refusal import Refusal, Refused

MOST_ADDRESSES: Final = 1000
MOST_DAYS: Final = 365
MOST_SECONDS: Final = 86_400


def check_skipping(application: Application) -> None:
    """Raise `Refused` for an address that is none, a time out of bounds, or anything of it at the console."""
    check_addresses("trusted_addresses", application.trusted_addresses)
    if not 0 <= application.remember_days <= MOST_DAYS:
        raise Refused(Refusal.OUT_OF_BOUNDS, f"remember_days: 0…{MOST_DAYS}")
    least = 0 if application.caching is Caching.OFF else 1
    if not least <= application.caching_seconds <= MOST_SECONDS:
        raise Refused(Refusal.OUT_OF_BOUNDS, f"caching_seconds: {least}…{MOST_SECONDS}")
    skips = (
        application.trusted_addresses
        or application.skips_trusted
        or application.remember_days
        or application.caching is not Caching.OFF
    )
    if application.application_id == CONSOLE_APPLICATION and skips:
        raise Refused(Refusal.NOT_POSSIBLE, application.name)


def check_addresses(field: str, addresses: tuple[str, ...]) -> None:
    """Raise `Refused` with the first of `addresses` that is no network, range or address."""
    if len(addresses) > MOST_ADDRESSES:
        raise Refused(Refusal.OUT_OF_BOUNDS, f"{field}: 0…{MOST_ADDRESSES}")
    for address in addresses:
        if parse_range(address) is None:
            raise Refused(Refusal.SETTING_INVALID, f"{field}: {address[:60]}")
