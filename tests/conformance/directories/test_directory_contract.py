"""What every kind of directory promises (`interfaces/directory.py`), whatever stands behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.peers.freeradius import FreeRadius
from tests.peers.openldap import PEOPLE, OpenLdap
from vestibule.crypto.passwords import hash_password
from vestibule.crypto.secret import Secret
from vestibule.directories import ldap, local, radius
from vestibule.interfaces.directory import Directory, DirectoryKind, PasswordVerdictKind
from vestibule.model.user import User

KINDS: dict[str, DirectoryKind] = {
    kind.name: kind for kind in (ldap.DIRECTORY, local.DIRECTORY, radius.DIRECTORY)
}
PASSWORD = PEOPLE["alice"]


@dataclass(frozen=True)
class Case:
    directory: Directory
    alice: User


@pytest.fixture(scope="module")
def openldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLdap]:
    with OpenLdap(tmp_path_factory.mktemp("openldap")) as server:
        yield server


@pytest.fixture(scope="module")
def freeradius(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FreeRadius]:
    server = FreeRadius(tmp_path_factory.mktemp("radius") / "server", users=PEOPLE)
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=sorted(KINDS))
async def case(request: pytest.FixtureRequest) -> AsyncIterator[Case]:
    settings: dict[str, Any] = {}
    secret = encoded = ""
    if request.param == "ldap":
        server: OpenLdap = request.getfixturevalue("openldap")
        settings = {
            "urls": [server.tls_url],
            "ca_file": server.ca_file,
            "base_dn": server.base_dn,
            "bind_dn": server.service_dn,
            "timeout_seconds": 30,
        }
        secret = server.service_password
    elif request.param == "radius":
        other: FreeRadius = request.getfixturevalue("freeradius")
        # Releases before 3.2.5 sign no answer; that signatures are demanded, test_radius_directory.py shows.
        settings = {
            "servers": [f"127.0.0.1:{other.port}"],
            "require_message_authenticator": False,
            "timeout_seconds": 30,
        }
        secret = other.secret
    else:
        encoded = hash_password(PASSWORD)
    alice = User(
        tenant_id="t",
        user_id="u",
        username="alice",
        names=("alice",),
        password_hash=encoded,
        created_at=0,
        updated_at=0,
    )
    directory = KINDS[request.param].open(settings, Secret(secret))
    yield Case(directory, alice)
    await directory.close()


async def _kind(case: Case, user: User | None, password: str, name: str = "alice") -> PasswordVerdictKind:
    return (await case.directory.check_password(user, name, Secret(password))).kind


async def test_the_right_password_matches_again_and_again(case: Case) -> None:
    for _ in range(3):
        assert await _kind(case, case.alice, PASSWORD) is PasswordVerdictKind.MATCH


@pytest.mark.parametrize(
    "password",
    ["", " ", "\x00", PASSWORD + "\x00", PASSWORD + " ", PASSWORD.upper(), "x" * 100_000, "\udcff", "*"],
    ids=lambda password: ascii(password[:20]),
)
async def test_any_other_password_is_a_mismatch(case: Case, password: str) -> None:
    """OTP-20, DOS-03: empty, cut short, or far too long; an error is never a match."""
    assert await _kind(case, case.alice, password) is PasswordVerdictKind.MISMATCH


async def test_nobody_has_no_password(case: Case) -> None:
    """BF-14: someone unknown here is a mismatch even with a password that the directory would accept."""
    assert await _kind(case, None, PASSWORD) is PasswordVerdictKind.MISMATCH
    assert await _kind(case, None, "x", name="nobody") is PasswordVerdictKind.MISMATCH


async def test_many_at_once_get_their_own_verdicts(case: Case) -> None:
    passwords = [PASSWORD, "wrong"] * 10
    kinds = await asyncio.gather(*(_kind(case, case.alice, password) for password in passwords))
    assert kinds == [PasswordVerdictKind.MATCH, PasswordVerdictKind.MISMATCH] * 10


async def test_nobody_is_found_under_a_name_that_nobody_has(case: Case) -> None:
    assert await case.directory.find("nobody") is None
    assert await case.directory.find("*") is None


async def test_it_can_be_closed_twice(case: Case) -> None:
    await case.directory.close()
    await case.directory.close()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_setting_that_is_not_there_is_named(kind: str) -> None:
    with pytest.raises(ValueError, match=r"^no_such_setting: "):
        KINDS[kind].open({"no_such_setting": 1}, Secret(""))
