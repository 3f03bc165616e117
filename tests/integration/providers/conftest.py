"""Providers and licences are tried on both engines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.houses import TestHouse, open_house


@pytest.fixture(params=["sqlite", "postgres"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TestHouse]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    async with open_house(tmp_path / "state", url) as opened:
        yield opened
