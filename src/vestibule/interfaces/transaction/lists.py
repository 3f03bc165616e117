"""Pages of lists."""

from __future__ import annotations

from typing import Any

import msgspec


class Page(msgspec.Struct, frozen=True):
    """Which part of a list: at most `limit` rows after the opaque `cursor` of the page before."""

    limit: int = 50
    cursor: str = ""


class Listed(msgspec.Struct, frozen=True):
    """One page of rows; `next_cursor` is empty on the last page, and there alone."""

    rows: tuple[Any, ...]
    next_cursor: str = ""
    searched_to: int | str | None = None
    """Of a search that has stopped on its way, with fewer rows than asked for or none: the time (epoch ms) or
    the name to which it has looked."""
