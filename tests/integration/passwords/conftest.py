"""A portal where forgotten passwords are reset by phone, its worker at work; calls end in the test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.houses import TENANT, Person, TestHouse
from tests.integration.apps.conftest import AppHouse, app_house
from tests.integration.http_api.house import HttpHouse
from tests.integration.phone.conftest import NUMBER
from tests.peers.far_end import FarEndKind
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.self_service import PasswordReset


@dataclass(slots=True)
class Resetting:
    apps: AppHouse
    far: FarEndKind
    place: HttpHouse

    @property
    def house(self) -> TestHouse:
        return self.apps.house

    async def add(self, name: str, *methods: str, number: str = NUMBER) -> Person:
        """Add somebody who can be texted, called, or has a token (`totp`)."""
        person = (
            await self.house.add_person(name) if "totp" in methods else await self.house.add_bare_person(name)
        )
        for method in methods:
            if method != "totp":
                await self.house.add_phone(person, method, number=number)
        return person

    async def events(self, *beginnings: str) -> list[str]:
        """Return the kinds of events about people, oldest first."""
        listed = await self.house.services.attempts.events(SYSTEM, TENANT, "", Page(50))
        kinds = [each.kind for each in reversed(listed.rows)]
        return [kind for kind in kinds if kind.startswith(beginnings or "user.password")]


@pytest.fixture(params=["sqlite", "postgresql"])
async def resetting(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Resetting]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    async with app_house(tmp_path / "state", url) as apps:
        far = FarEndKind()
        apps.house.services.gateways.kinds = {far.name: far}
        record = GatewayConfiguration(
            tenant_id=TENANT, gateway_id="first", kind=far.name, name="first", created_at=1
        )
        await apps.house.store.transact(lambda tx: tx.put(record))
        await apps.house.services.configuration.refresh()
        await apps.house.change_settings(password_reset=PasswordReset.ALL, password_reset_by_phone=True)
        yield Resetting(apps, far, HttpHouse(apps.house, apps.app))
