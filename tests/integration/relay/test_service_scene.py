"""A service and the servers of two customers: three processes, each with a database of its own. People
sign in at either server by text, by call and with the app.

Each server stands in a network of its own that lets nobody in; all that crosses its cable is captured. Where
this machine makes no such networks, all are on its loopback, and nothing is captured.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.customers import RULES, CallProvider, TextProvider, make_service, put_rules, told_ids
from tests.installations import TENANT, furnish
from tests.integration.link.conftest import Certificate
from tests.integration.link.test_link_processes import Capture, activate
from tests.integration.relay.test_relay_processes import WAITER, add_person, opened
from tests.peers.app_device import AppDevice
from tests.peers.network import Network
from tests.peers.ports import free_port
from tests.peers.program import PeerFailed, Program, run_well
from tests.server_fixtures import MakeServer, make_server
from tests.servers import ServerProcess
from tests.until import until_read
from vestibule.crypto.secret import Secret
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.interfaces.transaction.sending import DeliveryFilter
from vestibule.model.actor import SYSTEM
from vestibule.model.user import User
from vestibule.runtime.build import House
from vestibule.services.activating import Began
from vestibule.services.app_activations import METHOD
from vestibule.services.attempt_telling import SETTLED_MS
from vestibule.services.phones import NewPhone

__all__ = ["make_server"]

CUSTOMERS = ("north", "south")
_DOORWAY = """
import asyncio, sys

async def carry(reader, writer):
    while octets := await reader.read(65536):
        writer.write(octets)
        await writer.drain()
    writer.close()

async def lead(reader, writer):
    far_reader, far_writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
    await asyncio.gather(carry(reader, far_writer), carry(far_reader, writer), return_exceptions=True)

async def main():
    async with await asyncio.start_unix_server(lead, sys.argv[1]) as server:
        print("it is open", flush=True)
        await server.serve_forever()

asyncio.run(main())
"""
"""Leads from a file to the server's loopback: for those who stand beside the server, in its network."""


@dataclass(slots=True)
class Site:
    """A customer's server, who asks there, and an app that is about to be activated."""

    customer: str
    server: ServerProcess
    caller: httpx.AsyncClient
    holder: User
    authenticator_id: str
    code: str

    async def start(self, username: str) -> dict[str, Any]:
        answer = await self.caller.post("/api/v1/verifications", json={"username": username})
        assert answer.status_code == 200, answer.text
        begun = dict(answer.json())
        assert begun["state"] == "pending", begun
        return begun

    async def ended(self, begun: dict[str, Any]) -> str:
        answer = await self.caller.get(f"/api/v1/verifications/{begun['id']}", params={"wait": 20})
        return str(answer.json()["state"])

    async def by_text(self, texts: TextProvider) -> str:
        begun = await self.start("text")
        text = await texts.text_to(number_of(self.customer, "text"))
        body = {"challenge_id": begun["challenge"]["id"], "passcode": text.passcode}
        answer = await self.caller.post(f"/api/v1/verifications/{begun['id']}/answer", json=body)
        return str(answer.json()["state"])

    async def by_call(self) -> str:
        return await self.ended(await self.start("call"))

    async def by_app(self, tls: ssl.SSLContext) -> str:
        """Activate the app at the service, and approve a sign-in there."""
        async with opened(self.server.settings) as house:
            address = await house.services.relayed_apps.address()
            async with httpx.AsyncClient(base_url=address, verify=tls, trust_env=False) as relay:
                device = AppDevice(relay)
                await device.activate(self.code)
                activations = house.services.app_activations
                stage = await activations.stage_of(self.holder, self.authenticator_id, WAITER)
                await device.approve(await device.next_request(), stage.number)
                begun = await self.start("app")
                request = await device.next_request(20)
                await device.approve(request, begun["challenge"].get("number", ""))
                return await self.ended(begun)


def number_of(customer: str, name: str) -> str:
    """One of the numbers that are never given to anybody (030 23125 000 to 999)."""
    return f"+493023125{300 + 10 * CUSTOMERS.index(customer) + ('text', 'call').index(name)}"


async def add_people(house: House, customer: str) -> tuple[User, str, str]:
    """Add who is texted, who is called, and who has an app; return the last, its authenticator and a code."""
    for name, method in (("text", "sms"), ("call", "voice")):
        user = await add_person(house, name)
        phone = NewPhone(method=method, typed=number_of(customer, name))
        await house.services.phones.add(SYSTEM, TENANT, user.user_id, phone)
    user = await add_person(house, "app")
    enrolled = await house.services.enrollments.begin(SYSTEM, TENANT, user.user_id, METHOD, "")
    begun = await house.services.app_activations.invite(user, enrolled.authenticator, Began.PROVEN, WAITER)
    return user, begun.authenticator_id, begun.code.reveal()


@contextmanager
def networks() -> Iterator[dict[str, Network] | None]:
    """A network for the server of each customer, from which the service of the first is reached; None where
    this machine makes none."""
    with ExitStack() as stack:
        made = {customer: Network() for customer in CUSTOMERS}
        try:
            for network in made.values():
                stack.callback(network.stop)
                network.start()
                run_well(network.inside("ip", "route", "add", "default", "via", network.here))
        except PeerFailed as why:
            print(f"no networks of their own, so on loopback: {why}")
            yield None
        else:
            yield made


@asynccontextmanager
async def asking(
    server: ServerProcess, network: Network | None, api_key: str
) -> AsyncIterator[httpx.AsyncClient]:
    """Who asks at the server: an application that stands beside it."""
    headers = {"authorization": f"Bearer {api_key}"}
    url = f"http://127.0.0.1:{server.http_port}"
    if network is None:
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=40, trust_env=False) as caller:
            yield caller
        return
    place = server.state_directory / "doorway"
    doorway = Program(network.inside(sys.executable, "-c", _DOORWAY, place, server.http_port))
    doorway.wait_for("it is open")
    try:
        transport = httpx.AsyncHTTPTransport(uds=str(place))
        async with httpx.AsyncClient(
            base_url=url, headers=headers, timeout=40, transport=transport
        ) as caller:
            yield caller
    finally:
        doorway.kill()


async def lets_nobody_in(server: ServerProcess, network: Network) -> None:
    for port in (server.http_port, server.radius_port):
        with pytest.raises(OSError, match="Connect call failed"):
            await asyncio.open_connection(network.there, port)


@pytest.mark.prove(only=True)
@pytest.mark.timeout(300)
async def test_people_of_two_customers_sign_in_through_one_service(
    tmp_path: Path, make_server: MakeServer
) -> None:
    """S1, S2, S3, S4: what is needed crosses each cable inside TLS, to one port, and begins at the server."""
    async with AsyncExitStack() as stack:
        around = stack.enter_context(networks())
        host = "127.0.0.1" if around is None else around[CUSTOMERS[0]].here
        port, certificate = free_port(), Certificate(tmp_path / "certificates", host)
        url = f"https://{host}:{port}"
        service = make_server(
            "service",
            role="service",
            http_listen=f"{host}:{port}",
            http_public_url=url,
            http_tls_certificate=str(certificate.file),
            http_tls_key=str(certificate.key),
        )
        texts = await stack.enter_async_context(TextProvider())
        calls = CallProvider(certificate.ca_file)
        await stack.enter_async_context(calls)
        shown = await make_service(service.settings, CUSTOMERS, texts, calls)
        service.start()
        captures, sites = {}, []
        for customer in CUSTOMERS:
            network = None if around is None else around[customer]
            wrapper = [] if network is None else network.inside()
            server = make_server(
                customer,
                wrapper=wrapper,
                role="server",
                node_name=f"mfa-{customer}",
                link_service=url,
                link_ca_file=str(certificate.ca_file),
            )
            installation = await asyncio.to_thread(furnish, server.settings)
            async with opened(server.settings) as house:
                await put_rules(house, TENANT, RULES)
                app = await add_people(house, customer)
            if network is not None:
                captures[customer] = Capture(network.cable)
                stack.callback(captures[customer].close)
            await asyncio.to_thread(activate, server, Secret(shown[customer]), wrapper)
            server.start()
            await asyncio.to_thread(server.program.wait_for, "link is up")
            if network is not None:
                await lets_nobody_in(server, network)
            caller = await stack.enter_async_context(asking(server, network, installation.api_key))
            sites.append(Site(customer, server, caller, *app))
        tls = ssl.create_default_context(cafile=str(certificate.ca_file))
        for site in sites:
            assert await site.by_app(tls) == "approved"
        ways = [way for site in sites for way in (site.by_text(texts), site.by_call())]
        ended = await asyncio.gather(*ways)
        assert set(ended) == {"approved"}
        await each_customer_has_his_own(service, sites)
        for site in sites:
            assert site.server.stop() == 0
        assert service.stop() == 0
        for customer, capture in captures.items():
            assert around is not None
            assert capture.begun() == {(around[customer].there, port)}
            assert capture.beginnings() == {b"\x16\x03"}, "each end begins with a handshake of TLS"
            assert capture.protocols() == {6}, "TCP"


async def each_customer_has_his_own(service: ServerProcess, sites: list[Site]) -> None:
    """Attempts are told to the provider of whose they are; a number is known where something was sent."""
    async with opened(service.settings) as theirs:
        for site in sites:
            async with opened(site.server.settings) as own:
                rows = await own.store.read(lambda tx: tx.attempts_in_order(TENANT, (0, ""), 2**60, 100))
            made = sorted(each.verification_id for each in rows)
            assert len(made) == 4, "the activation of the app, the app, a text, a call"

            seconds = 3 * SETTLED_MS / 1000
            with suppress(TimeoutError):
                await until_read(partial(told_ids, theirs, site.customer), partial(_as_many, made), seconds)
            assert await told_ids(theirs, site.customer) == made
            listed = await theirs.store.read(partial(_sent, site.customer))
            numbers = {number_of(site.customer, each) for each in ("text", "call")}
            assert {each.address for each in listed.rows} == numbers


def _as_many(made: list[str], told: list[str]) -> bool:
    return len(told) >= len(made)


async def _sent(customer: str, tx: Transaction) -> Listed:
    return await tx.deliveries(customer, DeliveryFilter(), Page())
