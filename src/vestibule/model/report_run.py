"""Report run: a report that is written behind the request, and the file that comes of it.

It is written in parts, by one node at a time: who takes over raises `fence`, and what was written under
another is not a part of it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from vestibule.model.report import ReportFilter

KEPT_MS: Final = 3 * 24 * 3_600_000
"""How long it can be fetched."""
MOST_ROWS: Final = 1_000_000
"""More rows than that, a file does not get: no spreadsheet opens them."""


class RunState(StrEnum):
    """The texts are in the catalog under `report.run.…`."""

    WAITING = "waiting"
    """Nobody writes it, or somebody does until `due_at`."""
    READY = "ready"
    FAILED = "failed"


class ReportRun(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: str
    run_id: str
    report: str
    filters: ReportFilter
    """With the groups to whose people its reader was limited when he asked."""
    actor: str
    """Who has asked, and alone may fetch it."""
    actor_name: str
    actor_tenant_id: str
    language: str = ""
    state: RunState = RunState.WAITING
    node: str = ""
    """Who writes it."""
    fence: int = 0
    rows: int = 0
    """So far."""
    parts: int = 0
    due_at: int
    """When somebody else may take it."""
    asked_at: int
    ended_at: int | None = None
    expires_at: int

    @property
    def is_cut(self) -> bool:
        return self.rows >= MOST_ROWS
