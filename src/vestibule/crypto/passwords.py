"""Password hashing with argon2id (RFC 9106), slow on purpose: never call it on the event loop.

Parameters follow the second recommended option family of password-storage guidance for interactive
logins: 19 MiB, two passes, one lane. The parameters stand in each hash, so they can be raised later.
"""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

# A longer password is refused before it is hashed, so that hashing cannot be used as a weapon.
MAX_PASSWORD_BYTES = 1024

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16)

# A hash that no password has: its bytes are random. It is verified for people without a local password,
# so that the time of an answer does not tell who exists.
DUMMY_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$+89rsy8mv5gFTOANwmK9RQ$QpP6zSFteH379dPrGeKLtuWvODrYW6fMiH2kIq9L6Ys"
)


def hash_password(password: str) -> str:
    """Return the encoded argon2id hash of `password` (about 20 ms of one core)."""
    if len(password.encode()) > MAX_PASSWORD_BYTES:
        raise ValueError("the password is too long")
    return _hasher.hash(password)


def verify_password(encoded: str, password: str) -> bool:
    """Tell whether `password` has the hash `encoded`; takes the same time either way."""
    if len(password.encode("utf-8", "replace")) > MAX_PASSWORD_BYTES:
        return False
    try:
        return _hasher.verify(encoded, password)
    except (Argon2Error, InvalidHashError, UnicodeEncodeError):
        return False


def needs_rehash(encoded: str) -> bool:
    """Tell whether `encoded` was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(encoded)
