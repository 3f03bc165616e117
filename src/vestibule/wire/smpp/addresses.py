"""Phone numbers between E.164 with its plus sign and SMPP's type and plan of number (§5.2.5, §5.2.6)."""

from __future__ import annotations

import re
from typing import Final

from vestibule.wire.smpp.messages import Address

UNKNOWN: Final = 0
INTERNATIONAL: Final = 1
NETWORK_SPECIFIC: Final = 3
ALPHANUMERIC: Final = 5
ISDN: Final = 1
"""The numbering plan of E.163 and E.164."""

_LONGEST_SHORT_CODE: Final = 8
_E164: Final = re.compile(r"[1-9][0-9]{6,14}")


def international(number: str) -> Address:
    """Return the address of a number in E.164."""
    return Address(INTERNATIONAL, ISDN, number.removeprefix("+"))


def sender(name: str) -> Address:
    """Return the address of who sends: `+49…`, a short code, or a name of letters; empty: the network's."""
    if name.startswith("+"):
        return international(name)
    if not name:
        return Address()
    if not name.isdigit():
        return Address(ALPHANUMERIC, 0, name)
    if len(name) <= _LONGEST_SHORT_CODE:
        return Address(NETWORK_SPECIFIC, 0, name)
    return Address(UNKNOWN, ISDN, name)


def number_of(address: Address, *, bare_is_international: bool = False) -> str:
    """Return E.164 with its plus sign where the network told that it is one; else what it told.

    `bare_is_international`: a number of unknown type is meant to be one, too, as with many providers.
    """
    digits = address.digits.removeprefix("+")
    is_told = address.ton == INTERNATIONAL or address.digits.startswith("+")
    is_meant = bare_is_international and address.ton == UNKNOWN
    if (is_told or is_meant) and _E164.fullmatch(digits):
        return f"+{digits}"
    return address.digits
