"""Random identifiers and bearer tokens, and the hashes under which bearer tokens are stored."""

from __future__ import annotations

import hashlib
import os
import re
import secrets

_TIME_BYTES = 6
_RANDOM_BYTES = 10
_ID = re.compile("[0-9a-f]{32}")


def new_id() -> str:
    """Return 128 random bits as 32 hexadecimal characters: an identifier that is not guessed."""
    return os.urandom(16).hex()


def new_ordered_id(at: int) -> str:
    """Return an identifier that sorts by time: 48 bits of `at` (epoch milliseconds), 80 random bits.

    It names records in lists and logs. It is never a bearer secret; those are `new_token()`.
    """
    return (at.to_bytes(_TIME_BYTES, "big") + os.urandom(_RANDOM_BYTES)).hex()


def is_id(text: str) -> bool:
    """Tell whether `text` has the form of an identifier made here."""
    return _ID.fullmatch(text) is not None


def new_token(size: int = 32) -> str:
    """Return `size` random bytes as URL-safe text: a bearer secret (session, link, API key, shared secret).

    It begins with no dash: people hand it to programs, which would take it for an option.
    """
    while (token := secrets.token_urlsafe(size)).startswith("-"):
        pass
    return token


def token_hash(token: str) -> str:
    """Return the SHA-256 of a high-entropy token, in hex: what the database stores instead of it."""
    return hashlib.sha256(token.encode()).hexdigest()
