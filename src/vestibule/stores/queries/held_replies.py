"""What servers behind a proxy have answered: one row for a pending verification, gone soon after it."""

from __future__ import annotations

from typing import Final

from vestibule.model.held_reply import HeldReply
from vestibule.stores.rows import HELD_REPLY, held_reply_of, record_values
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests

HOLD: Final = Statement(
    insert("held_replies", HELD_REPLY, {"sealed": "bytea"}) + " on conflict (tenant_id, verification_id)"
    " do update set proof = excluded.proof, sealed = excluded.sealed",
    joins=True,
    key=("tenant_id", "verification_id"),
)

OF_VERIFICATION: Final = Statement(
    f"select {select(HELD_REPLY)} from held_replies"  # noqa: S608 - made of constants
    " where tenant_id = :tenant_id and verification_id = :verification_id",
    joins=True,
)

TO_PROOF: Final = Statement(
    f"""
    select {select(HELD_REPLY, "held")} from held_replies held
      join verifications asked using (tenant_id, verification_id)
     where held.tenant_id = :tenant_id and held.proof = :proof and held.proof <> ''
       and asked.state in ('pending', 'approved')
     order by asked.started_at desc limit 1
    """,  # noqa: S608 - made of constants
    joins=True,
)


class HeldReplies(Requests):
    __slots__ = ()

    async def hold_reply(self, reply: HeldReply) -> None:
        await self.execute(HOLD(**record_values(reply)))

    async def held_reply(self, tenant_id: str, verification_id: str) -> HeldReply | None:
        rows = await self.fetch(OF_VERIFICATION(tenant_id=tenant_id, verification_id=verification_id))
        return held_reply_of(rows[0]) if rows else None

    async def held_reply_to(self, tenant_id: str, proof: str) -> HeldReply | None:
        rows = await self.fetch(TO_PROOF(tenant_id=tenant_id, proof=proof))
        return held_reply_of(rows[0]) if rows else None
