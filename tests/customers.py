"""A service with customers: each has a tenant, a provider and gateways of his own, which end in the test.

`make_service` fills the database of a service before it starts. The far ends outlive it, so what has left is
known whatever has died.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from msgspec.structs import replace

from tests.houses import BOUNDLESS, opened
from tests.installations import PATIENT
from tests.integration.link.conftest import a_provider
from tests.peers.http_server import Asked, HttpServer, Told
from tests.peers.telephony import ACCOUNT, TOKEN, PlayedCall, TelephonyPeer
from tests.until import until
from vestibule.interfaces.store import Transaction
from vestibule.model.actor import SYSTEM
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.tenant import TenantSettings
from vestibule.runtime.build import House, build
from vestibule.runtime.settings import Settings
from vestibule.services.gateways import gateway_context

RULES = replace(opened(PATIENT), **BOUNDLESS)
"""Of everybody here, at the service and at the servers: as much is sent as a test likes."""


def provider_of(customer: str) -> str:
    return f"provider-{customer}"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A text at its provider."""

    name: str
    """What the service calls it."""
    to: str
    body: str

    @property
    def passcode(self) -> str:
        found = re.search(r"\d{6}", self.body)
        assert found is not None, self.body
        return found[0]


class TextProvider:
    """Takes texts over HTTP; `arrived` are all of them, repeats too."""

    def __init__(self) -> None:
        self.server = HttpServer()
        self.server.answer = self._take
        self.arrived: list[Arrived] = []

    async def _take(self, asked: Asked) -> Told:
        told = json.loads(asked.body)
        self.arrived.append(Arrived(told["id"], told["to"], told["text"]))
        return Told(200, json.dumps({"id": told["id"]}).encode())

    async def text(self, name: str, seconds: float = 20) -> Arrived:
        """Wait for the text of this name."""
        await until(lambda: self._named(name), seconds, every=0.02)
        return self._named(name)[0]

    async def text_to(self, number: str, after: int = 0) -> Arrived:
        """Wait for a text to a number, behind the first `after` of all."""
        await until(lambda: self._to(number, after))
        return self._to(number, after)[0]

    def _named(self, name: str) -> list[Arrived]:
        return [each for each in self.arrived if each.name == name]

    def _to(self, number: str, after: int) -> list[Arrived]:
        return [each for each in self.arrived[after:] if each.to == number]

    async def __aenter__(self) -> Self:
        await self.server.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.server.__aexit__(kind, problem, trace)


class CallProvider(TelephonyPeer):
    """Places calls over HTTP. Whoever is called presses #, but for those who hang up at the question."""

    def __init__(self, ca_file: Path) -> None:
        super().__init__()
        self.hanging_up: set[str] = set()
        self._client = httpx.AsyncClient(
            verify=ssl.create_default_context(cafile=str(ca_file)), trust_env=False
        )

    async def _talk(self, call: PlayedCall) -> None:
        self.script = () if call.asked["To"] in self.hanging_up else ("#",)
        await super()._talk(call)

    def confirmed(self) -> set[str]:
        """Return the names of the calls in which # was pressed, whatever became of it."""
        asked = (call for call in self.calls if call.questions and call.asked["To"] not in self.hanging_up)
        return {name_of(call) for call in asked}


def name_of(call: PlayedCall) -> str:
    """Return what the service calls it."""
    return call.asked["StatusCallback"].rpartition("/status/")[2].split("/")[0]


async def make_service(
    settings: Settings, customers: Iterable[str], texts: TextProvider, calls: CallProvider
) -> dict[str, str]:
    """Make the database of a service; return credentials for a server of each customer."""
    house = await build(settings, migrate=True)
    try:
        await house.services.setup.ensure_system()
        return {each: await _customer(house, each, texts, calls) for each in customers}
    finally:
        await house.close()


async def _customer(house: House, customer: str, texts: TextProvider, calls: CallProvider) -> str:
    services = house.services
    await services.applications.add_tenant(SYSTEM, customer, customer.capitalize())
    await put_rules(house, customer, RULES)
    now = services.clock.now()
    provider = a_provider(now, provider_of(customer), tenant_id=customer)
    await house.store.transact(lambda tx: tx.put(provider))
    for_texts: dict[str, Any] = {
        "url": f"{texts.server.url}/send",
        "allow_plain_http": True,
        "format": "json",
        "fields": {"to": "{to}", "text": "{text}", "id": "{delivery_id}"},
        "reference_path": "id",
    }
    for_calls: dict[str, Any] = {
        "base_url": calls.url,
        "allow_plain_http": True,
        "account": ACCOUNT,
        "caller_id": "+493023125000",
        "speech": "provider",
    }
    await _add_gateway(house, customer, "http_text", for_texts)
    await _add_gateway(house, customer, "http_call", for_calls, TOKEN)
    await services.configuration.refresh()
    made = await services.replication.make_credentials(SYSTEM, customer, "Head office")
    return made.shown.reveal()


async def put_rules(house: House, tenant_id: str, rules: TenantSettings) -> None:
    """Set what no administrator can."""
    tenant = house.services.configuration.current.tenants[tenant_id]
    await house.store.transact(lambda tx: tx.put(replace(tenant, settings=rules)))
    await house.services.configuration.refresh()


async def _add_gateway(
    house: House, customer: str, kind: str, settings: dict[str, Any], secret: str = ""
) -> None:
    gateway_id = f"{kind}-{customer}"
    sealed = house.sealer.seal(secret.encode(), gateway_context(customer, gateway_id))
    row = GatewayConfiguration(
        tenant_id=customer,
        gateway_id=gateway_id,
        kind=kind,
        name=kind,
        settings=settings,
        secret=sealed if secret else b"",
        created_at=1,
    )
    await house.store.transact(lambda tx: tx.put(row))


async def told_ids(house: House, customer: str) -> list[str]:
    """Return the names of the attempts that the service knows of a customer's servers."""

    async def body(tx: Transaction) -> list[str]:
        found: list[str] = []
        while True:
            after = found[-1] if found else ""
            rows = await tx.server_attempts(customer, provider_of(customer), 0, 2**60, after, 1000)
            if not rows:
                return found
            found += [each.attempt_id for each in rows]

    return await house.store.read(body)


async def ended_first(*waiting: asyncio.Task[Any]) -> None:
    """Wait until one of them has ended, and end the others."""
    _, late = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in late:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
