"""Usage: what a provider's customer has used on one day of UTC, counted once and never changed.

A day is counted after it is over and nothing of it can come any more. What is counted are facts: people and
attempts. What they come to is a matter of prices (policy/rating.py).
"""

from __future__ import annotations

from typing import Final

import msgspec

from vestibule.model.provider import UsageModel

GRACE_MS: Final = 15 * 60_000
"""How long after its end a day is left open: no transaction takes that long."""
OPEN: Final = "9999-12-31"
"""The day until which a person counts whose end is not known yet."""


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """People are counted for a provider per user, attempts for every provider."""

    tenant_id: str
    provider_id: str
    day: str
    """As model/day.py writes it."""
    usage_model: UsageModel
    service_users: int = 0
    """People who were configured for verification at the service itself."""
    server_users: int = 0
    """The same at the servers, as they have told."""
    licensed: int = 0
    """People of the service among them for whom a licence pays; of a provider that is not linked: nobody."""
    is_synchronised: bool = False
    """The service and the servers have the same people, from one directory."""
    service_attempts: int = 0
    server_attempts: int = 0
    """Those of which servers have told on this day."""
    metered_at: int

    @property
    def users(self) -> int:
        """How many people count: of two sets that are the same people the larger, else both (B3)."""
        if self.is_synchronised:
            return max(self.service_users, self.server_users)
        return self.service_users + self.server_users

    @property
    def paid_users(self) -> int:
        """How many people are paid for by usage (S14, S29)."""
        return max(self.users - self.licensed, 0)

    @property
    def attempts(self) -> int:
        """How many attempts count: all, whatever came of them, by whatever method (B4)."""
        return self.service_attempts + self.server_attempts


class MeteredUser(msgspec.Struct, frozen=True, kw_only=True):
    """A person who counts from the day `from_day` until before the day `until_day`: what the numbers of
    those days are made of. His name is kept as it was, because numbers outlive people."""

    tenant_id: str
    provider_id: str
    user_id: str
    from_day: str
    until_day: str
    username: str
    is_licensed: bool = False


class Meter(msgspec.Struct, frozen=True, kw_only=True):
    """How far a provider is metered: every day before `next_day` has its `Usage`."""

    tenant_id: str
    provider_id: str
    next_day: str
    looked_day: str
    """The day of the last look at who is configured that went through."""
