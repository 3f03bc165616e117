"""Binds: whom a name means, whether he is let in, and what the client is told.

Invariants:
- The directory is given the distinguished name of the one entry that a name means, never the name: so whoever
  is asked for the second factor is who is bound, whatever forms of names the directory takes (LD-06).
- An exempt account is bound under the name that its administrator has written (LD-05).
- A refused password and a refused second factor are told in the same words.
"""

from __future__ import annotations

import asyncio

import msgspec

from vestibule.catalog import text
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id
from vestibule.frontends.ldap.clients import LdapClient
from vestibule.frontends.ldap.handing import Handed, hand_on
from vestibule.frontends.ldap.sign_in import SignIn
from vestibule.frontends.ldap.upstream import Upstream
from vestibule.interfaces.directory import StandsBehind
from vestibule.interfaces.store import Unavailable
from vestibule.model.combined_password import Unsplittable, split
from vestibule.model.ldap_client import Passcodes, exempt_name
from vestibule.model.verification import Channel, Reason
from vestibule.services.attempt import Origin
from vestibule.services.directory_people import Ambiguous, DirectoryPeople
from vestibule.services.verification import Verifications
from vestibule.wire.ldap.messages import BindRequest, Message, Result, ResultCode, Simple
from vestibule.wire.ldap.passing import BIND_REQUEST, final_response

CHANNEL = "ldap"

_OUT_OF_BAND = tuple(channel for channel in Channel if channel is not Channel.TYPED)


class Bound(msgspec.Struct, frozen=True):
    """What came of a bind: the answer, and the connection that goes with it if somebody is bound."""

    answer: bytes
    upstream: Upstream | None = None


class Binder:
    """Carries out binds for one connection of a client."""

    def __init__(
        self,
        verifications: Verifications,
        people: DirectoryPeople,
        client: LdapClient,
        source: str,
        language: str,
    ) -> None:
        self._verifications = verifications
        self._people = people
        self._client = client
        self._source = source
        self._language = language

    async def bind(self, message: Message, gone: asyncio.Event) -> Bound:
        """Return what comes of a bind. `gone` is set when the client does not wait any more; the person is
        then asked no further, unless the client keeps asking (LD-17)."""
        try:
            return await self._outcome(message, gone)
        except (ConnectionError, Unavailable):
            return self._refused(message, ResultCode.UNAVAILABLE, "unavailable")

    async def _outcome(self, message: Message, gone: asyncio.Event) -> Bound:
        request = message.operation
        assert isinstance(request, BindRequest)
        if request.version != 3:
            return self._refused(message, ResultCode.PROTOCOL_ERROR, "not_understood")
        if not isinstance(request.authentication, Simple):
            return self._refused(message, ResultCode.AUTH_METHOD_NOT_SUPPORTED, "simple_binds_only")
        password = request.authentication.password
        if not password:
            return self._without_password(message, request.name)
        if not request.name or "\0" in request.name or b"\0" in password:
            return self._refused(message, ResultCode.INVALID_CREDENTIALS, "refused")
        behind = await self._people.behind(self._client.peer.application)
        if behind is None:
            return self._refused(message, ResultCode.UNAVAILABLE, "unavailable")
        exempt = exempt_name(self._client.settings, request.name, self._source)
        if exempt is not None:
            return self._as_it_said(message, await hand_on(behind, message, exempt, password))
        return await self._as_person(message, request.name, password, behind, gone)

    def _without_password(self, message: Message, name: str) -> Bound:
        if name:
            # Many servers answer it with success, without having proven anything (RFC 4513 §5.1.2).
            return self._refused(message, ResultCode.UNWILLING_TO_PERFORM, "no_password")
        if not self._client.settings.allow_anonymous:
            return self._refused(message, ResultCode.INAPPROPRIATE_AUTHENTICATION, "bind_first")
        return Bound(final_response(message.message_id, BIND_REQUEST, Result(ResultCode.SUCCESS)))

    async def _as_person(
        self, message: Message, name: str, password: bytes, behind: StandsBehind, gone: asyncio.Event
    ) -> Bound:
        user = None
        try:
            entry = await behind.entry_of(name)
            if entry is not None:
                user = await self._people.user(self._client.peer.application, entry)
        except Ambiguous:
            entry = None
        except ConnectionError:
            await self._verifications.refuse(self._origin(name), Reason.DIRECTORY_UNAVAILABLE)
            raise
        is_stranger = user is None and not self._client.settings.require_user_match
        proof = (password, None) if is_stranger else _read_proof(password, self._client)
        origin = self._origin(user.username if user else name)
        if isinstance(proof, Reason):
            await self._verifications.refuse(origin, proof)
            return self._refused(message, ResultCode.INVALID_CREDENTIALS, "refused")
        sign_in = SignIn(self._verifications, origin, message, behind, user, entry, *proof)
        progress = await sign_in.carried_out(self._client.settings, gone)
        if progress is not None and progress.is_approved and sign_in.handed is not None:
            return Bound(sign_in.handed.answer, sign_in.handed.upstream)
        sign_in.drop()
        if progress is not None and progress.reason in (Reason.DIRECTORY_UNAVAILABLE, Reason.FAULT):
            return self._refused(message, ResultCode.UNAVAILABLE, "unavailable")
        return self._refused(message, ResultCode.INVALID_CREDENTIALS, "refused")

    def _origin(self, name: str) -> Origin:
        is_typed = self._client.settings.passcodes is Passcodes.APPENDED
        return Origin(
            peer=self._client.peer,
            channel=CHANNEL,
            claimed_username=name,
            client_address=self._source,
            idempotency_key=new_id(),
            can_show=False,
            channels=() if is_typed else _OUT_OF_BAND,
        )

    def _as_it_said(self, message: Message, handed: Handed) -> Bound:
        """Answer in the directory's own words; a referral is none (LD-18)."""
        if handed.result.code == ResultCode.REFERRAL:
            return self._refused(message, ResultCode.UNWILLING_TO_PERFORM, "elsewhere")
        return Bound(handed.answer, handed.upstream)

    def _refused(self, message: Message, code: int, why: str) -> Bound:
        told = Result(code, "", text(self._language, f"ldap_proxy.{why}"))
        return Bound(final_response(message.message_id, BIND_REQUEST, told))


def _read_proof(typed: bytes, client: LdapClient) -> tuple[bytes, Secret[str] | None] | Reason:
    """Return the password for the directory and the passcode, if there is one, in what was typed."""
    if client.settings.passcodes is Passcodes.OUT_OF_BAND:
        return typed, None
    try:
        parts = split(Secret(typed.decode()), client.settings.passcode_length)
    except UnicodeDecodeError:
        return Reason.PASSWORD_WRONG
    match parts:
        case Unsplittable.NO_PASSCODE:
            return Reason.PASSCODE_MALFORMED
        case Unsplittable.NO_PASSWORD:
            return Reason.PASSWORD_MISSING
        case _:
            return parts.password.reveal().encode(), parts.passcode
