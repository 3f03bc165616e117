"""Keys and signatures of apps: ECDSA on P-256 with SHA-256 (FIPS 186-5), and nothing else (PU-11).

A public key is the uncompressed point (SEC 1 §2.3.3), a signature `r ‖ s`, both base64url without padding.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

_POINT_OCTETS: Final = 65
_UNCOMPRESSED: Final = 4
_SIGNATURE_OCTETS: Final = 64
_HALF: Final = 32


class BadKey(ValueError):
    """What is given as a public key is none on this curve."""


def read_public_key(text: str) -> EllipticCurvePublicKey:
    """Return the key; raises BadKey."""
    point = _octets(text, _POINT_OCTETS)
    if point is None or point[0] != _UNCOMPRESSED:
        raise BadKey("a public key is 65 octets: 4, x and y, as base64url")
    try:
        return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    except ValueError:
        raise BadKey("this point is not on the curve P-256") from None


def is_signed(key: EllipticCurvePublicKey, text: bytes, signature: str) -> bool:
    """Tell whether `signature` is one of `text` under this key."""
    raw = _octets(signature, _SIGNATURE_OCTETS)
    if raw is None:
        return False
    r, s = int.from_bytes(raw[:_HALF], "big"), int.from_bytes(raw[_HALF:], "big")
    try:
        key.verify(encode_dss_signature(r, s), text, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _octets(text: str, size: int) -> bytes | None:
    """Return exactly `size` octets from their base64url without padding, None for anything else."""
    if len(text) != -(-size * 4 // 3) or not text.isascii():
        return None
    try:
        # The alphabet is checked here: the library passes over what is not in it.
        if not set(text) <= _ALPHABET:
            return None
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None


_ALPHABET: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
