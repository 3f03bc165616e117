"""Breaker of a range of numbers: too much was sent there that nobody has answered, so nothing is for a while.

Pure. Open until its rest is over, then half open: a few may go there again. One that is answered closes it;
one that is not lets it rest twice as long as before.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from vestibule.model.price import amount
from vestibule.model.sending_limit import DAY_MS, HOUR_MS, LimitKind, SendingLimit

WINDOW_MS: Final = HOUR_MS
"""How far back what nobody has answered counts."""
_FIRST_REST_MS: Final = HOUR_MS
_LONGEST_REST_MS: Final = DAY_MS
_MOST_TRIALS: Final = 3
"""How many may go to a range within an hour whose breaker is half open."""


class BreakerState(StrEnum):
    """The texts are in the catalog under `routing.state.…`."""

    OPEN = "open"
    HALF_OPEN = "half_open"
    CLOSED = "closed"


class RangeBreaker(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: str
    prefix: str
    """How the numbers begin (E.164), all but their last four digits."""
    opened_at: int
    rests_until: int
    unanswered: int
    """How many had gone there without an answer when it opened."""
    cost: int
    """What those cost, in 1/10,000 of the currency unit, by the prices of the gateways."""
    trials_failed: int = 0
    """How often it was half open since, and nobody answered."""
    closed_at: int | None = None
    closed_by: str = ""
    """Who closed it by hand; empty: an answer did."""
    closed_by_name: str = ""

    def state(self, now: int) -> BreakerState:
        if self.closed_at is not None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self.rests_until else BreakerState.HALF_OPEN

    def limit(self, now: int) -> SendingLimit:
        """Return how much may be sent there now."""
        most = 0 if self.state(now) is BreakerState.OPEN else _MOST_TRIALS
        return SendingLimit(kind=LimitKind.BREAKER, key=self.prefix, window_ms=HOUR_MS, most_count=most)

    def next_rest(self, now: int) -> int:
        """Return until when it rests after a trial that nobody has answered."""
        return now + min(_FIRST_REST_MS << min(self.trials_failed + 1, 8), _LONGEST_REST_MS)

    @property
    def shown_cost(self) -> str:
        return amount(self.cost)


def opened(tenant_id: str, prefix: str, now: int, *, unanswered: int, cost: int) -> RangeBreaker:
    """Return a breaker that opens now."""
    return RangeBreaker(
        tenant_id=tenant_id,
        prefix=prefix,
        opened_at=now,
        rests_until=now + _FIRST_REST_MS,
        unanswered=unanswered,
        cost=cost,
    )
