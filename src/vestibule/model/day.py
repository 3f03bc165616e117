"""Days of UTC, written as 2026-12-31: as texts they stand in the order of time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

DAY_MS = 24 * 3_600_000


def day_at(at: int) -> str:
    """Return the day in which a time lies (epoch ms)."""
    return datetime.fromtimestamp(at / 1000, UTC).date().isoformat()


def beginning_of(day: str) -> int:
    """Return when a day begins (epoch ms). Raises ValueError if it is none."""
    midnight = date.fromisoformat(day)
    return int(datetime(midnight.year, midnight.month, midnight.day, tzinfo=UTC).timestamp()) * 1000


def end_of(day: str) -> int:
    """Return when a day is over (epoch ms): the first moment that is not of it any more."""
    return beginning_of(day) + DAY_MS


def day_after(day: str, days: int = 1) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
