"""API keys: who asks, from where, for what (WEB-17).

A key is read from `Authorization: Bearer vst_…` and from nowhere else. It is looked up by its hash in the
configuration in memory, so that a key, client or application that was ended is ended at once here and
within a second on every other node.
"""

from __future__ import annotations

from typing import Final, Literal

from litestar.exceptions import NotAuthorizedException, PermissionDeniedException

from vestibule.crypto.tokens import token_hash
from vestibule.frontends.http.client_address import (
    Headers,
    client_address,
    is_within,
    parse_address,
    parse_networks,
)
from vestibule.frontends.http.site import Connection, Site, site_of
from vestibule.model.application import ClientKind
from vestibule.services.configuration import Peer

Scope = Literal["verify", "admin", "scim"]

_BEARER: Final = b"bearer "
_LONGEST: Final = 200


class NoKey(NotAuthorizedException):
    """No key, or one that is good for nothing; the answer never says which (RFC 6750 §3)."""

    code = "api_key_needed"

    def __init__(self) -> None:
        super().__init__(headers={"www-authenticate": 'Bearer realm="vestibule"'})


class ScopeMissing(PermissionDeniedException):
    """The key is good, but not for this."""

    code = "scope_missing"


def holds_scope(connection: Connection, scope: Scope) -> bool:
    """Tell whether a request carries a key that is good for `scope`."""
    site = site_of(connection)
    headers = connection.scope["headers"]
    peer = find_peer(site, headers, _address(site, connection))
    return peer is not None and scope in peer.client.scopes


def need_peer(connection: Connection, scope: Scope) -> tuple[Peer, str]:
    """Return the client behind the key, and its address; raise `NoKey` or `ScopeMissing`."""
    site = site_of(connection)
    address = _address(site, connection)
    return admitted_peer(site, connection.scope["headers"], address, scope), address


def admitted_peer(site: Site, headers: Headers, address: str, scope: Scope) -> Peer:
    """Return the client behind the key in `headers`; raise `NoKey` or `ScopeMissing`."""
    peer = find_peer(site, headers, address)
    if peer is None:
        raise NoKey
    if scope not in peer.client.scopes:
        raise ScopeMissing
    return peer


def find_peer(site: Site, headers: Headers, address: str) -> Peer | None:
    """Return the client whose key stands in `headers`, if the key is good now and from this address."""
    key = _key(headers)
    if key is None:
        return None
    found = site.services.configuration.current.api_keys.get(token_hash(key))
    if found is None:
        return None
    peer, secret = found
    client = peer.client
    if client.kind is not ClientKind.API or not client.is_enabled:
        return None
    if secret.not_after is not None and site.services.clock.now() >= secret.not_after:
        return None
    if client.address and not _is_from(address, client.address):
        return None
    return peer


def _key(headers: Headers) -> str | None:
    given = [value for name, value in headers if name == b"authorization"]
    # Two of them are two opinions; neither counts.
    if len(given) != 1 or len(given[0]) > _LONGEST or given[0][:7].lower() != _BEARER:
        return None
    key = given[0][7:].strip()
    return key.decode() if key.isascii() else None


def _is_from(address: str, network: str) -> bool:
    found = parse_address(address)
    return found is not None and is_within(found, parse_networks((network,)))


def _address(site: Site, connection: Connection) -> str:
    peer = connection.scope.get("client")
    return client_address(peer[0] if peer else "", connection.scope["headers"], site.proxies)
