from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.console.desk import ConsoleWindow, at_console
from tests.integration.http_api.house import SYSTEM_TENANT, HttpHouse, http_house
from vestibule.model.user import Role


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[HttpHouse]:
    async with http_house(tmp_path) as living:
        yield living


@pytest.fixture
async def console(house: HttpHouse) -> AsyncIterator[ConsoleWindow]:
    """The console of an administrator of the whole installation."""
    root = await house.inside.add_person("root", tenant_id=SYSTEM_TENANT, role=Role.ADMINISTRATOR)
    async with at_console(house, root.user) as window:
        yield window
