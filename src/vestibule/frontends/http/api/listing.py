"""Asking a service for one page of a list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from vestibule.frontends.http.api.records.listing import Listing
from vestibule.frontends.http.api.request import invalid
from vestibule.interfaces.transaction.lists import Listed

Item = TypeVar("Item")
USUAL_LIMIT = 50


async def page_of(asked: Awaitable[Listed], record: Callable[[Any], Item]) -> Listing[Item]:
    """Return the page that `asked` brings, each row as `record` shows it. A cursor that none of our lists
    has given out is the caller's mistake."""
    try:
        listed = await asked
    except ValueError:
        raise invalid("cursor", "not a cursor of this list") from None
    return Listing([record(row) for row in listed.rows], listed.next_cursor)
