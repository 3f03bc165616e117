"""Message centers to talk to, and gateways that do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.inboxes import KeepingInbox
from tests.integration.smpp.texts import PASSWORD, Opening
from tests.peers.smsc import Smsc
from tests.until import until
from vestibule.crypto.secret import Secret
from vestibule.gateways.smpp import GATEWAY, SmppGateway
from vestibule.interfaces.gateway import Surroundings


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    """A message center by others."""
    async with Smsc() as center:
        yield center


@pytest.fixture
def inbox() -> KeepingInbox:
    return KeepingInbox()


@pytest.fixture
async def gateway_at(inbox: KeepingInbox) -> AsyncIterator[Opening]:
    """`gateway = await gateway_at(port)`: connected, with settings to change by name; `is_waiting=False`
    does not wait for the connection."""
    async with AsyncExitStack() as stack:

        async def open_(port: int, *, is_waiting: bool = True, **changes: Any) -> SmppGateway:
            settings = {"host": "127.0.0.1", "port": port, "system_id": "esme", "tls": False}
            settings |= {"reconnect_seconds": 0.05, **changes}
            surroundings = Surroundings(gateway_id="g", inbox=inbox)
            gateway = GATEWAY.open(settings, Secret(PASSWORD), surroundings)
            task = asyncio.create_task(gateway.run())
            stack.push_async_callback(_end, gateway, task)
            if is_waiting:
                await until(lambda: gateway.is_connected)
            return gateway

        yield open_


async def _end(gateway: SmppGateway, task: asyncio.Task[None]) -> None:
    await gateway.close()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
