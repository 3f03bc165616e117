"""Every attack is tried on both engines; `nodes` are two of them on one PostgreSQL database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.houses import TestHouse, open_house
from vestibule.model.application import FirstFactor


@pytest.fixture(params=["sqlite", "postgres"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TestHouse]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    async with open_house(tmp_path / "state", url) as opened:
        await opened.add_application("vpn")
        yield opened


@pytest.fixture
async def nodes(postgres_url: str, tmp_path: Path) -> AsyncIterator[tuple[TestHouse, TestHouse]]:
    """Two nodes under one master key, with one clock."""
    async with (
        open_house(tmp_path / "state", postgres_url) as first,
        open_house(tmp_path / "state", postgres_url) as second,
    ):
        second.clock.time = first.clock.time
        await first.add_application("vpn")
        await first.add_application("checked", first_factor=FirstFactor.CLIENT)
        await second.services.configuration.refresh()
        second.doors.update(first.doors)
        yield first, second
