"""The content encoding `aes128gcm` (RFC 8188): a header, then records, each sealed under its own nonce.

Only the writing half: what comes back from a push service is never encrypted. The caller chooses the salt and
must never use one twice with the same keying material; the nonces follow from both.
"""

import hmac
from collections.abc import Sequence
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

RECORD_SIZE: Final = 4096
RECORD_OVERHEAD: Final = 17
"""Octets of a record that are neither content nor padding: one delimiter and the tag (RFC 8188 §2)."""
_SALT_OCTETS: Final = 16
_MORE, _LAST = b"\x01", b"\x02"


def encode_aes128gcm(
    records: Sequence[tuple[bytes, int]],
    keying_material: bytes,
    salt: bytes,
    *,
    key_id: bytes = b"",
    record_size: int = RECORD_SIZE,
) -> bytes:
    """Return header and records; each record is its content and how many octets of padding follow it.

    Raises ValueError unless all records but the last are full (RFC 8188 §2), and the last is not too long.
    """
    sizes = [len(content) + padding + RECORD_OVERHEAD for content, padding in records]
    if not sizes or sizes[-1] > record_size or any(size != record_size for size in sizes[:-1]):
        raise ValueError("the records do not have the size they should have")
    if len(salt) != _SALT_OCTETS:
        raise ValueError("the salt is not 16 octets long")
    # HKDF of a single block (RFC 5869 §2.3), three times with the same first step.
    secret = hmac.digest(salt, keying_material, "sha256")
    cipher = AESGCM(hmac.digest(secret, b"Content-Encoding: aes128gcm\0\x01", "sha256")[:16])
    first_nonce = int.from_bytes(hmac.digest(secret, b"Content-Encoding: nonce\0\x01", "sha256")[:12], "big")
    parts = [salt, record_size.to_bytes(4, "big"), bytes((len(key_id),)), key_id]
    for number, (content, padding) in enumerate(records):
        delimiter = _LAST if number == len(records) - 1 else _MORE
        nonce = (first_nonce ^ number).to_bytes(12, "big")
        parts.append(cipher.encrypt(nonce, content + delimiter + bytes(padding), None))
    return b"".join(parts)
