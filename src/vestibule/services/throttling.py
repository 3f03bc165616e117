"""Counting an attempt of a factor: at the source it comes from, and at the person.

A source that has failed often has to wait, and while it waits its attempts count nowhere: who guesses from
one place stops himself before he locks the owner out (BF-09). Over all sources the person's own limit holds
(BF-01, BF-02).
"""

from __future__ import annotations

import msgspec

from vestibule.interfaces.store import Transaction
from vestibule.model.throttle import Factor, SourceThrottle, Throttle, ThrottleLimits


class Counted(msgspec.Struct, frozen=True):
    """An attempt that counts as evaluated. `source` is None where nobody told from where it came."""

    throttle: Throttle
    source: SourceThrottle | None = None

    def locks(self, at: int) -> bool:
        """Tell whether this attempt has locked the person."""
        return self.throttle.is_locked(at)

    def stops_source(self, at: int) -> bool:
        """Tell whether this attempt lets its source wait."""
        return self.source is not None and self.source.is_locked(at)


async def count_attempt(
    tx: Transaction,
    tenant_id: str,
    user_id: str,
    factor: Factor,
    limits: ThrottleLimits,
    source: str,
    *,
    is_match: bool,
) -> Counted | None:
    """Count one attempt. None: the person or the source is locked, and the attempt must be denied whatever
    was typed."""
    at_source = None
    if source:
        at_source = await tx.settle_source(tenant_id, user_id, factor, source, is_match, limits)
        if at_source is None:
            return None
    throttle = await tx.settle_attempt(tenant_id, user_id, factor, is_match, limits)
    return None if throttle is None else Counted(throttle, at_source)


async def forgive(tx: Transaction, tenant_id: str, user_id: str, factor: Factor, source: str) -> None:
    """Forget the failures that an attempt which was reserved has counted: it matched."""
    # In the order in which they were counted, so that two sign-ins never wait for one another.
    if source:
        await tx.clear_source(tenant_id, user_id, factor, source)
    await tx.clear_throttle(tenant_id, user_id, factor)


async def release(
    tx: Transaction, tenant_id: str, user_id: str, factor: Factor, limits: ThrottleLimits, source: str
) -> None:
    """Take back an attempt that could not be evaluated."""
    await tx.release_attempt(tenant_id, user_id, factor, limits)
    if source:
        await tx.release_source(tenant_id, user_id, factor, source, limits)
