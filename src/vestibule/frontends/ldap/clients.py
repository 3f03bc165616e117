"""Who may ask: the LDAP clients by source address. The most specific network that holds the source wins; a
client whose settings cannot be read is nobody, and so is one that is disabled, or whose application is.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network

import msgspec
import structlog

from vestibule.model.application import ClientKind
from vestibule.model.ldap_client import LdapClientSettings, read_settings
from vestibule.model.networks import parse_address
from vestibule.services.configuration import Peer

log = structlog.get_logger(__name__)


class LdapClient(msgspec.Struct, frozen=True, eq=False):
    """One client as the listener needs it."""

    peer: Peer
    settings: LdapClientSettings

    @property
    def place(self) -> tuple[str, str]:
        """Who it is, and the directory behind it: with another of these nothing of it goes on."""
        return self.peer.client.client_id, self.peer.application.directory_id


def find_client(peers: Iterable[Peer], source: str) -> LdapClient | None:
    """Return the client that connects from `source`; None for a stranger."""
    address = parse_address(source)
    found: tuple[int, Peer] | None = None
    for peer in peers:
        is_open = peer.client.is_enabled and peer.application.is_enabled
        if address is None or peer.client.kind is not ClientKind.LDAP or not is_open:
            continue
        network = ip_network(peer.client.address, strict=False)
        if address in network and (found is None or network.prefixlen > found[0]):
            found = network.prefixlen, peer
    return _read(found[1]) if found else None


def _read(peer: Peer) -> LdapClient | None:
    try:
        return LdapClient(peer, read_settings(peer.client.settings))
    except ValueError as problem:
        log.error("ldap client is not usable", client=peer.client.name, problem=str(problem))
        return None
