"""Networks: which addresses a list of networks, ranges and single addresses means. Pure."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TypeAlias

import msgspec

Address: TypeAlias = IPv4Address | IPv6Address


class Range(msgspec.Struct, frozen=True):
    """Addresses from `first` to `last`, both included, of one IP version."""

    version: int
    first: int
    last: int


Networks: TypeAlias = tuple[Range, ...]


@lru_cache(maxsize=4096)
def parse_address(text: str) -> Address | None:
    """Return the address that `text` is, or None. An IPv4 address in IPv6 clothes (RFC 4291 §2.5.5.2) is that
    IPv4 address, so that nobody leaves a network by writing himself differently."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def parse_range(text: str) -> Range | None:
    """Return what one entry means: `192.0.2.0/24`, `192.0.2.10-192.0.2.20`, `2001:db8::/32` or one address.
    None if it is none of these, or a network with host bits set."""
    first, dash, last = (part.strip() for part in text.partition("-"))
    if dash:
        return _between(parse_address(first), parse_address(last))
    try:
        network = ip_network(first)
    except ValueError:
        return None
    return _between(parse_address(str(network[0])), parse_address(str(network[-1])))


@lru_cache(maxsize=1024)
def parse_networks(entries: tuple[str, ...]) -> Networks:
    """Return the ranges of a list whose entries were checked before; one that means nothing is left out."""
    return tuple(found for entry in entries if (found := parse_range(entry)) is not None)


def contains(networks: Networks, address: Address | None) -> bool:
    """Tell whether `address` is in one of `networks`; an unknown address is in none."""
    if address is None or not networks:
        return False
    version, number = address.version, int(address)
    return any(each.version == version and each.first <= number <= each.last for each in networks)


def joined(networks: Networks) -> Networks:
    """Return the same addresses as ranges that do not overlap, those of each IP version in order."""
    found: list[Range] = []
    for each in sorted(networks, key=lambda each: (each.version, each.first)):
        last = found[-1] if found else None
        if last is not None and last.version == each.version and each.first <= last.last:
            found[-1] = Range(last.version, last.first, max(last.last, each.last))
        else:
            found.append(each)
    return tuple(found)


def _between(first: Address | None, last: Address | None) -> Range | None:
    if first is None or last is None or first.version != last.version or int(first) > int(last):
        return None
    return Range(first.version, int(first), int(last))
