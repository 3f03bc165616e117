"""Header fields taken apart: addresses, parameters, lists, Via."""

from __future__ import annotations

import pytest

from vestibule.wire.sip.fields import Via, read_parameters, read_via, split
from vestibule.wire.sip.uri import Address, Uri, read_address, read_uri


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("sip:192.0.2.1", Uri("192.0.2.1")),
        ("sip:+4930@trunk.example:5070", Uri("trunk.example", 5070, "+4930")),
        ("SIPS:a@B.example", Uri("b.example", 0, "a", "sips")),
        ("sip:a:secret@b", Uri("b", 0, "a")),
        ("sip:a@b;lr;Transport=TCP", Uri("b", 0, "a", parameters=(("lr", ""), ("transport", "TCP")))),
        ("sip:[2001:db8::1]:5060;lr", Uri("2001:db8::1", 5060, parameters=(("lr", ""),))),
        ("sip:a;x=1@b?subject=hi", Uri("b", 0, "a;x=1")),
    ],
)
def test_uris(text: str, uri: Uri) -> None:
    """RFC 3261 §19.1."""
    assert read_uri(text) == uri


@pytest.mark.parametrize(
    "text",
    ["", "sip:", "tel:+4930", "sip:a@", "sip:a@b:99999", "sip:a@b c", "sip:a@b:x", "sip:" + "a" * 3_000],
)
def test_what_is_no_sip_uri(text: str) -> None:
    assert read_uri(text) is None


def test_a_uri_is_written_as_it_was_read() -> None:
    for text in ("sip:a@[2001:db8::1]:5060;lr;x=y", "sips:b.example"):
        assert str(read_uri(text)) == text


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("<sip:a@b;lr>;tag=1", Address("sip:a@b;lr", (("tag", "1"),))),
        ("sip:a@b;tag=1", Address("sip:a@b", (("tag", "1"),))),
        ('"A <sip:x@y> \\" B" <sip:a@b>', Address("sip:a@b")),
        ("Anna Muster <sip:a@b> ; tag = 7", Address("sip:a@b", (("tag", "7"),))),
        ('<sip:a@b>;x="a;b\\"c"', Address("sip:a@b", (("x", 'a;b"c'),))),
    ],
)
def test_addresses(text: str, address: Address) -> None:
    """RFC 3261 §20.10."""
    assert read_address(text) == address


@pytest.mark.parametrize(
    "text", ["", "<", "<sip:a@b", '"a <sip:a@b>', "<>", "<sip:a b>", "<sip:a>x", '<"a">']
)
def test_what_is_no_address(text: str) -> None:
    assert read_address(text) is None


def test_lists_are_split_outside_of_quotes_and_brackets() -> None:
    values = ['"a, b" <sip:a,b@c>, <sip:d>', "", ' <sip:e;x="f,g"> ,', '"\\",", h']
    assert split(values) == ['"a, b" <sip:a,b@c>', "<sip:d>", '<sip:e;x="f,g">', '"\\","', "h"]


@pytest.mark.parametrize(
    ("text", "via"),
    [
        ("SIP/2.0/UDP h:5060;branch=z9;rport", Via("UDP", "h:5060", (("branch", "z9"), ("rport", "")))),
        ("SIP / 2.0 / tcp  [2001:DB8::1] ;received=h", Via("TCP", "[2001:db8::1]", (("received", "h"),))),
    ],
)
def test_via(text: str, via: Via) -> None:
    """RFC 3261 §20.42."""
    assert read_via(text) == via


@pytest.mark.parametrize("text", ["", "SIP/2.0/UDP", "SIP/3.0/UDP h", "HTTP/1.1 h", "SIP/2.0/UDP h x"])
def test_what_is_no_via(text: str) -> None:
    assert read_via(text) is None


def test_parameters_are_bounded() -> None:
    assert read_parameters(";a" * 64) is not None
    assert read_parameters(";a" * 65) is None
