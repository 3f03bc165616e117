"""What becomes of texts and calls: each is read once, when its time is over, and counted for its gateway.

A sign-in pays nothing for it: every node reads the outbox on a connection of its own, and keeps the counts of
the last hour in memory. What became of a server's text is read later than that of one's own: the server tells
of an attempt after it is decided, in the order in which they began.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, TypeAlias

from vestibule.interfaces.store import Store, Transaction
from vestibule.model.sending_limit import HOUR_MS
from vestibule.model.sending_outcome import SendingOutcome

_LAG_MS: Final = 5_000
"""What was decided in the last moment is committed by then."""
_TELLING_MS: Final = 600_000
"""By when a server that is connected has told of the attempt behind a text whose time is over."""
_UNTOLD_MS: Final = 1_800_000
"""By when one of which nothing was told counts as unanswered: its server may have been cut off."""
_AT_ONCE: Final = 2_000
_MINUTE_MS: Final = 60_000

_Read: TypeAlias = "Callable[..., Awaitable[tuple[SendingOutcome, ...]]]"


class SendingOutcomes:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._read_to: dict[_Read, int] = {}
        self._counts: defaultdict[tuple[str, str], defaultdict[int, list[int]]] = defaultdict(
            lambda: defaultdict(lambda: [0, 0])
        )
        """By tenant and gateway, and by minute: how many were over, and how many of them answered."""

    async def look(self) -> tuple[SendingOutcome, ...]:
        """Return what has become of those whose time was over since the last look; at first of the last
        hour."""
        now = await self._store.read(_time)
        outcomes = [
            *await self._since_last(_own, now, _LAG_MS),
            *await self._since_last(_told, now, _TELLING_MS),
            *await self._since_last(_untold, now, _UNTOLD_MS),
        ]
        self._forget((now - HOUR_MS) // _MINUTE_MS)
        for outcome in outcomes:
            self._count(outcome)
        return tuple(sorted(outcomes, key=lambda each: each.over_at))

    async def _since_last(self, read: _Read, now: int, lag_ms: int) -> list[SendingOutcome]:
        after, until = (max(self._read_to.get(read, 0), now - HOUR_MS - lag_ms), ""), now - lag_ms
        outcomes: list[SendingOutcome] = []
        while found := await self._store.read(partial(read, after=after, until=until)):
            outcomes += found
            after = found[-1].over_at, found[-1].delivery_id
        self._read_to[read] = until + 1
        return outcomes

    def of_gateway(self, tenant_id: str, gateway_id: str) -> tuple[int, int]:
        """Return how many texts and calls whose time was over within the last hour a gateway was given, and
        how many of those were answered."""
        counts = self._counts.get((tenant_id, gateway_id), {}).values()
        return sum(carried for carried, _ in counts), sum(answered for _, answered in counts)

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


async def _own(tx: Transaction, after: tuple[int, str], until: int) -> tuple[SendingOutcome, ...]:
    return await tx.sending_outcomes(after, until, _AT_ONCE)


async def _told(tx: Transaction, after: tuple[int, str], until: int) -> tuple[SendingOutcome, ...]:
    return await tx.relayed_outcomes(after, until, _AT_ONCE, is_told=True)


async def _untold(tx: Transaction, after: tuple[int, str], until: int) -> tuple[SendingOutcome, ...]:
    return await tx.relayed_outcomes(after, until, _AT_ONCE, is_told=False)


async def _time(tx: Transaction) -> int:
    return tx.now
