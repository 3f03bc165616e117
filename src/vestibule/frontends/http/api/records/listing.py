"""What every record is, and pages of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from vestibule.interfaces.transaction.lists import Listed

Item = TypeVar("Item")


class Listing(msgspec.Struct, Generic[Item], frozen=True):
    """One page; `next_cursor` is empty on the last one, and there alone: a search in a long list may end a
    page with fewer items than asked for, or none."""

    items: list[Item]
    next_cursor: str


class Record(msgspec.Struct):
    """A part of the model as it is shown: the fields of the same names, and no others. `id` is its own."""

    named: ClassVar[str] = ""
    """What the model calls the record's own `id`."""

    @classmethod
    def of(cls, source: Any, **more: Any) -> Any:
        names = [name for name in cls.__struct_fields__ if name not in more]
        return cls(**{name: getattr(source, cls.named if name == "id" else name) for name in names}, **more)


def whole(items: Iterable[Item]) -> Listing[Item]:
    """Return a list that is short enough for one page."""
    return Listing(list(items), "")


def one_page(listed: Listed, items: list[Item]) -> Listing[Item]:
    return Listing(items, listed.next_cursor)
