"""Networks, ranges and single addresses, of both versions."""

from __future__ import annotations

import pytest

from vestibule.model.networks import contains, parse_address, parse_networks, parse_range


@pytest.mark.parametrize(
    ("entry", "inside", "outside"),
    [
        ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
        ("192.0.2.10-192.0.2.20", "192.0.2.20", "192.0.2.21"),
        ("192.0.2.10 - 192.0.2.20", "192.0.2.10", "192.0.2.9"),
        ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
        ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
        ("2001:db8::1-2001:db8::f", "2001:db8::f", "2001:db8::10"),
        ("::ffff:192.0.2.0/120", "192.0.2.1", "192.0.3.1"),
    ],
)
def test_an_entry_means_its_addresses(entry: str, inside: str, outside: str) -> None:
    networks = parse_networks((entry,))
    assert contains(networks, parse_address(inside))
    assert not contains(networks, parse_address(outside))


def test_an_ipv4_address_is_the_same_in_ipv6_clothes() -> None:
    """BF-06: nobody enters or leaves a network by writing himself differently."""
    assert contains(parse_networks(("192.0.2.0/24",)), parse_address("::ffff:192.0.2.1"))
    assert not contains(parse_networks(("::/0",)), parse_address("192.0.2.1"))


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "trusted",
        "192.0.2.1/24",
        "192.0.2.9-192.0.2.1",
        "192.0.2.1-2001:db8::1",
        "300.1.1.1",
        "a-b",
        "1-2-3",
    ],
)
def test_what_means_nothing_is_said_to(entry: str) -> None:
    assert parse_range(entry) is None


def test_an_unknown_address_is_nowhere() -> None:
    assert not contains(parse_networks(("0.0.0.0/0", "::/0")), None)
    assert parse_address("somewhere") is None
