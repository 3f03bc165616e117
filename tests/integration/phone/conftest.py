"""A house whose gateways end in the test, with its worker at work, on each engine and on several nodes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.houses import TENANT, TestHouse, open_house
from tests.integration.sip.conftest import baresip, network, sipp
from tests.peers.far_end import FarEndKind
from vestibule.model.application import FirstFactor
from vestibule.model.gateway import GatewayConfiguration
from vestibule.worker.rounds import make_rounds

__all__ = ["baresip", "network", "sipp"]

NUMBER = "+4930123456"


@dataclass(slots=True)
class PhoneHouse:
    house: TestHouse
    far: FarEndKind

    async def add_gateway(self, gateway_id: str = "first", **fields: object) -> None:
        record = GatewayConfiguration(
            tenant_id=TENANT,
            gateway_id=gateway_id,
            kind="far_end",
            name=gateway_id,
            created_at=1,
            **fields,  # type: ignore[arg-type]
        )
        await self.house.store.transact(lambda tx: tx.put(record))
        await self.house.services.configuration.refresh()


@asynccontextmanager
async def phone_house(folder: Path, url: str | None = None) -> AsyncIterator[PhoneHouse]:
    """A house with a VPN, a gateway `first`, and its worker."""
    async with open_house(folder, url) as house:
        far = FarEndKind()
        house.services.gateways.kinds = {far.name: far}
        made = PhoneHouse(house, far)
        if not house.services.configuration.current.gateways:
            await made.add_gateway()
            await house.add_application("vpn", FirstFactor.LOCAL)
        rounds = asyncio.create_task(make_rounds(house.services))
        try:
            yield made
        finally:
            rounds.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await rounds


@pytest.fixture(params=["sqlite", "postgresql"])
async def phones(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PhoneHouse]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    async with phone_house(tmp_path, url) as made:
        yield made
