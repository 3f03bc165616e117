"""What becomes of texts and calls: each is read once, when its time is over, and counted for its gateway.

A sign-in pays nothing for it: every node reads the outbox on a connection of its own, and keeps the counts of
the last hour in memory.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from vestibule.interfaces.store import Store, Transaction
from vestibule.model.sending_limit import HOUR_MS
from vestibule.model.sending_outcome import SendingOutcome

_LAG_MS: Final = 5_000
"""What was decided in the last moment is committed by then."""
_AT_ONCE: Final = 2_000
_MINUTE_MS: Final = 60_000


class SendingOutcomes:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._read_to = 0
        self._counts: defaultdict[tuple[str, str], defaultdict[int, list[int]]] = defaultdict(
            lambda: defaultdict(lambda: [0, 0])
        )
        """By tenant and gateway, and by minute: how many were over, and how many of them answered."""

    async def look(self) -> tuple[SendingOutcome, ...]:
        """Return what has become of those whose time was over since the last look; at first of the last
        hour."""
        now = await self._store.read(_time)
        after, until = (max(self._read_to, now - HOUR_MS), ""), now - _LAG_MS
        outcomes: list[SendingOutcome] = []
        while read := await self._read(after, until):
            outcomes += read
            after = read[-1].over_at, read[-1].delivery_id
        self._read_to = until + 1
        self._forget((now - HOUR_MS) // _MINUTE_MS)
        for outcome in outcomes:
            self._count(outcome)
        return tuple(outcomes)

    def of_gateway(self, tenant_id: str, gateway_id: str) -> tuple[int, int]:
        """Return how many texts and calls whose time was over within the last hour a gateway was given, and
        how many of those were answered."""
        counts = self._counts.get((tenant_id, gateway_id), {}).values()
        return sum(carried for carried, _ in counts), sum(answered for _, answered in counts)

    async def _read(self, after: tuple[int, str], until: int) -> tuple[SendingOutcome, ...]:
        return await self._store.read(lambda tx: tx.sending_outcomes(after, until, _AT_ONCE))

    def _count(self, outcome: SendingOutcome) -> None:
        """What another gateway has sent after it, a gateway was given in vain."""
        minute = outcome.over_at // _MINUTE_MS
        for gateway_id in set(outcome.tried):
            counted = self._counts[outcome.tenant_id, gateway_id][minute]
            counted[0] += 1
            counted[1] += outcome.is_answered and gateway_id == outcome.gateway_id

    def _forget(self, before: int) -> None:
        for gateway, minutes in list(self._counts.items()):
            for minute in [each for each in minutes if each < before]:
                del minutes[minute]
            if not minutes:
                del self._counts[gateway]


async def _time(tx: Transaction) -> int:
    return tx.now
