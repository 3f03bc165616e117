"""The State attribute: which challenge an answer belongs to (RFC 2865 §5.24).

It is the challenge's identifier and a tag that binds it to tenant, client and user. The key of the tag
comes from the client's shared secret, so every node can read every State, no node keeps one, and a State
that was changed or given to another client or user is none. The identifier is no secret from the client,
and alone it opens nothing.

All of it is hexadecimal digits: ocserv 1.1, for one, takes a State for text and cuts it at a zero.
"""

from __future__ import annotations

import hmac
from typing import Final, NoReturn

from vestibule.crypto.sealing import context
from vestibule.crypto.secret import Secret
from vestibule.model.application import Client
from vestibule.model.username import canonical_name

_IDENTIFIER_DIGITS: Final = 32
_TAG_OCTETS: Final = 16
_PURPOSE: Final = b"vestibule radius state"


class StateKey:
    """Makes and reads States under one shared secret; masked wherever it is shown."""

    __slots__ = ("_key",)

    def __init__(self, secret: Secret[bytes]) -> None:
        self._key = hmac.digest(secret.reveal(), _PURPOSE, "sha256")

    def __repr__(self) -> str:
        return "StateKey(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a StateKey is not pickled")

    def seal(self, challenge_id: str, client: Client, claimed_username: str) -> bytes:
        """Return the 64 digits of a challenge's State; `challenge_id` is 32 hexadecimal digits."""
        identifier = challenge_id.encode()
        return identifier + self._tag(identifier, client, claimed_username)

    def unseal(self, state: bytes, client: Client, claimed_username: str) -> str | None:
        """Return the challenge's identifier; None if this client and user were given no such State."""
        identifier, tag = state[:_IDENTIFIER_DIGITS], state[_IDENTIFIER_DIGITS:]
        expected = self._tag(identifier, client, claimed_username)
        if len(identifier) != _IDENTIFIER_DIGITS or not hmac.compare_digest(tag, expected):
            return None
        return identifier.decode()

    def _tag(self, identifier: bytes, client: Client, claimed_username: str) -> bytes:
        # The identifier has a fixed length and stands first, so no two contents give the same octets.
        name = canonical_name(claimed_username) or ""
        bound = identifier + context(client.tenant_id, client.client_id, name)
        return hmac.digest(self._key, bound, "sha256")[:_TAG_OCTETS].hex().encode()
