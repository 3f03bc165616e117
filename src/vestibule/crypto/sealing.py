"""Sealing of secrets at rest: AES-256-GCM under a master key that is kept outside the database.

A sealed value is `0x01 | key id (4 bytes) | nonce (12 bytes) | ciphertext and tag`. The key id stands in
every value from the first day, so a new master key needs no new format: old values name the old key
until they are sealed again.

Each value is bound to a *context* (tenant, record, purpose) as associated data (NIST SP 800-38D §7). A
ciphertext that is copied to another row does not open there.

Random 96-bit nonces are safe for 2**32 values under one key (NIST SP 800-38D §8.3).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FORMAT = b"\x01"
KEY_ID_BYTES = 4
KEY_BYTES = 32
_NONCE_BYTES = 12
_HEADER_BYTES = 1 + KEY_ID_BYTES
_BODY_OFFSET = _HEADER_BYTES + _NONCE_BYTES


class CannotUnseal(Exception):
    """A sealed value does not open: wrong context, unknown key, or changed bytes."""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """One master key: a 4-byte identifier and 32 bytes of key material."""

    key_id: bytes
    material: bytes

    def __post_init__(self) -> None:
        if len(self.key_id) != KEY_ID_BYTES or len(self.material) != KEY_BYTES:
            raise ValueError("a master key has a 4-byte identifier and 32 bytes of material")

    def __repr__(self) -> str:
        return f"MasterKey({self.key_id.hex()})"


def new_master_key() -> MasterKey:
    """Return a fresh random master key with a random identifier."""
    return MasterKey(os.urandom(KEY_ID_BYTES), os.urandom(KEY_BYTES))


class Sealer:
    """Seals with the active key and opens with any known key."""

    def __init__(self, active: MasterKey, others: Mapping[bytes, MasterKey] | None = None) -> None:
        self._active_header = FORMAT + active.key_id
        self._active = AESGCM(active.material)
        self._by_header = {FORMAT + key.key_id: AESGCM(key.material) for key in (others or {}).values()}
        self._by_header[self._active_header] = self._active
        self.active_key_id = active.key_id
        self._material = active.material

    def seal(self, content: bytes, context: bytes) -> bytes:
        """Return `content` sealed under the active key and bound to `context`."""
        nonce = os.urandom(_NONCE_BYTES)
        return self._active_header + nonce + self._active.encrypt(nonce, content, context)

    def unseal(self, sealed: bytes, context: bytes) -> bytes:
        """Return the content; raise `CannotUnseal` if it was not sealed for `context` by a known key."""
        cipher = self._by_header.get(sealed[:_HEADER_BYTES])
        if cipher is None:
            raise CannotUnseal("sealed under a key that is not in the key file")
        try:
            return cipher.decrypt(sealed[_HEADER_BYTES:_BODY_OFFSET], sealed[_BODY_OFFSET:], context)
        except (InvalidTag, ValueError):
            raise CannotUnseal("the sealed value was changed or belongs to another record") from None

    def derive(self, purpose: str) -> bytes:
        """Return 32 bytes for `purpose`, the same on every node that has this active key (RFC 5869)."""
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(self._material)


def is_sealed_with(sealed: bytes, key_id: bytes) -> bool:
    """Tell whether `sealed` names the key `key_id` (for counting what a rotation has left to do)."""
    return sealed[:_HEADER_BYTES] == FORMAT + key_id


def context(tenant_id: str, *parts: str) -> bytes:
    """Return an unambiguous associated-data value for a record, from its tenant and further parts."""
    return "\0".join((tenant_id, *parts)).encode()
