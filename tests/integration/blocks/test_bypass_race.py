"""One bypass, and everybody at once: over the RADIUS wire and at the portal, at two nodes (BYP-01)."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from tests.callers import ACCESS_ACCEPT, access_request, insist, proven_code, radius_socket
from tests.houses import PASSWORD, TENANT, TestHouse
from tests.integration.http_api.house import HttpHouse, usual_app
from tests.integration.registration.browser import ROOT, Browser, browsing
from vestibule.crypto.secret import Secret
from vestibule.frontends.radius.listener import RadiusFrontend
from vestibule.interfaces.transaction.blocks import BypassFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind
from vestibule.model.bypass import BypassState
from vestibule.model.verification import Reason
from vestibule.runtime.clock import SystemClock
from vestibule.services.bypasses import NewBypass

SECRET = b"a_shared_secret_of_the_tests"
OF_EACH_DOOR = 2
"""Racers at each of two doors of each of two nodes."""


@asynccontextmanager
async def radius_door(house: TestHouse) -> AsyncIterator[tuple[str, int]]:
    services = house.services
    frontend = RadiusFrontend(
        services.verifications,
        services.configuration,
        SystemClock(),
        services.metrics,
        [("127.0.0.1", 0)],
    )
    await frontend.start()
    try:
        yield "127.0.0.1", int(frontend.addresses()[0].rpartition(":")[2])
    finally:
        await frontend.stop(0.1)


async def over_radius(peer: socket.socket, number: int) -> bool:
    request = access_request(SECRET, number % 256, "alice", PASSWORD)
    reply = await asyncio.to_thread(insist, peer, request)
    return proven_code(reply, request, SECRET) == ACCESS_ACCEPT


async def at_the_portal(browser: Browser) -> bool:
    browser.client.cookies.clear()
    answer = await browser.post(f"{ROOT}/sign-in", username="alice", password=PASSWORD)
    assert answer.status_code in (200, 303), answer.text
    return (await browser.get(f"{ROOT}/security")).status_code == 200


async def test_one_bypass_lets_in_one_of_all_who_come_at_once(
    nodes: tuple[TestHouse, TestHouse], proof: Callable[[int, int], int]
) -> None:
    """BYP-01: one accept in each round, never two and never none."""
    rounds = proof(5, 200)
    first, second = nodes
    await first.services.setup.ensure_portal(TENANT)
    applications = first.services.applications
    client = await applications.add_client(
        SYSTEM, TENANT, "vpn", ClientKind.RADIUS, "concentrator", address="127.0.0.1/32"
    )
    await applications.add_shared_secret(SYSTEM, TENANT, client.client_id, Secret(SECRET.decode()))
    await second.services.configuration.refresh()
    alice = await first.add_person("alice")
    let_in: Counter[int] = Counter()
    async with AsyncExitStack() as stack:
        peers, browsers = [], []
        for node in nodes:
            address = await stack.enter_async_context(radius_door(node))
            place = HttpHouse(node, stack.enter_context(usual_app(node.services)))
            for _ in range(OF_EACH_DOOR):
                peers.append(stack.enter_context(radius_socket(address)))
                browsers.append(await stack.enter_async_context(browsing(place)))
        for number in range(rounds):
            wanted = NewBypass(reason="Phone forgotten")
            await first.services.bypasses.make(SYSTEM, TENANT, alice.user.user_id, wanted)
            racers = [over_radius(peer, number) for peer in peers]
            racers += [at_the_portal(browser) for browser in browsers]
            let_in[sum(await asyncio.gather(*racers))] += 1
    assert let_in == {1: rounds}
    approved = await first.attempts(reason=Reason.BYPASSED.value)
    assert len(approved) == rounds
    listed = await first.services.bypasses.list(SYSTEM, TENANT, BypassFilter(), Page(limit=500))
    assert {bypass.state for bypass in listed.rows} == {BypassState.USED}
