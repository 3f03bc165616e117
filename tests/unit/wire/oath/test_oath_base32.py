"""Secrets in letters, as people and vendors write them."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.wire.oath import decode_base32, encode_base32

TEN = b"12345"


@given(st.binary(min_size=1, max_size=128))
def test_what_is_written_is_read(content: bytes) -> None:
    letters = encode_base32(content)
    assert "=" not in letters
    assert decode_base32(letters) == content
    assert decode_base32(letters.lower()) == content
    assert decode_base32(base64.b32encode(content).decode()) == content
    assert decode_base32(" ".join(letters)) == content


@pytest.mark.parametrize(
    "text",
    [
        "GEZDGNBV",
        "gezdgnbv",
        "GeZdGnBv",
        "GEZD GNBV",
        " GEZDGNBV ",
    ],
)
def test_ways_to_write_the_same(text: str) -> None:
    assert decode_base32(text) == TEN


@pytest.mark.parametrize(
    ("text", "content"),
    [("GE======", b"1"), ("GEZA====", b"12"), ("GEZDG===", b"123"), ("GEZDGNA=", b"1234")],
)
def test_padding_may_fill_the_last_group(text: str, content: bytes) -> None:
    assert decode_base32(text) == content
    assert decode_base32(text.rstrip("=")) == content


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "=",
        "========",
        "G",
        "GEZ",
        "GEZDGN",
        "GEZDGNBV=",
        "GEZDGNBV========",
        "GEZDGNA==",
        "GE====",
        "GEZ=GNBV",
        "=GEZDGNB",
        "GEZDGNB0",
        "GEZDGNB1",
        "GEZDGNB8",
        "GEZDGNB9",
        "GEZD-GNBV",
        "GEZD\tGNBV",
        "GEZDGNBV\n",
        "GEZDGNB\x00",
        "+EZDGNBV",
        "_GEZDGNB",
        "ＧEZDGNBV",
        "GEZDGNBı",
        "ſEZDGNBV",
    ],
    ids=ascii,
)
def test_anything_else_is_not_base32(text: str) -> None:
    assert decode_base32(text) is None


def test_surplus_bits_are_dropped() -> None:
    """Vendors draw random letters: 26 of them are 16 bytes and two bits."""
    assert decode_base32("2234567ABCDEF2234567ABCDEF") == base64.b32decode("2234567ABCDEF2234567ABCDEE======")
