"""`kill -9` while a request waits in an app: the approval arrives at the next start, or at another node."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.app_people import add_app_people
from tests.callers import (
    ACCESS_ACCEPT,
    ACCESS_CHALLENGE,
    ACCESS_REJECT,
    access_request,
    insist,
    proven_code,
    radius_socket,
    state_of,
)
from tests.installations import TENANT, attempts, furnish
from tests.peers.app_device import AppDevice, AppError
from tests.server_fixtures import MakeServer
from tests.servers import ServerProcess
from vestibule.runtime.build import build
from vestibule.runtime.settings import Settings


async def add_alice(settings: Settings, device: AppDevice) -> None:
    house = await build(settings)
    (account,) = await add_app_people(house, TENANT, ["alice"], device.public_key)
    device.account = dict(account)
    await house.close()


class Door:
    """The VPN: it asks whichever server is there, and knows what it has asked."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._identifier = 0

    def ask(self, server: ServerProcess, state: bytes = b"") -> tuple[int, bytes]:
        """Return the code of the answer, and the answer."""
        request = self._request(state)
        with radius_socket(server.radius_address) as peer:
            answer = insist(peer, request)
        return proven_code(answer, request, self._secret), answer

    def ask_in_vain(self, server: ServerProcess, state: bytes) -> None:
        """Send a request to a server that will not live to answer it."""
        with radius_socket(server.radius_address) as peer:
            peer.send(self._request(state))

    def _request(self, state: bytes) -> bytes:
        self._identifier = (self._identifier + 1) % 256
        return access_request(self._secret, self._identifier, "alice", "", state)


async def test_an_approval_survives_the_node_that_has_asked(
    make_server: MakeServer, database_url: str | None, proof: Callable[[int, int], int]
) -> None:
    """The client's retry gets its accept, once; and the approval, sent again after one more `kill -9`,
    admits nobody (PU-06)."""
    server = make_server("state", database_url)
    installation = await asyncio.to_thread(furnish, server.settings)
    other = server
    if database_url is not None:
        other = make_server("other", database_url, key_file=str(server.state_directory / "master.key"))
    rounds = proof(1, 10)
    async with httpx.AsyncClient(trust_env=False) as client:
        device, door = AppDevice(client), Door(installation.shared_secret)
        await add_alice(server.settings, device)
        for _ in range(rounds):
            other.kill()
            await one_kill(server, other, device, door)
    with other.http(installation.admin_key) as administrator:
        listed = await asyncio.to_thread(attempts, administrator)
    approved = [attempt for attempt in listed if attempt.state == "approved"]
    assert len(approved) == 2 * rounds, "one attempt, one prompt"


async def one_kill(server: ServerProcess, other: ServerProcess, device: AppDevice, door: Door) -> None:
    await started(server, device)
    code, shown = await asyncio.to_thread(door.ask, server)
    assert code == ACCESS_CHALLENGE
    request = await device.next_request()
    door.ask_in_vain(server, state_of(shown))
    server.kill()

    await started(other, device)
    approval = device.answer_body(request, "approve", number_in(shown))
    assert (await device.send(request, approval))["outcome"] == "approved"
    code, _ = await asyncio.to_thread(door.ask, other, state_of(shown))
    assert code == ACCESS_ACCEPT
    code, _ = await asyncio.to_thread(door.ask, other, state_of(shown))
    assert code == ACCESS_REJECT, "once"

    other.kill()
    await started(other, device)
    assert await refusal(device, request, approval) == "over"
    _, shown = await asyncio.to_thread(door.ask, other)
    following = await device.next_request()
    assert await refusal(device, following, approval) == "signature_wrong"
    assert (await device.approve(following, number_in(shown)))["outcome"] == "approved"
    code, _ = await asyncio.to_thread(door.ask, other, state_of(shown))
    assert code == ACCESS_ACCEPT


async def started(server: ServerProcess, device: AppDevice) -> None:
    """Start the server, and let the device ask there from now on."""
    await asyncio.to_thread(server.start)
    device.client.base_url = httpx.URL(f"http://127.0.0.1:{server.http_port}")


def number_in(shown: bytes) -> str:
    found = re.search(rb"number (\d\d)", shown)
    assert found is not None, shown
    return found[1].decode()


async def refusal(device: AppDevice, request: dict[str, Any], body: dict[str, Any]) -> str:
    """Send a decision that is refused; return why."""
    with pytest.raises(AppError) as error:
        await device.send(request, body)
    code: str = error.value.code
    return code
