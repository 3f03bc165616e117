"""Directories to talk to, and the settings to talk to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.integration.ldap.scripted import READER, ScriptedDirectory
from tests.peers.openldap import OpenLdap, person
from vestibule.crypto.secret import Secret
from vestibule.directories.ldap import LdapDirectory, LdapSettings
from vestibule.model.user import User

TWINS = (
    person("erin", "erin-pw", mail="twin@example.org"),
    person("frank", "frank-pw", mail="twin@example.org"),
    person("jörg", "Straße 7", cn="Jörg"),
)


@pytest.fixture(scope="session")
def openldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLdap]:
    """One slapd for all tests that leave it as it is."""
    with OpenLdap(tmp_path_factory.mktemp("openldap"), extra=TWINS) as server:
        yield server


@pytest.fixture
def own_openldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLdap]:
    """A slapd that the test may stop, pause and kill."""
    with OpenLdap(tmp_path_factory.mktemp("openldap")) as server:
        yield server


Opening = Callable[..., LdapDirectory]


@pytest.fixture
async def open_directory() -> AsyncIterator[Opening]:
    """`directory = open_directory(openldap)` or `open_directory(scripted)`, settings to change by name."""
    async with AsyncExitStack() as stack:

        def open_(server: OpenLdap | ScriptedDirectory, **changes: Any) -> LdapDirectory:
            directory = LdapDirectory(settings_for(server, **changes))
            stack.push_async_callback(directory.close)
            return directory

        yield open_


def settings_for(server: OpenLdap | ScriptedDirectory, **changes: Any) -> LdapSettings:
    given: dict[str, Any] = {"urls": (server.url,), "start_tls": False, "timeout_seconds": 20.0}
    if isinstance(server, OpenLdap):
        given |= {
            "base_dn": server.base_dn,
            "bind_dn": server.service_dn,
            "bind_password": Secret(server.service_password),
        }
    else:
        given |= {"base_dn": "dc=x", "bind_dn": READER, "bind_password": Secret("reader's own")}
    return LdapSettings(**(given | changes))


def user(name: str, reference: str = "") -> User:
    return User(
        tenant_id="t",
        user_id=f"id-of-{name}",
        username=name,
        names=(name,),
        directory_reference=reference,
        created_at=0,
        updated_at=0,
    )
