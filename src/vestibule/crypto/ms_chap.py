"""MS-CHAPv2: what proves a password to who has its NT hash, and the keys of it (RFC 2759, RFC 3079).

The NT hash is as good as the password, and one who has seen a proof can find it by trying 2**56 keys of DES,
whatever the password: an afternoon for machines that are for hire. Nothing but this protocol may use it.
"""

from __future__ import annotations

import hashlib
import hmac

import msgspec
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from vestibule.crypto.md4 import md4
from vestibule.crypto.secret import Secret

NT_HASH_OCTETS = 16
CHALLENGE_OCTETS = 16
RESPONSE_OCTETS = 24
_KEY_OCTETS = 16

# The constants are texts of RFC 2759 §8.7 and RFC 3079 §3.4.
_TO_CLIENT = b"Magic server to client signing constant"
_ONE_MORE = b"Pad to make it do more than one iteration"
_MASTER = b"This is the MPPE Master Key"
_CLIENT_SENDS = b"On the client side, this is the send key; on the server side, it is the receive key."
_SERVER_SENDS = b"On the client side, this is the receive key; on the server side, it is the send key."


class Proof(msgspec.Struct, frozen=True):
    """What a client has sent: its own challenge, and the 24 octets of its response to both."""

    name: str
    """As the person has typed it."""
    authenticator_challenge: bytes
    peer_challenge: bytes
    response: bytes

    def __repr__(self) -> str:
        return "Proof(***)"


def nt_hash(password: str) -> Secret[bytes]:
    """Return the NT hash of a password (RFC 2759 §8.3)."""
    return Secret(md4(password.encode("utf-16-le")))


def is_proven(proof: Proof, hashed: Secret[bytes]) -> bool:
    """Tell whether a proof was made with the password of this hash (RFC 2759 §8.5)."""
    key = hashed.reveal().ljust(21, b"\0")
    challenge = _challenge_hash(proof)
    expected = b"".join(_des(key[at : at + 7], challenge) for at in (0, 7, 14))
    return hmac.compare_digest(expected, proof.response)


def confirmation(proof: Proof, hashed: Secret[bytes]) -> bytes:
    """Return what shows the client that we know the password, too: `S=` and 40 digits (RFC 2759 §8.7)."""
    digest = _sha(md4(hashed.reveal()) + proof.response + _TO_CLIENT)
    return b"S=" + _sha(digest + _challenge_hash(proof) + _ONE_MORE).hex().upper().encode()


def keys(proof: Proof, hashed: Secret[bytes]) -> tuple[Secret[bytes], Secret[bytes]]:
    """Return the keys of 128 bits under which the server receives and sends (RFC 3079 §3.3)."""
    master = _sha(md4(hashed.reveal()) + proof.response + _MASTER)[:_KEY_OCTETS]
    return _start_key(master, _CLIENT_SENDS), _start_key(master, _SERVER_SENDS)


def _start_key(master: bytes, which: bytes) -> Secret[bytes]:
    return Secret(_sha(master + bytes(40) + which + b"\xf2" * 40)[:_KEY_OCTETS])


def _challenge_hash(proof: Proof) -> bytes:
    """RFC 2759 §8.2: the name without its domain."""
    name = proof.name.rpartition("\\")[2].encode()
    return _sha(proof.peer_challenge + proof.authenticator_challenge + name)[:8]


def _des(seven: bytes, block: bytes) -> bytes:
    """DES under 56 bits, which TripleDES is under three equal keys; parity bits are not looked at."""
    bits = int.from_bytes(seven, "big")
    key = bytes((bits >> (49 - 7 * index) & 0x7F) << 1 for index in range(8))
    encryptor = Cipher(TripleDES(key * 3), modes.ECB()).encryptor()  # noqa: S305 - it is what the RFC says
    return encryptor.update(block)


def _sha(octets: bytes) -> bytes:
    return hashlib.sha1(octets, usedforsecurity=False).digest()
