"""A VPN in front of Vestibule, and FreeRADIUS behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.houses import TENANT, Person
from tests.integration.phone.conftest import NUMBER, PhoneHouse, phone_house
from tests.integration.radius.test_radius_listener import Station
from tests.peers.freeradius_eap import SECRET, FreeRadiusEap
from vestibule.crypto.secret import Secret
from vestibule.frontends.radius import RadiusFrontend
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind, DirectoryConfiguration, FirstFactor
from vestibule.runtime.clock import SystemClock
from vestibule.wire.radius import (
    Attribute,
    CheckedReply,
    Message,
    SharedSecret,
    check_reply,
    decode,
    open_attributes,
)
from vestibule.wire.radius.numbers import ACCESS_REQUEST, MESSAGE_AUTHENTICATOR, STATE

CLIENT_SECRET = "what the VPN and Vestibule share"
PASSWORD = "correct horse"
GATEWAY_USER = "CONTOSO\\gwen"
USERS = {"alice": PASSWORD, "mallory": "of mallory", "User": "clientPass"}


@pytest.fixture(scope="session")
def freeradius_eap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FreeRadiusEap]:
    """One FreeRADIUS for all tests of a process; none of them changes it."""
    server = FreeRadiusEap(tmp_path_factory.mktemp("freeradius"), users=USERS, authorized=[GATEWAY_USER])
    server.start()
    yield server
    server.stop()


@pytest.fixture
def unnamed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FreeRadiusEap]:
    """One that does not say whom it has accepted inside a tunnel."""
    server = FreeRadiusEap(tmp_path_factory.mktemp("unnamed"), users=USERS, names_people=False)
    server.start()
    yield server
    server.stop()


@dataclass(slots=True)
class Scene:
    """`port` is where the VPN asks."""

    phones: PhoneHouse
    port: int

    async def add_caller(self, username: str) -> Person:
        """Add somebody whose only second factor is a call."""
        person = await self.phones.house.add_bare_person(username)
        await self.phones.house.add_phone(person, "voice", number=NUMBER)
        return person


@asynccontextmanager
async def scene(
    folder: Path,
    *servers: str,
    url: str | None = None,
    timeout_seconds: float = 10,
    secret: str = SECRET,
    accounting_port: int = 0,
    **settings: object,
) -> AsyncIterator[Scene]:
    """A house whose VPN has its passwords checked at `servers`; entered again, it is another node."""
    async with phone_house(folder, url) as phones:
        services = phones.house.services
        if (TENANT, "branch") not in services.configuration.current.applications:
            behind = {
                "servers": list(servers),
                "timeout_seconds": timeout_seconds,
                "tries": 2,
                "accounting_port": accounting_port,
            }
            await _set_up(phones, behind, secret, settings)
        frontend = RadiusFrontend(
            services.verifications,
            services.configuration,
            SystemClock(),
            services.metrics,
            [("127.0.0.1", 0)],
            proxying=services.proxying,
            grants=services.grants,
        )
        await frontend.start()
        try:
            yield Scene(phones, int(frontend.addresses()[0].rpartition(":")[2]))
        finally:
            await frontend.stop(0.1)


async def _set_up(
    phones: PhoneHouse, told: dict[str, object], secret: str, settings: dict[str, object]
) -> None:
    applications = phones.house.services.applications
    behind = DirectoryConfiguration(
        tenant_id=TENANT,
        directory_id="behind",
        kind="radius",
        name="Behind",
        settings=told,
        created_at=1,
    )
    await applications.put_directory(SYSTEM, behind, Secret(secret))
    await phones.house.add_application("branch", FirstFactor.DIRECTORY, directory_id="behind")
    client = await applications.add_client(
        SYSTEM, TENANT, "branch", ClientKind.RADIUS, "vpn", address="127.0.0.1/32", settings=settings
    )
    await applications.add_shared_secret(SYSTEM, TENANT, client.client_id, Secret(CLIENT_SECRET))


class Vpn:
    """Asks a server at `port`; what its answers hide is opened."""

    def __init__(self, port: int, secret: str = CLIENT_SECRET) -> None:
        self.secret = SharedSecret(secret.encode())
        self.station = Station("127.0.0.1", port, "127.0.0.1")
        self.identifier = 0

    async def ask(self, *attributes: Attribute, authenticator: bytes | None = None) -> Message:
        """Send one request, and return its answer as it came."""
        return self.check(await self.station.ask(self.request(*attributes, authenticator=authenticator)))

    def request(self, *attributes: Attribute, authenticator: bytes | None = None) -> bytes:
        self.identifier = (self.identifier + 1) % 256
        self.authenticator = authenticator or bytes([self.identifier]) * 16
        self.last = self.secret.encode_request(
            ACCESS_REQUEST, self.identifier, self.authenticator, attributes
        )
        return self.last

    def check(self, datagram: bytes) -> Message:
        reply = check_reply(datagram, _decoded(self.last), self.secret)
        assert isinstance(reply, CheckedReply), reply
        return reply.message

    def password(self, typed: str) -> Attribute:
        """The User-Password of the next request."""
        return 2, self.secret.hide(typed.encode(), bytes([(self.identifier + 1) % 256]) * 16)

    def opened(self, reply: Message) -> tuple[Attribute, ...]:
        """The attributes of the last answer, without those of the connection."""
        opened = open_attributes(reply.attributes, self.secret, self.authenticator)
        assert opened is not None
        return tuple(each for each in opened if each[0] not in (MESSAGE_AUTHENTICATOR, STATE))

    def close(self) -> None:
        self.station.socket.close()


def _decoded(octets: bytes) -> Message:
    message = decode(octets)
    assert isinstance(message, Message)
    return message
