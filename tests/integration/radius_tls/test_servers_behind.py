"""FreeRADIUS behind us, over TLS: what it says of passwords, and accounting that is passed on to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.peers.openldap_certificates import TestAuthority
from tests.peers.ports import free_port
from tests.peers.radius_tls import FreeRadiusOverTls
from vestibule.crypto.secret import Secret
from vestibule.directories.radius import DIRECTORY, RadiusDirectory
from vestibule.interfaces.directory import PasswordVerdictKind
from vestibule.interfaces.upstream import Carried
from vestibule.model.user import User

ALICE = User(tenant_id="t", user_id="u", username="alice", names=("alice",), created_at=0, updated_at=0)
PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    return TestAuthority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory, authority: TestAuthority) -> Iterator[FreeRadiusOverTls]:
    """One FreeRADIUS for all tests of this file; none of them changes it."""
    certificate, key = authority.issue("server", "127.0.0.1")
    server = FreeRadiusOverTls(
        tmp_path_factory.mktemp("behind") / "freeradius",
        authority=authority.ca_file,
        certificate=certificate,
        key=key,
        users={"alice": PASSWORD},
    )
    server.start()
    yield server
    server.stop()


@asynccontextmanager
async def directory(authority: TestAuthority, *ports: int, **more: Any) -> AsyncIterator[RadiusDirectory]:
    certificate, key = authority.issue("vestibule", "vestibule", for_client=True)
    settings = {
        "servers": [f"127.0.0.1:{port}" for port in ports],
        "transport": "tls",
        "ca_file": str(authority.ca_file),
        "certificate_file": str(certificate),
        "key_file": str(key),
        "accounting_port": 2083,
    }
    opened = DIRECTORY.open(settings | more, Secret(""))
    try:
        yield opened
    finally:
        await opened.close()


async def _verdict(opened: RadiusDirectory, password: str = PASSWORD) -> tuple[PasswordVerdictKind, str]:
    verdict = await opened.check_password(ALICE, "alice", Secret(password))
    return verdict.kind, verdict.detail


async def test_passwords_are_checked_over_one_connection(
    behind: FreeRadiusOverTls, authority: TestAuthority
) -> None:
    async with directory(authority, behind.port) as opened:
        assert (await _verdict(opened))[0] is PasswordVerdictKind.MATCH
        assert (await _verdict(opened, "wrong"))[0] is PasswordVerdictKind.MISMATCH
        many = await asyncio.gather(*[_verdict(opened) for _ in range(60)])
        assert {kind for kind, _ in many} == {PasswordVerdictKind.MATCH}


async def test_accounting_takes_the_same_connection(
    behind: FreeRadiusOverTls, authority: TestAuthority
) -> None:
    async with directory(authority, behind.port) as opened:
        assert await opened.account(((1, b"alice"), (40, (1).to_bytes(4, "big")), (44, b"s-tls")))
    assert 'Acct-Session-Id = "s-tls"' in (behind.folder / "accounting").read_text()


async def test_a_whole_sign_in_is_carried(behind: FreeRadiusOverTls, authority: TestAuthority) -> None:
    async with directory(authority, behind.port) as opened:
        carried = await opened.carry(((1, b"alice"), (2, b"")), Secret(PASSWORD.encode()))
        assert isinstance(carried, Carried)
        assert carried.code == 2


async def test_a_server_that_is_not_the_one_is_told_nothing(
    behind: FreeRadiusOverTls, authority: TestAuthority, tmp_path: Path
) -> None:
    """RFC 6614 §2.3: of another authority, or with another name, it hears no password."""
    other = TestAuthority(tmp_path / "other")
    async with directory(authority, behind.port, ca_file=str(other.ca_file)) as opened:
        assert await _verdict(opened) == (PasswordVerdictKind.UNAVAILABLE, "radius.trouble.not_trusted")
    async with directory(authority, servers=[f"localhost:{behind.port}"]) as opened:
        assert await _verdict(opened) == (PasswordVerdictKind.UNAVAILABLE, "radius.trouble.not_trusted")


async def test_the_next_server_is_asked_when_one_is_gone(
    behind: FreeRadiusOverTls, authority: TestAuthority
) -> None:
    async with directory(authority, free_port(), behind.port) as opened:
        assert (await _verdict(opened))[0] is PasswordVerdictKind.MATCH


async def test_a_connection_that_was_closed_meanwhile_is_made_anew(
    behind: FreeRadiusOverTls, authority: TestAuthority
) -> None:
    """It may end while a request is on its way: that one is sent once more."""
    async with directory(authority, behind.port) as opened:
        assert (await _verdict(opened))[0] is PasswordVerdictKind.MATCH
        (road,) = opened._servers._roads.values()
        before = road._connection  # type: ignore[attr-defined]  # of this road, which is one over TLS
        checking = asyncio.ensure_future(_verdict(opened))
        await asyncio.sleep(0)
        before.end()
        assert (await checking)[0] is PasswordVerdictKind.MATCH


@pytest.mark.parametrize(
    ("wrong", "setting"),
    [
        ({"certificate_file": ""}, "certificate_file"),
        ({"certificate_file": "/nowhere.pem"}, "certificate_file"),
        ({"ca_file": "/nowhere.pem"}, "ca_file"),
        ({"transport": "tcp"}, "transport"),
    ],
)
async def test_a_setting_that_cannot_be_used_is_named(
    authority: TestAuthority, wrong: dict[str, str], setting: str
) -> None:
    with pytest.raises(ValueError, match=setting):
        async with directory(authority, 2083, **wrong):
            pass
