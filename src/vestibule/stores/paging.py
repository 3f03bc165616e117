"""Lists: a page is what comes after the position that the page before ended at.

The cursor is that position and nothing else, so a list that grows meanwhile repeats and skips no row. A
cursor that this program did not make is a ValueError.

What no index finds is looked for in a part of the list at a time: a search for what is rare, or for nothing,
ends with a page that says how far it has come, in place of reading ten million rows.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Final, TypeVar

import msgspec

from vestibule.interfaces.transaction.lists import Listed
from vestibule.model.username import canonical_name
from vestibule.stores.rows import Row, storable
from vestibule.stores.statement import Statement
from vestibule.stores.transaction import Requests

Position = TypeVar("Position")

REACH: Final = 10_000
"""How many rows one page of a search looks through."""
_LOOKED_UP: Final = 5
"""How many times as long it takes to look at a row for which something is looked up elsewhere."""

_LAST_CHARACTER: Final = "\U0010ffff"
_NAME: Final = msgspec.json.Decoder(tuple[str, str])
_Time = Annotated[int, msgspec.Meta(ge=-(2**62), le=2**62)]
_TIME: Final = msgspec.json.Decoder(tuple[_Time, str])


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of a page and perhaps one more, which tells that there is a next page."""

    rows: Sequence[Row]
    limit: int
    stop: tuple[Any, str] | None = None
    """The position at which a search stops that has not come to the end of the list."""
    searched_to: int | str | None = None
    """The same for people to read."""

    def page(self, value: Callable[[Row], Any], at: Callable[[Row], tuple[Any, ...]]) -> Listed:
        shown = self.rows[: self.limit]
        values = tuple([value(row) for row in shown])
        if len(self.rows) > self.limit:
            return Listed(values, cursor_of(at(shown[-1])))
        if self.stop is not None:
            return Listed(values, cursor_of(self.stop), self.searched_to)
        return Listed(values)


def of_people_within(table: str) -> str:
    """Return the condition that the person of a row is in one of the groups `:within`."""
    return f"""
    0 < (select count(*) from group_members m
          where m.tenant_id = {table}.tenant_id and m.user_id = {table}.user_id and m.group_id = any(:within))
    """  # noqa: S608 - made of constants


def beginning(prefix: str) -> tuple[str, str]:
    """Return the bounds, from and below, of all texts that begin with `prefix`."""
    return prefix, prefix + _LAST_CHARACTER


def keep(conditions: list[str], values: dict[str, Any], condition: str, **parameters: Any) -> None:
    """Ask for `condition` too, with its parameters."""
    conditions.append(condition)
    values.update(parameters)


async def listed(
    transaction: Requests,
    table: str,
    columns: str,
    conditions: Sequence[str],
    values: dict[str, Any],
    order: str,
    limit: int,
) -> Found:
    """Fetch the rows that meet all conditions. All texts are constants of this package, never input."""
    limit = max(1, limit)
    statement = _list_statement(table, columns, tuple(conditions), order)
    return Found(await transaction.fetch(statement(**values, limit=limit + 1)), limit)


@dataclass(frozen=True, slots=True)
class Order:
    """A table that is listed by one or two of its columns, newest first if they are times."""

    table: str
    columns: str
    first: str
    key: str = ""
    """The second column, where there is more than one row with the same first."""
    is_falling: bool = False
    told: str = ""
    """The column that tells people how far a search has come, if it is another than the first."""

    @property
    def text(self) -> str:
        direction = " desc" if self.is_falling else ""
        return ", ".join(f"{column}{direction}" for column in (self.first, self.key) if column)

    def after(self, first: Any, key: str) -> tuple[str, dict[str, Any]]:
        """Return the condition for what comes after that position, and its values."""
        sign = "<" if self.is_falling else ">"
        if not self.key:
            return f"{self.first} {sign} :after", {"after": first}
        return f"({self.first}, {self.key}) {sign} (:after, :after_key)", {"after": first, "after_key": key}


class Where:
    """Conditions with their values, and how many rows are looked at to see whether they are met."""

    __slots__ = ("conditions", "reach", "values")

    def __init__(self) -> None:
        self.conditions: list[str] = []
        self.values: dict[str, Any] = {}
        self.reach = REACH

    def keep(self, condition: str, **parameters: Any) -> None:
        keep(self.conditions, self.values, condition, **parameters)

    def look_up(self, condition: str, **parameters: Any) -> None:
        """Ask for a condition that is looked up in another table for each row."""
        self.keep(condition, **parameters)
        self.reach = REACH // _LOOKED_UP

    def called(self, text: str) -> None:
        """Ask for a `username` that begins with `text`, in any spelling."""
        wanted = storable(text)
        name, name_end = beginning((canonical_name(wanted) or wanted).lower())
        self.keep("lower(username) >= :name and lower(username) < :name_end", name=name, name_end=name_end)

    def among(self, column: str, values: Any) -> None:
        """Ask for one of `values` in a column, as `Requests.texts` gives them."""
        self.keep(f"{column} = any(:{column}s)", **{f"{column}s": values})

    def between(self, column: str, since: int | None, until: int | None) -> None:
        """Ask for times from `since` on and before `until`, where they are given."""
        if since is not None:
            self.keep(f"{column} >= :since", since=since)
        if until is not None:
            self.keep(f"{column} < :until", until=until)

    def both(self, other: Where) -> Where:
        both = Where()
        both.conditions = self.conditions + other.conditions
        both.values = self.values | other.values
        return both


async def searched(transaction: Requests, order: Order, known: Where, sought: Where, limit: int) -> Found:
    """Fetch what an index finds by `known` and what of that is `sought`: all of it, or as much as there is
    among the first rows, as far as `sought` reaches."""
    if not sought.conditions:
        return await listed(
            transaction, order.table, order.columns, known.conditions, known.values, order.text, limit
        )
    both = known.both(sought)
    stop = told = None
    reach = _reach_statement(order, tuple(known.conditions))
    rows = await transaction.fetch(reach(**known.values, reach=sought.reach))
    # All rows that are there in the same millisecond belong to what has been searched.
    if rows:
        stop, told = (rows[0][0], "" if order.is_falling else _LAST_CHARACTER), rows[0][1]
        sign = ">=" if order.is_falling else "<="
        both.keep(f"{order.first} {sign} :searched_to", searched_to=stop[0])
    limit = max(1, limit)
    statement = _search_statement(order, tuple(both.conditions))
    return Found(await transaction.fetch(statement(**both.values, limit=limit + 1)), limit, stop, told)


@lru_cache(maxsize=64)
def _reach_statement(order: Order, conditions: tuple[str, ...]) -> Statement:
    direction = " desc" if order.is_falling else ""
    columns = f"{order.first}, {order.told or order.first}"
    return Statement(
        f"select {columns} from {order.table} where {' and '.join(conditions)}"  # noqa: S608 - see `listed`
        f" order by {order.first}{direction} limit 1 offset :reach"
    )


@lru_cache(maxsize=256)
def _search_statement(order: Order, conditions: tuple[str, ...]) -> Statement:
    """Rows are read in the order in which they were written, whatever the order of the list: that way a disk
    has them several times as fast."""
    where = " and ".join(conditions)
    return Statement(
        f"select {order.columns} from"  # noqa: S608 - see `listed`
        f" (select * from {order.table} where {where} order by {order.first}) found"
        f" order by {order.text} limit :limit"
    )


@lru_cache(maxsize=256)
def _list_statement(table: str, columns: str, conditions: tuple[str, ...], order: str) -> Statement:
    return Statement(
        f"select {columns} from {table} where {' and '.join(conditions)}"  # noqa: S608 - see `listed`
        f" order by {order} limit :limit"
    )


def merged(pages: Sequence[Listed], at: Callable[[Any], tuple[int, str]], limit: int) -> Listed:
    """Return one page of several lists in the order of `at`, the newest first. It ends where the first of
    them does that has not come to its end."""
    stops = [position_of_time(page.next_cursor) for page in pages if page.next_cursor]
    reached = max(stops, default=None)
    known = [row for page in pages for row in page.rows if reached is None or at(row) >= reached]
    known.sort(key=at, reverse=True)
    shown = tuple(known[:limit])
    if len(known) > limit:
        return Listed(shown, cursor_of(at(shown[-1])))
    if reached is None:
        return Listed(shown)
    has_stopped = any(page.searched_to is not None for page in pages)
    return Listed(shown, cursor_of(reached), reached[0] if has_stopped else None)


def cursor_of(position: tuple[Any, ...]) -> str:
    """Return `position` as the cursor of what comes after it."""
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")


def position_of_name(cursor: str) -> tuple[str, str]:
    """Return where the page before ended, by name and identifier; ValueError if it is no such cursor."""
    return _position(cursor, _NAME.decode)


def position_of_time(cursor: str) -> tuple[int, str]:
    """Return where the page before ended, by time and identifier; ValueError if it is no such cursor."""
    return _position(cursor, _TIME.decode)


def _position(cursor: str, decode: Callable[[bytes], Position]) -> Position:
    try:
        return decode(base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
    except (binascii.Error, UnicodeError, msgspec.MsgspecError):
        raise ValueError("not a cursor of this list") from None
