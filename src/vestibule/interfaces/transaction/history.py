"""Events, notes of the program, and what is cleared away in time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.model.event import Event


class HistoryRecords(Protocol):
    """A part of `Transaction`."""

    async def add_event(self, event: Event) -> None:
        """Append it; one of a kind that is told (`model.notice`) waits for `take_untold` from now on."""
        ...

    async def add_events(self, events: Sequence[Event]) -> None:
        """`add_event` of many at once."""
        ...

    async def events(self, tenant_id: str, text: str, page: Page) -> Listed:
        """Rows are `Event`, newest first; `text` is the beginning of a kind, actor name or subject name. A
        search may stop on its way (`searched_to`)."""
        ...

    async def events_of_kinds(
        self,
        tenant_id: str,
        kinds: Sequence[str],
        since: int | None,
        until: int | None,
        subjects: Sequence[str],
        page: Page,
    ) -> Listed:
        """Rows are `Event` of any of these kinds, newest first; of any of `subjects`, if there are any. A
        search for these may stop on its way (`searched_to`)."""
        ...

    async def sweep(self, limit: int) -> int:
        """Delete at most `limit` ended sessions, links and closed challenges, and of deliveries and counts of
        sendings those that are a day old; return how many."""
        ...

    async def note(self, key: str) -> str | None:
        """Read a fact about the installation itself (e.g. its identifier, a check value of the key)."""
        ...

    async def put_note(self, key: str, value: str) -> None: ...
