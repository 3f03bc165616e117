"""Throttle: how many attempts in a row a user has failed with one factor, whatever the channel.

The count is raised in the same atomic write that tells whether the attempt may count at all, so N
parallel guesses never get more than the limit evaluated.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

NEVER = 2**62
"""A time that does not come: locked until an administrator unlocks."""


class Factor(StrEnum):
    PASSWORD = "password"  # noqa: S105 - the name of a factor
    PASSCODE = "passcode"
    PIN = "pin"
    QUESTIONS = "questions"
    APP_PASSWORD = "app_password"  # noqa: S105 - the name of a factor


class Throttle(msgspec.Struct, frozen=True):
    factor: Factor
    failures: int
    locked_until: int

    def is_locked(self, at: int) -> bool:
        return at < self.locked_until


class ThrottleLimits(msgspec.Struct, frozen=True):
    """Every `threshold` failures in a row lock for `lock_ms`; `hard_stop` failures lock for good."""

    threshold: int
    lock_ms: int
    hard_stop: int
