"""An old program behind a RADIUS client: radclient, which knows name and password only. Both engines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.houses import PASSWORD, TENANT, TestHouse
from tests.integration.app_passwords.scene import MAIL, VPN, add_alice, furnish, make
from tests.peers.freeradius import DICTIONARIES
from tests.peers.program import find_program, run
from vestibule.crypto.secret import Secret
from vestibule.frontends.radius import RadiusFrontend
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind
from vestibule.model.verification import Reason

SHARED = "a_shared_secret_of_the_tests"

SignIn = Callable[[str], Awaitable[str]]


@pytest.fixture
async def sign_in(house: TestHouse) -> AsyncIterator[SignIn]:
    """Send alice's name and a password, by radclient; returns what it printed."""
    services = house.services
    frontend = RadiusFrontend(
        services.verifications,
        services.configuration,
        house.clock,
        services.metrics,
        [("127.0.0.1", 0)],
        check_store=house.store.check,
    )
    await frontend.start()

    async def by_radclient(password: str) -> str:
        house.clock.advance(0.001)  # attempts are listed by time
        done = await asyncio.to_thread(
            run,
            [
                *(find_program("radclient"), "-x", "-r", "1", "-t", "5", "-D", str(DICTIONARIES)),
                *(frontend.addresses()[0], "auth", SHARED),
            ],
            text=f'User-Name = "alice"\nUser-Password = "{password}"\nMessage-Authenticator = 0x00',
        )
        return done.stdout + done.stderr

    try:
        yield by_radclient
    finally:
        await frontend.stop(5)


async def connect(house: TestHouse, application_id: str, **settings: object) -> None:
    """Put a RADIUS client before an application."""
    applications = house.services.applications
    client = await applications.add_client(
        SYSTEM, TENANT, application_id, ClientKind.RADIUS, "server", address="127.0.0.1", settings=settings
    )
    await applications.add_shared_secret(SYSTEM, TENANT, client.client_id, Secret(SHARED))


@pytest.mark.parametrize("mode", ["challenge", "combined"])
async def test_s43_radclient_gets_in_with_an_app_password_only(
    house: TestHouse, sign_in: SignIn, mode: str
) -> None:
    """S42, S43, S40: whatever the client was set to for programs of today."""
    await furnish(house)
    alice = await add_alice(house)
    await connect(house, MAIL, mode=mode)
    shown = await make(house, alice)
    assert "Received Access-Reject" in await sign_in(PASSWORD)
    assert "Received Access-Accept" in await sign_in(shown.reveal())
    await house.services.app_passwords.revoke_all(SYSTEM, TENANT, alice.user.user_id)
    assert "Received Access-Reject" in await sign_in(shown.reveal())
    reasons = [attempt.reason for attempt in await house.attempts()]
    assert reasons == [
        Reason.APP_PASSWORD_REQUIRED,
        Reason.APP_PASSWORD_VERIFIED,
        Reason.PASSWORD_WRONG,
    ]


async def test_s45_where_the_client_can_ask_the_password_leads_to_a_question(
    house: TestHouse, sign_in: SignIn
) -> None:
    """S45, APP-01: and an app password is a wrong one."""
    await furnish(house)
    alice = await add_alice(house)
    await connect(house, VPN)
    assert "Received Access-Challenge" in await sign_in(PASSWORD)
    assert "Received Access-Reject" in await sign_in((await make(house, alice)).reveal())
