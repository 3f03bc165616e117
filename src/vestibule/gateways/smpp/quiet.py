"""A log that no flood of bad receipts can fill.

Pure: the time is passed in, in seconds. The first of a kind is told at once; what follows within a minute
is counted and told with the next one.
"""

from __future__ import annotations

_APART_SECONDS = 60.0


class News:
    """What the log was told of each kind. Kinds are chosen by us, so there are few."""

    __slots__ = ("_told",)

    def __init__(self) -> None:
        self._told: dict[str, tuple[float, int]] = {}

    def due(self, kind: str, now: float) -> int:
        """Count one; return how many there were since the last line if a line is due now, else 0."""
        told_at, count = self._told.get(kind, (None, 0))
        count += 1
        if told_at is not None and now - told_at < _APART_SECONDS:
            self._told[kind] = (told_at, count)
            return 0
        self._told[kind] = (now, 0)
        return count
