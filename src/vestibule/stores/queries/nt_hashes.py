"""NT hashes: one row for each person whose password was set while the tenant keeps them."""

from __future__ import annotations

from typing import Final

from vestibule.model.nt_hash import NtHash
from vestibule.stores.rows import NT_HASH, nt_hash_of, record_values
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests

HASH_OF: Final = Statement(
    f"select {select(NT_HASH)} from nt_hashes"  # noqa: S608 - made of constants
    " where tenant_id = :tenant_id and user_id = :user_id"
)
PUT_HASH: Final = Statement(
    insert("nt_hashes", NT_HASH) + " on conflict (tenant_id, user_id) do update set sealed = excluded.sealed"
)
REMOVE_HASHES: Final = Statement("delete from nt_hashes where tenant_id = :tenant_id")


class NtHashRows(Requests):
    __slots__ = ()

    async def nt_hash(self, tenant_id: str, user_id: str) -> NtHash | None:
        rows = await self.fetch(HASH_OF(tenant_id=tenant_id, user_id=user_id))
        return nt_hash_of(rows[0]) if rows else None

    async def put_nt_hash(self, kept: NtHash) -> None:
        await self.execute(PUT_HASH(**record_values(kept)))

    async def remove_nt_hashes(self, tenant_id: str) -> int:
        return await self.execute(REMOVE_HASHES(tenant_id=tenant_id))
