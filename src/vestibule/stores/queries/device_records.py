"""What became of requests at the devices that were asked: written once, gone with the attempt."""

from __future__ import annotations

from typing import Final

from vestibule.model.device_record import DeviceRecord
from vestibule.stores.rows import DEVICE_RECORD, device_record_of, record_values
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests

ADD: Final = Statement(
    insert("device_records", DEVICE_RECORD, {"at": "bigint"}) + " on conflict do nothing", joins=True
)
OF_ATTEMPT: Final = Statement(
    f"select {select(DEVICE_RECORD)} from device_records"  # noqa: S608 - made of constants
    " where tenant_id = :tenant_id and verification_id = :verification_id order by at, fact"
)


class DeviceRecords(Requests):
    __slots__ = ()

    async def add_device_record(self, record: DeviceRecord) -> bool:
        return await self.execute(ADD(**record_values(record))) > 0

    async def device_records(self, tenant_id: str, verification_id: str) -> tuple[DeviceRecord, ...]:
        rows = await self.fetch(OF_ATTEMPT(tenant_id=tenant_id, verification_id=verification_id))
        return tuple([device_record_of(row) for row in rows])
