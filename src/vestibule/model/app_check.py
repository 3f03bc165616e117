"""What an approval in the app needs besides the number."""

from __future__ import annotations

from enum import StrEnum


class AppCheck(StrEnum):
    NOTHING = "nothing"
    PIN = "pin"
    """The person's PIN, by the rules of all PINs."""
    UNLOCK = "unlock"
    """The device's own unlock: fingerprint, face or screen lock, proven by WebAuthn."""
