"""Hidden attributes: opened under one secret and hidden again under another (RFC 2868, RFC 2548)."""

from __future__ import annotations

import pytest

from vestibule.wire.radius import Attribute, NoSecret, SharedSecret, hide_attributes, open_attributes
from vestibule.wire.radius.numbers import TUNNEL_PASSWORD, VENDOR_SPECIFIC

SERVER, CLIENT = SharedSecret(b"of the server behind"), SharedSecret(b"of the client")
ASKED, ASKS = bytes(range(16)), bytes(range(16, 32))
MICROSOFT = (311).to_bytes(4, "big")
SEND_KEY = (VENDOR_SPECIFIC, MICROSOFT + b"\x10\x22" + bytes(range(32)))
TWO_KEYS = (VENDOR_SPECIFIC, MICROSOFT + b"\x11\x12" + bytes(16) + b"\x1a\x03x")
MPPE_KEYS = (VENDOR_SPECIFIC, MICROSOFT + b"\x0c\x22" + bytes(32))
PASSWORD = (TUNNEL_PASSWORD, b"\x01what nobody may read")
OTHERS: tuple[Attribute, ...] = ((11, b"staff"), (VENDOR_SPECIFIC, b"\x00\x00\x00\x09\x10\x03x"))
OPENED = (SEND_KEY, OTHERS[0], TWO_KEYS, PASSWORD, MPPE_KEYS, OTHERS[1])


def test_what_one_secret_hides_is_hidden_again_under_another() -> None:
    """RA-20: order, tag and the attributes beside stay; under the wrong secret nothing can be read."""
    from_server = hide_attributes(OPENED, SERVER, ASKED, 1)
    assert open_attributes(from_server, SERVER, ASKED) == OPENED
    to_client = hide_attributes(OPENED, CLIENT, ASKS, 7)
    assert open_attributes(to_client, CLIENT, ASKS) == OPENED
    assert open_attributes(to_client, SERVER, ASKS) != OPENED
    assert [each for each in to_client if each in OTHERS] == list(OTHERS)
    assert b"what nobody may read" not in b"".join(value for _, value in to_client)


def test_each_salt_is_used_once_and_has_its_first_bit() -> None:
    """RFC 2868 §3.5, RFC 2548 §2.4.2."""
    hidden = hide_attributes((SEND_KEY, TWO_KEYS, PASSWORD), CLIENT, ASKS, 0x7FFF)
    salts = {hidden[0][1][6:8], hidden[1][1][6:8], hidden[2][1][1:3]}
    assert len(salts) == 3
    assert all(salt[0] & 0x80 for salt in salts)


@pytest.mark.parametrize(
    "attribute",
    [
        (TUNNEL_PASSWORD, b"\x01"),
        (TUNNEL_PASSWORD, b"\x01\x80\x01"),
        (TUNNEL_PASSWORD, b"\x01\x80\x01" + bytes(15)),
        (VENDOR_SPECIFIC, MICROSOFT + b"\x10\x02"),
        (VENDOR_SPECIFIC, MICROSOFT + b"\x11\x04\x80\x01"),
        (VENDOR_SPECIFIC, MICROSOFT + b"\x0c\x03x"),
    ],
)
def test_what_is_not_hidden_as_it_must_be_makes_the_answer_unreadable(attribute: Attribute) -> None:
    assert open_attributes((OTHERS[0], attribute), SERVER, ASKED) is None


def test_a_length_that_runs_over_is_not_believed() -> None:
    """The length inside tells where the padding begins; one that is too large would read past the end."""
    salt = b"\x80\x01"
    broken = salt + SERVER.mask(b"\x10" + bytes(15), ASKED + salt)
    assert open_attributes(((TUNNEL_PASSWORD, b"\x00" + broken),), SERVER, ASKED) is None


def test_an_empty_attribute_is_left_as_it_is() -> None:
    assert open_attributes(((TUNNEL_PASSWORD, b""),), SERVER, ASKED) == ((TUNNEL_PASSWORD, b""),)


def test_without_a_secret_everything_stands_there_as_it_is() -> None:
    """RFC 9765 §5.1: Tunnel-Password without salt and length, the keys of MPPE as plain octets."""
    key = bytes((16, 34)) + bytes(32)
    plain = ((69, b"\1a tunnel's own"), (26, (311).to_bytes(4, "big") + key), (25, b"class"))
    assert hide_attributes(plain, NoSecret(), bytes(16), 7) == plain
    assert open_attributes(plain, NoSecret(), bytes(16)) == plain
