"""EAP packets, fragments of TLS, and what is said inside."""

from __future__ import annotations

import pytest

from vestibule.wire.eap.avps import Avp, read_avps, write_avp
from vestibule.wire.eap.fragments import (
    LONGEST,
    Fragment,
    Incomplete,
    Reassembly,
    fragmented,
    read_fragment,
)
from vestibule.wire.eap.inner import (
    InnerResponse,
    has_confirmed,
    inner_request,
    read_inner_response,
    result_request,
)
from vestibule.wire.eap.packet import (
    EXTENSIONS,
    GTC,
    IDENTITY,
    TTLS,
    EapResponse,
    read_response,
    request,
    success,
)


def test_packets_as_rfc_3748_has_them() -> None:
    """RFC 3748 §4: octets behind Length are padding."""
    assert read_response(b"\2\7\0\x0a\1alice padding") == EapResponse(7, IDENTITY, b"alice")
    assert request(8, TTLS, b"\x20") == b"\1\x08\0\6\x15\x20"
    assert success(8) == b"\3\x08\0\4"


@pytest.mark.parametrize(
    "octets",
    [b"", b"\2\7\0\4", b"\2\7\0\4\1", b"\1\7\0\6\1a", b"\2\7\0\7\1a", b"\3\7\0\5\1", b"\2\7\xff\xff\1"],
)
def test_what_is_no_response(octets: bytes) -> None:
    assert read_response(octets) is None


@pytest.mark.parametrize("length", [0, 1, 98, 99, 100, 194, 195, 1000, 9999])
def test_a_flight_survives_its_pieces(length: int) -> None:
    """RFC 5216 §2.1.5: the first piece says how long the whole is, every other fits as well."""
    flight = bytes(index % 251 for index in range(length))
    pieces = fragmented(flight, 100)
    assert all(len(piece) <= 100 for piece in pieces)
    assembled = Reassembly()
    for piece in pieces[:-1]:
        fragment = read_fragment(piece)
        assert fragment is not None
        assert assembled.add(fragment) is Incomplete.MORE_TO_COME
    last = read_fragment(pieces[-1])
    assert last is not None
    assert assembled.add(last) == flight


def test_fragments_that_are_none() -> None:
    for data in (b"", b"\x20", b"\x80\0\0\0", b"\x40"):
        assert read_fragment(data) is None
    assert read_fragment(b"\0") == Fragment(True, 0, None, b"")
    assert read_fragment(b"\x01x") == Fragment(True, 1, None, b"x")


def test_a_flight_has_a_limit_and_the_length_that_was_announced() -> None:
    assert Reassembly().add(Fragment(False, 0, LONGEST + 1, b"x")) is Incomplete.TOO_LONG
    assert Reassembly().add(Fragment(True, 0, 3, b"x")) is Incomplete.OTHER_LENGTH
    assembled = Reassembly()
    for _ in range(LONGEST // 1024):
        assert assembled.add(Fragment(False, 0, None, bytes(1024))) is Incomplete.MORE_TO_COME
    assert assembled.add(Fragment(False, 0, None, b"x")) is Incomplete.TOO_LONG


def test_attributes_as_rfc_5281_has_them() -> None:
    """RFC 5281 §10.1: code, flags, length, perhaps a vendor, and padding to four octets."""
    written = write_avp(1, b"alice") + write_avp(25, b"x", 311)
    assert written == bytes.fromhex(
        "00000001 4000000d 616c696365 000000 00000019 c000000d 00000137 78 000000"
    )
    assert read_avps(written) == (Avp(1, 0, True, b"alice"), Avp(25, 311, True, b"x"))
    assert read_avps(written[:-3]) == read_avps(written)
    assert read_avps(b"") == ()


@pytest.mark.parametrize(
    "octets",
    [
        bytes(7),
        bytes.fromhex("00000001 40000007"),
        bytes.fromhex("00000001 40000009"),
        bytes.fromhex("00000001 c000000b 00000137"),
        write_avp(1, b"") * 65,
    ],
)
def test_attributes_that_are_none(octets: bytes) -> None:
    assert read_avps(octets) is None


def test_inside_peap_a_header_may_be_missing() -> None:
    """[MS-PEAP] 3.1.5.6: in version 0 most packets stand inside without their header."""
    assert inner_request(GTC, b"?") == b"\6?"
    assert read_inner_response(b"\1alice") == InnerResponse(IDENTITY, b"alice")
    assert read_inner_response(b"\2\7\0\x0a\1alice") == InnerResponse(IDENTITY, b"alice")
    assert read_inner_response(b"") is None
    assert read_inner_response(b"\2\7\0\4") is None


def test_the_result_is_told_and_confirmed() -> None:
    """[MS-PEAP] 2.2.8.1.1: Result TLV, other TLVs around it."""
    assert result_request(0) == bytes.fromhex("0100000b 21 8003 0002 0001")
    other = b"\0\x0c\0\3abc"
    confirmation = b"\x80\3\0\2\0\1"
    assert has_confirmed(InnerResponse(EXTENSIONS, other + confirmation))
    assert not has_confirmed(InnerResponse(EXTENSIONS, b"\x80\3\0\2\0\2"))
    assert not has_confirmed(InnerResponse(EXTENSIONS, confirmation[:-1]))
    assert not has_confirmed(InnerResponse(GTC, confirmation))
