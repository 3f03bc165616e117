"""A VPN waits while its user answers on the phone: radclient at the door, the phone in the test's hands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec
import pytest

from tests.houses import PASSWORD, TENANT, Person
from tests.integration.phone.conftest import NUMBER, PhoneHouse
from tests.integration.phone.test_calls import Handset
from tests.integration.phone.test_texts import passcode_in
from tests.integration.radius.test_radius_scene import DICTIONARIES
from tests.peers.program import find_program
from tests.until import until_read
from vestibule.frontends.radius.listener import RadiusFrontend
from vestibule.interfaces.gateway import Reply
from vestibule.interfaces.store import Transaction
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind, SecondFactor
from vestibule.model.call import CallEventKind
from vestibule.model.verification import Reason, VerificationState
from vestibule.runtime.clock import SystemClock


@dataclass(slots=True)
class Concentrator:
    """A VPN that asks with radclient."""

    port: str
    secret: str

    async def ask(
        self,
        password: str,
        *attributes: str,
        tries: int = 1,
        seconds: int = 20,
        place: str = "192.0.2.7",
        user: str = "alice",
    ) -> str:
        """Send one request and return all that radclient shows of it and of its answer."""
        lines = [
            f'User-Name = "{user}"',
            f'User-Password = "{password}"',
            f'Calling-Station-Id = "{place}"',
            "Message-Authenticator = 0x00",
            *attributes,
        ]
        program = [find_program("radclient"), "-x", "-r", str(tries), "-t", str(seconds), "-D", DICTIONARIES]
        process = await asyncio.create_subprocess_exec(
            *program,
            f"127.0.0.1:{self.port}",
            "auth",
            self.secret,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            shown, _ = await process.communicate("\n".join(lines).encode())
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return shown.decode()


@asynccontextmanager
async def door(phones: PhoneHouse, *, port: int = 0, **settings: object) -> AsyncIterator[Concentrator]:
    services = phones.house.services
    client = await services.applications.add_client(
        SYSTEM, TENANT, "vpn", ClientKind.RADIUS, "concentrator", address="127.0.0.1/32", settings=settings
    )
    secret = await services.applications.add_shared_secret(SYSTEM, TENANT, client.client_id)
    frontend = RadiusFrontend(
        services.verifications,
        services.configuration,
        SystemClock(),
        services.metrics,
        [("127.0.0.1", port)],
    )
    await frontend.start()
    try:
        yield Concentrator(frontend.addresses()[0].rpartition(":")[2], secret.reveal())
    finally:
        await frontend.stop(0.1)


async def add_alice(phones: PhoneHouse, method: str = "voice", **options: object) -> Person:
    alice = await phones.house.add_bare_person("Alice")
    await phones.house.add_phone(alice, method, number=NUMBER, **options)
    return alice


def state_in(shown: str) -> str:
    return shown.rpartition("State = ")[2].split()[0]


@pytest.mark.parametrize("approves", [True, False])
async def test_the_vpn_waits_for_the_key(phones: PhoneHouse, approves: bool) -> None:
    await add_alice(phones)
    async with door(phones) as vpn:
        asked = asyncio.create_task(vpn.ask(PASSWORD))
        gateway, call = await phones.far.next_call()
        handset = Handset(gateway, call.delivery_id)
        await handset.answer()
        await (handset.press("#") if approves else handset.tell(CallEventKind.HUNG_UP))
        shown = await asked
    assert ("Received Access-Accept" in shown) is approves
    assert ("Received Access-Reject" in shown) is not approves
    (attempt,) = await phones.house.attempts()
    assert attempt.reason is (Reason.CALL_CONFIRMED if approves else Reason.CALL_HUNG_UP)


async def test_the_vpn_waits_for_the_reply(phones: PhoneHouse) -> None:
    await add_alice(phones, "sms", two_way=True)
    async with door(phones) as vpn:
        asked = asyncio.create_task(vpn.ask(PASSWORD))
        gateway, text = await phones.far.next_text()
        await gateway.inbox.reply(Reply(sender=NUMBER, recipient="", body=passcode_in(text)))
        assert "Received Access-Accept" in await asked


async def test_retransmissions_ring_once(phones: PhoneHouse) -> None:
    """RA-01: the same packet again and again while the phone rings."""
    await add_alice(phones)
    async with door(phones) as vpn:
        asked = asyncio.create_task(vpn.ask(PASSWORD, tries=10, seconds=1))
        gateway, call = await phones.far.next_call()
        handset = Handset(gateway, call.delivery_id)
        await handset.answer()
        await handset.press("#")
        assert "Received Access-Accept" in await asked
    assert len(phones.far.errands) == 1
    assert len(await phones.house.attempts()) == 1


async def test_a_new_packet_of_the_same_sign_in_rings_once(phones: PhoneHouse) -> None:
    """RA-02, RA-03: the client has lost patience and asks anew; the newer request gets the answer."""
    await add_alice(phones)
    async with door(phones) as vpn:
        lost = asyncio.create_task(vpn.ask(PASSWORD, seconds=20))
        gateway, call = await phones.far.next_call()
        again = asyncio.create_task(vpn.ask(PASSWORD))
        handset = Handset(gateway, call.delivery_id)
        await handset.answer()
        await another_waits(phones, call.delivery_id)
        await handset.press("#")
        assert "Received Access-Accept" in await again
        await give_up(lost)
    assert len(phones.far.errands) == 1
    assert len(await phones.house.attempts()) == 1


async def give_up(asking: asyncio.Task[str]) -> None:
    """End a radclient whose answer nobody waits for any more."""
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


async def another_waits(phones: PhoneHouse, delivery_id: str) -> None:
    """Return as soon as a request that came later than the first is the one that waits."""
    (attempt,) = await phones.house.attempts()
    first = (attempt.idempotency_key or "")[:32]

    async def waiter(tx: Transaction) -> str:
        delivery = await tx.delivery(TENANT, delivery_id)
        assert delivery is not None
        challenge = await tx.challenge(TENANT, delivery.challenge_id)
        assert challenge is not None
        return challenge.waiter

    await until_read(lambda: phones.house.store.read(waiter), lambda found: found != first)


async def test_a_sign_in_from_elsewhere_cannot_ride_on_the_call(phones: PhoneHouse) -> None:
    """RA-05, CH-08: an attacker who knows the password asks while the phone rings."""
    await add_alice(phones)
    async with door(phones) as vpn:
        asked = asyncio.create_task(vpn.ask(PASSWORD))
        gateway, call = await phones.far.next_call()
        assert "Received Access-Reject" in await vpn.ask(PASSWORD, place="203.0.113.66")
        handset = Handset(gateway, call.delivery_id)
        await handset.answer()
        await handset.press("#")
        assert "Received Access-Accept" in await asked
    assert len(phones.far.errands) == 1


async def test_the_texted_passcode_is_asked_for(phones: PhoneHouse) -> None:
    await add_alice(phones, "sms")
    async with door(phones) as vpn:
        shown = await vpn.ask(PASSWORD)
        assert "Received Access-Challenge" in shown
        _, text = await phones.far.next_text()
        shown = await vpn.ask(passcode_in(text), f"State = {state_in(shown)}")
        assert "Received Access-Accept" in shown


async def test_another_way_is_offered_and_chosen_in_the_window_of_the_vpn(phones: PhoneHouse) -> None:
    """S37: typed number or word."""
    alice = await add_alice(phones)
    await phones.house.add_phone(alice, "sms", number=NUMBER)
    await phones.house.change_user(alice, default_method="voice")
    async with door(phones) as vpn:
        asked = asyncio.create_task(vpn.ask(PASSWORD))
        gateway, call = await phones.far.next_call()
        await Handset(gateway, call.delivery_id).tell(CallEventKind.NO_ANSWER)
        shown = await asked
        assert "Received Access-Challenge" in shown
        assert "2 for a text" in shown
        shown = await vpn.ask("sms", f"State = {state_in(shown)}")
        assert "Received Access-Challenge" in shown
        _, text = await phones.far.next_text()
        shown = await vpn.ask(passcode_in(text), f"State = {state_in(shown)}")
        assert "Received Access-Accept" in shown
    (attempt,) = await phones.house.attempts()
    assert attempt.reason is Reason.TEXT_VERIFIED


async def test_who_needs_longer_than_the_vpn_waits_goes_on(phones: PhoneHouse) -> None:
    """The window of a request ends the wait, not the sign-in."""
    await add_alice(phones)
    async with door(phones, response_seconds=3) as vpn:
        shown = await vpn.ask(PASSWORD)
        assert "Received Access-Challenge" in shown
        gateway, call = await phones.far.next_call()
        handset = Handset(gateway, call.delivery_id)
        await handset.answer()
        asked = asyncio.create_task(vpn.ask("", f"State = {state_in(shown)}"))
        await handset.press("#")
        assert "Received Access-Accept" in await asked
    assert len(phones.far.errands) == 1


async def test_a_call_that_is_refused_ends_in_a_rejection(phones: PhoneHouse) -> None:
    await add_alice(phones)
    async with door(phones) as vpn:
        asked = asyncio.create_task(vpn.ask(PASSWORD))
        gateway, call = await phones.far.next_call()
        await Handset(gateway, call.delivery_id).tell(CallEventKind.DECLINED)
        assert "Received Access-Reject" in await asked
    (attempt,) = await phones.house.attempts()
    assert attempt.state is VerificationState.DENIED


async def test_a_door_that_can_show_nothing_calls_for_the_password_alone(phones: PhoneHouse) -> None:
    """OTP-20: a wrong password calls nobody; who can only type a passcode has to type it behind the
    password."""
    await add_alice(phones)
    bob = await phones.house.add_person("bob", "hotp")
    async with door(phones, mode="combined") as vpn:
        assert "Received Access-Reject" in await vpn.ask("wrong")
        for code, answer in (("Accept", "#"), ("Reject", "")):
            phones.house.clock.advance(1)
            asked = asyncio.create_task(vpn.ask(PASSWORD))
            gateway, call = await phones.far.next_call()
            handset = Handset(gateway, call.delivery_id)
            await handset.answer()
            await (handset.press(answer) if answer else handset.tell(CallEventKind.HUNG_UP))
            assert f"Received Access-{code}" in await asked
        assert "Received Access-Reject" in await vpn.ask(PASSWORD, user="bob")
        passcode = bob.passcode(0).reveal()
        assert "Received Access-Accept" in await vpn.ask(PASSWORD + passcode, user="bob")
    assert len(phones.far.errands) == 2


async def test_a_door_that_can_show_nothing_asks_for_nothing_where_nothing_is_demanded(
    phones: PhoneHouse,
) -> None:
    await add_alice(phones)
    applications = phones.house.services.applications
    vpn_application = phones.house.services.configuration.current.applications[TENANT, "vpn"]
    by_rules = msgspec.structs.replace(vpn_application, second_factor=SecondFactor.BY_RULES)
    await applications.change_application(SYSTEM, by_rules)
    async with door(phones, mode="combined") as vpn:
        assert "Received Access-Accept" in await vpn.ask(PASSWORD)
        assert "Received Access-Reject" in await vpn.ask("wrong")
    assert not phones.far.errands
