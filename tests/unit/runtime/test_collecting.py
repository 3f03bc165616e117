"""The process looks for garbage rarely, but it does."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from tests.until import until
from vestibule.runtime import serve


class Ring:
    def __init__(self) -> None:
        self.me = self


async def test_what_only_holds_itself_goes_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "COLLECT_SECONDS", 0.01)
    ring = weakref.ref(Ring())
    gc.disable()
    collecting = asyncio.create_task(serve._collect())
    try:
        await until(lambda: ring() is None)
    finally:
        gc.enable()
        collecting.cancel()
