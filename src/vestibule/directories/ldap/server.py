"""One server of a directory and the connections to it that are kept open.

There are two sorts, and a connection never changes its sort: searching ones, bound as the service account,
and proving ones, on which passwords of people are tried. Whatever identity a person's bind left on a proving
connection is never used: the next thing sent on it is another bind (RFC 4511 §4.2.1).

Invariant: a connection is in use by one operation at most, and only one whose operation ended in an answer
is kept.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from enum import Enum
from typing import TypeVar

from vestibule.directories.ldap.health import Health
from vestibule.directories.ldap.link import Found, Link, Reply, connect
from vestibule.directories.ldap.people import ROOT
from vestibule.directories.ldap.resolver import Resolver
from vestibule.directories.ldap.settings import Endpoint, LdapSettings
from vestibule.directories.ldap.trouble import LinkFailure, Trouble
from vestibule.wire.ldap import DEFAULT_LIMITS, Limits
from vestibule.wire.ldap.messages import (
    ExtendedRequest,
    OpaqueOperation,
    ResultCode,
    SearchRequest,
)

Answer = TypeVar("Answer")

# Firewalls forget idle connections without telling anyone; a younger one is unlikely to be forgotten.
_MAX_IDLE_SECONDS = 60.0
# A refused service account is not tried again and again: the directory might lock it.
_ACCOUNT_PAUSE_SECONDS = 30.0


class _Sort(Enum):
    SEARCHING = "searching"
    PROVING = "proving"


class Server:
    """Runs searches and binds on connections it keeps. Deadlines are the caller's."""

    def __init__(
        self, endpoint: Endpoint, settings: LdapSettings, context: ssl.SSLContext | None, resolver: Resolver
    ) -> None:
        self.endpoint = endpoint
        self.health = Health()
        self._settings = settings
        self._context = context
        self._resolver = resolver
        self._idle: dict[_Sort, list[tuple[Link, float]]] = {sort: [] for sort in _Sort}
        self._account_refused_at: float | None = None
        self._is_closed = False

    async def search(self, request: SearchRequest) -> Found:
        """Search as the service account; raises LinkFailure."""
        return await self._with_link(_Sort.SEARCHING, lambda link: link.search(request))

    async def bind(self, name: str, password: bytes) -> Reply:
        """Try a person's password; raises LinkFailure, ValueError for an empty one."""
        return await self._with_link(_Sort.PROVING, lambda link: link.bind(name, password))

    async def change(self, request: ExtendedRequest | OpaqueOperation) -> Reply:
        """Change an entry as the service account; raises LinkFailure."""
        return await self._with_link(_Sort.SEARCHING, lambda link: link.change(request))

    async def change_as(self, name: str, password: bytes, request: ExtendedRequest) -> Reply:
        """Change a person's own entry as himself; raises LinkFailure. The reply may be that to his bind."""

        async def work(link: Link) -> Reply:
            bound = await link.bind(name, password)
            return await link.change(request) if bound.is_success else bound

        return await self._with_link(_Sort.PROVING, work)

    async def open(self, protocol: asyncio.Protocol) -> asyncio.Transport:
        """Return a connection of its own, as nobody, to a server that answers; raises LinkFailure."""
        link = await self._connect()
        try:
            # A server that hangs accepts connections all the same: whatever it says of itself, it lives.
            await link.search(ROOT)
            return link.hand_over(protocol)
        except BaseException:
            link.abort()
            raise

    @asynccontextmanager
    async def reading(self, limits: Limits) -> AsyncIterator[Link]:
        """Lend a connection of its own, bound as the service account, for a reading of many searches; raises
        LinkFailure. Cookies of pages hold on one connection only."""
        link = await self._open(_Sort.SEARCHING, limits)
        try:
            yield link
        except BaseException:
            link.abort()
            raise
        await link.close()

    async def close(self) -> None:
        """Close what is idle now, and everything else as soon as it becomes idle."""
        self._is_closed = True
        links = [link for idle in self._idle.values() for link, _ in idle]
        for idle in self._idle.values():
            idle.clear()
        await asyncio.gather(*(link.close() for link in links))

    async def _with_link(self, sort: _Sort, work: Callable[[Link], Awaitable[Answer]]) -> Answer:
        kept = self._take(sort)
        if kept is not None:
            try:
                return await self._use(kept, sort, work)
            except LinkFailure as failure:
                # The server had closed a connection that looked open. That is no answer; ask once more.
                if failure.trouble is not Trouble.CLOSED:
                    raise
        return await self._use(await self._open(sort), sort, work)

    async def _use(self, link: Link, sort: _Sort, work: Callable[[Link], Awaitable[Answer]]) -> Answer:
        try:
            answer = await work(link)
        except BaseException:
            link.abort()
            raise
        if link.is_usable and not self._is_closed:
            self._idle[sort].append((link, asyncio.get_running_loop().time()))
        else:
            link.abort()
        return answer

    def _take(self, sort: _Sort) -> Link | None:
        """Return the connection used last, if it is young enough; drop what is not."""
        oldest = asyncio.get_running_loop().time() - _MAX_IDLE_SECONDS
        idle = self._idle[sort]
        while idle:
            link, since = idle.pop()
            if link.is_usable and since >= oldest:
                return link
            link.abort()
        return None

    async def _open(self, sort: _Sort, limits: Limits = DEFAULT_LIMITS) -> Link:
        is_account_needed = sort is _Sort.SEARCHING and bool(self._settings.bind_dn)
        if is_account_needed:
            self._check_account_pause()
        link = await self._connect(limits)
        if is_account_needed:
            try:
                await self._bind_account(link)
            except BaseException:
                link.abort()
                raise
        return link

    async def _connect(self, limits: Limits = DEFAULT_LIMITS) -> Link:
        """Try the server's addresses in turn; raises the failure of the last."""
        endpoint = self.endpoint
        tls = self._context if endpoint.has_tls else None
        start_tls = self._context if not endpoint.has_tls and self._settings.start_tls else None
        failure = LinkFailure(Trouble.UNREACHABLE)
        for address in await self._resolver.addresses(endpoint.host, endpoint.port):
            try:
                return await connect(
                    address, endpoint.port, endpoint.host, tls=tls, start_tls=start_tls, limits=limits
                )
            except LinkFailure as problem:
                failure = problem
        raise failure

    async def _bind_account(self, link: Link) -> None:
        password = self._settings.bind_password.reveal().encode()
        result = (await link.bind(self._settings.bind_dn, password)).result
        if result.code == ResultCode.SUCCESS:
            self._account_refused_at = None
            return
        if result.code == ResultCode.INVALID_CREDENTIALS:
            self._account_refused_at = asyncio.get_running_loop().time()
        is_busy = result.code in (ResultCode.BUSY, ResultCode.UNAVAILABLE)
        raise LinkFailure(Trouble.BUSY if is_busy else Trouble.ACCOUNT_REFUSED)

    def _check_account_pause(self) -> None:
        if self._account_refused_at is None:
            return
        if asyncio.get_running_loop().time() < self._account_refused_at + _ACCOUNT_PAUSE_SECONDS:
            raise LinkFailure(Trouble.ACCOUNT_REFUSED)
