"""Reports behind the request: asked for, written part by part by a worker, fetched by who has asked.

One node writes a report at a time, under a lease that each part renews; if it dies, another begins it anew.
Invariants: what it says is what its reader might read when he asked; nobody else fetches it; it takes the
memory of one part, and is gone after `KEPT_MS`.
"""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from typing import Final

import msgspec
import structlog

from vestibule.catalog import LANGUAGES, text
from vestibule.crypto.tokens import new_ordered_id
from vestibule.interfaces.store import Store, Transaction, Unavailable
from vestibule.model.actor import Actor
from vestibule.model.report import ReportFilter
from vestibule.model.report_run import KEPT_MS, ReportRun, RunState
from vestibule.services.attempt import Node
from vestibule.services.mails import Mails
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.reporting import Reporting

log = structlog.get_logger(__name__)

MOST_SHOWN: Final = 50
_AREA: Final = "report"
"""Of the catalog: what reports are called."""
_MOST_WAITING: Final = 5
"""Of one reader in one tenant."""
_LEASE_MS: Final = 60_000
_PART_CHARACTERS: Final = 256 * 1024
_MOST_SECONDS: Final = 20.0
"""After this time what there is of a part is kept, and the lease begins anew: a search may find little."""
_LOOK_SECONDS: Final = 2.0


class ReportRuns:
    def __init__(self, store: Store, reporting: Reporting, mails: Mails, node: Node, public_url: str) -> None:
        self._store = store
        self._reporting = reporting
        self._mails = mails
        self._node = node
        self._public_url = public_url

    async def ask(
        self, actor: Actor, tenant_id: str, report: str, where: ReportFilter, language: str = ""
    ) -> ReportRun:
        """Have a report written; who asks is told by e-mail, if he can be, when it is ready."""
        wanted = await self._reporting.wanted(actor, tenant_id, report, where)

        async def body(tx: Transaction) -> ReportRun:
            mine = await tx.report_runs(tenant_id, actor.actor_id, MOST_SHOWN)
            if sum(run.state is RunState.WAITING for run in mine) >= _MOST_WAITING:
                raise Refused(Refusal.TOO_MANY, str(_MOST_WAITING))
            run = ReportRun(
                tenant_id=tenant_id,
                run_id=new_ordered_id(tx.now),
                report=report,
                filters=wanted,
                actor=actor.actor_id,
                actor_name=actor.name,
                actor_tenant_id=actor.tenant_id,
                language=language if language in LANGUAGES else LANGUAGES[0],
                due_at=tx.now,
                asked_at=tx.now,
                expires_at=tx.now + KEPT_MS,
            )
            await tx.add_report_run(run)
            await record(tx, actor, tenant_id, "report.asked", run.run_id, report)
            return run

        return await self._store.transact(body)

    async def all(self, actor: Actor, tenant_id: str) -> tuple[ReportRun, ...]:
        """Return what somebody has asked for in a tenant, newest first."""
        self._reporting.all(actor, tenant_id)
        return await self._store.read(lambda tx: tx.report_runs(tenant_id, actor.actor_id, MOST_SHOWN))

    async def find(self, actor: Actor, tenant_id: str, run_id: str) -> ReportRun:
        self._reporting.all(actor, tenant_id)
        run = await self._store.read(lambda tx: tx.report_run(tenant_id, run_id))
        if run is None or run.actor != actor.actor_id:
            raise Refused(Refusal.NOT_FOUND, run_id)
        return run

    async def fetch(
        self, actor: Actor, tenant_id: str, run_id: str
    ) -> tuple[ReportRun, AsyncIterator[bytes]]:
        """Return a report that is ready, with its file, to be read part by part."""
        run = await self.find(actor, tenant_id, run_id)
        if run.state is not RunState.READY:
            raise Refused(Refusal.NOT_POSSIBLE, run_id)
        return run, self._content(run)

    async def remove(self, actor: Actor, tenant_id: str, run_id: str) -> None:
        """Forget a report, or stop writing it."""
        await self.find(actor, tenant_id, run_id)
        await self._store.transact(lambda tx: tx.remove_report_run(tenant_id, run_id))

    async def run(self) -> None:
        """Write what was asked for, for ever."""
        while True:
            try:
                while await self.write_next():
                    pass
            except Unavailable as error:
                log.warning("reports have to wait", why=str(error))
            except Exception as error:
                log.exception("a report cannot be written", error=type(error).__name__)
            await asyncio.sleep(_LOOK_SECONDS)

    async def write_next(self) -> bool:
        """Write one that waits; False if there is none."""
        run = await self._store.transact(lambda tx: tx.take_report_run(self._node.name, _LEASE_MS))
        if run is None:
            return False
        try:
            await self._write(run)
        except (_TakenOver, Unavailable):
            log.info("a report is in other hands now", report=run.report)
        except Exception as error:
            log.exception("a report cannot be written", report=run.report, error=type(error).__name__)
            await self._end(run, RunState.FAILED, [])
        return True

    async def _write(self, run: ReportRun) -> None:
        if not self._reporting.knows(run.report):
            await self._end(run, RunState.FAILED, [])
            return
        waiting: list[str] = []
        written_at = time.monotonic()
        async for lines in self._reporting.lines(run.tenant_id, run.report, run.filters):
            waiting += lines
            if time.monotonic() - written_at < _MOST_SECONDS and sum(map(len, waiting)) < _PART_CHARACTERS:
                continue
            run = await self._go_on(run, waiting)
            written_at = time.monotonic()
            if run.is_cut:
                break
        await self._end(run, RunState.READY, waiting)

    async def _go_on(self, run: ReportRun, lines: list[str]) -> ReportRun:
        """Keep what was written as a part, and hold the lease for the next; empties `lines`."""
        changed, content = await _with(run, lines)
        if not await self._store.transact(lambda tx: tx.continue_report_run(changed, content, _LEASE_MS)):
            raise _TakenOver
        return changed

    async def _end(self, run: ReportRun, state: RunState, lines: list[str]) -> None:
        changed, content = await _with(run, lines)

        async def body(tx: Transaction) -> bool:
            ended = msgspec.structs.replace(
                changed, state=state, ended_at=tx.now, expires_at=tx.now + KEPT_MS
            )
            if not await tx.continue_report_run(ended, content, _LEASE_MS):
                return False
            if state is RunState.READY:
                await self._tell(tx, ended)
            return True

        if not await self._store.transact(body):
            raise _TakenOver

    async def _tell(self, tx: Transaction, run: ReportRun) -> None:
        """Tell who has asked where it is; who is no person, or has no address, finds it himself."""
        if not self._public_url:
            return
        found = await tx.subject(run.actor_tenant_id, run.actor) if run.actor_tenant_id else None
        if found is None:
            return
        user = found.user
        facts = {
            "what": text(run.language, f"{_AREA}.{run.report}.title"),
            "count": str(run.rows),
            "url": f"{self._public_url}/console/tenants/{run.tenant_id}/reports",
            "name": user.display_name,
            "username": user.username,
        }
        await self._mails.send(tx, run.tenant_id, user.email, user.language, "report_ready", facts)

    async def _content(self, run: ReportRun) -> AsyncIterator[bytes]:
        for number in range(1, run.parts + 1):
            part = await self._part(run, number)
            if part is None:
                return  # Its time is over.
            yield await asyncio.to_thread(gzip.decompress, part)

    async def _part(self, run: ReportRun, number: int) -> bytes | None:
        return await self._store.read(lambda tx: tx.report_part(run.tenant_id, run.run_id, number))


async def _with(run: ReportRun, lines: list[str]) -> tuple[ReportRun, bytes]:
    """Return the run with some more lines, and these as its next part (empty for none); empties `lines`."""
    if not lines:
        return run, b""
    # The first line of all is no row.
    rows = run.rows + len(lines) - (run.parts == 0)
    content = await asyncio.to_thread(gzip.compress, "".join(lines).encode(), 6)
    lines.clear()
    return msgspec.structs.replace(run, rows=rows, parts=run.parts + 1), content


class _TakenOver(Exception):
    """Another node writes it now, or it is not wanted any more."""
