"""Device records: what became of a request at each device that was asked, for whoever looks at the attempt.

They are written behind the request, many at once, and nobody waits for them: they prove nothing and decide
nothing. What cannot be written is lost and logged.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
import structlog

from vestibule.interfaces.store import Store, Transaction
from vestibule.model.actor import Actor, Right
from vestibule.model.authenticator import Authenticator
from vestibule.model.device_record import AskedDevice, DeviceFact, DeviceRecord, asked_devices
from vestibule.model.verification import Verification

log = structlog.get_logger(__name__)

_MOST_AT_ONCE: Final = 500
_MOST_WAITING: Final = 10_000
_MOST_REMEMBERED: Final = 20_000


class DeviceRecords:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[DeviceRecord] = []
        self._writing: asyncio.Task[None] | None = None
        self._noted: set[tuple[str, str, DeviceFact]] = set()
        """What this node has noted of late: an app that waits fetches the same request again and again."""

    def note(self, verification_id: str, device: Authenticator, fact: DeviceFact) -> None:
        """Write down something about a device and a request, once; soon, and not before this returns."""
        noted = (verification_id, device.authenticator_id, fact)
        if noted in self._noted or len(self._waiting) >= _MOST_WAITING:
            return
        if len(self._noted) >= _MOST_REMEMBERED:
            self._noted.clear()
        self._noted.add(noted)
        self._waiting.append(
            DeviceRecord(
                tenant_id=device.tenant_id,
                verification_id=verification_id,
                authenticator_id=device.authenticator_id,
                fact=fact,
                label=device.label,
            )
        )
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def of(self, actor: Actor, attempt: Verification) -> tuple[AskedDevice, ...]:
        """Return the devices on which an attempt was asked about; the attempt was read by this actor."""
        actor.limit(Right.READ_HISTORY, attempt.tenant_id)
        records = await self._store.read(
            lambda tx: tx.device_records(attempt.tenant_id, attempt.verification_id)
        )
        return asked_devices(attempt, records)

    async def close(self) -> None:
        """Write what is waiting."""
        if self._writing is not None:
            await self._writing

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]

            async def body(tx: Transaction, batch: list[DeviceRecord] = batch) -> None:
                for record in batch:
                    await tx.add_device_record(msgspec.structs.replace(record, at=tx.now))

            try:
                await self._store.transact(body)
            except Exception as error:
                log.warning(
                    "what became of requests cannot be written",
                    count=len(batch),
                    error=type(error).__name__,
                )
