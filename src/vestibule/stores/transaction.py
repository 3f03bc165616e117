"""What a body asks of its transaction: all methods of a transaction are made of these requests.

A request suspends the body with what it wants; whoever steps the body (bodies.py, group.py) answers it. So
one body runs alone or side by side with others, on either engine, and knows nothing of it.

Invariants: a request either returns or ends the transaction. After `AlreadyExists` or any error of the
database nothing of the body is kept, even if the body catches the exception and returns, because the
engines differ in what of a failed transaction is still alive.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from enum import Enum, auto
from types import coroutine
from typing import Any

from vestibule.interfaces.store import AlreadyExists
from vestibule.stores.rows import Row, Values
from vestibule.stores.statement import Request, Statement


class UniqueTaken(AlreadyExists):
    """A row with the same unique values is there; a method that knows which says so instead."""

    def __init__(self) -> None:
        super().__init__("record")


class Wish(Enum):
    """What a body wants to have of a request."""

    ROWS = auto()
    COUNT = auto()
    INSERTED = auto()
    CHANGED = auto()


Asked = tuple[Wish, Statement, Any]
"""A wish, its statement, and the values for it: one set, or many for INSERTED and CHANGED."""

# Looked up once: a member of an enumeration is slow to reach through its class.
_ROWS, _COUNT, _INSERTED, _CHANGED = Wish


class Requests(ABC):
    """`now` is the time of this transaction in epoch milliseconds; `failure` what has ended it."""

    __slots__ = ("failure", "has_written", "now")

    def __init__(self, now: int) -> None:
        self.now = now
        self.has_written = False
        self.failure: Exception | None = None

    @coroutine
    def fetch(self, request: Request) -> Generator[Asked, Any, Sequence[Row]]:
        """Return the rows that the statement selects or returns."""
        rows: Sequence[Row] = yield (_ROWS, *request)
        return rows

    @coroutine
    def execute(self, request: Request) -> Generator[Asked, Any, int]:
        """Return how many rows the statement has changed."""
        count: int = yield (_COUNT, *request)
        return count

    @coroutine
    def insert_many(self, statement: Statement, rows: Sequence[Values]) -> Generator[Asked, Any, None]:
        """Insert all `rows`, as fast as the engine can. After UniqueTaken rows can still be fetched."""
        yield (_INSERTED, statement, rows)

    @coroutine
    def execute_many(self, statement: Statement, rows: Sequence[Values]) -> Generator[Asked, Any, int]:
        """Run the statement for each of `rows`, fast; return how many rows changed in all."""
        count: int = yield (_CHANGED, statement, rows)
        return count

    @abstractmethod
    def texts(self, values: Sequence[str]) -> Any:
        """Return `values` as the parameter of `any(:…)`."""

    def broken(self, failure: Exception) -> Exception:
        """Remember that nothing of this body may be kept, and return what to raise."""
        self.failure = failure
        return failure
