"""A house beside a directory, and a part of the directory that no other test has."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.houses import TENANT, TestHouse, open_house
from tests.peers.ldif import entry
from tests.peers.openldap import OpenLdap
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.people import UserFilter
from vestibule.model.actor import SYSTEM
from vestibule.model.application import DirectoryConfiguration
from vestibule.model.directory_difference import Difference
from vestibule.model.synchronisation import Part, SyncItem, SyncRun, SyncSettings
from vestibule.model.user import User


@dataclass(slots=True)
class Unit:
    """An organizational unit of this test's own, in a slapd for all."""

    server: OpenLdap
    dn: str

    def add(self, name: str, under: str = "", **more: str | tuple[str, ...]) -> str:
        attributes: dict[str, str | tuple[str, ...]] = {
            "objectClass": "inetOrgPerson",
            "uid": name,
            "cn": name.title(),
            "sn": "Example",
        }
        dn = f"uid={name},{under or self.dn}"
        self._add(dn, attributes | more)
        return dn

    def add_unit(self, name: str) -> str:
        dn = f"ou={name},{self.dn}"
        self._add(dn, {"objectClass": "organizationalUnit"})
        return dn

    def add_group(self, name: str, *members: str) -> str:
        dn = f"cn={name},{self.dn}"
        self._add(dn, {"objectClass": "groupOfNames", "member": members})
        return dn

    def change(self, dn: str, **attributes: str | tuple[str, ...]) -> None:
        for name, values in attributes.items():
            lines = entry(dn, **{name: values}).split("\n", 1)[1]
            self.server.apply(f"dn: {dn}\nchangetype: modify\nreplace: {name}\n{lines}")

    def rename(self, dn: str, name: str, under: str = "") -> str:
        where = f"newsuperior: {under}\n" if under else ""
        self.server.apply(f"dn: {dn}\nchangetype: modrdn\nnewrdn: uid={name}\ndeleteoldrdn: 1\n{where}")
        return f"uid={name},{under or dn.split(',', 1)[1]}"

    def delete(self, dn: str) -> None:
        self.server.apply(f"dn: {dn}\nchangetype: delete\n")

    def _add(self, dn: str, attributes: dict[str, str | tuple[str, ...]]) -> None:
        self.server.apply(entry(dn, **attributes).replace("\n", "\nchangetype: add\n", 1))


class Sync:
    """The synchronisation of one directory in a house."""

    def __init__(self, house: TestHouse, directory_id: str) -> None:
        self.house = house
        self.directory_id = directory_id
        self._services = house.services.synchronisations

    async def set_up(self, *items: SyncItem, **more: Any) -> None:
        settings = SyncSettings(items=items, **more)
        await self._services.put(SYSTEM, TENANT, self.directory_id, settings)

    async def change(self, **more: Any) -> None:
        status = await self._services.status(SYSTEM, TENANT, self.directory_id)
        assert status is not None
        settings = replace(status.synchronisation.settings, **more)
        await self._services.put(SYSTEM, TENANT, self.directory_id, settings)

    async def run(self, *, wants_all: bool = True) -> SyncRun:
        self.house.clock.advance(1)
        return await self._services.run(SYSTEM, TENANT, self.directory_id, wants_all=wants_all)

    async def try_out(self) -> Difference:
        return (await self._services.try_out(SYSTEM, TENANT, self.directory_id))[0]

    async def approve(self) -> None:
        await self._services.approve(SYSTEM, TENANT, self.directory_id)

    async def people(self) -> dict[str, User]:
        """Return who is here, by the name that people see."""
        where = UserFilter()
        listed = await self.house.store.read(lambda tx: tx.users(TENANT, where, Page(500)))
        return {user.username: user for user in listed.rows}

    async def edit(self, username: str, **fields: Any) -> None:
        """Change somebody as if it were done here by hand."""
        user = (await self.people())[username]

        async def body(tx: Transaction) -> None:
            assert await tx.replace_user(replace(user, **fields))

        await self.house.store.transact(body)

    async def add_group(self, name: str) -> str:
        return (await self.house.services.groups.add(SYSTEM, TENANT, name)).group_id

    async def groups_of(self, user: User) -> frozenset[str]:
        return await self.house.store.read(lambda tx: tx.groups_of(TENANT, user.user_id))


def everybody(dn: str, **more: Any) -> SyncItem:
    return SyncItem(part=Part.UNIT, name=dn, **more)


async def add_directory(
    house: TestHouse, settings: dict[str, Any], password: str, name: str = "LDAP"
) -> Sync:
    directory = DirectoryConfiguration(
        tenant_id=TENANT, directory_id=new_id(), kind="ldap", name=name, settings=settings, created_at=0
    )
    put = await house.services.applications.put_directory(SYSTEM, directory, Secret(password))
    return Sync(house, put.directory_id)


async def add_openldap(house: TestHouse, server: OpenLdap, name: str = "LDAP") -> Sync:
    settings = {
        "urls": [server.url],
        "base_dn": server.base_dn,
        "bind_dn": server.service_dn,
        "start_tls": False,
        "timeout_seconds": 20,
    }
    return await add_directory(house, settings, server.service_password, name)


@pytest.fixture(scope="session")
def openldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLdap]:
    with OpenLdap(tmp_path_factory.mktemp("openldap")) as server:
        yield server


@pytest.fixture
def unit(openldap: OpenLdap) -> Unit:
    dn = f"ou=unit-{new_id()[:8]},{openldap.base_dn}"
    openldap.apply(entry(dn, objectClass="organizationalUnit").replace("\n", "\nchangetype: add\n", 1))
    return Unit(openldap, dn)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[TestHouse]:
    async with open_house(tmp_path / "house") as opened:
        yield opened


@pytest.fixture
async def sync(house: TestHouse, openldap: OpenLdap) -> Sync:
    return await add_openldap(house, openldap)
