"""`kill -9` between the commit of a text and its arrival: it is sent all the same, at most twice, unchanged.

The provider is an HTTP server of the test. It is deaf when the node dies before the text has left, and silent
when it dies after the text has arrived and before that is written down.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.installations import TENANT, Installation, attempts, furnish
from tests.peers.http_server import Asked, Behavior, HttpServer, Told
from tests.server_fixtures import MakeServer
from tests.servers import ServerProcess
from tests.until import until
from vestibule.crypto.tokens import new_id
from vestibule.interfaces.store import Transaction
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.user import User
from vestibule.runtime.build import build
from vestibule.runtime.settings import Settings

NUMBER = "+4930123456"


async def add_alice(settings: Settings, url: str) -> None:
    """Add a person with a phone, and a provider of texts at `url`."""
    house = await build(settings)
    now = house.services.clock.now()
    user = User(
        tenant_id=TENANT, user_id=new_id(), username="alice", names=("alice",), created_at=now, updated_at=now
    )
    new = house.services.enrollments.methods["sms"].enroll({"number": NUMBER}, os.urandom)
    phone = Authenticator(
        tenant_id=TENANT,
        authenticator_id=new_id(),
        user_id=user.user_id,
        method="sms",
        label="phone",
        parameters=new.parameters,
        state=new.state,
        status=AuthenticatorStatus.ACTIVE,
        created_at=now,
    )
    provider = GatewayConfiguration(
        tenant_id=TENANT,
        gateway_id="provider",
        kind="http_text",
        name="provider",
        settings={
            "url": f"{url}/send",
            "allow_plain_http": True,
            "format": "json",
            "fields": {"to": "{to}", "text": "{text}", "id": "{delivery_id}"},
            "reference_path": "id",
        },
        created_at=1,
    )

    async def body(tx: Transaction) -> None:
        await tx.add_user(user)
        await tx.add_authenticator(phone)
        await tx.put(provider)

    await house.store.transact(body)
    await house.close()


async def taken(asked: Asked) -> Told:
    return Told(200, json.dumps({"id": json.loads(asked.body)["id"]}).encode())


def post(server: ServerProcess, key: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    with server.http(key) as client:
        answer = client.post(path, json=body)
        assert answer.status_code in {200, 201}, answer.text
        return dict(answer.json())


@pytest.mark.parametrize("is_heard", [False, True], ids=["before it left", "after it arrived"])
async def test_a_text_survives_the_node_that_was_to_send_it(
    make_server: MakeServer, database_url: str | None, is_heard: bool, proof: Callable[[int, int], int]
) -> None:
    """G15, SMS-05: the next start sends it, or another node; nothing is lost, nothing is sent three times."""
    rounds = proof(1, 5)
    server = make_server("state", database_url)
    installation = await asyncio.to_thread(furnish, server.settings)
    other = server
    if database_url is not None:
        key_file = str(server.state_directory / "master.key")
        other = make_server("other", database_url, key_file=key_file)
    async with HttpServer() as provider:
        await add_alice(server.settings, provider.url)
        for _ in range(rounds):
            other.stop()
            await one_kill(server, other, installation, provider, is_heard=is_heard)
    with other.http(installation.admin_key) as administrator:
        listed = await asyncio.to_thread(attempts, administrator)
    assert [attempt.state for attempt in listed] == ["approved"] * rounds, "one attempt each"
    assert other.stop() == 0


async def one_kill(
    server: ServerProcess,
    other: ServerProcess,
    installation: Installation,
    provider: HttpServer,
    *,
    is_heard: bool,
) -> None:
    provider.asked.clear()
    provider.answer = Behavior.HANG if is_heard else Behavior.DEAF
    connections = provider.connections
    await asyncio.to_thread(server.start)
    began = await asyncio.to_thread(
        post, server, installation.api_key, "/api/v1/verifications", {"username": "alice"}
    )
    await until(lambda: bool(provider.asked) if is_heard else provider.connections > connections)
    server.kill()
    provider.answer = taken
    before = len(provider.asked)
    await asyncio.to_thread(other.start)
    await until(
        lambda: len(provider.asked) > before, seconds=60
    )  # when the lease of the one that is gone is over
    bodies = [json.loads(asked.body) for asked in provider.asked]
    assert len(bodies) == 1 + is_heard
    assert all(body == bodies[0] for body in bodies), "the same text under the same name"
    passcode = re.search(r"\d{6}", bodies[0]["text"])
    assert passcode is not None
    ended = await asyncio.to_thread(
        post,
        other,
        installation.api_key,
        f"/api/v1/verifications/{began['id']}/answer",
        {"challenge_id": began["challenge"]["id"], "passcode": passcode[0]},
    )
    assert ended["state"] == "approved"
