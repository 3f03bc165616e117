"""What the store counts for reports, and keeps of reports that are written behind the request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vestibule.model.report_run import ReportRun
from vestibule.model.usage_count import PersonCount, ResultCount


class ReportRecords(Protocol):
    """A part of `Transaction`."""

    async def count_results(self, tenant_id: str, since: int, until: int) -> tuple[ResultCount, ...]:
        """Return how the attempts ended that began, or of which servers have told, from `since` on and before
        `until`."""
        ...

    async def count_attempts_of(
        self, tenant_id: str, user_ids: Sequence[str], since: int, until: int
    ) -> dict[str, PersonCount]:
        """Return how often each of these people was asked for from `since` on and before `until`; who was not
        is left out."""
        ...

    async def add_report_run(self, run: ReportRun) -> None: ...

    async def report_run(self, tenant_id: str, run_id: str) -> ReportRun | None: ...

    async def report_runs(self, tenant_id: str, actor: str, limit: int) -> tuple[ReportRun, ...]:
        """Return those that somebody has asked for and can fetch still, newest first."""
        ...

    async def take_report_run(self, node: str, lease_ms: int) -> ReportRun | None:
        """Take one that waits, of any tenant: `fence` + 1, and nothing of it is written yet. None: there is
        none."""
        ...

    async def continue_report_run(self, run: ReportRun, content: bytes, lease_ms: int) -> bool:
        """Add the next part (none if empty) and write how far it is; the lease begins anew. False: somebody
        else has taken it, or it is gone, and nothing was written."""
        ...

    async def report_part(self, tenant_id: str, run_id: str, number: int) -> bytes | None:
        """Return one part; they are numbered from 1."""
        ...

    async def remove_report_run(self, tenant_id: str, run_id: str) -> bool: ...
