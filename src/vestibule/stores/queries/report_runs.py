"""Reports that are written behind the request: taken by one node at a time, kept in parts."""

from __future__ import annotations

from typing import Final

import msgspec

from vestibule.model.report import ReportFilter
from vestibule.model.report_run import ReportRun, RunState
from vestibule.stores.rows import Row, record_values
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests

COLUMNS: Final = ReportRun.__struct_fields__
_decode_filters: Final = msgspec.json.Decoder(ReportFilter).decode

ADD: Final = Statement(insert("report_runs", COLUMNS))

BY_ID: Final = Statement(
    f"select {select(COLUMNS)} from report_runs where tenant_id = :tenant_id and run_id = :run_id"  # noqa: S608 - made of constants
)

OF_ACTOR: Final = Statement(
    f"""
    select {select(COLUMNS)} from report_runs
     where tenant_id = :tenant_id and actor = :actor and expires_at > :now::bigint
     order by asked_at desc, run_id desc limit :limit
    """  # noqa: S608 - made of constants
)

DUE: Final = Statement(
    """
    select tenant_id, run_id, fence from report_runs
     where state = 'waiting' and due_at <= :now::bigint order by due_at limit 1
    """
)

TAKE: Final = Statement(
    f"""
    update report_runs
       set node = :node, fence = fence + 1, due_at = :until::bigint, rows = 0, parts = 0
     where tenant_id = :tenant_id and run_id = :run_id and fence = :fence::bigint and state = 'waiting'
    returning {select(COLUMNS)}
    """  # noqa: S608 - made of constants
)

REMOVE_PARTS: Final = Statement("delete from report_parts where tenant_id = :tenant_id and run_id = :run_id")

GO_ON: Final = Statement(
    """
    update report_runs
       set rows = :rows::bigint, parts = :parts::bigint, due_at = :until::bigint, state = :state,
           ended_at = :ended_at::bigint, expires_at = :expires_at::bigint
     where tenant_id = :tenant_id and run_id = :run_id and fence = :fence::bigint and state = 'waiting'
    """
)

ADD_PART: Final = Statement(
    """
    insert into report_parts (tenant_id, run_id, number, content)
    values (:tenant_id, :run_id, :number::bigint, :content)
    """
)

PART: Final = Statement(
    """
    select content from report_parts
     where tenant_id = :tenant_id and run_id = :run_id and number = :number::bigint
    """
)

REMOVE: Final = Statement("delete from report_runs where tenant_id = :tenant_id and run_id = :run_id")

# Parts go with their run.
SWEEP: Final = Statement(
    """
    with old as materialized (
        select tenant_id, run_id from report_runs where expires_at <= :now::bigint
         order by expires_at limit :limit for update skip locked)
    delete from report_runs where (tenant_id, run_id) in (select old.tenant_id, old.run_id from old)
    returning tenant_id
    """
)


class ReportRuns(Requests):
    __slots__ = ()

    async def add_report_run(self, run: ReportRun) -> None:
        await self.execute(ADD(**record_values(run)))

    async def report_run(self, tenant_id: str, run_id: str) -> ReportRun | None:
        rows = await self.fetch(BY_ID(tenant_id=tenant_id, run_id=run_id))
        return _run(rows[0]) if rows else None

    async def report_runs(self, tenant_id: str, actor: str, limit: int) -> tuple[ReportRun, ...]:
        rows = await self.fetch(OF_ACTOR(tenant_id=tenant_id, actor=actor, now=self.now, limit=limit))
        return tuple([_run(row) for row in rows])

    async def take_report_run(self, node: str, lease_ms: int) -> ReportRun | None:
        for tenant_id, run_id, fence in await self.fetch(DUE(now=self.now)):
            key = {"tenant_id": tenant_id, "run_id": run_id}
            rows = await self.fetch(TAKE(**key, node=node, fence=fence, until=self.now + lease_ms))
            if rows:
                await self.execute(REMOVE_PARTS(**key))
                return _run(rows[0])
        return None

    async def continue_report_run(self, run: ReportRun, content: bytes, lease_ms: int) -> bool:
        key = {"tenant_id": run.tenant_id, "run_id": run.run_id}
        changed = await self.execute(
            GO_ON(
                **key,
                fence=run.fence,
                rows=run.rows,
                parts=run.parts,
                until=self.now + lease_ms,
                state=run.state.value,
                ended_at=run.ended_at,
                expires_at=run.expires_at,
            )
        )
        if changed and content:
            await self.execute(ADD_PART(**key, number=run.parts, content=content))
        return changed > 0

    async def report_part(self, tenant_id: str, run_id: str, number: int) -> bytes | None:
        rows = await self.fetch(PART(tenant_id=tenant_id, run_id=run_id, number=number))
        return bytes(rows[0][0]) if rows else None

    async def remove_report_run(self, tenant_id: str, run_id: str) -> bool:
        return await self.execute(REMOVE(tenant_id=tenant_id, run_id=run_id)) > 0


def _run(row: Row) -> ReportRun:
    values = dict(zip(COLUMNS, row, strict=True))
    values["filters"] = _decode_filters(values["filters"])
    values["state"] = RunState(values["state"])
    return ReportRun(**values)
