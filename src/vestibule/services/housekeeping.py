"""Housekeeping: what is over is closed, what has ended is swept, in small bites."""

from __future__ import annotations

from vestibule.interfaces.store import Store, Unavailable
from vestibule.services.metrics import Metrics

BITE = 500


class Housekeeping:
    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics

    async def expire(self) -> int:
        """Close verifications and one-time bypasses past their time; return how many."""
        total = 0
        while (closed := await self._store.transact(lambda tx: tx.expire_verifications(BITE))) > 0:
            total += closed
        while (closed := await self._store.transact(lambda tx: tx.expire_bypasses(BITE))) > 0:
            total += closed
        return total

    async def sweep(self) -> int:
        """Delete ended sessions, links and challenges; return how many."""
        total = 0
        while (swept := await self._store.transact(lambda tx: tx.sweep(BITE))) > 0:
            total += swept
        return total

    async def probe(self) -> bool:
        """Tell whether this node could decide durably now, and set the gauge that says so."""
        try:
            await self._store.check()
        except Unavailable:
            self._metrics.is_ready.set(0)
            return False
        self._metrics.is_ready.set(1)
        return True
