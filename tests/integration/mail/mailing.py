"""A house that mails, and short ways to let it."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.houses import TENANT, TestHouse
from tests.peers.mail_server import MailServer
from vestibule.crypto.secret import Secret
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.sending import DispatchFilter
from vestibule.model.actor import SYSTEM
from vestibule.model.dispatch import Dispatch

FACTS = {"what": "A change", "when": "now", "who": "you", "details": "", "name": "Alice", "username": "alice"}


async def add_mail_gateway(house: TestHouse, server: MailServer, name: str = "mail", **fields: Any) -> str:
    settings = server.settings | fields.pop("settings", {})
    added = await house.services.gateway_settings.add(
        SYSTEM, TENANT, "smtp", name, settings, Secret(server.secret), **fields
    )
    return added.gateway_id


async def mail(
    house: TestHouse, to: str = "alice@example.org", template: str = "changed", **fields: Any
) -> bool:
    house.clock.advance(0.001)  # what is sent is listed by time
    facts = fields.pop("facts", FACTS)
    language = fields.pop("language", "en")
    return await house.store.transact(
        lambda tx: house.services.mails.send(tx, TENANT, to, language, template, facts, **fields)
    )


async def round_of(house: TestHouse) -> None:
    """What the worker does at each look: tell what has happened, send what is due."""
    await house.services.notices.tell()
    dispatches = house.services.dispatches
    await dispatches.send_due()
    while dispatches._sendings:
        await asyncio.wait(dispatches._sendings)


async def outbox(house: TestHouse, **where: str) -> list[Dispatch]:
    """Return what is in the outbox, oldest first."""
    listed = await house.services.outbox.list(SYSTEM, TENANT, DispatchFilter(**where), Page())
    return list(reversed(listed.rows))
