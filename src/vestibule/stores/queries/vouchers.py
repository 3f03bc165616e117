"""Vouchers: at most one of each kind for a person. A code is used by one conditional write."""

from __future__ import annotations

from typing import Final

from vestibule.model.voucher import Voucher, VoucherKind
from vestibule.stores.rows import VOUCHER, record_values, voucher_of
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests

VOUCHERS_OF: Final = Statement(
    f"select {select(VOUCHER)} from vouchers where tenant_id = :tenant_id and user_id = :user_id",  # noqa: S608 - constants
    joins=True,
)
PUT_VOUCHER: Final = Statement(
    f"""
    {insert("vouchers", VOUCHER)}
    on conflict (tenant_id, user_id, kind) do update
       set {", ".join(f"{name} = excluded.{name}" for name in VOUCHER[3:])}
    """  # noqa: S608 - made of constants
)
USE_CODE: Final = Statement(
    f"""
    update vouchers set used_at = :now, used_by = :used_by
     where tenant_id = :tenant_id and user_id = :user_id and kind = '{VoucherKind.CODE}'
       and code_hash = :code_hash and used_at is null and expires_at > :now
    """  # noqa: S608 - made of constants
)
REMOVE_VOUCHERS: Final = Statement("delete from vouchers where tenant_id = :tenant_id and user_id = :user_id")


class Vouchers(Requests):
    __slots__ = ()

    async def vouchers_of(self, tenant_id: str, user_id: str) -> tuple[Voucher, ...]:
        rows = await self.fetch(VOUCHERS_OF(tenant_id=tenant_id, user_id=user_id))
        return tuple([voucher_of(row) for row in rows])

    async def put_voucher(self, voucher: Voucher) -> None:
        await self.execute(PUT_VOUCHER(**record_values(voucher)))

    async def use_code(self, tenant_id: str, user_id: str, code_hash: str, session: str) -> bool:
        return (
            await self.execute(
                USE_CODE(
                    tenant_id=tenant_id, user_id=user_id, code_hash=code_hash, used_by=session, now=self.now
                )
            )
            > 0
        )

    async def remove_vouchers(self, tenant_id: str, user_id: str) -> int:
        return await self.execute(REMOVE_VOUCHERS(tenant_id=tenant_id, user_id=user_id))
