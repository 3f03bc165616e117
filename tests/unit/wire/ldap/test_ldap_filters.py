"""Filters are built from values, so no value can become a filter."""

from __future__ import annotations

import pytest

from vestibule.wire.ldap.ber import Budget, Reader
from vestibule.wire.ldap.filters import (
    And,
    Approximate,
    Equality,
    Extensible,
    Filter,
    GreaterOrEqual,
    LessOrEqual,
    Not,
    Or,
    Present,
    Substrings,
    describe,
    encode_filter,
    is_attribute_description,
    read_filter,
)

INJECTIONS = (
    "*",
    "*)(uid=*",
    "alice)(|(uid=*",
    "alice\x00",
    "\\2a",
    "alice,ou=people",
    "(&)",
    "alice*",
    "a" * 255,
    "älice\u202e",
)


@pytest.mark.parametrize("name", INJECTIONS, ids=ascii)
def test_a_name_stays_one_value(name: str) -> None:
    """LD-10: whatever the name, the filter holds one equality with exactly these bytes."""
    data = encode_filter(Equality("uid", name.encode()))
    reader = Reader(data, 0, len(data), Budget(10))
    assert read_filter(reader, 1) == Equality("uid", name.encode())
    assert reader.is_finished


@pytest.mark.parametrize(
    ("filter_", "text"),
    [
        (And((Present("uid"), Not(Equality("sn", b"x")))), "(&(uid=*)(!(sn=x)))"),
        (Or(()), "(|)"),
        (Equality("uid", b"*)(uid=*"), "(uid=\\2a\\29\\28uid=\\2a)"),
        (Equality("cn", "Jörg\\\x00".encode()), "(cn=J\\c3\\b6rg\\5c\\00)"),
        (Substrings("mail", b"a", (b"b", b"c*"), None), "(mail=a*b*c\\2a*)"),
        (Substrings("mail", None, (), b"z"), "(mail=*z)"),
        (GreaterOrEqual("n", b"1"), "(n>=1)"),
        (LessOrEqual("n", b"1"), "(n<=1)"),
        (Approximate("cn", b"alise"), "(cn~=alise)"),
        (Extensible(b"people", "2.5.13.2", "ou", True), "(ou:dn:2.5.13.2:=people)"),
        (Extensible(b"x", None, "cn"), "(cn:=x)"),
    ],
)
def test_a_filter_is_described_as_rfc_4515_writes_it(filter_: Filter, text: str) -> None:
    assert describe(filter_) == text


@pytest.mark.parametrize("name", ["uid", "userCertificate;binary", "2.5.4.3", "cn;lang-de", "x-y_z"])
def test_attribute_descriptions(name: str) -> None:
    assert is_attribute_description(name)


@pytest.mark.parametrize("name", ["", "uid)", "a b", "ü", "uid\n", "1.", ".1", ";x", "a" * 256, "uid=", "*"])
def test_no_attribute_descriptions(name: str) -> None:
    assert not is_attribute_description(name)
