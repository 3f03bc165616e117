"""A VPN whose users sign in with password and passcode, in front of a whole house."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.houses import PASSWORD, TENANT, Person, TestHouse, open_house
from tests.peers.freeradius import DICTIONARIES
from tests.peers.program import find_program, run
from vestibule.crypto.secret import Secret
from vestibule.frontends.radius import FRONTEND
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind, FirstFactor
from vestibule.model.reply_attribute import ReplyAttribute
from vestibule.services.reply_attributes import WantedReply

SECRET = "what the VPN and Vestibule share"


@dataclass(slots=True)
class Door:
    """`port` is where the VPN asks."""

    house: TestHouse
    port: int

    async def give(self, attribute: str, value: str, **fields: Any) -> ReplyAttribute:
        self.house.clock.advance(0.001)  # they are sent in the order of time
        wanted = WantedReply(attribute=attribute, value=Secret(value), **fields)
        return await self.house.services.reply_attributes.add(SYSTEM, TENANT, wanted)

    async def radclient(self, person: Person, *more: str) -> str:
        """What FreeRADIUS's client prints of a sign-in with the password and a passcode behind it."""
        passcode = person.passcode(self.house.clock.now()).reveal()
        typed = (
            f'User-Name="{person.user.username}"',
            f'User-Password="{PASSWORD}{passcode}"',
            "Message-Authenticator=0x00",
            *more,
        )
        done = await asyncio.to_thread(
            run,
            [
                find_program("radclient"),
                *("-x", "-r", "1", "-t", "5", "-D", str(DICTIONARIES)),
                *(f"127.0.0.1:{self.port}", "auth", SECRET),
            ],
            text="\n".join(typed) + "\n",
        )
        return done.stdout


@asynccontextmanager
async def door(folder: Path, url: str | None = None, mode: str = "combined") -> AsyncIterator[Door]:
    """A house with the application `vpn` and its RADIUS client `asa`; entered again, it is another node."""
    async with open_house(folder, url) as house:
        services = house.services
        if (TENANT, "vpn") not in services.configuration.current.applications:
            await house.add_application("vpn", FirstFactor.LOCAL)
            await services.applications.add_client(
                SYSTEM,
                TENANT,
                "vpn",
                ClientKind.RADIUS,
                "asa",
                client_id="asa",
                address="127.0.0.1/32",
                settings={"mode": mode},
            )
            await services.applications.add_shared_secret(SYSTEM, TENANT, "asa", Secret(SECRET))
        listen = [SimpleNamespace(host="127.0.0.1", port=0)]
        frontend = FRONTEND.open(services, SimpleNamespace(listen=listen))
        await frontend.start()
        try:
            yield Door(house, int(frontend.addresses()[0].rpartition(":")[2]))
        finally:
            await frontend.stop(0.1)
