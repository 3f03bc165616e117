"""A house with a VPN and people who carry the app, its worker at work, on each engine."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
import pytest

from tests.houses import PASSWORD, TENANT, Person, TestHouse, open_house
from tests.integration.http_api.house import ORIGIN, usual_app
from tests.integration.web_push.conftest import authority, certificate
from tests.peers.app_device import AppDevice
from tests.peers.openldap_certificates import TestAuthority
from tests.peers.push_service import Browser, PushService
from vestibule.crypto.secret import Secret
from vestibule.frontends.http.app import HttpApp
from vestibule.model.application import PORTAL_APPLICATION, FirstFactor
from vestibule.outbound.push_services import BROWSERS
from vestibule.runtime.push import BrowserPush
from vestibule.runtime.settings import PushSettings
from vestibule.services.attempt import Origin
from vestibule.services.outcome import Progress
from vestibule.services.sessions import SignedIn
from vestibule.services.setup import built_in_client_id
from vestibule.worker.rounds import make_rounds

__all__ = ["authority", "certificate"]

PLACE = "192.0.2.7"


@dataclass(slots=True)
class AppHouse:
    house: TestHouse
    app: HttpApp
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    def device(self, name: str = "Test phone", language: str = "en") -> AppDevice:
        """Return a device that has no account yet."""
        transport = httpx.ASGITransport(cast("Any", self.app), client=("192.0.2.99", 40_000))
        client = httpx.AsyncClient(transport=transport, base_url=ORIGIN)
        self.clients.append(client)
        return AppDevice(client, name, language)

    async def session_of(self, person: Person) -> SignedIn:
        """Sign somebody in to the portal: with a passcode if he has one, else as a newcomer."""
        services = self.house.services
        peer = services.configuration.current.peers[built_in_client_id(TENANT, PORTAL_APPLICATION)]
        origin = Origin(peer=peer, channel="portal", claimed_username=person.user.username)
        passcode = person.passcode(self.house.clock.now()) if person.secret else None
        progress = await services.verifications.start(origin, Secret(PASSWORD), passcode)
        assert progress.is_approved, progress.reason
        token = await services.sessions.begin(progress.verification)
        signed_in = await services.sessions.find(token.reveal(), PORTAL_APPLICATION)
        assert signed_in is not None
        return signed_in

    async def begin(self, signed_in: SignedIn) -> tuple[str, str]:
        """Begin an activation at the portal; return the pending authenticator and the code."""
        begun = await self.house.services.app_activations.begin(signed_in)
        return begun.authenticator_id, begun.code.reveal()

    async def activated(self, signed_in: SignedIn, name: str = "Test phone") -> AppDevice:
        """Return a device whose account is active."""
        pending, code = await self.begin(signed_in)
        device = self.device(name)
        await device.activate(code)
        stage = await self.house.services.app_activations.stage(signed_in, pending)
        done = await device.approve(await device.next_request(), stage.number)
        assert done["outcome"] == "approved"
        return device

    async def alice(self, *names: str) -> tuple[Person, list[AppDevice]]:
        """Add Alice, who holds nothing but devices of these names."""
        alice = await self.house.add_bare_person("alice")
        alice.secret = b""
        signed_in = await self.session_of(alice)
        devices = []
        for name in names or ("Test phone",):
            devices.append(await self.activated(signed_in, name))
            await self.house.services.app_activations.claim(signed_in, devices[-1].account["authenticator"])
            signed_in = await self.refreshed(signed_in)
        return alice, devices

    async def refreshed(self, signed_in: SignedIn) -> SignedIn:
        """Return the session as it stands now."""
        found = await self.house.store.read(lambda tx: tx.session(signed_in.session.token_hash))
        assert found is not None
        return msgspec.structs.replace(signed_in, session=found)

    async def expire(self) -> None:
        """Close what is past its time, once nothing is being written behind a request that holds it."""
        await self.house.services.device_records.close()
        await self.house.services.housekeeping.expire()

    async def sign_in(self, password: str = PASSWORD, **fields: Any) -> Progress:
        return await self.house.start("alice", password, user_address=PLACE, **fields)


@asynccontextmanager
async def app_house(folder: Path, url: str | None = None, **settings: str) -> AsyncIterator[AppHouse]:
    async with open_house(folder, url, **settings) as house:
        await house.services.setup.ensure_portal(TENANT)
        if not house.services.configuration.current.applications.get((TENANT, "vpn")):
            await house.add_application("vpn", FirstFactor.LOCAL)
        rounds = asyncio.create_task(make_rounds(house.services))
        with usual_app(house.services) as app:
            made = AppHouse(house, app)
            try:
                yield made
            finally:
                for client in made.clients:
                    await client.aclose()
                rounds.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await rounds


@pytest.fixture(params=["sqlite", "postgresql"])
async def apps(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AppHouse]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    async with app_house(tmp_path, url) as made:
        yield made


@pytest.fixture
async def service(
    apps: AppHouse,
    authority: TestAuthority,
    certificate: tuple[Path, Path],
) -> AsyncIterator[PushService]:
    """A push service that the house is allowed to send to."""
    pushes = apps.house.services.apps.pushes
    own = pushes._pusher
    assert isinstance(own, BrowserPush)
    async with PushService(certificate, own.public_key) as service:
        settings = PushSettings(
            hosts=BROWSERS,
            private_hosts=(service.place,),
            ca_file=authority.ca_file,
            contact="mailto:push@example.com",
        )
        pushes._pusher = BrowserPush(own._key, settings)
        yield service
        await pushes._pusher.close()


async def subscribed(service: PushService, device: AppDevice, path: str) -> Browser:
    browser = Browser()
    await device.subscribe(service.origin + path, browser.p256dh, browser.auth)
    return browser
