"""Sealing of secrets at rest: AES-256-GCM under a key of the tenant, derived from a master key that is kept
outside the database (HKDF, RFC 5869).

A sealed value is `0x02 | master key id (4 bytes) | nonce (12 bytes) | ciphertext and tag`. The key id stands
in every value, so a new master key needs no new format: old values name the old key until they are sealed
again. Values that begin with `0x01` are older and sealed under the master key itself; they still open.

Each value is bound to a *context* (tenant, record, purpose) as associated data (NIST SP 800-38D §7). A
ciphertext that is copied to another row does not open there; one that is copied to another tenant has no key
there either. What belongs to no tenant has a key of its own, too.

Random 96-bit nonces are safe for 2**32 values under one key (NIST SP 800-38D §8.3).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FORMAT = b"\x02"
_UNDER_MASTER_KEY = b"\x01"
KEY_ID_BYTES = 4
KEY_BYTES = 32
_NONCE_BYTES = 12
_HEADER_BYTES = 1 + KEY_ID_BYTES
_BODY_OFFSET = _HEADER_BYTES + _NONCE_BYTES
_REMEMBERED_TENANTS = 4096


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
        known = [active, *(others or {}).values()]
        self._material = {key.key_id: key.material for key in known}
        self._under_master_key = {_UNDER_MASTER_KEY + key.key_id: AESGCM(key.material) for key in known}
        self._of_tenant = lru_cache(_REMEMBERED_TENANTS)(self._derived)
        self._header = FORMAT + active.key_id
        self.active_key_id = active.key_id

    def seal(self, content: bytes, context: bytes) -> bytes:
        """Return `content` sealed under the active key of its tenant and bound to `context`."""
        nonce = os.urandom(_NONCE_BYTES)
        cipher = self._of_tenant(self.active_key_id, _tenant(context))
        return self._header + nonce + cipher.encrypt(nonce, content, context)

    def unseal(self, sealed: bytes, context: bytes) -> bytes:
        """Return the content; raise `CannotUnseal` if it was not sealed for `context` by a known key."""
        cipher = self._cipher(sealed[:_HEADER_BYTES], context)
        try:
            return cipher.decrypt(sealed[_HEADER_BYTES:_BODY_OFFSET], sealed[_BODY_OFFSET:], context)
        except (InvalidTag, ValueError):
            raise CannotUnseal("the sealed value was changed or belongs to another record") from None

    def derive(self, purpose: str) -> bytes:
        """Return 32 bytes for `purpose`, the same on every node that has this active key (RFC 5869)."""
        return _hkdf(self._material[self.active_key_id], purpose.encode())

    def _cipher(self, header: bytes, context: bytes) -> AESGCM:
        key_id = header[len(FORMAT) :]
        if header.startswith(FORMAT) and key_id in self._material:
            return self._of_tenant(key_id, _tenant(context))
        if header in self._under_master_key:
            return self._under_master_key[header]
        raise CannotUnseal("sealed under a key that is not in the key file")

    def _derived(self, key_id: bytes, tenant_id: bytes) -> AESGCM:
        return AESGCM(_hkdf(self._material[key_id], b"sealing\0" + tenant_id))


def _hkdf(material: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose).derive(material)


def _tenant(context: bytes) -> bytes:
    return context.partition(b"\0")[0]


def context(tenant_id: str, *parts: str) -> bytes:
    """Return an unambiguous associated-data value for a record, from its tenant and further parts."""
    return "\0".join((tenant_id, *parts)).encode()
