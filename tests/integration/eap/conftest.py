"""An access point in front of Vestibule, which ends EAP itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.houses import PASSWORD, TENANT, Person, TestHouse
from tests.integration.phone.conftest import NUMBER, PhoneHouse, phone_house
from tests.peers.eapol_test import Answers, Seen, sign_in, sign_in_by_hand
from tests.peers.openldap_certificates import TestAuthority
from vestibule.crypto.secret import Secret
from vestibule.frontends.radius import FRONTEND
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind, FirstFactor
from vestibule.runtime.settings import RadiusSettings
from vestibule.runtime.settings_values import Endpoint

CLIENT_SECRET = "what the access point and Vestibule share"
_ONLY = {"1.2": "tls_disable_tlsv1_3=1", "1.3": "tls_disable_tlsv1_3=0"}


@dataclass(slots=True)
class Scene:
    """`port` is where the access point asks."""

    phones: PhoneHouse
    folder: Path
    authority: TestAuthority
    port: int

    @property
    def house(self) -> TestHouse:
        return self.phones.house

    def passcode(self, person: Person) -> str:
        return person.passcode(self.house.clock.now()).reveal()

    async def add_caller(self, username: str) -> Person:
        """Add somebody whose only second factor is a call."""
        person = await self.house.add_bare_person(username)
        await self.house.add_phone(person, "voice", number=NUMBER)
        return person

    async def enter(
        self,
        kind: str,
        *,
        name: str = "alice",
        password: str = PASSWORD,
        version: str = "1.2",
        arguments: Sequence[str] = (),
        **facts: str,
    ) -> Seen:
        told = self._facts(name, version) | {"password": password} | facts
        return await sign_in(self.folder, kind, self.port, CLIENT_SECRET, told, arguments=arguments)

    async def enter_by_hand(self, answers: Answers) -> Seen:
        told = self._facts("alice", "1.2")
        return await sign_in_by_hand(self.folder, "peap-gtc-by-hand", self.port, CLIENT_SECRET, told, answers)

    def _facts(self, name: str, version: str) -> dict[str, str]:
        authority = str(self.authority.ca_file)
        return {"name": name, "outside": "anonymous", "authority": authority, "phase1": _ONLY[version]}


@asynccontextmanager
async def scene(
    folder: Path, url: str | None = None, *, has_files: bool = True, **settings: object
) -> AsyncIterator[Scene]:
    """A house with an access point whose people have their passwords here. Without files, devices see what
    the installation's own authority has issued, if anything."""
    authority = TestAuthority(folder / "certificates")
    async with phone_house(folder, url) as phones:
        services = phones.house.services
        await _add_access_point(phones, settings)
        files = authority.issue("server", "radius.example.org") if has_files else (None, None)
        told = RadiusSettings((Endpoint("127.0.0.1", 0),), (), 90, *files, (), None, None)
        frontend = FRONTEND.open(services, told)
        await frontend.start()
        try:
            yield Scene(phones, folder, authority, int(frontend.addresses()[0].rpartition(":")[2]))
        finally:
            await frontend.stop(0.1)


async def _add_access_point(phones: PhoneHouse, settings: Mapping[str, object]) -> None:
    applications = phones.house.services.applications
    await phones.house.add_application("wlan", FirstFactor.LOCAL)
    client = await applications.add_client(
        SYSTEM, TENANT, "wlan", ClientKind.RADIUS, "access point", address="127.0.0.1/32", settings=settings
    )
    await applications.add_shared_secret(SYSTEM, TENANT, client.client_id, Secret(CLIENT_SECRET))
