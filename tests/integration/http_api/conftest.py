from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.http_api.house import HttpHouse, http_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[HttpHouse]:
    async with http_house(tmp_path) as living:
        yield living
