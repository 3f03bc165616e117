"""Days as people type them into filters, in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec

from vestibule.frontends.http.fields import asked
from vestibule.frontends.http.sign_in import AnyRequest


class Days(msgspec.Struct, frozen=True):
    """The days `since` and `until` of an address line, both included; None is no bound."""

    first: date | None
    last: date | None

    @property
    def since(self) -> int | None:
        """Epoch ms."""
        return _midnight(self.first) if self.first else None

    @property
    def until(self) -> int | None:
        """Epoch ms, the first that does not count."""
        return _midnight(self.last + timedelta(days=1)) if self.last else None

    @property
    def typed(self) -> tuple[str, str]:
        return (
            self.first.isoformat() if self.first else "",
            self.last.isoformat() if self.last else "",
        )


def asked_days(request: AnyRequest) -> Days:
    """Return the days that the address line asks for; what is no day is left out."""
    return days_of(asked(request, "since"), asked(request, "until"))


def days_of(since: str, until: str) -> Days:
    """Return the days that were typed; what is no day is left out."""
    return Days(_day(since), _day(until))


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1970 <= found.year <= 9998 else None


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
