"""Throttle: how many attempts in a row a user has failed with one factor, whatever the channel.

The count is raised in the same atomic write that tells whether the attempt may count at all, so N
parallel guesses never get more than the limit evaluated.

Where the front end tells from where somebody comes, that source has a count of its own with half the limit:
who guesses from one place has to wait before he has locked the owner out.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv6Address, ip_network

import msgspec

from vestibule.model.networks import parse_address

NEVER = 2**62
"""A time that does not come: locked until an administrator unlocks."""


class Factor(StrEnum):
    PASSWORD = "password"  # noqa: S105 - the name of a factor
    PASSCODE = "passcode"
    PIN = "pin"
    QUESTIONS = "questions"
    RESET = "reset"
    """Asking a person's phone about a forgotten password."""
    APP = "app"
    """The number that an approval in the app holds, and the PIN with it."""
    APP_PASSWORD = "app_password"  # noqa: S105 - the name of a factor


class Throttle(msgspec.Struct, frozen=True):
    factor: Factor
    failures: int
    locked_until: int

    def is_locked(self, at: int) -> bool:
        return at < self.locked_until


class SourceThrottle(msgspec.Struct, frozen=True):
    """Failures of one user from one source."""

    factor: Factor
    source: str
    failures: int
    locked_until: int
    failed_at: int

    def is_locked(self, at: int) -> bool:
        return at < self.locked_until


class ThrottleLimits(msgspec.Struct, frozen=True):
    """Every `threshold` failures lock for `lock_ms`, where no longer than `reset_ms` lies between two of them
    (0: however long); `hard_stop` failures in a row lock for good."""

    threshold: int
    lock_ms: int
    hard_stop: int
    reset_ms: int = 0

    @property
    def source_threshold(self) -> int:
        """How many failures from one source let that source wait."""
        return (self.threshold + 1) // 2

    def forgotten_at(self, now: int) -> int:
        """Return the time before which failures are forgotten; -1: they are not."""
        return now - self.reset_ms if self.reset_ms else -1


_LONGEST_SOURCE = 64
_OF_ONE_HOUSEHOLD = 64
"""Bits of an IPv6 address that name the network; whoever has one has all addresses in it."""


@lru_cache(maxsize=4096)
def source_of(address: str) -> str:
    """Return the source that an address of a person, as a front end tells it, belongs to: an IPv6 network
    of 64 bits is one (BF-06). What is no IP address, such as a calling station, is its own; empty: nobody
    told it."""
    found = parse_address(address)
    if isinstance(found, IPv6Address):
        return str(ip_network((int(found), _OF_ONE_HOUSEHOLD), strict=False))
    return str(found) if found else address.strip()[:_LONGEST_SOURCE]
