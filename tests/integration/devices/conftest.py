"""A house that devices by other people ask over RADIUS, whose users hold a token, a phone or the app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.houses import TENANT, TestHouse
from tests.integration.apps.conftest import AppHouse
from tests.integration.http_api.house import usual_app
from tests.integration.phone.conftest import PhoneHouse, phone_house
from tests.peers.ports import free_port
from vestibule.frontends.radius.accounting import AccountingDoor
from vestibule.frontends.radius.duplicates import Duplicates, Repeat, RequestKey, Work
from vestibule.frontends.radius.listener import RadiusFrontend
from vestibule.frontends.radius.watching import Watch
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind
from vestibule.model.verification import Reason
from vestibule.runtime.clock import SystemClock

FOUR_DIGITS = (5_000, 5_000)
"""OpenVPN's plug-in reads no more of a port."""


class CountingDuplicates(Duplicates):
    """Tells how many requests have come, repeats and new ones."""

    come = 0

    def begin(self, key: RequestKey, fingerprint: bytes, now: int) -> Work | bytes | Repeat:
        self.come += 1
        return super().begin(key, fingerprint, now)


@dataclass(slots=True)
class DeviceHouse:
    phones: PhoneHouse
    apps: AppHouse

    @property
    def house(self) -> TestHouse:
        return self.phones.house

    async def reasons(self) -> list[Reason]:
        """Return how the attempts at the device have ended, oldest first."""
        return [each.reason for each in await self.house.attempts() if each.channel == "radius"]


@dataclass(slots=True)
class Door:
    port: int
    accounting_port: int
    secret: str
    requests: CountingDuplicates


@asynccontextmanager
async def device_door(house: TestHouse, **settings: object) -> AsyncIterator[Door]:
    """Open RADIUS to a device on this machine that signs nothing it asks."""
    services = house.services
    settings = {"message_authenticator": "observe", **settings}
    client = await services.applications.add_client(
        SYSTEM, TENANT, "vpn", ClientKind.RADIUS, "device", address="127.0.0.1/32", settings=settings
    )
    secret = await services.applications.add_shared_secret(SYSTEM, TENANT, client.client_id)
    port, accounting_port = free_port(*FOUR_DIGITS), free_port(*FOUR_DIGITS)
    requests, clock = CountingDuplicates(), SystemClock()
    frontend = RadiusFrontend(
        services.verifications,
        services.configuration,
        clock,
        services.metrics,
        [("127.0.0.1", port)],
        duplicates=requests,
        accounting=AccountingDoor(
            services.accounting,
            services.proxying,
            services.configuration,
            clock,
            [("127.0.0.1", accounting_port)],
            keep_days=1,
            watch=Watch(clock),
        ),
    )
    await frontend.start()
    try:
        yield Door(port, accounting_port, secret.reveal(), requests)
    finally:
        await frontend.stop(0.1)


@pytest.fixture
async def devices(tmp_path: Path) -> AsyncIterator[DeviceHouse]:
    async with phone_house(tmp_path / "house") as phones:
        await phones.house.services.setup.ensure_portal(TENANT)
        with usual_app(phones.house.services) as app:
            apps = AppHouse(phones.house, app)
            yield DeviceHouse(phones, apps)
            for client in apps.clients:
                await client.aclose()
