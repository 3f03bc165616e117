"""What is seen of RADIUS clients at any node: kept as sums, judged when somebody asks.

Who may read the configuration of a tenant may read this of its clients; addresses of nobody's clients are
shown to those only who may read the installation's.
"""

from __future__ import annotations

from typing import Final

import msgspec

from vestibule.interfaces.store import Store, Transaction
from vestibule.interfaces.upstream import is_upstream
from vestibule.model.actor import SYSTEM, Actor, Right
from vestibule.model.application import Client, ClientKind
from vestibule.model.client_sighting import Seen, Sighting
from vestibule.model.radius_client import Signing, read_settings
from vestibule.model.tenant import DAY_MS, SYSTEM_TENANT
from vestibule.policy.client_doctor import Finding, Patient, judge_client
from vestibule.policy.client_signing import ClientSigning, judge_signing
from vestibule.services.configuration import ConfigurationCache, Peer
from vestibule.services.proxying import Proxying
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused

SIGNING_MS: Final = 7 * DAY_MS
"""What is said about signing is of the last seven days."""
MOST_STRANGERS: Final = 100
"""Addresses of unknown clients that are kept, the latest of all."""


class ClientSightings:
    def __init__(self, store: Store, configuration: ConfigurationCache, proxying: Proxying) -> None:
        self._store = store
        self._configuration = configuration
        self._proxying = proxying

    async def keep(self, sightings: tuple[Sighting, ...]) -> None:
        """Add up what a node has seen, and tell administrators of clients that do not sign but should: once
        a day. Raises `Unavailable`."""

        async def body(tx: Transaction) -> None:
            for each in sightings:
                if each.kind is Seen.UNSIGNED:
                    await self._warn(tx, each)
            await tx.add_sightings(sightings)
            if any(each.kind is Seen.UNKNOWN_CLIENT for each in sightings):
                await tx.forget_strangers(SYSTEM_TENANT, MOST_STRANGERS)

        await self._store.transact(body)

    async def signing(self, actor: Actor, tenant_id: str) -> tuple[ClientSigning, ...]:
        """Return how each client of the tenant signs, by name."""
        seen = await self._of_tenant(actor, tenant_id, SIGNING_MS)
        return tuple(
            judge_signing(
                client.client_id,
                client.name,
                read_settings(client.settings).message_authenticator,
                seen.get(client.client_id, {}),
            )
            for client in self._clients(tenant_id)
        )

    async def findings(self, actor: Actor, tenant_id: str, client_id: str, since: int) -> tuple[Finding, ...]:
        """Return what is to be said of one client by what was seen at or after `since` (epoch ms)."""
        actor.demand(Right.READ_CONFIGURATION, tenant_id)
        peer = self._configuration.current.peers.get(client_id)
        if peer is None or peer.client.tenant_id != tenant_id or peer.client.kind is not ClientKind.RADIUS:
            raise Refused(Refusal.NOT_FOUND, client_id)

        settings, is_carried = read_settings(peer.client.settings), await self._is_carried(peer)

        async def body(tx: Transaction) -> tuple[Finding, ...]:
            seen = {each.kind: each for each in await tx.sightings(tenant_id, client_id, since)}
            return judge_client(Patient(settings=settings, is_carried=is_carried, seen=seen, now=tx.now))

        return await self._store.read(body)

    async def strangers(self, actor: Actor, since: int) -> tuple[Sighting, ...]:
        """Return which addresses have asked at or after `since` and are no client's, the latest first;
        nothing for who may not read the installation's configuration."""
        if not actor.may(Right.READ_CONFIGURATION, SYSTEM_TENANT):
            return ()
        found = await self._store.read(lambda tx: tx.sightings(SYSTEM_TENANT, "", since))
        strangers = [each for each in found if each.kind is Seen.UNKNOWN_CLIENT]
        return tuple(sorted(strangers, key=lambda each: -each.last_at))

    # --- parts --------------------------------------------------------------------------------------

    async def _of_tenant(
        self, actor: Actor, tenant_id: str, within_ms: int
    ) -> dict[str, dict[Seen, Sighting]]:
        """Return what was seen of each client within a time."""
        actor.demand(Right.READ_CONFIGURATION, tenant_id)
        found = await self._store.read(lambda tx: tx.sightings(tenant_id, "", tx.now - within_ms))
        seen: dict[str, dict[Seen, Sighting]] = {}
        for each in found:
            seen.setdefault(each.client_id, {})[each.kind] = each
        return seen

    def _clients(self, tenant_id: str) -> list[Client]:
        peers = self._configuration.current.peers.values()
        own = [peer.client for peer in peers if peer.client.tenant_id == tenant_id]
        radius = [client for client in own if client.kind is ClientKind.RADIUS]
        return sorted(radius, key=lambda client: client.name.casefold())

    async def _warn(self, tx: Transaction, unsigned: Sighting) -> None:
        peer = self._configuration.current.peers.get(unsigned.client_id)
        if peer is None or read_settings(peer.client.settings).message_authenticator is not Signing.WARN:
            return
        tenant_id, client = peer.client.tenant_id, peer.client
        lately = await tx.sightings(tenant_id, client.client_id, tx.now - DAY_MS)
        if any(each.kind is Seen.WARNED for each in lately):
            return
        told = {"first_at": tx.now, "last_at": tx.now, "count": 1}
        await tx.add_sightings((msgspec.structs.replace(unsigned, kind=Seen.WARNED, **told),))
        await record(tx, SYSTEM, tenant_id, "client.unsigned", client.client_id, client.name)

    async def _is_carried(self, peer: Peer) -> bool:
        try:
            return is_upstream(await self._proxying.behind(peer.application))
        except ValueError:
            return False  # The directory does not open: nothing is carried.
