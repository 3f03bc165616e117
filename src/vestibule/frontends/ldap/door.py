"""What all connections of the front end share: who may connect, and the work that they have under way."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import Coroutine
from typing import Any, Protocol

import structlog

from vestibule.catalog import LANGUAGES
from vestibule.frontends._quiet import QuietLog
from vestibule.frontends.ldap.clients import LdapClient, find_client
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.directory_people import DirectoryPeople
from vestibule.services.metrics import Metrics
from vestibule.services.verification import Verifications

log = structlog.get_logger(__name__)


class Guest(Protocol):
    """A connection, as the door sees it."""

    source: str

    def review(self, now: float) -> None:
        """Close the connection if its client has let a time pass."""

    def disconnect(self, code: int, why: str) -> None:
        """Say why, and close."""


class Door:
    def __init__(
        self,
        verifications: Verifications,
        people: DirectoryPeople,
        configuration: ConfigurationCache,
        metrics: Metrics,
        tls: ssl.SSLContext | None,
        most_connections: int,
    ) -> None:
        self.verifications = verifications
        self.people = people
        self.tls = tls
        self.connections: set[Guest] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self._configuration = configuration
        self._metrics = metrics
        self._quiet = QuietLog()
        self.most_connections = most_connections

    @property
    def generation(self) -> int:
        """Changes whenever a client may have changed."""
        return self._configuration.current.generation

    def client_of(self, source: str) -> LdapClient | None:
        """Return the client that connects from `source`; None for a stranger."""
        return find_client(self._configuration.current.peers.values(), source)

    def expected(self, source: str, pending: Counter[str]) -> LdapClient | None:
        """Return the client that may connect from `source`, beside who is about to (`pending`, by source);
        None for a stranger, and where there is no room. One source takes no more than half of it."""
        client = self.client_of(source)
        if client is None:
            self._refused("unknown_client", "", source)
            return None
        of_source = pending[source] + sum(each.source == source for each in self.connections)
        total = pending.total() + len(self.connections)
        if total >= self.most_connections or of_source >= self.most_connections // 2:
            self._refused("no_room", client.peer.client.name, source)
            return None
        return client

    def admitted(self, guest: Guest) -> LdapClient | None:
        """Take a connection in, and return the client whose it is; None where it cannot be."""
        client = self.expected(guest.source, Counter())
        if client is not None:
            self.connections.add(guest)
        return client

    def _refused(self, why: str, client: str, source: str) -> None:
        now = int(asyncio.get_running_loop().time() * 1000)
        if count := self._quiet.due((why, client), now):
            log.warning("ldap connections refused", why=why, client=client, source=source, count=count)

    def left(self, guest: Guest) -> None:
        self.connections.discard(guest)

    def language(self, client: LdapClient) -> str:
        """Return the language in which a client is told why something is refused."""
        tenant = self._configuration.current.tenants.get(client.peer.client.tenant_id)
        language = tenant.settings.language if tenant else ""
        return language if language in LANGUAGES else LANGUAGES[0]

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def failed(self, problem: BaseException) -> None:
        """Count and log an exception that nobody foresaw."""
        self._metrics.faults.labels("ldap").inc()
        log.error("ldap work failed", exc_info=problem)
