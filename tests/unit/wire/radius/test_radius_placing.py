"""Attributes that policy gives, laid out as their dictionaries say."""

import pytest

from tests.unit.wire.radius.test_radius_dictionary_file import ACME
from vestibule.wire.radius import NoSecret, SharedSecret, lay_out, open_attributes, without
from vestibule.wire.radius.dictionary import definitions
from vestibule.wire.radius.dictionary_file import Definition, DictionaryFile, read_dictionary
from vestibule.wire.radius.placing import Placed, Unfit, place

WIDE = "VENDOR Wide 9998 format=2,2\nVENDOR Bare 9997 format=4,0\n"
MORE = "ATTRIBUTE Wide-Word 300 string Wide\nATTRIBUTE Bare-Word 70000 string Bare\n"
ACME_VENDOR = (9999).to_bytes(4, "big")
AUTHENTICATOR = bytes(range(16))
SECRET = SharedSecret(b"tests only")


def _named() -> dict[str, Definition]:
    read = read_dictionary(ACME + WIDE + MORE, definitions())
    assert isinstance(read, DictionaryFile)
    return {each.name: each for each in (*definitions(), *read.definitions)}


NAMED = _named()


def placed(name: str, text: str, tag: int = 0) -> Placed:
    found = place(NAMED[name], tag, text)
    assert isinstance(found, Placed), found
    return found


def laid_out(*these: Placed) -> list[tuple[int, bytes]]:
    return list(lay_out(these, SECRET, AUTHENTICATOR, 1))


@pytest.mark.parametrize(
    ("name", "text", "tag", "number", "value"),
    [
        ("Class", "staff", 0, 25, b"staff"),
        ("Class", "0x00ff", 0, 25, b"\0\xff"),
        ("Filter-Id", "0x00ff", 0, 11, b"0x00ff"),
        ("Framed-IP-Address", "192.0.2.7", 0, 8, b"\xc0\0\2\7"),
        ("Session-Timeout", "3600", 0, 27, b"\0\0\x0e\x10"),
        ("Service-Type", "framed", 0, 6, b"\0\0\0\2"),
        ("Framed-IPv6-Prefix", "2001:db8::/64", 0, 97, b"\0\x40\x20\x01\x0d\xb8" + bytes(12)),
        ("Framed-Interface-Id", "0:1:2:3", 0, 96, b"\0\0\0\1\0\2\0\3"),
        ("Tunnel-Type", "VLAN", 1, 64, b"\1\0\0\x0d"),
        ("Tunnel-Type", "VLAN", 0, 64, b"\0\0\0\x0d"),
        ("Tunnel-Private-Group-Id", "42", 2, 81, b"\x0242"),
        ("Tunnel-Private-Group-Id", "42", 0, 81, b"42"),
        ("Acme-Role", "Staff", 0, 26, ACME_VENDOR + b"\1\6\0\0\0\x10"),
        ("Acme-Limit-Up", "500", 0, 26, ACME_VENDOR + b"\3\6\2\4\1\xf4"),
        ("Wide-Word", "ab", 0, 26, (9998).to_bytes(4, "big") + b"\x01\x2c\0\6ab"),
        ("Bare-Word", "ab", 0, 26, (9997).to_bytes(4, "big") + b"\0\1\x11\x70ab"),
    ],
)
def test_an_attribute_is_laid_out(name: str, text: str, tag: int, number: int, value: bytes) -> None:
    """RFC 2865 §5, RFC 2868 §3, RFC 3162 §2 and what vendors agreed with their clients."""
    assert laid_out(placed(name, text, tag)) == [(number, value)]


@pytest.mark.parametrize(
    ("name", "text", "tag", "unfit"),
    [
        ("User-Password", "x", 0, Unfit.NOT_GIVEN),
        ("State", "x", 0, Unfit.NOT_GIVEN),
        ("MS-MPPE-Send-Key", "x", 0, Unfit.NOT_GIVEN),
        ("Vendor-Specific", "x", 0, Unfit.NOT_GIVEN),
        ("NAS-IP-Address", "192.0.2.1", 0, Unfit.NOT_GIVEN),
        ("Acme-Limits", "1", 0, Unfit.CONTAINER),
        ("Class", "x", 1, Unfit.TAG),
        ("Tunnel-Type", "VLAN", 32, Unfit.TAG),
        ("Tunnel-Type", "16777216", 1, Unfit.VALUE),
        ("Framed-IP-Address", "::1", 0, Unfit.VALUE),
        ("Framed-IPv6-Prefix", "2001:db8::1/64", 0, Unfit.VALUE),
        ("Class", "", 0, Unfit.VALUE),
        ("Acme-Key", "seven o", 0, Unfit.VALUE),
        ("Class", "x" * 254, 0, Unfit.LENGTH),
        ("Acme-Secret", "x" * 240, 1, Unfit.LENGTH),
    ],
)
def test_what_cannot_be_given_is_refused(name: str, text: str, tag: int, unfit: Unfit) -> None:
    assert place(NAMED[name], tag, text) is unfit


def test_tunnel_passwords_are_readable_by_the_receiver_and_their_salts_differ() -> None:
    """RFC 2868 §3.5."""
    one, other = placed("Tunnel-Password", "of the tunnel", 1), placed("Tunnel-Password", "another", 2)
    sent = laid_out(one, other)
    assert all(b"tunnel" not in value and value[1] & 0x80 for _, value in sent)
    assert sent[0][1][1:3] != sent[1][1][1:3]
    assert open_attributes(sent, SECRET, AUTHENTICATOR) == ((69, b"\1of the tunnel"), (69, b"\2another"))


def test_a_value_may_be_hidden_as_a_password_is() -> None:
    """RFC 2865 §5.2, the flag encrypt=1."""
    ((number, value),) = laid_out(placed("Acme-Word", "a word"))
    assert (number, value[:6]) == (26, ACME_VENDOR + b"\6\x12")
    assert SECRET.reveal(value[6:], AUTHENTICATOR) == b"a word"


def test_nothing_is_hidden_where_tls_protects_it() -> None:
    """RFC 9765 §5.1."""
    secret = placed("Tunnel-Password", "of the tunnel", 1)
    assert list(lay_out([secret], NoSecret(), AUTHENTICATOR, 1)) == [(69, b"\1of the tunnel")]


def test_the_longest_attribute_fits() -> None:
    ((number, value),) = laid_out(placed("Acme-Secret", "x" * 223, 1))
    assert (number, len(value)) == (26, 4 + 2 + 1 + 2 + 224)


def test_attributes_that_are_replaced_are_taken_out_of_a_vendors_too() -> None:
    """What a server behind gives of the same attribute goes, under any tag; all else stays in its order."""
    both = ACME_VENDOR + b"\1\6\0\0\0\1" + b"\4\x0akeptkept"
    given = [(25, b"theirs"), (64, b"\2\0\0\1"), (26, both), (26, ACME_VENDOR + b"\1\6\0\0\0\2"), (11, b"f")]
    own = [placed("Class", "ours"), placed("Tunnel-Type", "VLAN", 1), placed("Acme-Role", "Staff")]
    assert list(without(given, own)) == [(26, ACME_VENDOR + b"\4\x0akeptkept"), (11, b"f")]
    assert list(without(given, [])) == given
    broken = [(26, ACME_VENDOR + b"\1\xff")]
    assert list(without(broken, own)) == broken
