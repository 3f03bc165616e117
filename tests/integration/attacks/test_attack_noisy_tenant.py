"""What one tenant suffers, or does, is nobody else's trouble."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.conformance.stores.records import delivery
from tests.houses import PASSWORD, TestHouse
from tests.peers.listening import listening
from tests.until import until_read
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id
from vestibule.interfaces.store import Transaction
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind, DirectoryConfiguration, FirstFactor
from vestibule.model.delivery import Delivery, DeliveryState

NOISY, QUIET = "acme", "quiet"
MANY = 100


@pytest.fixture
async def asked(house: TestHouse) -> AsyncIterator[asyncio.Queue[None]]:
    """Somebody waits at the directory of the noisy tenant, which takes connections and says nothing."""
    came: asyncio.Queue[None] = asyncio.Queue()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.put_nowait(None)
        await reader.read()

    async with listening(take) as port:
        settings = {
            "urls": [f"ldap://127.0.0.1:{port}"],
            "base_dn": "dc=example,dc=org",
            "bind_dn": "cn=vestibule,dc=example,dc=org",
            "start_tls": False,
            "timeout_seconds": 30,
        }
        directory = DirectoryConfiguration(
            tenant_id=NOISY, directory_id=new_id(), kind="ldap", name="slow", settings=settings, created_at=0
        )
        applications = house.services.applications
        put = await applications.put_directory(SYSTEM, directory, Secret("never asked for"))
        await house.add_application("slow", FirstFactor.DIRECTORY, directory_id=put.directory_id)
        yield came


async def add_quiet_tenant(house: TestHouse) -> None:
    applications = house.services.applications
    await applications.add_tenant(SYSTEM, QUIET, "Quiet")
    application = await applications.add_application(SYSTEM, QUIET, "VPN", first_factor=FirstFactor.LOCAL)
    client = await applications.add_client(
        SYSTEM, QUIET, application.application_id, ClientKind.API, "vpn", scopes=("verify",)
    )
    house.doors[QUIET] = client.client_id


@pytest.mark.parametrize("password", [None, "wrong"])
async def test_ten_04_who_asks_for_much_waits_behind_himself(
    house: TestHouse, monkeypatch: pytest.MonkeyPatch, password: str | None
) -> None:
    """TEN-04: before a passcode alone is judged, and before a password is counted."""
    monkeypatch.setattr("vestibule.services.fair_share.OWN_ROOM", 1)
    await add_quiet_tenant(house)
    first_factor = FirstFactor.CLIENT if password is None else FirstFactor.LOCAL
    await house.add_application("door", first_factor)
    await house.start("bert", PASSWORD, door=QUIET)
    await asyncio.gather(
        *(house.start(f"nobody{number}", password, "000000", door="door") for number in range(8))
    )
    assert queued(house) >= 7


async def test_ten_04_what_is_to_be_sent_waits_behind_its_tenant(
    house: TestHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TEN-04: texts of a tenant that has many at once, taken from the outbox beside another's sign-ins."""
    monkeypatch.setattr("vestibule.services.fair_share.OWN_ROOM", 1)
    await add_quiet_tenant(house)
    await house.start("nobody", PASSWORD)
    await house.start("bert", PASSWORD, door=QUIET)
    before, now = queued(house), house.clock.now()
    names = [f"d{number}" for number in range(8)]

    async def add(tx: Transaction) -> None:
        for name in names:
            await tx.add_delivery(delivery(NOISY, name, due_at=now, created_at=now, expires_at=now + 60_000))

    async def sent(tx: Transaction) -> list[Delivery | None]:
        return [await tx.delivery(NOISY, name) for name in names]

    await house.store.transact(add)
    sending = asyncio.create_task(house.services.deliveries.run())
    house.services.deliveries.nudge()
    try:
        found = await until_read(
            lambda: house.store.read(sent),
            lambda found: all(each and each.state is DeliveryState.DROPPED for each in found),
        )
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    assert len(found) == 8
    assert queued(house) - before >= 7


def queued(house: TestHouse) -> float:
    registry = house.services.verifications._metrics.registry
    return registry.get_sample_value("vestibule_attempts_queued_total") or 0


async def test_ten_04_a_directory_that_hangs_keeps_no_other_tenant_waiting(
    house: TestHouse, asked: asyncio.Queue[None]
) -> None:
    """TEN-04: a hundred sign-ins of one tenant wait for their directory; somebody of another comes, with his
    password and passcode, and is let in while they still wait."""
    await add_quiet_tenant(house)
    bert = await house.add_person("bert", tenant_id=QUIET)
    people = [await house.add_person(f"person{number}") for number in range(MANY)]
    waiting = [
        asyncio.create_task(house.start(person.user.username, "a password", door="slow")) for person in people
    ]
    try:
        await asked.get()
        progress = await house.start("bert", PASSWORD, bert.passcode(house.clock.now()), door=QUIET)
        assert progress.is_approved
        assert sum(task.done() for task in waiting) == 0
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
