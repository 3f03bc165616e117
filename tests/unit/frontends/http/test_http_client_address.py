"""Who is on the other side: headers count only as far as the configured proxies reach (BF-06, WEB-20)."""

from __future__ import annotations

import pytest

from vestibule.frontends.http.client_address import (
    client_address,
    is_forwarded,
    parse_address,
    parse_networks,
)

PROXIES = parse_networks(("10.0.0.0/8", "2001:db8:1::/48"))


def seen(peer: str, *forwarded: str, trusted: bool = True) -> str:
    headers = [(b"host", b"x"), *((b"x-forwarded-for", value.encode()) for value in forwarded)]
    return client_address(peer, headers, PROXIES if trusted else ())


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", (), "203.0.113.9"),
        ("203.0.113.9", ("198.51.100.1",), "203.0.113.9"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        ("::ffff:10.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        ("10.0.0.1", ("::ffff:198.51.100.1",), "198.51.100.1"),
        ("10.0.0.1", ("[2001:db8::7]",), "2001:db8::7"),
        ("2001:db8:1::1", ("198.51.100.1",), "198.51.100.1"),
        # What the client wrote himself stands to the left of what our proxies wrote.
        ("10.0.0.1", ("127.0.0.1, 198.51.100.1",), "198.51.100.1"),
        ("10.0.0.1", ("127.0.0.1", "198.51.100.1"), "198.51.100.1"),
        ("10.0.0.1", ("198.51.100.1, 10.0.0.2",), "198.51.100.1"),
        ("10.0.0.1", ("127.0.0.1, 198.51.100.1, 10.0.0.2, 10.0.0.3",), "198.51.100.1"),
        # Garbage ends the reading; what stands to its left is no better.
        ("10.0.0.1", ("198.51.100.1, unknown",), "10.0.0.1"),
        ("10.0.0.1", ("198.51.100.1, , 10.0.0.2",), "10.0.0.2"),
        ("10.0.0.1", ("",), "10.0.0.1"),
        ("10.0.0.1", ("198.51.100.1:443",), "10.0.0.1"),
        ("10.0.0.1", ("é",), "10.0.0.1"),
        ("", ("198.51.100.1",), ""),
        ("testclient", (), ""),
    ],
)
def test_address(peer: str, forwarded: tuple[str, ...], address: str) -> None:
    assert seen(peer, *forwarded) == address


def test_without_proxies_no_header_counts() -> None:
    assert seen("10.0.0.1", "198.51.100.1", trusted=False) == "10.0.0.1"


def test_a_long_header_is_read_in_part_only() -> None:
    assert seen("10.0.0.1", ", ".join(["198.51.100.1"] + ["10.0.0.2"] * 10_000)) == "10.0.0.2"


def test_other_headers_never_count() -> None:
    for name in (b"x-real-ip", b"forwarded", b"x-client-ip", b"true-client-ip"):
        assert client_address("10.0.0.1", [(name, b"198.51.100.1")], PROXIES) == "10.0.0.1"


def test_an_ipv4_address_inside_ipv6_is_itself() -> None:
    assert str(parse_address("::ffff:192.0.2.1")) == "192.0.2.1"
    assert parse_address("192.0.2.1 ") == parse_address("192.0.2.1")
    assert parse_address("192.0.2") is None


def test_what_came_through_a_proxy_says_so() -> None:
    assert is_forwarded([(b"forwarded", b"for=127.0.0.1")])
    assert not is_forwarded([(b"host", b"localhost")])


def test_a_network_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="proxy"):
        parse_networks(("proxy",))
