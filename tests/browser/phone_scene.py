"""A site whose house has a far end for texts and calls, with its worker at work."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.browser.scene import Site
from tests.houses import TENANT, Person
from tests.peers.far_end import FarEnd, FarEndKind
from vestibule.model.call import CallEvent, CallEventKind, Instruction
from vestibule.model.gateway import GatewayConfiguration
from vestibule.worker.rounds import make_rounds

NUMBER = "+4930123456"


@dataclass(slots=True)
class Handset:
    """A phone that rings."""

    gateway: FarEnd
    delivery_id: str

    async def tell(self, kind: CallEventKind, keys: str = "", finished: bool = False) -> None:
        said: tuple[Instruction, ...] = await self.gateway.inbox.on_call(
            self.delivery_id, CallEvent(kind, keys, finished)
        )
        del said

    async def confirm(self, keys: str = "") -> None:
        """Answer and press #."""
        await self.tell(CallEventKind.ANSWERED)
        await self.tell(CallEventKind.KEYS, keys, finished=True)


@dataclass(slots=True)
class PhoneSite:
    site: Site
    far: FarEndKind

    async def passcode(self) -> str:
        """Wait for a text and return the passcode in it."""
        _, text = await self.far.next_text()
        found = re.search(r"\d{6}", text.body.reveal())
        assert found is not None
        return found[0]

    async def ringing(self) -> Handset:
        gateway, call = await self.far.next_call()
        return Handset(gateway, call.delivery_id)

    async def add_callee(self, name: str = "alice", *methods: str) -> Person:
        """Add a person with phones that are proven, in this order."""
        person = await self.site.house.add_bare_person(name)
        for method in methods:
            self.site.house.clock.advance(0.001)
            await self.site.house.add_phone(person, method, number=NUMBER)
        return person


@asynccontextmanager
async def phone_site(site: Site) -> AsyncIterator[PhoneSite]:
    far = FarEndKind()
    site.house.services.gateways.kinds = {far.name: far}
    record = GatewayConfiguration(
        tenant_id=TENANT, gateway_id="first", kind="far_end", name="first", created_at=1
    )
    await site.house.store.transact(lambda tx: tx.put(record))
    await site.house.services.configuration.refresh()
    rounds = asyncio.create_task(make_rounds(site.house.services))
    try:
        yield PhoneSite(site, far)
    finally:
        rounds.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await rounds
