"""Refused acts: who tried what his role does not allow, in the record of changes.

One event for each actor and act within an hour at each node: whoever tries on and on fills no record. Nobody
waits for it; what cannot be written is lost and logged.
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from vestibule.interfaces.clock import Clock
from vestibule.interfaces.store import Store, Transaction
from vestibule.model.actor import Actor
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.services.recording import record

log = structlog.get_logger(__name__)

WINDOW_MS: Final = 3_600_000
_MOST_REMEMBERED: Final = 10_000


class RefusedActs:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._noted: dict[tuple[str, str], int] = {}
        """When an actor's act was noted (epoch ms)."""
        self._writing: set[asyncio.Task[None]] = set()

    def note(self, actor: Actor, act: str, tenant_id: str) -> None:
        """Record soon that `actor` tried `act` in the tenant; once within the window."""
        now, key = self._clock.now(), (actor.actor_id, act)
        if len(self._noted) >= _MOST_REMEMBERED:
            self._noted = {each: at for each, at in self._noted.items() if now < at + WINDOW_MS}
        is_noted = now < self._noted.get(key, now - WINDOW_MS) + WINDOW_MS
        if is_noted or len(self._noted) >= _MOST_REMEMBERED:
            return
        self._noted[key] = now
        task = asyncio.get_running_loop().create_task(self._write(actor, act, tenant_id))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def close(self) -> None:
        """Wait for what is being written."""
        await asyncio.gather(*self._writing)

    async def _write(self, actor: Actor, act: str, tenant_id: str) -> None:
        async def body(tx: Transaction) -> None:
            of = actor.tenant_id or SYSTEM_TENANT
            await record(tx, actor, of, "act.refused", act=act, tenant=tenant_id)

        try:
            await self._store.transact(body)
        except Exception as error:
            log.warning("a refused act cannot be recorded", error=type(error).__name__)
