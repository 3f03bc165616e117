"""What an engine must be able to do for a body; all methods of a transaction are made of these.

Invariants: a request either returns or ends the transaction. After `AlreadyExists` or any error of the
database nothing of the body is kept, even if the body catches the exception and returns, because the
engines differ in what of a failed transaction is still alive.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from vestibule.interfaces.store import AlreadyExists
from vestibule.stores.rows import Row, Values
from vestibule.stores.statement import Request, Statement


class UniqueTaken(AlreadyExists):
    """A row with the same unique values is there; a method that knows which says so instead."""

    def __init__(self) -> None:
        super().__init__("record")


class Requests(ABC):
    """`now` is the time of this transaction in epoch milliseconds; `failure` what has ended it."""

    __slots__ = ("failure", "has_written", "now")

    def __init__(self, now: int) -> None:
        self.now = now
        self.has_written = False
        self.failure: Exception | None = None

    @abstractmethod
    async def fetch(self, request: Request) -> Sequence[Row]:
        """Return the rows that the statement selects or returns."""

    @abstractmethod
    async def execute(self, request: Request) -> int:
        """Return how many rows the statement has changed."""

    @abstractmethod
    async def insert_many(self, statement: Statement, rows: Sequence[Values]) -> None:
        """Insert all `rows`, as fast as the engine can. After UniqueTaken rows can still be fetched."""

    @abstractmethod
    async def execute_many(self, statement: Statement, rows: Sequence[Values]) -> int:
        """Run the statement for each of `rows`, fast; return how many rows changed in all."""

    @abstractmethod
    def texts(self, values: Sequence[str]) -> Any:
        """Return `values` as the parameter of `any(:…)`."""

    def broken(self, failure: Exception) -> Exception:
        """Remember that nothing of this body may be kept, and return what to raise."""
        self.failure = failure
        return failure
