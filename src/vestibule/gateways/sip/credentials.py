"""Answering a trunk's demand for a password (401 and 407, RFC 3261 §22).

Holds the password as a `Secret`. Must never try a refused password again by itself: a demand that is not
called stale, for a request that already bore credentials, says that they are wrong.
"""

from __future__ import annotations

import secrets

from vestibule.crypto.secret import Secret
from vestibule.wire.sip import Request, Response
from vestibule.wire.sip.digest import answer, choose_challenge
from vestibule.wire.sip.message import Field

_FIELDS = {401: ("www-authenticate", "authorization"), 407: ("proxy-authenticate", "proxy-authorization")}
MOST_TRIES = 4
"""Server and proxy may both ask, and each nonce may have aged."""


class Credentials:
    def __init__(self, user: str, password: Secret[str]) -> None:
        self._user = user
        self._password = password

    def answer(self, request: Request, response: Response) -> tuple[Field, ...] | None:
        """Return the credentials that `request` needs to be tried again, those it had for others included.

        None: it asks for nothing that we have, or has refused what we have.
        """
        names = _FIELDS.get(response.status)
        if names is None or not self._user or not self._password:
            return None
        asked, given = names
        challenge = choose_challenge(response.values(asked))
        if challenge is None or (request.first(given) and not challenge.is_stale):
            return None
        value = answer(
            challenge,
            method=request.method,
            uri=request.uri,
            user=self._user,
            password=self._password.reveal(),
            cnonce=secrets.token_hex(8),
        )
        return (*(field for field in given_credentials(request) if field[0] != given), (given, value))


def given_credentials(request: Request) -> tuple[Field, ...]:
    """The credentials in a request: an ACK bears the same as its INVITE (§22.1)."""
    names = [given for _, given in _FIELDS.values()]
    return tuple(field for field in request.fields if field[0] in names)
