"""RADIUS servers as a place where passwords are checked: one Access-Request with the person's password (PAP),
or with all that a client of ours has sent (`carry`).

A check ends by its deadline, whatever the servers do, and then says `unavailable`, which nobody takes for a
match. A match is an Access-Accept whose Response Authenticator fits, with a Message-Authenticator unless the
administrator does without (RFC 2865 §3, RFC 2869 §5.14, CVE-2024-3596).

Must never send an empty password, one that is too long, or one with a NUL, which servers may cut short. Must
never go into a challenge: the second factor is ours to ask for.
"""

from __future__ import annotations

import secrets
from typing import Final

from vestibule.crypto.secret import Secret
from vestibule.directories.radius.carrying import of_nobody, to_client, to_server
from vestibule.directories.radius.exchange import DirectoryUnavailable, Trouble
from vestibule.directories.radius.servers import Servers
from vestibule.directories.radius.settings import RadiusSettings
from vestibule.interfaces.directory import DirectoryEntry, PasswordVerdict, PasswordVerdictKind
from vestibule.interfaces.upstream import Attributes, Carried, Silent
from vestibule.model.user import User
from vestibule.model.username import canonical_name
from vestibule.wire.radius import Attribute, CheckedReply, SharedSecret, open_attributes
from vestibule.wire.radius.numbers import (
    ACCESS_ACCEPT,
    ACCESS_CHALLENGE,
    LARGEST_VALUE,
    NAS_IDENTIFIER,
    SERVICE_TYPE,
    USER_NAME,
    USER_PASSWORD,
)

_LONGEST_PASSWORD: Final = 128
"""Octets (RFC 2865 §5.2)."""
_AUTHENTICATE_ONLY: Final = (8).to_bytes(4, "big")
_PROXY_STATE: Final = 8
"""Octets; enough to tell an answer to us from a forgery (CVE-2024-3596)."""


class RadiusDirectory:
    """Implements `Directory` and `Upstream`."""

    def __init__(self, settings: RadiusSettings) -> None:
        self._settings = settings
        self._secret = SharedSecret(settings.octets_shared)
        self._servers = Servers(settings, self._secret)

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
        """Stop asking silent servers whether they are back."""
        await self._servers.close()

    @property
    def servers(self) -> tuple[str, ...]:
        return self._servers.order

    @property
    def takes_accounting(self) -> bool:
        return self._settings.accounting_port > 0

    async def account(self, attributes: Attributes) -> bool:
        """Implements `Upstream`."""
        state = secrets.token_bytes(_PROXY_STATE)
        try:
            return await self._servers.account(
                to_server(attributes, None, self._settings.nas_identifier, state)
            )
        except ValueError:
            return False

    async def carry(
        self, attributes: Attributes, password: Secret[bytes] | None, server: str = ""
    ) -> Carried | Silent:
        """Implements `Upstream`. A password that RADIUS cannot carry is as good as a wrong one."""
        state = secrets.token_bytes(_PROXY_STATE)

        def attributes_under(secret: SharedSecret, authenticator: bytes) -> Attributes:
            hidden = None if password is None else secret.hide(password.reveal(), authenticator)
            return to_server(attributes, hidden, self._settings.nas_identifier, state)

        try:
            asked = await self._servers.ask(attributes_under, server)
        except ValueError:
            return Silent("radius.trouble.too_long")
        if isinstance(asked.found, Trouble):
            return Silent(f"radius.trouble.{asked.found}", asked.server, asked.discarded)
        reply = asked.found.message
        secret = asked.secret or self._secret
        opened = open_attributes(to_client(reply.attributes), secret, asked.authenticator)
        if opened is None:
            return Silent(f"radius.trouble.{Trouble.UNREADABLE}", asked.server, asked.discarded)
        return Carried(reply.code, opened, asked.server, asked.discarded)

    async def carry_nobody(self, attributes: Attributes) -> Carried | Silent:
        """Implements `Upstream`."""
        name, password = _nobody()
        return await self.carry(of_nobody(attributes, name), Secret(password))

    async def _ask(self, name: str, password: bytes) -> CheckedReply | Trouble:
        def attributes_under(secret: SharedSecret, authenticator: bytes) -> list[Attribute]:
            return [
                (USER_NAME, name.encode()),
                (USER_PASSWORD, secret.hide(password, authenticator)),
                (NAS_IDENTIFIER, self._settings.nas_identifier.encode()),
                (SERVICE_TYPE, _AUTHENTICATE_ONLY),
            ]

        return (await self._servers.ask(attributes_under)).found


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
