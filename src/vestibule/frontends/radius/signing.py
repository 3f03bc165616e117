"""Writing down, for all nodes and restarts, that a client has sent a valid Message-Authenticator."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from vestibule.interfaces.store import Conflict
from vestibule.model.actor import SYSTEM
from vestibule.model.application import Client
from vestibule.services.applications import Applications


def remember_signing_in(applications: Applications) -> Callable[[Client], Awaitable[None]]:
    """Return what the listener calls when a client with Signing.AUTO has signed for the first time."""

    async def remember(client: Client) -> None:
        settings = {**client.settings, "has_signed": True}
        try:
            await applications.change_client(SYSTEM, msgspec.structs.replace(client, settings=settings))
        except Conflict:
            return  # Somebody has just changed this client. The listener tries again.

    return remember
