"""Who is on the other side: the address of the peer, or what a trusted proxy says it is.

A header that anyone can write decides nothing: `X-Forwarded-For` is read only when the peer itself is in
the configured networks, from right to left, and only as far as the proxies in it are trusted too.
`Forwarded`, `X-Real-IP` and the like are never read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Networks: TypeAlias = tuple[IPv4Network | IPv6Network, ...]
Headers: TypeAlias = Iterable[tuple[bytes, bytes]]

_FORWARDING = frozenset({b"x-forwarded-for", b"forwarded", b"via", b"x-real-ip"})
_MAX_HOPS = 20


def parse_networks(networks: Iterable[str]) -> Networks:
    """Return the networks; raise ValueError naming the first that is none."""
    return tuple(ip_network(network, strict=False) for network in networks)


@lru_cache(maxsize=4096)
def parse_address(text: str) -> Address | None:
    """Return the address, an IPv4 address inside IPv6 as itself, or None if it is no address."""
    try:
        address = ip_address(text.strip().strip("[]"))
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def is_within(address: Address, networks: Networks) -> bool:
    return any(address in network for network in networks)


def client_address(peer: str, headers: Headers, trusted: Networks) -> str:
    """Return the address of the client as text; empty if the peer has none (a local socket)."""
    address = parse_address(peer)
    if address is None:
        return ""
    if trusted and is_within(address, trusted):
        for hop in _hops(headers):
            found = parse_address(hop)
            if found is None:
                break  # What stands to the left of garbage is no better.
            address = found
            if not is_within(address, trusted):
                break
    return str(address)


def is_forwarded(headers: Headers) -> bool:
    """Tell whether a request says of itself that it came through a proxy."""
    return any(name in _FORWARDING for name, _ in headers)


def _hops(headers: Headers) -> Iterator[str]:
    """Yield the addresses of `X-Forwarded-For`, the nearest first; several headers are one list."""
    values = [value.decode("latin-1") for name, value in headers if name == b"x-forwarded-for"]
    hops = ",".join(values).split(",") if values else []
    yield from hops[::-1][:_MAX_HOPS]
