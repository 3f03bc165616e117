"""The doctor of RADIUS clients beside real devices that are set up wrongly, and who signs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec
import pytest

from tests.houses import PASSWORD, TENANT
from tests.integration.phone.conftest import PhoneHouse
from tests.integration.phone.test_calls import Handset
from tests.integration.phone.test_radius_waits import Concentrator, add_alice
from tests.peers.freeradius import DICTIONARIES
from tests.peers.program import find_program
from tests.until import until_read
from vestibule.frontends.radius.listener import RadiusFrontend
from vestibule.frontends.radius.watching import Watch
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.model.application import Client, ClientKind
from vestibule.model.radius_client import Signing
from vestibule.model.tenant import DAY_MS
from vestibule.policy.client_doctor import Finding, Grade
from vestibule.policy.client_signing import Advice, ClientSigning
from vestibule.runtime.clock import SystemClock
from vestibule.services.refusal import Refused


class WatchClock:
    """Shows at first what the house's clock shows, goes on as time does, and is put forward by a test."""

    def __init__(self, phones: PhoneHouse) -> None:
        self.ahead_ms = phones.house.clock.now() - SystemClock().now()

    def now(self) -> int:
        return SystemClock().now() + self.ahead_ms


@dataclass(slots=True)
class Watched:
    """A door that is watched, and a device in front of it."""

    phones: PhoneHouse
    device: Concentrator
    watch: Watch
    clock: WatchClock
    client: Client

    async def findings(self) -> dict[str, Finding]:
        await self.watch.flush()
        sightings = self.phones.house.services.client_sightings
        found = await sightings.findings(SYSTEM, TENANT, self.client.client_id, 0)
        return {each.key: each for each in found}

    async def signing(self) -> ClientSigning:
        await self.watch.flush()
        (report,) = await self.phones.house.services.client_sightings.signing(SYSTEM, TENANT)
        return report

    async def send(self, *attributes: str, secret: str | None = None) -> str:
        """Ask once with radclient and exactly these attributes."""
        process = await asyncio.create_subprocess_exec(
            *(find_program("radclient"), "-x", "-r", "1", "-t", "1", "-D", DICTIONARIES),
            *(f"127.0.0.1:{self.device.port}", "auth", secret or self.device.secret),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        shown, _ = await process.communicate("\n".join(('User-Name = "alice"', *attributes)).encode())
        return shown.decode()


@asynccontextmanager
async def watched(
    phones: PhoneHouse, address: str = "127.0.0.1/32", **settings: object
) -> AsyncIterator[Watched]:
    services, clock = phones.house.services, WatchClock(phones)
    client = await services.applications.add_client(
        SYSTEM, TENANT, "vpn", ClientKind.RADIUS, "concentrator", address=address, settings=settings
    )
    secret = await services.applications.add_shared_secret(SYSTEM, TENANT, client.client_id)
    watch = Watch(clock, services.client_sightings.keep)
    frontend = RadiusFrontend(
        services.verifications,
        services.configuration,
        clock,
        services.metrics,
        [("127.0.0.1", 0)],
        watch=watch,
    )
    await frontend.start()
    try:
        port = frontend.addresses()[0].rpartition(":")[2]
        yield Watched(phones, Concentrator(port, secret.reveal()), watch, clock, client)
    finally:
        await frontend.stop(0.1)


UNSIGNED = (f'User-Password = "{PASSWORD}"', 'NAS-Identifier = "vpn"', 'Calling-Station-Id = "192.0.2.7"')
SIGNED = (*UNSIGNED, "Message-Authenticator = 0x00")


async def test_a_device_with_another_secret_is_told_apart(phones: PhoneHouse) -> None:
    """RA-06, RA-11: signed, it is proven by the signature."""
    async with watched(phones) as door:
        assert "No reply" in await door.send(*SIGNED, secret="another secret of the device")
        assert (await door.findings()).keys() == {"wrong_signature"}


async def test_without_signature_the_password_tells_of_the_secret(phones: PhoneHouse) -> None:
    async with watched(phones, message_authenticator="observe") as door:
        await door.send(*UNSIGNED, secret="another secret of the device")
        found = await door.findings()
    assert found["unreadable_password"].grade is Grade.PROBLEM
    assert "unsigned" in found


async def test_a_device_that_waits_for_three_seconds_gives_up(phones: PhoneHouse) -> None:
    """RA-25: `radclient -t 1 -r 3`, and a person who answers the call later."""
    await add_alice(phones)
    async with watched(phones) as door:
        asked = asyncio.create_task(door.device.ask(PASSWORD, tries=3, seconds=1))
        gateway, call = await phones.far.next_call()
        assert "No reply" in await asked
        door.clock.ahead_ms += 10_000
        handset = Handset(gateway, call.delivery_id)
        await handset.answer()
        await handset.press("#")
        found = await until_read(door.findings, lambda found: "gave_up" in found)
    assert found["gave_up"].grade is Grade.PROBLEM
    assert found["gave_up"].value in (3, 4)


async def test_chap_is_told_where_no_server_behind_could_check_it(phones: PhoneHouse) -> None:
    """RA-17."""
    async with watched(phones) as door:
        shown = await door.send('CHAP-Password = "x"', *SIGNED[1:])
        assert "Received Access-Reject" in shown
        assert (await door.findings()).keys() == {"chap_refused"}


async def test_a_device_at_an_unknown_address_is_listed(phones: PhoneHouse) -> None:
    """RA-12: silence for the device, its address for the administrator."""
    async with watched(phones, address="192.0.2.200/32") as door:
        assert "No reply" in await door.send(*SIGNED)
        assert (await door.findings()).keys() == {"silent"}
        sightings = phones.house.services.client_sightings
        (stranger,) = await sightings.strangers(SYSTEM, 0)
    assert stranger.client_id == "127.0.0.1"


async def test_what_a_sound_device_sends_is_fine(phones: PhoneHouse) -> None:
    await phones.house.add_person("Alice")
    async with watched(phones) as door:
        assert "Received Access-Challenge" in await door.send(*SIGNED)
        assert (await door.findings()).keys() == {"undecided"}
        await door.send('User-Password = "wrong"', *SIGNED[1:])
        assert (await door.findings()).keys() == {"only_rejected"}


async def test_signing_is_raised_step_by_step(phones: PhoneHouse) -> None:
    """RA-06, CVE-2024-3596: counted, then warned of once a day, then demanded."""
    services = phones.house.services
    async with watched(phones, message_authenticator="observe") as door:
        assert (await door.signing()).advice is Advice.UNSEEN
        assert "Received Access-Reject" in await door.send(*UNSIGNED)
        report = await door.signing()
        assert (report.advice, report.unsigned, report.signed) == (Advice.LACKING, 1, 0)
        assert await told(phones) == []

        raised = await services.applications.raise_signing(SYSTEM, TENANT, door.client.client_id)
        assert raised.settings["message_authenticator"] == Signing.WARN
        for _ in range(2):
            assert "Received Access-Reject" in await door.send(*UNSIGNED)
            await door.watch.flush()
        assert await told(phones) == ["client.unsigned"]

        await services.applications.raise_signing(SYSTEM, TENANT, door.client.client_id)
        assert "No reply" in await door.send(*UNSIGNED)
        assert "Received Access-Reject" in await door.send(*SIGNED)
        report = await door.signing()
        assert (report.advice, report.step) == (Advice.DROPPED, Signing.REQUIRE)
        with pytest.raises(Refused):
            await services.applications.raise_signing(SYSTEM, TENANT, door.client.client_id)

        current = services.configuration.current.peers[door.client.client_id].client
        lower = msgspec.structs.replace(current, settings={"message_authenticator": "warn"})
        await services.applications.change_client(SYSTEM, lower)
        assert await told(phones) == ["client.signing_lowered", "client.unsigned"]


async def test_a_client_is_ready_a_week_after_its_last_unsigned_request(phones: PhoneHouse) -> None:
    async with watched(phones, message_authenticator="warn") as door:
        await door.send(*UNSIGNED)
        assert (await door.signing()).advice is Advice.LACKING
        phones.house.clock.advance(7 * DAY_MS / 1000 + 60)
        door.clock.ahead_ms += 7 * DAY_MS + 60_000
        await door.send(*SIGNED)
        report = await door.signing()
    assert (report.advice, report.signed, report.unsigned) == (Advice.READY, 1, 0)
    assert report.signed_at is not None


async def told(phones: PhoneHouse) -> list[str]:
    """The kinds of what administrators are told about clients, by name."""
    listed = await phones.house.services.attempts.events(SYSTEM, TENANT, "client.", Page())
    return sorted(each.kind for each in listed.rows if each.kind not in ("client.added", "client.changed"))
