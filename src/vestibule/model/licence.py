"""Licence: so many users of a tenant for a period, paid by the year; their usage adds nothing (S16).

Days are of UTC and written as 2026-12-31: as texts they stand in the order of time.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class LicenceKind(StrEnum):
    OWN = "own"
    """Bought for verification alone."""
    BUNDLE = "bundle"
    """A part of another product, which has a name."""


class Licence(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle of `quantity` licences, good from its first day to its last, both included."""

    tenant_id: str
    licence_id: str
    kind: LicenceKind
    product: str = ""
    """Of which product it is a part."""
    quantity: int
    first_day: str
    last_day: str
    created_at: int
    version: int = 1

    def is_good_on(self, day: str) -> bool:
        return self.first_day <= day <= self.last_day

    def overlaps(self, other: Licence) -> bool:
        return self.first_day <= other.last_day and other.first_day <= self.last_day


class LicenceAssignment(msgspec.Struct, frozen=True, kw_only=True):
    """That a user has one of a bundle. It stays when it has ended, for the days that are billed later; it
    goes with its user."""

    tenant_id: str
    licence_id: str
    user_id: str
    assigned_at: int
    ended_at: int | None = None


class Coverage(msgspec.Struct, frozen=True):
    """How many people of a tenant are configured for verification, how many of them have a licence, and how
    many licences there are, on one day."""

    configured: int
    licensed: int
    licences: int

    @property
    def unlicensed(self) -> int:
        """Who is billed by a linked provider per user (S29, S30)."""
        return self.configured - self.licensed

    @property
    def is_complete(self) -> bool:
        """Whether there is a licence for everybody, assigned or not (S24); where nobody is configured,
        whether there is one at all."""
        return self.licences >= max(self.configured, 1)
