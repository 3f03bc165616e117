"""G.711, all 65,536 values of a sample: digests of what Python's former module `audioop` made of them."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable

import pytest

from vestibule.wire.sound.g711 import decode_a_law, decode_mu_law, encode_a_law, encode_mu_law

ALL = array("h", range(-32_768, 32_768)).tobytes()


@pytest.mark.parametrize(
    ("encode", "digest"),
    [
        (encode_mu_law, "81d633c9e6972a18c74a58720b96cb8ca0bdd096d4060b646dd708c3b846019a"),
        (encode_a_law, "38488f6fd710f4686360edc4d38639f96c491595ef93f8eb8d62d5e07ca6ce7b"),
    ],
)
def test_every_sample_is_encoded_as_elsewhere(encode: Callable[[bytes], bytes], digest: str) -> None:
    """ITU-T G.711."""
    assert hashlib.sha256(encode(ALL)).hexdigest() == digest


@pytest.mark.parametrize(
    ("decode", "digest"),
    [
        (decode_mu_law, "3dab54339e520bb2c924826e3b72a917a2b612e9fd12fc867500f1d983a75827"),
        (decode_a_law, "e04788d110e58ff8c70c93b8480190d973e3b67876b6119abbaec766cc75c174"),
    ],
)
def test_every_octet_is_decoded_as_elsewhere(decode: Callable[[bytes], bytes], digest: str) -> None:
    assert hashlib.sha256(decode(bytes(range(256)))).hexdigest() == digest


def test_what_was_decoded_is_encoded_to_the_same_sound() -> None:
    octets = bytes(range(256))
    assert encode_a_law(decode_a_law(octets)) == octets
    # µ-law has two zeros; the negative one, 127, is the same sound as 255.
    assert encode_mu_law(decode_mu_law(octets)) == octets.replace(b"\x7f", b"\xff")


def test_half_a_sample_is_left_out() -> None:
    assert encode_mu_law(b"\x00\x00\x00") == b"\xff"
    assert encode_a_law(b"\x00") == b""
