"""Lists: a page is what comes after the position that the page before ended at.

The cursor is that position and nothing else, so a list that grows meanwhile repeats and skips no row. A
cursor that this program did not make is a ValueError.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Final, TypeVar

import msgspec

from vestibule.interfaces.store import Listed
from vestibule.stores.rows import Row
from vestibule.stores.statement import Statement
from vestibule.stores.transaction import Requests

Position = TypeVar("Position")

_LAST_CHARACTER: Final = "\U0010ffff"
_NAME: Final = msgspec.json.Decoder(tuple[str, str])
_Time = Annotated[int, msgspec.Meta(ge=-(2**62), le=2**62)]
_TIME: Final = msgspec.json.Decoder(tuple[_Time, str])


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of a page and perhaps one more, which tells that there is a next page."""

    rows: Sequence[Row]
    limit: int

    def page(self, value: Callable[[Row], Any], at: Callable[[Row], tuple[Any, ...]]) -> Listed:
        shown = self.rows[: self.limit]
        is_last = len(self.rows) <= self.limit
        return Listed(tuple([value(row) for row in shown]), "" if is_last else _cursor(at(shown[-1])))


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


@lru_cache(maxsize=256)
def _list_statement(table: str, columns: str, conditions: tuple[str, ...], order: str) -> Statement:
    return Statement(
        f"select {columns} from {table} where {' and '.join(conditions)}"  # noqa: S608 - see `listed`
        f" order by {order} limit :limit"
    )


def _cursor(position: tuple[Any, ...]) -> str:
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
