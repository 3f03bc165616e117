"""What a request makes the house do, counted: no clock tells who exists as surely as work does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from unittest.mock import patch

from tests.houses import TestHouse
from vestibule.crypto import passwords

_here: ContextVar[Counter[str] | None] = ContextVar("work", default=None)
"""Set where a test asks: what the worker does meanwhile is not counted."""


@contextmanager
def counted(house: TestHouse) -> Iterator[Counter[str]]:
    """Count transactions, reads and argon2 hashes of what is asked inside."""
    work: Counter[str] = Counter()
    store, hasher = house.store, passwords._hasher

    def counting(name: str, does: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        def call(*arguments: Any, **named: Any) -> Awaitable[Any]:
            if (here := _here.get()) is not None:
                here[name] += 1
            return does(*arguments, **named)

        return call

    class Hasher:
        def __getattr__(self, name: str) -> Any:
            if name in ("hash", "verify"):
                work["argon2"] += 1
            return getattr(hasher, name)

    token = _here.set(work)
    try:
        with (
            patch.object(store, "transact", counting("transactions", store.transact)),
            patch.object(store, "read", counting("reads", store.read)),
            patch.object(passwords, "_hasher", Hasher()),
        ):
            yield work
    finally:
        _here.reset(token)
