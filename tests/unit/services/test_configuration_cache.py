"""What is known of the configuration never goes back to what was read before a change."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from vestibule.crypto.sealing import Sealer, new_master_key
from vestibule.interfaces.store import Store
from vestibule.interfaces.transaction.configuration import Configuration
from vestibule.services.configuration import ConfigurationCache


class SlowStore:
    """Reads what is there when a reading begins; the second reading takes until `gate` is open."""

    def __init__(self) -> None:
        self.generation = 1
        self.readings = 0
        self.is_slow, self.gate = asyncio.Event(), asyncio.Event()

    async def read(self, body: Any) -> Any:
        self.readings += 1
        is_slow, generation = self.readings == 2, self.generation

        async def configuration() -> Configuration:
            return Configuration(
                generation=generation, tenants=(), applications=(), clients=(), secrets=(), directories=()
            )

        async def told() -> int:
            return generation

        if is_slow:
            self.is_slow.set()
            await self.gate.wait()
        return await body(SimpleNamespace(generation=told, configuration=configuration))


async def test_a_slow_reading_does_not_undo_what_was_changed_meanwhile() -> None:
    """KEY-02: what was revoked stays revoked."""
    store = SlowStore()
    cache = ConfigurationCache(cast("Store", store), Sealer(new_master_key()))
    slow = asyncio.create_task(cache.refresh())
    await store.is_slow.wait()
    store.generation = 2
    after = asyncio.create_task(cache.refresh())
    await asyncio.sleep(0)
    store.gate.set()
    await asyncio.gather(slow, after)
    assert cache.current.generation == 2
