"""A house with a portal, and somebody at it. Every test of this folder runs on both engines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.houses import TENANT, open_house
from tests.integration.registration.desk import Desk
from vestibule.services.setup import built_in_client_id


@pytest.fixture(params=["sqlite", "postgres"])
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    async with open_house(tmp_path / "state", url) as house:
        await house.add_application("vpn")
        await house.services.setup.ensure_portal(TENANT)
        house.doors["portal"] = built_in_client_id(TENANT, "portal")
        yield Desk(house)
