"""A conversation of EAP that goes through us: what the next round must know, inside the State we give out.

The server behind answers one round after the other, and knows the conversation by a State of its own
(RFC 3579 §2.2). Ours holds that one, which server it is of, when the conversation began and how many rounds
it has had, sealed under a key from the client's shared secret: any node can continue, none keeps anything. It
is bound to tenant, client and user.
"""

from __future__ import annotations

import hmac
import os
from hashlib import blake2b
from typing import Final, NoReturn

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vestibule.crypto.sealing import context
from vestibule.crypto.secret import Secret
from vestibule.model.application import Client
from vestibule.model.username import canonical_name
from vestibule.wire.radius.numbers import LARGEST_VALUE

MOST_ROUNDS: Final = 60
"""TLS with long chains of certificates takes about twenty."""
LONGEST_SECONDS: Final = 120
_PURPOSE: Final = b"vestibule radius conversation"
_NONCE: Final = 12
_TAG: Final = 16
_SERVER: Final = 4
_HEAD: Final = 1 + 4 + _SERVER
LONGEST_STATE: Final = LARGEST_VALUE - _NONCE - _TAG - _HEAD
"""Octets of a server's State that find room in ours."""


class Conversation(msgspec.Struct, frozen=True):
    """`began` is in epoch seconds; `server` is a digest of the server's name."""

    began: int
    rounds: int = 0
    server: bytes = bytes(_SERVER)
    state: bytes = b""

    def after(self, server: str, state: bytes) -> Conversation:
        """Return the conversation after one more round."""
        return Conversation(self.began, self.rounds + 1, digest_of(server), state)

    def is_over(self, now: int) -> bool:
        """Tell at `now` (epoch seconds) whether it has gone on for too long."""
        return self.rounds >= MOST_ROUNDS or not -LONGEST_SECONDS <= now - self.began <= LONGEST_SECONDS

    def server_among(self, names: tuple[str, ...]) -> str | None:
        """Return the name of its server; None if that is not among `names`."""
        return next((name for name in names if digest_of(name) == self.server), None)


def digest_of(server: str) -> bytes:
    return blake2b(server.encode(), digest_size=_SERVER).digest()


class ConversationKey:
    """Seals conversations under one shared secret; masked wherever it is shown."""

    __slots__ = ("_cipher",)

    def __init__(self, secret: Secret[bytes]) -> None:
        self._cipher = AESGCM(hmac.digest(secret.reveal(), _PURPOSE, "sha256"))

    def __repr__(self) -> str:
        return "ConversationKey(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a ConversationKey is not pickled")

    def seal(self, conversation: Conversation, client: Client, claimed_username: str) -> bytes:
        """Return the State of a conversation whose own State has at most `LONGEST_STATE` octets."""
        content = (
            bytes((conversation.rounds,))
            + conversation.began.to_bytes(4, "big")
            + conversation.server
            + conversation.state
        )
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, content, _bound_to(client, claimed_username))

    def unseal(self, state: bytes, client: Client, claimed_username: str) -> Conversation | None:
        """Return the conversation; None if this client and user were given no such State."""
        try:
            content = self._cipher.decrypt(
                state[:_NONCE], state[_NONCE:], _bound_to(client, claimed_username)
            )
        except (InvalidTag, ValueError):
            return None
        began, server = int.from_bytes(content[1:5], "big"), content[5:_HEAD]
        return Conversation(began, content[0], server, content[_HEAD:])


def _bound_to(client: Client, claimed_username: str) -> bytes:
    return context(client.tenant_id, client.client_id, canonical_name(claimed_username) or "")
