"""A log that no flood can fill: the first of a kind at once, then one line a minute with how many there
were.
"""

from __future__ import annotations

from typing import Final

_APART_MS: Final = 60_000


class QuietLog:
    """Counts occurrences by kind. Kinds are chosen by us, never by who sends, so there are few."""

    def __init__(self, apart_ms: int = _APART_MS) -> None:
        self._apart_ms = apart_ms
        self._kinds: dict[tuple[str, str], tuple[int, int]] = {}

    def due(self, kind: tuple[str, str], now: int) -> int:
        """Count one; return how many there were since the last line if a line is due now, else 0."""
        written_at, count = self._kinds.get(kind, (None, 0))
        count += 1
        if written_at is not None and now - written_at < self._apart_ms:
            self._kinds[kind] = (written_at, count)
            return 0
        self._kinds[kind] = (now, 0)
        return count
