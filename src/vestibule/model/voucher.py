"""Voucher: what vouches for the registration of one person who can prove no second factor yet."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class VoucherKind(StrEnum):
    CODE = "code"
    """A code that he was sent, which one browser can use, once."""
    WINDOW = "window"
    """A while for which the help desk has opened the way for him."""


class Vouch(StrEnum):
    """How an administrator lets a first registration be vouched for."""

    OPEN_WINDOW = "open_window"
    """Until a date the password is enough for whoever has registered nothing yet."""
    TRUSTED_NETWORK = "trusted_network"
    """At an address that the tenant trusts."""
    LETTER = "letter"
    """With a code that an administrator prints."""
    EMAIL = "email"
    """With a code that is sent to the address that the tenant knows him by."""
    HELP_DESK = "help_desk"
    """While the help desk has opened a window for this person."""


class Voucher(msgspec.Struct, frozen=True, kw_only=True):
    """One of each kind for a person; a new one takes the place of the one before."""

    tenant_id: str
    user_id: str
    kind: VoucherKind
    vouch: Vouch
    code_hash: str = ""
    """Keyed hash of the code; empty for a window."""
    made_at: int
    made_by: str
    """Name of the administrator."""
    expires_at: int
    used_at: int | None = None
    used_by: str = ""
    """The session in which the code was used: it vouches for that one only."""
