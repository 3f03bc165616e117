"""Names of attributes, for people."""

import pytest

from vestibule.wire.radius import numbers
from vestibule.wire.radius.dictionary import (
    Unparsable,
    definitions,
    name_of,
    parse_attribute,
    show_value,
)

HEADER_NAMES = {"HEADER_SIZE", "LARGEST_PACKET", "LARGEST_VALUE", "CODE_NAMES", "VENDOR_MICROSOFT"}
CODES = {
    *("ACCESS_REQUEST", "ACCESS_ACCEPT", "ACCESS_REJECT", "ACCESS_CHALLENGE", "STATUS_SERVER"),
    *("ACCOUNTING_REQUEST", "ACCOUNTING_RESPONSE"),
}


def test_constants_and_dictionary_agree() -> None:
    named = {entry.name.upper().replace("-", "_"): entry.number for entry in definitions()}
    constants = {name: value for name, value in vars(numbers).items() if name.isupper()}
    for name, value in constants.items():
        if name not in HEADER_NAMES | CODES and name != "Final":
            assert named[name] == value


def test_no_number_or_name_twice() -> None:
    entries = definitions()
    assert len({entry.place for entry in entries}) == len(entries)
    assert len({entry.name for entry in entries}) == len(entries)


@pytest.mark.parametrize(
    ("number", "value", "shown"),
    [
        (1, "älice".encode(), "älice"),
        (1, b"\x1b[31m", "0x1b5b33316d"),
        (2, b"whatever it is", "***"),
        (69, b"whatever it is", "***"),
        (4, b"\x0a\0\0\1", "10.0.0.1"),
        (4, b"\x0a", "0x0a"),
        (6, bytes((0, 0, 0, 8)), "Authenticate-Only"),
        (6, bytes((0, 0, 1, 8)), "264"),
        (6, b"\1", "0x01"),
        (24, b"ab", "0x6162"),
        (64, b"\1\0\0\x0d", "VLAN"),
        (81, b"\1staff", "staff"),
        (95, bytes(15) + b"\1", "::1"),
        (96, b"\0\1\0\2\0\3\0\4", "0001:0002:0003:0004"),
        (97, b"\0\x20\x20\x01\x0d\xb8", "2001:db8::/32"),
        (222, b"\0", "0x00"),
    ],
)
def test_value_is_shown(number: int, value: bytes, shown: str) -> None:
    assert show_value(number, value) == shown


def test_name_of_unknown_is_its_number() -> None:
    assert name_of(222) == "Attribute-222"
    assert name_of(18) == "Reply-Message"


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("nas-port-type", "virtual", (61, b"\0\0\0\5")),
        ("NAS-Port", "7", (5, b"\0\0\0\7")),
        ("NAS-IP-Address", "192.0.2.1", (4, b"\xc0\0\2\1")),
        ("NAS-IPv6-Address", "::1", (95, bytes(15) + b"\1")),
        ("State", "0x00ff", (24, b"\0\xff")),
        ("Calling-Station-Id", "ü", (31, "ü".encode())),
        ("No-Such", "1", Unparsable.NAME),
        ("MS-CHAP-Response", "1", Unparsable.NAME),
        ("NAS-Port", "x", Unparsable.VALUE),
        ("NAS-Port", "-1", Unparsable.VALUE),
        ("NAS-IP-Address", "::1", Unparsable.VALUE),
        ("State", "0xz", Unparsable.VALUE),
        ("User-Name", "x" * 254, Unparsable.VALUE),
    ],
)
def test_attribute_from_text(name: str, text: str, found: object) -> None:
    assert parse_attribute(name, text) == found
