"""Who may ask: the RADIUS clients by source address, with their secrets ready for use.

The most specific network that holds the source wins. A client whose settings cannot be read is nobody, and
so is one that is disabled or has no secret: silence is the safe answer. Built anew from every snapshot of
the configuration; looking up costs no memory, whoever asks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import msgspec
import structlog

from vestibule.frontends.radius.conversation import ConversationKey
from vestibule.frontends.radius.state import StateKey
from vestibule.model.application import Client, ClientKind
from vestibule.model.radius_client import RadiusClientSettings, read_settings
from vestibule.services.configuration import ConfigurationCache, Peer
from vestibule.wire.radius import SharedSecret

log = structlog.get_logger(__name__)

_MOST_REMEMBERED = 4096


class RadiusSecret(msgspec.Struct, frozen=True, eq=False):
    """One shared secret, ready for use. `not_after` is the time (epoch ms) from which it is no longer
    taken.
    """

    not_after: int | None
    shared: SharedSecret
    state_key: StateKey
    conversation_key: ConversationKey


class RadiusClient(msgspec.Struct, frozen=True, eq=False):
    """One client as the listener needs it."""

    peer: Peer
    settings: RadiusClientSettings
    secrets: tuple[RadiusSecret, ...]
    """Newest first."""
    is_over_tls: bool = False
    """TLS has proven who asks, before the first packet."""

    @property
    def client(self) -> Client:
        return self.peer.client

    def valid_secrets(self, now: int) -> list[RadiusSecret]:
        """Return the secrets that are valid at `now`, the newest first."""
        return [secret for secret in self.secrets if secret.not_after is None or now < secret.not_after]


class ClientTable:
    """All RADIUS clients of one snapshot, of all tenants."""

    def __init__(self, peers: Iterable[Peer], over_tls: Collection[str] = ()) -> None:
        """`over_tls` are the identifiers of clients that need neither address nor shared secret."""
        # By family and length of prefix: one dictionary of network numbers each, the longest prefix first.
        self._networks: dict[int, dict[int, dict[int, RadiusClient]]] = {4: {}, 6: {}}
        self._remembered: dict[str, RadiusClient] = {}
        for peer in peers:
            if peer.client.kind is ClientKind.RADIUS and peer.client.is_enabled and peer.client.address:
                self._add(peer, peer.client.client_id not in over_tls)
        for family, lengths in self._networks.items():
            self._networks[family] = dict(sorted(lengths.items(), reverse=True))

    def find(self, source: str) -> RadiusClient | None:
        """Return the client that asks from `source`, an address as the socket gives it."""
        found = self._remembered.get(source)
        if found is None:
            found = self._find(source)
            # Strangers are not remembered: they would choose how much.
            if found is not None and len(self._remembered) < _MOST_REMEMBERED:
                self._remembered[source] = found
        return found

    def _find(self, source: str) -> RadiusClient | None:
        address = canonical_address(source)
        number, bits = int(address), address.max_prefixlen
        for length, networks in self._networks[address.version].items():
            found = networks.get(number >> (bits - length))
            if found is not None:
                return found
        return None

    def _add(self, peer: Peer, needs_secret: bool) -> None:
        client = peer.client
        try:
            settings = read_settings(client.settings)
            network = ip_network(client.address, strict=False)
        except ValueError as problem:
            log.error("radius client is not usable", client=client.name, problem=str(problem))
            return
        secrets = tuple(
            RadiusSecret(not_after, SharedSecret(secret.reveal()), StateKey(secret), ConversationKey(secret))
            for not_after, secret in peer.secrets
            if secret
        )
        if settings.require_radius_1_1:
            return
        if not secrets:
            if needs_secret:
                log.warning("radius client has no shared secret", client=client.name)
            return
        lengths = self._networks[network.version]
        number = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
        lengths.setdefault(network.prefixlen, {})[number] = RadiusClient(peer, settings, secrets)


class CurrentClients:
    """The clients as they are now; the table is made anew when the configuration has changed."""

    def __init__(self, configuration: ConfigurationCache) -> None:
        self._configuration = configuration
        self._table = ClientTable(())
        self._generation: int | None = None

    @property
    def table(self) -> ClientTable:
        snapshot = self._configuration.current
        if snapshot.generation != self._generation:
            over_tls = {each.client_id for each in snapshot.certificates.values()}
            self._table = ClientTable(snapshot.peers.values(), over_tls)
            self._generation = snapshot.generation
        return self._table


def canonical_address(source: str) -> IPv4Address | IPv6Address:
    """Return an address without its interface, and an IPv4 address in IPv6 clothes as what it is (RFC 4291
    §2.5.5.2).
    """
    address = ip_address(source.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
