"""Which client asks from an address."""

import pytest

from tests.unit.frontends.radius.scripted import SECRET, peer
from vestibule.frontends.radius.clients import ClientTable, canonical_address
from vestibule.model.application import ClientKind


def found(table: ClientTable, source: str) -> str | None:
    client = table.find(source)
    return client.client.client_id if client else None


def test_most_specific_network_wins() -> None:
    table = ClientTable(
        [
            peer(address="0.0.0.0/0", client_id="everybody"),
            peer(address="10.0.0.0/8", client_id="ten"),
            peer(address="10.1.0.0/16", client_id="ten-one"),
            peer(address="10.1.2.3/32", client_id="host"),
            peer(address="2001:db8::/32", client_id="six"),
            peer(address="2001:db8::1/128", client_id="six-host"),
        ]
    )
    for _ in range(2):  # the second time from memory
        assert found(table, "10.1.2.3") == "host"
        assert found(table, "10.1.2.4") == "ten-one"
        assert found(table, "10.2.2.3") == "ten"
        assert found(table, "192.0.2.1") == "everybody"
        assert found(table, "2001:db8::1") == "six-host"
        assert found(table, "2001:db8::2%eth0") == "six"
        assert found(table, "2001:db9::2") is None


def test_ipv4_in_ipv6_clothes_is_ipv4() -> None:
    """BF-06: one address, one client, however the socket spells it."""
    table = ClientTable([peer(address="192.0.2.1/32", client_id="host")])
    assert found(table, "::ffff:192.0.2.1") == "host"
    assert str(canonical_address("::ffff:192.0.2.1")) == "192.0.2.1"


@pytest.mark.parametrize(
    "unusable",
    [
        peer(is_enabled=False),
        peer(kind=ClientKind.API),
        peer(secrets=()),
        peer(secrets=((None, b""),)),
        peer({"mode": "whatever"}),
        peer({"no_such_setting": 1}),
        peer({"passcode_length": 3}),
        peer(address="nonsense"),
        peer(address=""),
    ],
)
def test_client_that_cannot_be_used_is_nobody(unusable: object) -> None:
    table = ClientTable([unusable, peer(address="192.0.2.1/32")])  # type: ignore[list-item]
    assert found(table, "127.0.0.1") is None
    assert found(table, "192.0.2.1") == "client-1"


def test_strangers_leave_no_trace() -> None:
    """RA-12: looking up costs no memory."""
    table = ClientTable([peer(address="192.0.2.1/32")])
    for last in range(256):
        assert found(table, f"198.51.100.{last}") is None
    assert table._remembered == {}


def test_many_known_addresses_are_remembered_within_bounds() -> None:
    table = ClientTable([peer(address="10.0.0.0/8")])
    for number in range(5000):
        assert found(table, f"10.0.{number // 256}.{number % 256}") == "client-1"
    assert len(table._remembered) == 4096


def test_secret_is_not_shown() -> None:
    """I10."""
    client = ClientTable([peer()]).find("127.0.0.1")
    assert SECRET.decode() not in repr(client)
    assert SECRET.hex() not in repr(client)
