"""An e-mail address as a server takes it: `local@domain`, nothing around it (RFC 5321 §4.1.2).

Narrower than the standard on purpose: no quoted local part, no comment, no address literal, so that what is
accepted can stand in a header and in a command as it is.
"""

from __future__ import annotations

import re
from typing import Final

LONGEST_ADDRESS: Final = 254
"""RFC 5321 §4.5.3.1.3, without the angle brackets."""
_LONGEST_LOCAL: Final = 64
_LOCAL: Final = re.compile(r"[^\s\"(),:;<>@\[\]\\\x00-\x20\x7f-\xa0]+")
_DOMAIN: Final = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.I
)


def read_address(text: str) -> str | None:
    """Return an address with its domain as DNS spells it (RFC 5890); None if it is no address."""
    local, at, domain = text.strip().rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    is_address = (
        bool(at)
        and len(local.encode()) <= _LONGEST_LOCAL
        and _LOCAL.fullmatch(local)
        and not (local.startswith(".") or local.endswith(".") or ".." in local)
        and local.isprintable()
        and _DOMAIN.fullmatch(ascii_domain)
    )
    address = f"{local}@{ascii_domain}"
    return address if is_address and len(address) <= LONGEST_ADDRESS else None
