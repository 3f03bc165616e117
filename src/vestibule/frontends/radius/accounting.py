"""RADIUS accounting (RFC 2866): a request is answered when it is stored, and the server behind has it, too.

Invariants: who does not prove to hold the client's secret gets no answer and causes nothing; what could not
be stored, or not be passed on where it must be, is not answered, so that the client asks again. A request
that is repeated is stored once.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final

import structlog

from vestibule.frontends._quiet import QuietLog
from vestibule.frontends.radius.clients import ClientTable, RadiusClient
from vestibule.frontends.radius.datagrams import DatagramSocket, ReturnPath
from vestibule.frontends.radius.duplicates import Duplicates, Work
from vestibule.interfaces.clock import Clock
from vestibule.interfaces.frontend import CannotListen
from vestibule.interfaces.upstream import Upstream
from vestibule.model.accounting_record import AccountingRecord
from vestibule.services.accounting import Accounting
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.proxying import Proxying
from vestibule.wire.radius import Message, SharedSecret, decode
from vestibule.wire.radius.dictionary import name_of, show_value
from vestibule.wire.radius.numbers import (
    ACCOUNTING_REQUEST,
    ACCOUNTING_RESPONSE,
    ACCT_SESSION_ID,
    ACCT_STATUS_TYPE,
    MESSAGE_AUTHENTICATOR,
    PROXY_STATE,
    USER_NAME,
)

log = structlog.get_logger(__name__)

_MOST_AT_ONCE: Final = 64
_MOST_IN_PROGRESS: Final = 2048
_LONGEST_WORD: Final = 253
_DAY_MS: Final = 86_400_000
_REPEATS_MS: Final = 300_000
"""For how long the same words are the same record."""


class AccountingDoor:
    """Accounting-Requests over UDP on one or more addresses."""

    def __init__(
        self,
        accounting: Accounting,
        proxying: Proxying,
        configuration: ConfigurationCache,
        clock: Clock,
        listen: Sequence[tuple[str, int]],
        keep_days: int,
    ) -> None:
        """`keep_days` is how long what was told is kept."""
        self._accounting = accounting
        self._proxying = proxying
        self._configuration = configuration
        self._clock = clock
        self._listen = tuple(listen)
        self._keep_ms = keep_days * _DAY_MS
        self._duplicates = Duplicates()
        self._quiet = QuietLog()
        self._sockets: list[DatagramSocket] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._clients = ClientTable(())
        self._generation: int | None = None

    async def start(self) -> None:
        """Bind and begin to serve; raises `CannotListen`."""
        loop = asyncio.get_running_loop()
        for name, port in self._listen:
            try:
                found = await loop.getaddrinfo(name, port, type=socket.SOCK_DGRAM)
                self._sockets.append(DatagramSocket(str(found[0][4][0]), port))
            except OSError as problem:
                self._close()
                raise CannotListen(problem.errno, problem.strerror, f"UDP {name}:{port}") from None
        for opened in self._sockets:
            loop.add_reader(opened.fileno(), self._drain, opened)

    async def stop(self, grace_seconds: float) -> None:
        """Take nothing new, let what runs be answered for a while, then drop it."""
        for opened in self._sockets:
            asyncio.get_running_loop().remove_reader(opened.fileno())
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_seconds)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._close()

    def addresses(self) -> list[str]:
        """Where it listens, as people write it."""
        return [opened.address for opened in self._sockets]

    def _close(self) -> None:
        while self._sockets:
            self._sockets.pop().close()

    def _drain(self, opened: DatagramSocket) -> None:
        now = int(asyncio.get_running_loop().time() * 1000)
        self._duplicates.expire(now)
        for _ in range(_MOST_AT_ONCE):
            try:
                datagram, path = opened.receive()
            except BlockingIOError:
                return
            except OSError:
                continue  # An earlier answer found its target gone.
            self._take(datagram, path, now)

    def _take(self, datagram: bytes, path: ReturnPath, now: int) -> None:
        client = self._current_clients().find(path.host)
        message = decode(datagram) if client is not None else None
        if client is None or not isinstance(message, Message) or message.code != ACCOUNTING_REQUEST:
            self._drop("not_for_us", path, now)
            return
        secret = _signed_by(message, client, self._clock.now())
        if secret is None:
            self._drop("wrong_secret", path, now)
            return
        work = self._duplicates.begin((*path.key, message.identifier), message.authenticator, now)
        if isinstance(work, bytes):
            path.send(work)
        elif isinstance(work, Work) and len(self._tasks) < _MOST_IN_PROGRESS:
            task = asyncio.get_running_loop().create_task(self._answer(message, client, secret, path, work))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif isinstance(work, Work):
            self._duplicates.abandon(work)

    async def _answer(
        self, message: Message, client: RadiusClient, secret: SharedSecret, path: ReturnPath, work: Work
    ) -> None:
        try:
            await self._accounting.keep(_record(message, client, self._clock.now(), self._keep_ms))
            if not await self._passed_on(message, client):
                return
            states = [(PROXY_STATE, value) for value in message.values(PROXY_STATE)]
            reply = secret.encode_unsigned_reply(ACCOUNTING_RESPONSE, message, states)
            if self._duplicates.answer(work, reply, int(asyncio.get_running_loop().time() * 1000)):
                path.send(reply)
        except Exception as error:
            # Without an answer the client tells it again.
            log.warning(
                "radius accounting is not stored", client=client.client.name, why=type(error).__name__
            )
        finally:
            self._duplicates.abandon(work)

    async def _passed_on(self, message: Message, client: RadiusClient) -> bool:
        directory = await self._proxying.behind(client.peer.application)
        if not isinstance(directory, Upstream) or not directory.takes_accounting:
            return True
        told = tuple([each for each in message.attributes if each[0] != MESSAGE_AUTHENTICATOR])
        return await directory.account(told)

    def _current_clients(self) -> ClientTable:
        snapshot = self._configuration.current
        if snapshot.generation != self._generation:
            self._clients = ClientTable(snapshot.peers.values())
            self._generation = snapshot.generation
        return self._clients

    def _drop(self, why: str, path: ReturnPath, now: int) -> None:
        if count := self._quiet.due((why, ""), now):
            log.warning("radius accounting datagrams dropped", why=why, source=path.host, count=count)


def _signed_by(message: Message, client: RadiusClient, now: int) -> SharedSecret | None:
    """The secret that made the Request Authenticator (RFC 2866 §3)."""
    for secret in client.valid_secrets(now):
        if secret.shared.has_accounted(message):
            return secret.shared
    return None


def _record(message: Message, client: RadiusClient, now: int, keep_ms: int) -> AccountingRecord:
    told: dict[str, Any] = {}
    for number, value in message.attributes:
        if number not in (MESSAGE_AUTHENTICATOR, PROXY_STATE):
            told.setdefault(name_of(number), []).append(show_value(number, value))
    # Without identifier and authenticator: a repeat that goes to another node differs in them.
    digest = blake2b(message.octets[20:], digest_size=16, key=client.client.client_id.encode()[:64])
    digest.update((now // _REPEATS_MS).to_bytes(8, "big"))
    return AccountingRecord(
        tenant_id=client.client.tenant_id,
        record_id=digest.hexdigest(),
        client_id=client.client.client_id,
        client_name=client.client.name,
        received_at=now,
        expires_at=now + keep_ms,
        kind=_shown(message, ACCT_STATUS_TYPE),
        username=_shown(message, USER_NAME),
        session=_shown(message, ACCT_SESSION_ID),
        attributes=told,
    )


def _shown(message: Message, number: int) -> str:
    value = message.first(number)
    return show_value(number, value)[:_LONGEST_WORD] if value is not None else ""
