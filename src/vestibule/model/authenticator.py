"""Authenticator: one thing a user holds that proves who he is.

The row changes only by compare-and-set on `version`. That one rule is what makes a passcode count once
in the world: two nodes that accept the same passcode both ask for the same version, and one loses.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Any

import msgspec


class AuthenticatorStatus(StrEnum):
    PENDING = "pending"
    """Enrolled but not yet proven with a live passcode; does not open any door."""
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class Authenticator(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: str
    authenticator_id: str
    user_id: str = ""
    """Empty: a hardware token that nobody holds yet."""
    method: str
    label: str = ""
    serial: str | None = None
    """Canonical serial of a hardware token, unique in its tenant; None for all else."""
    parameters: dict[str, Any] = {}
    """Fixed at enrollment, e.g. algorithm, digits, period."""
    secret: bytes = b""
    """Sealed, bound to tenant and authenticator."""
    state: dict[str, Any] = {}
    """Moves with every use, e.g. last step, drift, counter. Never secret."""
    status: AuthenticatorStatus
    not_before: int | None = None
    not_after: int | None = None
    created_at: int
    used_at: int | None = None
    version: int = 1

    @property
    def is_hardware(self) -> bool:
        return self.serial is not None

    @property
    def phone(self) -> str:
        """The phone number with its extension; empty for all that is no phone."""
        number = self.parameters.get("number", "")
        extension = self.parameters.get("extension", "")
        return f"{number} x{extension}" if number and extension else str(number)

    @property
    def device(self) -> str:
        """The fingerprint of the key that an app holds on its device: 128 bits of its SHA-256, in hex. It
        names the device in attempts and is no secret; empty for all that is no activated app (S7)."""
        key = self.parameters.get("public_key", "")
        return hashlib.sha256(key.encode()).hexdigest()[:32] if key else ""

    @property
    def unreachable_since(self) -> int | None:
        """When the push service said that it does not reach this device any more; None while it does."""
        since = self.parameters.get("unreachable_since")
        return None if since is None else int(since)

    @property
    def is_spent(self) -> bool:
        """Whether it was good for one use, and had it."""
        return bool(self.state.get("is_used")) and not self.parameters.get("is_reusable")

    def is_usable(self, at: int) -> bool:
        """Tell whether a passcode of this authenticator may open a door at `at` (epoch milliseconds)."""
        return (
            self.status is AuthenticatorStatus.ACTIVE
            and not self.is_spent
            and (self.not_before is None or self.not_before <= at)
            and (self.not_after is None or at < self.not_after)
        )

    def __repr__(self) -> str:
        return f"Authenticator({self.tenant_id}/{self.authenticator_id} {self.method} {self.status})"


def canonical_serial(serial: str) -> str:
    """Return the one spelling of a token serial: no blanks, upper case."""
    return "".join(serial.split()).upper()
