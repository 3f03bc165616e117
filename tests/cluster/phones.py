"""Several houses on one database that share one clock and one phone network, and do nothing by themselves.

No worker runs in them: a test says when a node sends what is due, looks at what it waits for, or is gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tests.houses import BOUNDLESS, OPEN_CODES, HandClock, TestHouse, open_house
from tests.peers.far_end import FarEnd, FarEndKind
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind, FirstFactor
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.tenant import TenantSettings

TENANTS = ("acme", "globex")
GATEWAYS = ("first", "second")
PATIENT = TenantSettings(calling_codes=OPEN_CODES, lockout_threshold=100, challenge_tries=5, **BOUNDLESS)


@dataclass(slots=True)
class Node:
    house: TestHouse
    is_alive: bool = True

    async def send_due(self) -> None:
        """Send what is due now, to the end."""
        deliveries = self.house.services.deliveries
        await deliveries._take()
        if deliveries._sendings:
            await asyncio.wait(deliveries._sendings)

    async def die_sending(self, turns: int) -> None:
        """Take what is due, and be gone while it is handed over."""
        deliveries = self.house.services.deliveries
        await deliveries._take()
        sendings = set(deliveries._sendings)
        for _ in range(turns):
            await asyncio.sleep(0)
        for sending in sendings:
            sending.cancel()
        await asyncio.gather(*sendings, return_exceptions=True)
        self.is_alive = False

    async def look(self) -> None:
        """Do what the worker does once a second."""
        await self.house.services.waiting.look()
        calls = self.house.services.calls
        await calls.look(list(calls._placed))

    def gateway(self, tenant_id: str, gateway_id: str) -> FarEnd:
        found = self.house.services.gateways.find(tenant_id, gateway_id)
        assert isinstance(found, FarEnd)
        return found


@asynccontextmanager
async def several(
    folder: Path, url: str | None, count: int, far: FarEndKind
) -> AsyncIterator[tuple[list[Node], HandClock]]:
    """Nodes with two tenants, each with two gateways and a VPN that has checked the password itself."""
    clock = HandClock()
    async with AsyncExitStack() as stack:
        nodes: list[Node] = []
        for number in range(count):
            own = folder / f"node{number}"
            own.mkdir()
            if nodes:
                (own / "master.key").write_bytes((folder / "node0" / "master.key").read_bytes())
                (own / "master.key").chmod(0o600)
            house = await stack.enter_async_context(open_house(own, url, clock))
            house.services.gateways.kinds = {far.name: far}
            nodes.append(Node(house))
        doors = await _furnish(nodes[0].house)
        for node in nodes:
            node.house.doors.update(doors)
            await node.house.services.configuration.refresh()
        yield nodes, clock


async def _furnish(house: TestHouse) -> dict[str, str]:
    applications = house.services.applications
    for tenant_id in TENANTS:
        if tenant_id not in house.services.configuration.current.tenants:
            await applications.add_tenant(SYSTEM, tenant_id, tenant_id)
        tenant = house.services.configuration.current.tenants[tenant_id]
        patient = msgspec.structs.replace(tenant, settings=PATIENT)
        # Not by the service: no administrator can allow so many texts.
        await house.store.transact(lambda tx, patient=patient: tx.put(patient))
        await house.services.configuration.refresh()
        await applications.add_application(
            SYSTEM, tenant_id, "vpn", application_id="vpn", first_factor=FirstFactor.CLIENT
        )
        client = await applications.add_client(
            SYSTEM, tenant_id, "vpn", ClientKind.API, f"{tenant_id} client", scopes=("verify",)
        )
        house.doors[tenant_id] = client.client_id
        for priority, gateway_id in enumerate(GATEWAYS):
            record = GatewayConfiguration(
                tenant_id=tenant_id,
                gateway_id=gateway_id,
                kind=FarEndKind.name,
                name=gateway_id,
                priority=priority,
                created_at=1,
            )
            await house.store.transact(lambda tx, record=record: tx.put(record))
    return house.doors
