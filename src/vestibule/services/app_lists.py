"""App lists: apps that wait for a change in what they show, on this node.

Who waits hears of all wake-ups while he reads, and registers then, so that nothing is missed in between. A
wake-up is a hint; once a second one query looks at everybody who waits, so a lost one costs a second.
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
"""People in one look; more are looked at in turn."""
_MOST_READING: Final = 8
"""Lists that are read at once although nobody was woken; enough to keep all readers of a store busy."""


class AppLists:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._waits: defaultdict[str, dict[asyncio.Event, frozenset[str]]] = defaultdict(dict)
        self._tenants: dict[str, str] = {}
        self._overhearing: dict[int, set[str]] = {}
        self.turn = asyncio.Semaphore(_MOST_READING)
        """Taken to read a list that nothing is known to have changed: so when all apps of a node ask at once,
        after a restart, they keep no request of anybody waiting, and no sign-in."""
        store.on_wake(self._wake)

    def __len__(self) -> int:
        """How many people's apps wait on this node."""
        return len(self._waits)

    @contextmanager
    def overheard(self) -> Iterator[set[str]]:
        """Lend a set that takes the names of all who are woken meanwhile: whose list is read is known only
        when it has been read."""
        woken: set[str] = set()
        self._overhearing[id(woken)] = woken
        try:
            yield woken
        finally:
            del self._overhearing[id(woken)]

    @contextmanager
    def registered(self, tenant_id: str, user_id: str, shown: frozenset[str]) -> Iterator[asyncio.Event]:
        """Lend an event that is set when there may be something else to show than `shown`. Read after
        entering, and after every time the event is set."""
        event = asyncio.Event()
        self._waits[user_id][event] = shown
        self._tenants[user_id] = tenant_id
        try:
            yield event
        finally:
            del self._waits[user_id][event]
            if not self._waits[user_id]:
                del self._waits[user_id]
                del self._tenants[user_id]

    async def watch(self) -> None:
        """Look for ever; a database that does not answer is no reason to stop."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except Exception as error:
                log.warning("the lists of apps cannot be looked at", error=type(error).__name__)

    async def look(self) -> None:
        """Look once for all who wait, and wake whose list is another by now."""
        by_tenant: defaultdict[str, list[str]] = defaultdict(list)
        for user_id in self._waits:
            by_tenant[self._tenants[user_id]].append(user_id)
        for tenant_id, user_ids in by_tenant.items():
            for start in range(0, len(user_ids), _MOST_AT_ONCE):
                await self._look_at(tenant_id, user_ids[start : start + _MOST_AT_ONCE])

    async def _look_at(self, tenant_id: str, user_ids: list[str]) -> None:
        found = await self._store.read(lambda tx: tx.requests_in_apps(tenant_id, user_ids))
        for user_id in user_ids:
            now = found.get(user_id, frozenset())
            for event, shown in self._waits.get(user_id, {}).items():
                if now != shown:
                    event.set()

    def _wake(self, name: str) -> None:
        for event in self._waits.get(name, ()):
            event.set()
        for woken in self._overhearing.values():
            woken.add(name)
