"""Keys by which a server proves to its service who it is: Ed25519 (RFC 8032), as raw octets."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from vestibule.crypto.secret import Secret


def new_key() -> Secret[bytes]:
    """Return a private key."""
    return Secret(Ed25519PrivateKey.generate().private_bytes_raw())


def public_key_of(key: Secret[bytes]) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(key.reveal()).public_key().public_bytes_raw()


def sign(key: Secret[bytes], text: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(key.reveal()).sign(text)


def is_signed(public_key: bytes, text: bytes, signature: bytes) -> bool:
    """Tell whether `signature` is one of `text`; False also for what is no key."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True
