"""Accounting: stored, passed on to FreeRADIUS, then answered (RFC 2866)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.houses import TENANT
from tests.integration.proxy.conftest import CLIENT_SECRET, Scene, scene
from tests.peers.freeradius import DICTIONARIES
from tests.peers.freeradius_eap import FreeRadiusEap
from tests.peers.ports import free_port
from tests.peers.program import find_program
from vestibule.frontends.radius.accounting import AccountingDoor
from vestibule.frontends.radius.watching import Watch
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.radius import AccountingFilter
from vestibule.model.accounting_record import AccountingRecord, Forwarding
from vestibule.model.actor import SYSTEM
from vestibule.runtime.clock import SystemClock

START = (
    'User-Name = "alice"',
    "Acct-Status-Type = Start",
    'Acct-Session-Id = "s-1"',
    "NAS-IP-Address = 192.0.2.1",
    "Framed-IP-Address = 198.51.100.7",
)


@asynccontextmanager
async def accounting(made: Scene) -> AsyncIterator[int]:
    services = made.phones.house.services
    door = AccountingDoor(
        services.accounting,
        services.proxying,
        services.configuration,
        SystemClock(),
        [("127.0.0.1", 0)],
        90,
        Watch(SystemClock()),
    )
    await door.start()
    try:
        yield int(door.addresses()[0].rpartition(":")[2])
    finally:
        await door.stop(0.1)


async def tell(port: int, *attributes: str, secret: str = CLIENT_SECRET, seconds: float = 5) -> str:
    """Send an Accounting-Request with radclient; return what it shows."""
    process = await asyncio.create_subprocess_exec(
        *(find_program("radclient"), "-x", "-r", "1", "-t", str(seconds), "-D", str(DICTIONARIES)),
        *(f"127.0.0.1:{port}", "acct", secret),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    shown, _ = await process.communicate("\n".join(attributes).encode())
    return shown.decode()


async def kept(made: Scene) -> list[AccountingRecord]:
    where = AccountingFilter()
    listed = await made.phones.house.services.accounting.list(SYSTEM, TENANT, where, Page(limit=9))
    return list(listed.rows)


async def test_what_is_told_is_stored_passed_on_and_answered(
    tmp_path: Path, freeradius_eap: FreeRadiusEap
) -> None:
    port = freeradius_eap.accounting_port
    async with scene(tmp_path, freeradius_eap.name, accounting_port=port) as made, accounting(made) as door:
        assert "Received Accounting-Response" in await tell(door, *START)
        assert "Received Accounting-Response" in await tell(door, *START), "told again, to be sure"
        (one,) = await kept(made)
    assert (one.kind, one.username, one.session) == ("Start", "alice", "s-1")
    assert one.forwarding is Forwarding.DONE
    assert one.attributes["Framed-IP-Address"] == ["198.51.100.7"]
    written = (freeradius_eap.folder / "accounting").read_text()
    assert 'Acct-Session-Id = "s-1"' in written
    assert "Framed-IP-Address = 198.51.100.7" in written


async def test_what_the_server_behind_has_not_confirmed_is_not_answered(
    tmp_path: Path, freeradius_eap: FreeRadiusEap
) -> None:
    """RFC 2866 §2.3: the client repeats it; what is stored already is not stored again."""
    dead = free_port()
    options = {"accounting_port": dead, "timeout_seconds": 0.3}
    async with scene(tmp_path, freeradius_eap.name, **options) as made, accounting(made) as door:
        assert "No reply" in await tell(door, *START, seconds=1)
        assert [one.forwarding for one in await kept(made)] == [Forwarding.PENDING]


async def test_who_has_not_the_secret_causes_nothing(tmp_path: Path, freeradius_eap: FreeRadiusEap) -> None:
    """RFC 2866 §3: without the right Request Authenticator there is no answer, and nothing is stored."""
    async with scene(tmp_path, freeradius_eap.name) as made, accounting(made) as door:
        assert "No reply" in await tell(door, *START, secret="another secret", seconds=1)
        assert await kept(made) == []
