"""The service's end of the links to its servers: who may come in, who is there, and what they are asked.

Invariants:
- A server is who its key says, proven anew on each connection; a name or an address proves nothing.
- Credentials let one key in, once. That key may come with them again: its answer may have been lost.
- A server comes in only while its tenant has a provider, or licences that take its place (S24, S26).
- Links live in this process. A server that is connected to another node of the service is not seen here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog

from vestibule.crypto.server_keys import is_signed
from vestibule.crypto.tokens import new_id, token_hash
from vestibule.interfaces.link import Handler, Link, LinkDown, Peer, Refused
from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.model.actor import SYSTEM
from vestibule.model.replication import ActivatedServer, ReplicationGroup, TurnAway
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.recording import record

log = structlog.get_logger(__name__)

NEW_KEY: Final = "link.key"
"""A server asks this with its next public key."""
KEY_OCTETS: Final = 32
BAD_KEY: Final = "bad_key"


class TurnedAway(Exception):
    """A server is not let in."""

    def __init__(self, why: TurnAway) -> None:
        super().__init__(why.value)
        self.why = why


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """What a server says of itself, and what it has signed of it."""

    name: str
    version: str
    address: str
    installation: str
    signed: bytes
    signature: bytes


@dataclass(eq=False, slots=True)
class Connected:
    """A server that is there. `close` ends its connection, saying why."""

    peer: Peer
    link: Link
    close: Callable[[TurnAway], Awaitable[None]]


class ServiceLinks:
    """Implements `interfaces.link.Links`."""

    def __init__(self, store: Store, configuration: ConfigurationCache, *, is_open: bool) -> None:
        """`is_open`: whether this installation is a service, and servers may come at all."""
        self._store = store
        self._configuration = configuration
        self.is_open = is_open
        self.handlers: dict[str, Handler] = {NEW_KEY: self._take_key}
        """What servers may ask; whoever answers a kind puts it in when the house is built."""
        self._by_server: dict[str, Connected] = {}
        self._by_group: dict[str, dict[str, Connected]] = {}

    # --- coming in ----------------------------------------------------------------------------------

    async def activate(self, credentials: str, public_key: bytes, arrival: Arrival) -> Peer:
        """Let a new server in; raises `TurnedAway`."""
        if not is_signed(public_key, arrival.signed, arrival.signature):
            raise TurnedAway(TurnAway.WRONG_KEY)
        hashed = token_hash(credentials)

        async def body(tx: Transaction) -> Peer:
            known = await tx.credentials_by_hash(hashed)
            if known is None:
                raise TurnedAway(TurnAway.UNKNOWN_CREDENTIALS)
            group = await self._served(tx, known.tenant_id, known.group_id)
            if known.used_at is not None:
                server = await tx.activated_server(known.tenant_id, known.server_id)
                if server is None or server.public_key != public_key:
                    raise TurnedAway(TurnAway.USED_CREDENTIALS)
                return _peer(group, server)
            server_id = new_id()
            if known.expires_at <= tx.now:
                raise TurnedAway(TurnAway.EXPIRED_CREDENTIALS)
            if not await tx.use_activation_credentials(hashed, server_id):
                raise Conflict
            group = await self._of_database(tx, group, arrival.installation)
            server = await self._added(tx, group, server_id, public_key, arrival)
            return _peer(group, server)

        peer = await self._store.transact(body)
        log.info("server activated", tenant=peer.tenant_id, server=peer.server_name)
        return peer

    async def _added(
        self, tx: Transaction, group: ReplicationGroup, server_id: str, public_key: bytes, arrival: Arrival
    ) -> ActivatedServer:
        """A server of that name which the group had is the same one, activated anew."""
        for each in await tx.activated_servers(group.tenant_id):
            if (each.group_id, each.name) == (group.group_id, arrival.name):
                await tx.remove_activated_server(group.tenant_id, each.server_id)
        server = ActivatedServer(
            tenant_id=group.tenant_id,
            server_id=server_id,
            group_id=group.group_id,
            name=arrival.name,
            version=arrival.version,
            address=arrival.address,
            public_key=public_key,
            activated_at=tx.now,
            last_contact_at=tx.now,
            left_at=tx.now,
        )
        await tx.add_activated_server(server)
        await record(
            tx, SYSTEM, group.tenant_id, "server.activated", server_id, server.name,
            group=group.name, address=server.address,
        )  # fmt: skip
        return server

    async def admit(self, tenant_id: str, server_id: str, arrival: Arrival) -> Peer:
        """Let a server in that was activated before; raises `TurnedAway`."""

        async def body(tx: Transaction) -> Peer | TurnAway:
            server = await tx.activated_server(tenant_id, server_id)
            if server is None:
                return TurnAway.UNKNOWN_SERVER
            keys = [server.public_key] + [server.next_key] * bool(server.next_key)
            proven = [key for key in keys if is_signed(key, arrival.signed, arrival.signature)]
            if not proven:
                return TurnAway.WRONG_KEY
            try:
                group = await self._served(tx, tenant_id, server.group_id)
                group = await self._of_database(tx, group, arrival.installation)
            except TurnedAway as refused:
                await tx.replace_activated_server(_refused(server, refused.why))
                return refused.why
            known = msgspec.structs.replace(
                server,
                name=arrival.name,
                version=arrival.version,
                address=arrival.address,
                public_key=proven[0],
                next_key=b"" if proven[0] == server.next_key else server.next_key,
                last_contact_at=tx.now,
                left_at=None,
                turned_away="",
            )
            await tx.replace_activated_server(known)
            return _peer(group, known)

        admitted = await self._store.transact(body)
        if isinstance(admitted, TurnAway):
            raise TurnedAway(admitted)
        return admitted

    async def _served(self, tx: Transaction, tenant_id: str, group_id: str) -> ReplicationGroup:
        """Return the group, on the provider that its tenant has now (S23); raises `TurnedAway` (S26)."""
        group = await tx.replication_group(tenant_id, group_id)
        if group is None or not self._is_served(tenant_id):
            raise TurnedAway(TurnAway.PROVIDER_DELETED)
        provider = self._configuration.current.providers.get(tenant_id)
        if provider is not None and provider.provider_id != group.provider_id:
            group = msgspec.structs.replace(group, provider_id=provider.provider_id)
            await tx.replace_replication_group(group)
        return group

    def _is_served(self, tenant_id: str) -> bool:
        """Tell whether the service delivers for a tenant: it has a provider, or licences in place of one."""
        snapshot = self._configuration.current
        tenant = snapshot.tenants.get(tenant_id)
        return tenant is not None and (tenant_id in snapshot.providers or tenant.own_edition is not None)

    async def _of_database(
        self, tx: Transaction, group: ReplicationGroup, installation: str
    ) -> ReplicationGroup:
        """The first server of a group says which database is the group's; raises `TurnedAway`."""
        if group.installation == installation:
            return group
        if group.installation:
            raise TurnedAway(TurnAway.OTHER_DATABASE)
        group = msgspec.structs.replace(group, installation=installation)
        await tx.replace_replication_group(group)
        return group

    # --- being there --------------------------------------------------------------------------------

    async def join(self, connected: Connected) -> None:
        """Take a server in that was admitted. A connection that it had before ends: it has forgotten it."""
        peer = connected.peer
        before = self._by_server.get(peer.server_id)
        self._by_server[peer.server_id] = connected
        self._by_group.setdefault(peer.group_id, {})[peer.server_id] = connected
        log.info("server connected", tenant=peer.tenant_id, server=peer.server_name)
        if before is not None:
            await before.close(TurnAway.REPLACED)

    async def leave(self, connected: Connected) -> None:
        """Note that a connection has ended, unless there is a newer one."""
        peer = connected.peer
        if self._by_server.get(peer.server_id) is not connected:
            return
        del self._by_server[peer.server_id]
        group = self._by_group[peer.group_id]
        del group[peer.server_id]
        if not group:
            del self._by_group[peer.group_id]
        log.info("server disconnected", tenant=peer.tenant_id, server=peer.server_name)

        async def body(tx: Transaction) -> None:
            server = await tx.activated_server(peer.tenant_id, peer.server_id)
            if server is not None:
                left = msgspec.structs.replace(server, last_contact_at=tx.now, left_at=tx.now)
                await tx.replace_activated_server(left)

        await self._store.transact(body)

    async def check(self) -> None:
        """End the connections of servers whose tenants are not delivered for any more (S26)."""
        gone = [each for each in self._by_server.values() if not self._is_served(each.peer.tenant_id)]
        await self._turn_away(gone, TurnAway.PROVIDER_DELETED)

    async def note(self) -> None:
        """Write who is there, and end the connections of servers that were removed."""
        there = list(self._by_server.values())
        by_tenant: dict[str, list[str]] = {}
        for each in there:
            by_tenant.setdefault(each.peer.tenant_id, []).append(each.peer.server_id)

        async def body(tx: Transaction) -> set[str]:
            """Return the servers that were removed."""
            gone: set[str] = set()
            for tenant_id, ids in by_tenant.items():
                if await tx.note_contacts(tenant_id, ids) < len(ids):
                    gone |= {*ids} - {each.server_id for each in await tx.activated_servers(tenant_id)}
            return gone

        if there:
            gone = await self._store.transact(body)
            removed = [each for each in there if each.peer.server_id in gone]
            await self._turn_away(removed, TurnAway.UNKNOWN_SERVER)

    async def drop(self, server_id: str) -> None:
        """End the connection of a server that was removed, if it is here."""
        there = self._by_server.get(server_id)
        await self._turn_away([] if there is None else [there], TurnAway.UNKNOWN_SERVER)

    async def _turn_away(self, there: Iterable[Connected], why: TurnAway) -> None:
        for each in there:
            peer = each.peer
            log.warning("server turned away", tenant=peer.tenant_id, server=peer.server_name, why=why.value)
            await each.close(why)

    # --- asking -------------------------------------------------------------------------------------

    def to(self, name: str) -> Link:
        return _Towards(self, name)

    def found(self, name: str) -> Link | None:
        """Return the link to the server of this name, or to the one of this group that has waited longest."""
        if (server := self._by_server.get(name)) is not None:
            return server.link
        group = self._by_group.get(name)
        if not group:
            return None
        first = next(iter(group))
        group[first] = chosen = group.pop(first)
        return chosen.link

    def is_there(self, name: str) -> bool:
        return name in self._by_server or name in self._by_group

    async def _take_key(self, peer: Peer, body: bytes) -> bytes:
        """A server will come with this key from now on; the one it has stays good until it does."""
        if len(body) != KEY_OCTETS:
            raise Refused(BAD_KEY)

        async def write(tx: Transaction) -> bool:
            server = await tx.activated_server(peer.tenant_id, peer.server_id)
            return server is not None and await tx.replace_activated_server(
                msgspec.structs.replace(server, next_key=body)
            )

        if not await self._store.transact(write):
            raise Refused(BAD_KEY)
        return b""


@dataclass(frozen=True, slots=True)
class _Towards:
    """Implements `Link`: looks for who is connected each time it is asked."""

    links: ServiceLinks
    name: str

    @property
    def is_up(self) -> bool:
        return self.links.is_there(self.name)

    async def ask(self, kind: str, body: bytes, within: float) -> bytes:
        link = self.links.found(self.name)
        if link is None:
            raise LinkDown
        return await link.ask(kind, body, within)


def _peer(group: ReplicationGroup, server: ActivatedServer) -> Peer:
    return Peer(group.tenant_id, group.provider_id, group.group_id, server.server_id, server.name)


def _refused(server: ActivatedServer, why: TurnAway) -> ActivatedServer:
    return msgspec.structs.replace(server, turned_away=why.value)
