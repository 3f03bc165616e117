"""Block: every attempt of a person is denied for a while, and nobody calls or texts him for it.

A block ends by its time, by the clock of the database, or when an administrator lifts it. Its row stays.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

DAY_MS = 86_400_000


class BlockCause(StrEnum):
    """What a block came of; the texts are in the catalog under `block.cause.…`."""

    HAND = "hand"
    """An administrator blocked him."""
    FRAUD = "fraud"
    """He reported that it was not he who signed in."""
    DISOWNED = "disowned"
    """He said of an attempt in his history that it was not his."""


class BlockState(StrEnum):
    ACTIVE = "active"
    EXPIRED = "expired"
    LIFTED = "lifted"


class Block(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: str
    block_id: str
    user_id: str
    username: str
    phone: str = ""
    """The number that nobody calls or texts meanwhile, whoever it is registered for (E.164); empty: none."""
    language: str = ""
    cause: BlockCause
    reason: str
    verification_id: str = ""
    """The attempt that was reported or disowned."""
    actor: str
    actor_name: str
    begun_at: int
    until: int
    ended_at: int | None = None
    """When it was lifted; or its end, where that was noticed."""
    ended_by: str = ""
    ended_by_name: str = ""
    end_reason: str = ""

    def state(self, at: int) -> BlockState:
        if self.ended_by:
            return BlockState.LIFTED
        return BlockState.ACTIVE if self.ended_at is None and at < self.until else BlockState.EXPIRED
