"""RADIUS servers as a place where passwords are checked: one Access-Request with the person's password (PAP).

A check ends by its deadline, whatever the servers do, and then says `unavailable`, which nobody takes for a
match. A match is an Access-Accept whose Response Authenticator fits, with a Message-Authenticator unless the
administrator does without (RFC 2865 §3, RFC 2869 §5.14, CVE-2024-3596).

Must never send an empty password, one that is too long, or one with a NUL, which servers may cut short. Must
never go into a challenge: the second factor is ours to ask for.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Final

from vestibule.crypto.secret import Secret
from vestibule.directories.radius.exchange import DirectoryUnavailable, Trouble, ask
from vestibule.directories.radius.settings import Endpoint, RadiusSettings
from vestibule.interfaces.directory import DirectoryEntry, PasswordVerdict, PasswordVerdictKind
from vestibule.model.user import User
from vestibule.model.username import canonical_name
from vestibule.wire.radius import Attribute, CheckedReply, Message, SharedSecret, decode
from vestibule.wire.radius.numbers import (
    ACCESS_ACCEPT,
    ACCESS_CHALLENGE,
    ACCESS_REQUEST,
    LARGEST_VALUE,
    NAS_IDENTIFIER,
    SERVICE_TYPE,
    USER_NAME,
    USER_PASSWORD,
)

_LONGEST_PASSWORD: Final = 128
"""Octets (RFC 2865 §5.2)."""
_AUTHENTICATE_ONLY: Final = (8).to_bytes(4, "big")
_MOST_ADMITTED: Final = 200


class RadiusDirectory:
    """Implements `Directory`. Keeps no connection."""

    def __init__(self, settings: RadiusSettings) -> None:
        self._settings = settings
        self._endpoints = settings.endpoints()
        self._secret = SharedSecret(settings.shared_secret.reveal().encode())
        self._admitted = 0

    async def check_password(
        self, user: User | None, claimed_username: str, password: Secret[str]
    ) -> PasswordVerdict:
        """Tell whether the servers accept this person with this password. `detail` is a catalog key."""
        proof = _proof(password)
        if proof is None:
            return _mismatch("not_a_password")
        name = user.username if user is not None else claimed_username.strip()
        if canonical_name(name) is None or len(name.encode()) > LARGEST_VALUE:
            return _mismatch("no_such_person")
        if user is None:
            # Asked for a name and a password that are nobody's, so that the time does not tell who exists.
            name, proof = _nobody()
        answer = await self._ask(name, proof)
        if isinstance(answer, Trouble):
            return PasswordVerdict(PasswordVerdictKind.UNAVAILABLE, detail=f"radius.trouble.{answer}")
        if user is None:
            return _mismatch("no_such_person")
        if answer.message.code == ACCESS_CHALLENGE:
            return _mismatch("challenged")
        if answer.message.code != ACCESS_ACCEPT:
            return _mismatch("rejected")
        return PasswordVerdict(PasswordVerdictKind.MATCH)

    async def find(self, name: str) -> DirectoryEntry | None:
        """Return None, as RADIUS tells nothing of people; raises DirectoryUnavailable when the servers do not
        answer. They are asked for nobody, so that nobody's wrong passwords are counted there."""
        answer = await self._ask(*_nobody())
        if isinstance(answer, Trouble):
            raise DirectoryUnavailable(answer)
        return None

    async def close(self) -> None:
        """There is nothing to give back."""

    async def _ask(self, name: str, password: bytes) -> CheckedReply | Trouble:
        """Ask the servers in turn; each that is silent leaves a fair share of the time to those behind it."""
        if self._admitted >= _MOST_ADMITTED:
            return Trouble.OVERLOADED
        self._admitted += 1
        try:
            deadline = asyncio.get_running_loop().time() + self._settings.timeout_seconds
            trouble = Trouble.UNREACHABLE
            for index, endpoint in enumerate(self._endpoints):
                left = deadline - asyncio.get_running_loop().time()
                share = left / (len(self._endpoints) - index)
                answer = await self._ask_one(endpoint, name, password, share)
                if isinstance(answer, CheckedReply):
                    return answer
                trouble = answer
            return trouble
        finally:
            self._admitted -= 1

    async def _ask_one(
        self, endpoint: Endpoint, name: str, password: bytes, seconds: float
    ) -> CheckedReply | Trouble:
        return await ask(
            endpoint,
            self._request(name, password),
            self._secret,
            must_be_signed=self._settings.require_message_authenticator,
            tries=self._settings.tries,
            seconds=seconds,
        )

    def _request(self, name: str, password: bytes) -> Message:
        authenticator = secrets.token_bytes(16)
        attributes: list[Attribute] = [
            (USER_NAME, name.encode()),
            (USER_PASSWORD, self._secret.hide(password, authenticator)),
            (NAS_IDENTIFIER, self._settings.nas_identifier.encode()),
            (SERVICE_TYPE, _AUTHENTICATE_ONLY),
        ]
        identifier = secrets.randbelow(256)
        request = decode(self._secret.encode_request(ACCESS_REQUEST, identifier, authenticator, attributes))
        assert isinstance(request, Message)
        return request


def _nobody() -> tuple[str, bytes]:
    return f"nobody-{secrets.token_hex(8)}", secrets.token_hex(8).encode()


def _proof(password: Secret[str]) -> bytes | None:
    """Return the octets of a password that may be sent, or None."""
    try:
        octets = password.reveal().encode()
    except UnicodeEncodeError:
        return None
    return octets if 0 < len(octets) <= _LONGEST_PASSWORD and b"\0" not in octets else None


def _mismatch(detail: str) -> PasswordVerdict:
    return PasswordVerdict(PasswordVerdictKind.MISMATCH, detail=f"radius.verdict.{detail}")
