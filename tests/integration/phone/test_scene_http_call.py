"""A call by a provider over HTTP, whose callbacks reach another node than the one that placed it.

The first node is a process, ended as by a power cut while its call is up. The second goes on with the call:
it is a house in this process, on the same PostgreSQL and under the same keys, whose gateway the provider
calls back. The phone has rung once, and the VPN's next request gets the answer (VOI-05, RA-02, RA-03).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.integration.phone.test_radius_waits import Concentrator, give_up
from tests.peers.http_server import Asked, HttpServer, Told
from tests.peers.telephony import ACCOUNT, TOKEN, TelephonyPeer
from tests.phone_servers import PASSWORD, TENANT, Configured, PhoneServer
from tests.until import until
from vestibule.frontends.radius.listener import RadiusFrontend
from vestibule.interfaces.gateway import CallbackRequest, TakesCallbacks
from vestibule.model.verification import Reason
from vestibule.runtime.build import House, build
from vestibule.runtime.clock import SystemClock
from vestibule.worker.rounds import make_rounds

PREFIX = f"/callbacks/{TENANT}/gateway-0/"


class Door:
    """The public address of the installation: hands callbacks to the gateway of the node behind it."""

    def __init__(self) -> None:
        self.house: House | None = None
        self.server = HttpServer()
        self.server.answer = self._answer

    async def _answer(self, asked: Asked) -> Told:
        assert self.house is not None
        assert asked.path.startswith(PREFIX)
        gateway = self.house.services.gateways.find(TENANT, "gateway-0")
        assert isinstance(gateway, TakesCallbacks)
        answer = await gateway.callback(
            CallbackRequest(
                method=asked.method,
                url=self.server.url + asked.target,
                path=asked.path.removeprefix(PREFIX),
                query=tuple(asked.query),
                headers=tuple(asked.headers.items()),
                body=asked.body,
            )
        )
        headers = {"Content-Type": answer.content_type} if answer.content_type else {}
        return Told(answer.status, answer.body, headers)


def provider(peer: TelephonyPeer) -> Configured:
    settings = {
        "base_url": peer.url,
        "allow_plain_http": True,
        "account": ACCOUNT,
        "caller_id": "+4989123456",
    }
    return Configured(kind="http_call", settings=settings, secret=TOKEN)


@asynccontextmanager
async def second_node(first: PhoneServer) -> AsyncIterator[tuple[House, Concentrator]]:
    """A node of the same installation, in this process, with a RADIUS door of its own."""
    house = await build(first.process.settings)
    services = house.services
    frontend = RadiusFrontend(
        services.verifications,
        services.configuration,
        SystemClock(),
        services.metrics,
        [("127.0.0.1", 0)],
    )
    await frontend.start()
    rounds = asyncio.create_task(make_rounds(services))
    try:
        yield house, Concentrator(frontend.addresses()[0].rpartition(":")[2], first.secret)
    finally:
        await frontend.stop(0.1)
        rounds.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await rounds
        await house.close()


async def test_the_node_that_placed_the_call_is_killed_before_the_key(
    tmp_path: Path, postgres_url: str
) -> None:
    door = Door()
    async with door.server, TelephonyPeer() as peer:
        peer.script, peer.rings_on = ("#",), True
        async with PhoneServer(tmp_path / "state", postgres_url, http_public_url=door.server.url) as first:
            await first.make([provider(peer)], [("voice", {})])
            await first.start()
            lost = asyncio.create_task(first.ask())
            async with second_node(first) as (house, other_vpn):
                door.house = house
                await until(lambda: peer.calls)
                first.process.kill()
                again = asyncio.create_task(other_vpn.ask(PASSWORD, seconds=60))
                await until(lambda: len(house.services.waiting))
                peer.calls[0].may_answer.set()
                assert "Received Access-Accept" in await again
                await peer.calls[0].is_over.wait()
                await give_up(lost)
            assert len(peer.calls) == 1, "the phone rang once"
            assert peer.refusals == []
            attempt = await first.attempt()
            assert attempt.reason is Reason.CALL_CONFIRMED


async def test_who_answers_before_the_vpn_asks_again_is_let_in_by_that(
    tmp_path: Path, postgres_url: str
) -> None:
    """The key is pressed while nobody waits: the node is dead, and the VPN has not lost patience yet."""
    door = Door()
    async with door.server, TelephonyPeer() as peer:
        peer.script, peer.rings_on = ("#",), True
        async with PhoneServer(tmp_path / "state", postgres_url, http_public_url=door.server.url) as first:
            await first.make([provider(peer)], [("voice", {})])
            await first.start()
            lost = asyncio.create_task(first.ask())
            async with second_node(first) as (house, other_vpn):
                door.house = house
                await until(lambda: peer.calls)
                first.process.kill()
                peer.calls[0].may_answer.set()
                await peer.calls[0].is_over.wait()
                assert "Received Access-Accept" in await other_vpn.ask(PASSWORD, seconds=60)
                await give_up(lost)
            assert len(peer.calls) == 1
            assert len(await first.attempts()) == 1
