"""Waiting for a verification to move on, wherever it is decided.

"Waiting" is not a state of anything: it is a connection on some node, and may die without loss. Who waits
registers first and looks at the row then, so that nothing is missed in between. A wake-up is a hint; once a
second one query looks at everything that is waited for, so a lost hint costs at most a second.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog

from vestibule.interfaces.store import Store

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 0.9
_MOST_AT_ONCE: Final = 1000
"""Identifiers in one look; more are looked at in turn."""

_Key = tuple[str, str]


class Waiting:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._waits: defaultdict[_Key, dict[asyncio.Event, int]] = defaultdict(dict)
        self._tenants: dict[str, str] = {}
        store.on_wake(self._wake)

    def __len__(self) -> int:
        """How many verifications are waited for on this node."""
        return len(self._waits)

    @contextmanager
    def registered(self, tenant_id: str, verification_id: str, version: int) -> Iterator[asyncio.Event]:
        """Lend an event that is set when the verification may have moved on from `version`.

        Look at the row after entering, and after every time the event is set.
        """
        key, event = (tenant_id, verification_id), asyncio.Event()
        self._waits[key][event] = version
        self._tenants[verification_id] = tenant_id
        try:
            yield event
        finally:
            del self._waits[key][event]
            if not self._waits[key]:
                del self._waits[key]
                del self._tenants[verification_id]

    async def look(self) -> None:
        """Look once at all that is waited for, and wake whoever has something to see."""
        by_tenant: defaultdict[str, list[str]] = defaultdict(list)
        for tenant_id, verification_id in self._waits:
            by_tenant[tenant_id].append(verification_id)
        for tenant_id, ids in by_tenant.items():
            for start in range(0, len(ids), _MOST_AT_ONCE):
                await self._look_at(tenant_id, ids[start : start + _MOST_AT_ONCE])

    async def watch(self) -> None:
        """Look for ever; a database that does not answer is no reason to stop."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except Exception as error:
                log.warning("cannot look at what is waited for", error=type(error).__name__)

    async def _look_at(self, tenant_id: str, ids: list[str]) -> None:
        versions = await self._store.read(lambda tx: tx.versions(tenant_id, ids))
        for verification_id, version in versions.items():
            for event, known in self._waits.get((tenant_id, verification_id), {}).items():
                if version > known:
                    event.set()

    def _wake(self, verification_id: str) -> None:
        tenant_id = self._tenants.get(verification_id)
        if tenant_id is not None:
            for event in self._waits[tenant_id, verification_id]:
                event.set()
