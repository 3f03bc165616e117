"""An LDAP directory as a place where passwords are checked.

A check finds the person's entry as the service account, then tries the password by a bind as that entry.
It ends by its deadline, whatever the servers do, and then says `unavailable`, which nobody takes for a match.

Must never send an empty password or one with a NUL: servers answer the first with success (RFC 4513 §5.1.2)
and may cut the second short. Must never follow a referral, keep a password, or let more checks wait than
its line is long: a directory that hangs costs only those who need it.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import ssl
from collections.abc import Awaitable, Callable
from typing import TypeVar

from vestibule.crypto.passwords import MAX_PASSWORD_BYTES
from vestibule.crypto.secret import Secret
from vestibule.directories.ldap.changes import what_changed
from vestibule.directories.ldap.entries import Questions
from vestibule.directories.ldap.link import Found
from vestibule.directories.ldap.people import (
    directory_entry,
    entry_behind,
    is_shut_out,
    outcome_of_change,
    reference_text,
    search_by_bind_name,
    search_by_names,
    search_by_reference,
    verdict_of_bind,
)
from vestibule.directories.ldap.reading import LIMITS, Reader
from vestibule.directories.ldap.resolver import Resolver
from vestibule.directories.ldap.server import Server
from vestibule.directories.ldap.settings import LdapSettings, PasswordChangeBy
from vestibule.directories.ldap.trouble import DirectoryUnavailable, LinkFailure, Trouble
from vestibule.interfaces.directory import (
    DirectoryEntry,
    EntryBehind,
    PasswordChange,
    PasswordChangeKind,
    PasswordVerdict,
    PasswordVerdictKind,
    PeopleRead,
)
from vestibule.model.synchronisation import SyncSettings
from vestibule.model.user import User
from vestibule.model.username import canonical_name
from vestibule.wire.ldap.messages import Result, ResultCode, SearchRequest, SearchResultEntry
from vestibule.wire.ldap.password_policy import PasswordPolicy
from vestibule.wire.ldap.passwords import password_modify, unicode_password

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

_WAITING_PER_CONNECTION = 16

# Troubles that another server may not have. A refused account is the same everywhere, and trying it on every
# server only brings it closer to being locked.
_FINAL = frozenset((Trouble.ACCOUNT_REFUSED, Trouble.NO_REFERENCE))

# What a server says of a distinguished name that it does not have.
_NO_SUCH_NAME = frozenset((ResultCode.NO_SUCH_OBJECT, ResultCode.INVALID_DN_SYNTAX, ResultCode.REFERRAL))


class LdapDirectory:
    """Implements `Directory`. Bound to the event loop it is first used on; connects when first asked."""

    def __init__(self, settings: LdapSettings) -> None:
        """Raises ValueError naming `ca_file` when it cannot be read."""
        self._settings = settings
        self._resolver = Resolver()
        context = _tls_context(settings)
        self._servers = [
            Server(endpoint, settings, context, self._resolver) for endpoint in settings.endpoints()
        ]
        self._slots = asyncio.Semaphore(settings.max_connections)
        self._admitted = 0
        self._max_admitted = settings.max_connections * (1 + _WAITING_PER_CONNECTION)

    async def check_password(
        self, user: User | None, claimed_username: str, password: Secret[str]
    ) -> PasswordVerdict:
        """Tell whether the directory knows this person by this password. `detail` is a catalog key."""
        proof = _proof(password)
        if proof is None:
            return _mismatch("not_a_password")
        if canonical_name(claimed_username) is None:
            # Nobody can have such a name, so there is no time to spend on hiding who exists.
            return _mismatch("no_such_person")
        answer = await self._ask(lambda server: self._check(server, user, claimed_username.strip(), proof))
        if isinstance(answer, Trouble):
            return PasswordVerdict(PasswordVerdictKind.UNAVAILABLE, detail=f"ldap.trouble.{answer}")
        return answer

    async def find(self, name: str) -> DirectoryEntry | None:
        """Return the one person of that name; raises DirectoryUnavailable when it cannot be told."""
        if canonical_name(name) is None:
            return None
        attributes = (self._settings.reference_attribute, *self._settings.display_attributes())
        request = search_by_names(self._settings, (name.strip(),), attributes)
        answer = await self._ask(lambda server: self._person(server, request))
        if isinstance(answer, Trouble):
            raise DirectoryUnavailable(answer)
        return answer

    @property
    def changes_passwords(self) -> bool:
        return self._settings.password_change is not PasswordChangeBy.NOTHING

    async def change_password(self, user: User, old: Secret[str], new: Secret[str]) -> PasswordChange:
        """Implements `ChangesPasswords`. OpenLDAP is asked as the person himself, unless his password has
        expired; Active Directory as the service account, for it lets in nobody then, and checks the old one
        anyway."""
        proof = _proof(old)
        if proof is None:
            return _OLD_WRONG
        return await self._change(user, proof, new)

    async def reset_password(self, user: User, new: Secret[str]) -> PasswordChange:
        """Implements `ChangesPasswords`, as the service account."""
        return await self._change(user, None, new)

    async def _change(self, user: User, old: bytes | None, new: Secret[str]) -> PasswordChange:
        wanted = _proof(new)
        if wanted is None:
            return PasswordChange(PasswordChangeKind.TOO_WEAK, "ldap.verdict.not_a_password")
        answer = await self._ask(lambda server: self._change_at(server, user, old, wanted))
        if isinstance(answer, Trouble):
            return PasswordChange(PasswordChangeKind.UNAVAILABLE, f"ldap.trouble.{answer}")
        return answer

    async def _change_at(self, server: Server, user: User, old: bytes | None, new: bytes) -> PasswordChange:
        entry, _ = await self._locate(server, user, user.username)
        if entry is None:
            return _OLD_WRONG
        if self._settings.password_change is PasswordChangeBy.ACTIVE_DIRECTORY:
            reply = await server.change(unicode_password(entry.name, old, new))
            return outcome_of_change(reply.result, reply.policy)
        request = password_modify(entry.name, old, new)
        reply = await (server.change(request) if old is None else server.change_as(entry.name, old, request))
        if old is not None and is_shut_out(reply.result, reply.policy):
            # He knows it, and is let in no more. The directory checks the old one once more.
            reply = await server.change(request)
        return outcome_of_change(reply.result, reply.policy)

    @property
    def answer_seconds(self) -> float:
        return self._settings.timeout_seconds

    async def entry_of(self, bind_name: str) -> EntryBehind | None:
        """Implements `StandsBehind`, asking as the service account."""
        if canonical_name(bind_name) is None and "=" not in bind_name:
            return None
        request = search_by_bind_name(self._settings, bind_name)
        answer = await self._ask(lambda server: self._entry_behind(server, request))
        if isinstance(answer, Trouble):
            raise DirectoryUnavailable(answer)
        return answer

    async def open(self, protocol: asyncio.Protocol) -> asyncio.Transport:
        """Implements `StandsBehind`."""
        answer = await self._ask(lambda server: server.open(protocol))
        if isinstance(answer, Trouble):
            raise DirectoryUnavailable(answer)
        return answer

    def nobodys_name(self) -> str:
        return f"cn={secrets.token_hex(8)},{self._settings.base_dn}"

    def verdict(self, code: int, diagnostic: str, reference: str) -> PasswordVerdict:
        """Implements `StandsBehind`. What the rules for passwords say goes to the client, who has asked."""
        return verdict_of_bind(Result(code, diagnostic=diagnostic), PasswordPolicy(), reference)

    def check_reading(self, settings: SyncSettings) -> None:
        """Implements `ReadsPeople`."""
        Questions(self._settings, settings)

    async def read_people(
        self,
        settings: SyncSettings,
        country_code: str,
        token: str,
        told: Callable[[int], None],
        *,
        is_whole: bool,
    ) -> PeopleRead:
        """Implements `ReadsPeople`, at the first server that gives all; raises DirectoryUnavailable."""
        questions = Questions(self._settings, settings)
        failure = LinkFailure(Trouble.SUSPENDED)
        for server in self._servers:
            if server.health.is_left_alone(asyncio.get_running_loop().time()):
                continue
            try:
                async with server.reading(LIMITS) as link:
                    reader = Reader(link, questions, settings, self._settings.base_dn, country_code)
                    changed = await what_changed(link, reader, questions, self._settings.base_dn, token)
                    if is_whole or changed.is_everything or (changed.references and questions.reads_members):
                        everybody = await reader.everybody(told)
                        return PeopleRead(entries=tuple(everybody), token=changed.token)
                    asked = (*changed.references, *changed.gone)
                    some = await reader.those(changed.references)
                    return PeopleRead(entries=tuple(some), token=changed.token, asked=asked)
            except TimeoutError:
                failure = LinkFailure(Trouble.TIMED_OUT)
            except LinkFailure as problem:
                failure = problem
            _noted(server, failure.trouble)
            if failure.trouble in _FINAL:
                break
        raise DirectoryUnavailable(failure.trouble, failure.about)

    async def close(self) -> None:
        """Close the connections and give back the threads.

        Checks under way are finished, and even one that comes later is answered, on a connection of its own:
        settings may change between the moment a directory is chosen and the moment it is asked.
        """
        await asyncio.gather(*(server.close() for server in self._servers))
        self._resolver.close()

    async def _check(self, server: Server, user: User | None, name: str, proof: bytes) -> PasswordVerdict:
        entry, reference = await self._locate(server, user, name)
        if user is None or entry is None:
            # The same two exchanges as for a person who exists, with a password that is nobody's.
            await server.bind(self.nobodys_name(), secrets.token_hex(8).encode())
            return _mismatch("no_such_person")
        reply = await server.bind(entry.name, proof)
        if reply.result.code in (ResultCode.BUSY, ResultCode.UNAVAILABLE):
            raise LinkFailure(Trouble.BUSY)
        return verdict_of_bind(reply.result, reply.policy, reference)

    async def _locate(
        self, server: Server, user: User | None, name: str
    ) -> tuple[SearchResultEntry | None, str]:
        """Return the entry of the person and its reference.

        A person whose reference is known has exactly that entry, whoever bears the name in the directory
        today; the search by name comes first because directories always index names.
        """
        attributes = (self._settings.reference_attribute,)
        names = (name,) if user is None else (name, user.username)
        entry, reference = await self._one(server, search_by_names(self._settings, names, attributes))
        known = "" if user is None else user.directory_reference
        if not known or reference == known:
            return entry, reference
        entry, reference = await self._one(server, search_by_reference(self._settings, known, attributes))
        return (entry, reference) if reference == known else (None, "")

    async def _one(self, server: Server, request: SearchRequest) -> tuple[SearchResultEntry | None, str]:
        """Return the only entry that a search finds, with its reference, or (None, "")."""
        return self._only(await server.search(request))

    def _only(self, found: Found) -> tuple[SearchResultEntry | None, str]:
        if found.result.code not in (ResultCode.SUCCESS, ResultCode.SIZE_LIMIT_EXCEEDED):
            is_busy = found.result.code in (ResultCode.BUSY, ResultCode.UNAVAILABLE)
            raise LinkFailure(Trouble.BUSY if is_busy else Trouble.SEARCH_REFUSED)
        if len(found.entries) != 1 or found.result.code != ResultCode.SUCCESS:
            return None, ""
        entry = found.entries[0]
        value = entry.first(self._settings.reference_attribute)
        if not value or not entry.name:
            raise LinkFailure(Trouble.NO_REFERENCE)
        return entry, reference_text(self._settings.reference_attribute, value)

    async def _entry_behind(self, server: Server, request: SearchRequest) -> EntryBehind | None:
        found = await server.search(request)
        if found.result.code in _NO_SUCH_NAME:
            return None
        entry, reference = self._only(found)
        return None if entry is None else entry_behind(self._settings, entry, reference)

    async def _person(self, server: Server, request: SearchRequest) -> DirectoryEntry | None:
        entry, _ = await self._one(server, request)
        return None if entry is None else directory_entry(self._settings, entry)

    async def _ask(self, work: Callable[[Server], Awaitable[Answer]]) -> Answer | Trouble:
        """Run `work` on the first server that answers, within the deadline and the line's length."""
        if self._admitted >= self._max_admitted:
            return Trouble.OVERLOADED
        deadline = asyncio.get_running_loop().time() + self._settings.timeout_seconds
        self._admitted += 1
        try:
            try:
                async with asyncio.timeout_at(deadline):
                    await self._slots.acquire()
            except TimeoutError:
                return Trouble.OVERLOADED
            try:
                return await self._ask_in_turn(work, deadline)
            finally:
                self._slots.release()
        finally:
            self._admitted -= 1

    async def _ask_in_turn(
        self, work: Callable[[Server], Awaitable[Answer]], deadline: float
    ) -> Answer | Trouble:
        loop = asyncio.get_running_loop()
        servers = [server for server in self._servers if not server.health.is_left_alone(loop.time())]
        trouble = Trouble.SUSPENDED
        for index, server in enumerate(servers):
            # A server that hangs must leave time for those behind it.
            share = (deadline - loop.time()) / (len(servers) - index)
            answer = await self._ask_one(server, work, share)
            if not isinstance(answer, Trouble):
                return answer
            trouble = answer
            if trouble in _FINAL:
                break
        return trouble

    async def _ask_one(
        self, server: Server, work: Callable[[Server], Awaitable[Answer]], seconds: float
    ) -> Answer | Trouble:
        try:
            async with asyncio.timeout(seconds):
                answer = await work(server)
        except TimeoutError:
            # Whoever stood in line for long leaves a server too little time to hold that against it.
            if seconds >= self._settings.timeout_seconds / (2 * len(self._servers)):
                server.health.hung(asyncio.get_running_loop().time())
            return _noted(server, Trouble.TIMED_OUT)
        except LinkFailure as failure:
            server.health.answered()
            return _noted(server, failure.trouble)
        server.health.answered()
        if server.health.is_news(""):
            logger.info("directory server %s answers", server.endpoint)
        return answer


def _noted(server: Server, trouble: Trouble) -> Trouble:
    # One line when it begins, not one for each person who waits.
    if server.health.is_news(trouble):
        logger.warning("directory server %s: %s", server.endpoint, trouble.value)
    return trouble


_OLD_WRONG = PasswordChange(PasswordChangeKind.OLD_WRONG, "ldap.verdict.no_such_person")


def _mismatch(why: str) -> PasswordVerdict:
    return PasswordVerdict(PasswordVerdictKind.MISMATCH, detail=f"ldap.verdict.{why}")


def _proof(password: Secret[str]) -> bytes | None:
    """Return the password as bytes that may be sent, or None if no directory may ever see it."""
    try:
        proof = password.reveal().encode()
    except UnicodeEncodeError:
        return None
    if not proof or b"\x00" in proof or len(proof) > MAX_PASSWORD_BYTES:
        return None
    return proof


def _tls_context(settings: LdapSettings) -> ssl.SSLContext | None:
    """Return how to check certificates: always against the host name, and against trusted authorities."""
    if not settings.start_tls and not any(endpoint.has_tls for endpoint in settings.endpoints()):
        return None
    try:
        context = ssl.create_default_context(cafile=settings.ca_file or None)
    except OSError as problem:  # ssl.SSLError is one
        raise ValueError(f"ca_file: {problem.strerror or 'holds no certificate'}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
