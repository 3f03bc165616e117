"""A house with an LDAP proxy in front of OpenLDAP, and programs and sockets that bind through it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.houses import TENANT, Person, TestHouse
from tests.integration.phone.conftest import PhoneHouse, phone_house
from tests.integration.phone.test_calls import Handset
from tests.peers.openldap import BASE_DN, PEOPLE, OpenLdap
from tests.peers.openldap_certificates import TestAuthority
from tests.peers.program import find_program, run
from vestibule.crypto.secret import Secret
from vestibule.frontends.ldap import LdapFrontend
from vestibule.model.actor import SYSTEM
from vestibule.model.application import Client, ClientKind, DirectoryConfiguration, FirstFactor
from vestibule.model.call import CallEventKind
from vestibule.wire.ldap import MessageStream, encode
from vestibule.wire.ldap.messages import BindRequest, Message, Operation, Simple

NUMBER = "+4930123456"
WIKI = "wiki"


def dn(name: str) -> str:
    return f"uid={name},ou=people,{BASE_DN}"


@dataclass(slots=True)
class ProxyHouse:
    phones: PhoneHouse
    frontend: LdapFrontend
    client: Client
    ca_file: str
    sockets: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def house(self) -> TestHouse:
        return self.phones.house

    @property
    def url(self) -> str:
        return self.frontend.addresses()[0]

    @property
    def tls_url(self) -> str:
        return self.frontend.addresses()[1]

    async def change_client(self, **settings: Any) -> None:
        applications = self.house.services.applications
        self.client = await applications.change_client(
            SYSTEM, msgspec.structs.replace(self.client, settings={**self.client.settings, **settings})
        )

    async def add_person(self, name: str = "alice", method: str = "voice", **options: Any) -> Person:
        """Add somebody whom the directory knows, who answers calls or texts."""
        person = await self.house.add_bare_person(name)
        await self.house.add_phone(person, method, number=NUMBER, **options)
        return person

    async def tool(
        self, name: str, *arguments: str, who: str = "", password: str = "", url: str = ""
    ) -> tuple[int, str]:
        """Run one of OpenLDAP's programs against the proxy; return its exit status and all it says."""
        command = [find_program(name), "-x", "-H", url or self.url, "-o", "nettimeout=20"]
        command += ["-D", who, "-w", password] if who else []
        environment = {**os.environ, "LDAPTLS_CACERT": self.ca_file, "LDAPTLS_REQCERT": "demand"}
        done = await asyncio.to_thread(run, [*command, *arguments], environment=environment)
        return done.returncode, done.stdout + done.stderr

    async def whoami(
        self, name: str = "alice", password: str | None = None, **options: Any
    ) -> tuple[int, str]:
        password = PEOPLE[name] if password is None else password
        return await self.tool("ldapwhoami", who=dn(name), password=password, **options)

    async def approve(self) -> None:
        """Answer the next call, and press the key."""
        gateway, call = await self.phones.far.next_call()
        handset = Handset(gateway, call.delivery_id)
        await handset.answer()
        await handset.press("#")

    async def hang_up(self) -> None:
        gateway, call = await self.phones.far.next_call()
        handset = Handset(gateway, call.delivery_id)
        await handset.answer()
        await handset.tell(CallEventKind.HUNG_UP)

    async def connect(self, source: str = "127.0.0.1") -> RawClient:
        client = await connect(self.frontend, source)
        self.sockets.push_async_callback(client.close)
        return client


class RawClient:
    """A connection on which a test says exactly what it wants."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._stream = MessageStream()
        self._last_id = 0

    def send(self, operation: Operation) -> int:
        """Send a request and return its id."""
        self._last_id += 1
        self.send_bytes(encode(Message(self._last_id, operation)))
        return self._last_id

    def send_bytes(self, octets: bytes) -> None:
        self._writer.write(octets)

    def bind(self, name: str, password: str) -> int:
        return self.send(BindRequest(3, name, Simple(password.encode())))

    async def receive(self) -> Message | None:
        """Return the next message, None at the end of the connection."""
        async with asyncio.timeout(20):
            while (message := self._stream.next_message()) is None:
                try:
                    data = await self._reader.read(65536)
                except ConnectionError:
                    data = b""
                if not data:
                    return None
                self._stream.feed(data)
        assert isinstance(message, Message), message
        return message

    async def close(self) -> None:
        self._writer.close()


@pytest.fixture(scope="session")
def openldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLdap]:
    """One slapd for all tests that leave it as it is."""
    with OpenLdap(tmp_path_factory.mktemp("openldap")) as server:
        yield server


@pytest.fixture
def own_openldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLdap]:
    """A slapd that the test may change, stop, pause and kill."""
    with OpenLdap(tmp_path_factory.mktemp("openldap"), lets_passwords_change=True) as server:
        yield server


@asynccontextmanager
async def ldap_door(
    house: TestHouse, folder: Path, directory: dict[str, Any], password: str, **settings: Any
) -> AsyncIterator[tuple[LdapFrontend, Client, str]]:
    """The application WIKI with a directory behind it, the client of this machine, and the doors: LDAP and
    LDAPS, with the authority of their certificate."""
    services = house.services
    await services.applications.put_directory(
        SYSTEM,
        DirectoryConfiguration(
            tenant_id=TENANT, directory_id="corp", kind="ldap", name="Corp", settings=directory, created_at=1
        ),
        Secret(password),
    )
    await house.add_application(WIKI, FirstFactor.DIRECTORY, directory_id="corp")
    client = await services.applications.add_client(
        SYSTEM,
        TENANT,
        WIKI,
        ClientKind.LDAP,
        "wiki server",
        address="127.0.0.1",
        settings={"demand_tls": False, **settings},
    )
    authority = TestAuthority(folder / "door")
    certificate, key = authority.issue("door", "127.0.0.1", "localhost")
    doors = [("127.0.0.1", 0)]
    frontend = LdapFrontend(services, doors, doors, certificate, key)
    await frontend.start()
    try:
        yield frontend, client, str(authority.ca_file)
    finally:
        await frontend.stop(0.1)


async def connect(frontend: LdapFrontend, source: str = "127.0.0.1") -> RawClient:
    """Return a connection in the clear, from an address of this machine."""
    port = int(frontend.addresses()[0].rpartition(":")[2])
    return RawClient(*await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0)))


Opening = Callable[..., Awaitable[ProxyHouse]]


@pytest.fixture
async def open_proxy(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Opening]:
    """`proxy = await open_proxy(openldap)`: its client is this machine, in the clear unless told otherwise.
    `directory` are settings of the directory; `engine="postgresql"` takes that."""
    async with AsyncExitStack() as stack:

        async def open_(
            server: OpenLdap | None = None,
            directory: dict[str, Any] | None = None,
            password: str = "",
            engine: str = "sqlite",
            **settings: Any,
        ) -> ProxyHouse:
            url = request.getfixturevalue("postgres_url") if engine == "postgresql" else None
            phones = await stack.enter_async_context(phone_house(tmp_path, url))
            if server is not None:
                directory = settings_of(server) | (directory or {})
                password = password or server.service_password
            door = ldap_door(phones.house, tmp_path, directory or {}, password, **settings)
            frontend, client, ca_file = await stack.enter_async_context(door)
            proxy = ProxyHouse(phones, frontend, client, ca_file)
            stack.push_async_callback(proxy.sockets.aclose)
            return proxy

        yield open_


def settings_of(server: OpenLdap) -> dict[str, Any]:
    return {
        "urls": [server.url],
        "base_dn": server.base_dn,
        "bind_dn": server.service_dn,
        "start_tls": True,
        "ca_file": server.ca_file,
        "timeout_seconds": 10,
    }


@pytest.fixture
async def proxy(open_proxy: Opening, openldap: OpenLdap) -> ProxyHouse:
    """The usual one: binds wait for an answer from elsewhere, in the clear."""
    return await open_proxy(openldap)
