"""What people may do for themselves, as far as it is more than yes or no."""

from __future__ import annotations

from enum import StrEnum


class PasswordReset(StrEnum):
    """Who may reset a password that he has forgotten."""

    OFF = "off"
    GROUPS = "groups"
    """The members of the groups that the tenant names."""
    ALL = "all"
