"""RTP packets as bytes and as values."""

from __future__ import annotations

import pytest

from vestibule.wire.rtp import Packet, decode, encode


def test_what_is_written_is_read() -> None:
    data = encode(101, 0x1FFFF, 0x1_0000_0005, 7, b"abcd", True)
    assert decode(data) == Packet(101, 0xFFFF, 5, 7, b"abcd", True)
    assert decode(encode(0, 1, 2, 3, b"")) == Packet(0, 1, 2, 3, b"")


def test_sources_extension_and_padding_are_skipped() -> None:
    """RFC 3550 §5.1, §5.3.1."""
    data = bytes.fromhex("b2000001 00000002 00000003 0a0a0a0a 0b0b0b0b beef0001 0c0c0c0c") + b"sound\0\0\x03"
    assert decode(data) == Packet(0, 1, 2, 3, b"sound")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8000000100000002000000",
        "400000010000000200000003",
        "820000010000000200000003 0a0a0a0a",
        "900000010000000200000003 beef",
        "900000010000000200000003 beefffff 00",
        "a00000010000000200000003 00",
        "a00000010000000200000003 05",
    ],
)
def test_what_is_no_packet(text: str) -> None:
    """VOI-08."""
    assert decode(bytes.fromhex(text)) is None
