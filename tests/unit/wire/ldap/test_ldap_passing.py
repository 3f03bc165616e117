"""What a proxy reads of messages that it passes on."""

from __future__ import annotations

import pytest

from vestibule.wire.ldap import decode, encode
from vestibule.wire.ldap.filters import (
    And,
    Approximate,
    Equality,
    Extensible,
    Filter,
    Not,
    Or,
    Present,
    Substrings,
)
from vestibule.wire.ldap.messages import (
    BindResponse,
    ExtendedRequest,
    ExtendedResponse,
    Malformed,
    Message,
    OpaqueOperation,
    Result,
    SearchResultDone,
    UnbindRequest,
)
from vestibule.wire.ldap.passing import (
    asserted_attributes,
    compared_attribute,
    final_response,
    is_referral,
    read_envelope,
)

DENIED = Result(53, "", "no")


@pytest.mark.parametrize("number", [0, 1, 127, 128, 70_000, 2**31 - 1])
def test_an_envelope_says_whose_a_message_is(number: int) -> None:
    frame = encode(Message(number, ExtendedRequest("1.2.3", b"x" * 300)))
    envelope = read_envelope(frame)
    assert not isinstance(envelope, Malformed)
    assert (envelope.message_id, envelope.tag) == (number, 0x77)
    assert frame[envelope.start :].startswith(b"\x80\x051.2.3")


@pytest.mark.parametrize(
    "frame",
    [b"", b"\x30\x00", b"\x30\x03\x02\x01\x01", b"\x30\x04\x04\x01\x01\x42", b"\x30\x05\x02\x01\xff\x42\x00"],
)
def test_what_is_no_message_has_no_envelope(frame: bytes) -> None:
    """LD-14"""
    assert isinstance(read_envelope(frame), Malformed)


@pytest.mark.parametrize(
    ("request_tag", "operation"),
    [
        (0x60, BindResponse(DENIED)),
        (0x63, SearchResultDone(DENIED)),
        (0x77, ExtendedResponse(DENIED)),
        (0x4A, OpaqueOperation(0x6B, b"\x0a\x01\x35\x04\x00\x04\x02no")),
    ],
)
def test_a_request_is_ended_by_its_own_response(request_tag: int, operation: object) -> None:
    assert decode(final_response(9, request_tag, DENIED)) == Message(9, operation)  # type: ignore[arg-type] # a parameter of the test


def test_a_referral_is_known_by_its_code() -> None:
    """LD-18"""
    for code in (0, 10, 32):
        frame = encode(Message(3, SearchResultDone(Result(code, referrals=("ldap://x/",)))))
        envelope = read_envelope(frame)
        assert not isinstance(envelope, Malformed)
        assert is_referral(frame, envelope) is (code == 10)


def test_a_comparison_names_its_attribute() -> None:
    """LD-08"""
    assert compared_attribute(OpaqueOperation(0x6E, b"\x04\x04cn=x\x30\x0a\x04\x02sn\x04\x04four")) == "sn"
    for content in (b"", b"\x04\x04cn=x", b"\x04\x04cn=x\x30\x04\x04\x02sn", b"\x04\x04cn=x\x04\x02sn"):
        assert isinstance(compared_attribute(OpaqueOperation(0x6E, content)), Malformed)


@pytest.mark.parametrize(
    ("filter_", "attributes"),
    [
        (Present("objectClass"), {"objectClass"}),
        (
            And((Equality("a", b"1"), Or((Substrings("b", b"1"), Not(Approximate("c", b"1")))))),
            {"a", "b", "c"},
        ),
        (Extensible(b"x", "2.5.13.17"), {""}),
        (Not(Extensible(b"x", None, "d")), {"d"}),
        (And(()), set()),
    ],
)
def test_a_filter_names_all_it_looks_at(filter_: Filter, attributes: set[str]) -> None:
    """LD-08"""
    assert asserted_attributes(filter_) == attributes


def test_an_unbind_has_an_envelope() -> None:
    envelope = read_envelope(encode(Message(4, UnbindRequest())))
    assert not isinstance(envelope, Malformed)
    assert envelope.tag == 0x42
