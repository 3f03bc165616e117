"""RADIUS accounting (RFC 2866): a request is answered when it is stored, and the server behind has it, too.

Invariants: who does not prove to hold the client's secret gets no answer and causes nothing; what could not
be stored, or not be passed on where it must be, is not answered, so that the client asks again. A request
that is repeated is stored once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final

import structlog

from vestibule.frontends._quiet import QuietLog
from vestibule.frontends.radius.clients import CurrentClients, RadiusClient
from vestibule.frontends.radius.duplicates import Duplicates, Work
from vestibule.frontends.radius.reply_path import ReplyPath
from vestibule.frontends.radius.tasks import Tasks
from vestibule.frontends.radius.udp import UdpListener
from vestibule.frontends.radius.watching import Watch
from vestibule.interfaces.clock import Clock
from vestibule.interfaces.upstream import Upstream, is_upstream
from vestibule.model.accounting_record import AccountingRecord, Forwarding
from vestibule.model.client_sighting import Seen
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
        watch: Watch,
    ) -> None:
        """`keep_days` is how long what was told is kept; `watch` counts what is seen."""
        self._accounting = accounting
        self._proxying = proxying
        self._clock = clock
        self._udp = UdpListener(listen, self._take)
        self._keep_ms = keep_days * _DAY_MS
        self._watch = watch
        self._duplicates = Duplicates()
        self._quiet = QuietLog()
        self._tasks = Tasks(_MOST_IN_PROGRESS)
        self._clients = CurrentClients(configuration)

    async def start(self) -> None:
        """Bind and begin to serve; raises `CannotListen`."""
        await self._udp.start()

    async def stop(self, grace_seconds: float) -> None:
        """Take nothing new, let what runs be answered for a while, then drop it."""
        self._udp.pause()
        await self._tasks.end(grace_seconds)
        self._udp.close()

    def addresses(self) -> list[str]:
        """Where it listens, as people write it."""
        return self._udp.addresses()

    def _take(self, datagram: bytes, path: ReplyPath) -> None:
        client = self._clients.table.find(path.host)
        if client is None:
            self._watch.stranger(path.host)
            self._drop("not_for_us", path, _milliseconds())
        else:
            self.receive(datagram, client, path)

    def receive(self, packet: bytes, client: RadiusClient, path: ReplyPath) -> None:
        """Take one packet of a client."""
        now = _milliseconds()
        self._duplicates.expire(now)
        message = decode(packet)
        if not isinstance(message, Message) or message.code != ACCOUNTING_REQUEST:
            self._drop("not_for_us", path, now)
            path.distrust()
            return
        secret = _signed_by(message, client, self._clock.now())
        if secret is None:
            self._watch.note(client, Seen.WRONG_SIGNATURE, path.host)
            self._drop("wrong_secret", path, now)
            return
        self._watch.clock_of(client, message, path.host)
        work = self._duplicates.begin(path.key_of(message), message.authenticator, now)
        if isinstance(work, bytes):
            path.send(work)
        elif isinstance(work, Work) and self._tasks.has_room:
            self._tasks.spawn(self._answer(message, client, secret, path, work))
        elif isinstance(work, Work):
            self._duplicates.abandon(work)

    async def _answer(
        self, message: Message, client: RadiusClient, secret: SharedSecret, path: ReplyPath, work: Work
    ) -> None:
        try:
            upstream = await self._behind(client)
            forwarding = Forwarding.NONE if upstream is None else Forwarding.PENDING
            record = _record(message, client, self._clock.now(), self._keep_ms, forwarding)
            await self._accounting.keep(record)
            if upstream is not None:
                told = tuple([each for each in message.attributes if each[0] != MESSAGE_AUTHENTICATOR])
                if not await upstream.account(told):
                    return
                await self._accounting.note_forwarded(record)
            states = [(PROXY_STATE, value) for value in message.values(PROXY_STATE)]
            reply = secret.encode_unsigned_reply(ACCOUNTING_RESPONSE, message, states)
            if self._duplicates.answer(work, reply, _milliseconds()):
                path.send(reply)
        except Exception as error:
            # Without an answer the client tells it again.
            log.warning(
                "radius accounting is not stored", client=client.client.name, why=type(error).__name__
            )
        finally:
            self._duplicates.abandon(work)

    async def _behind(self, client: RadiusClient) -> Upstream | None:
        """Return the server behind that is told, too."""
        directory = await self._proxying.behind(client.peer.application)
        return directory if is_upstream(directory) and directory.takes_accounting else None

    def _drop(self, why: str, path: ReplyPath, now: int) -> None:
        if count := self._quiet.due((why, ""), now):
            log.warning("radius accounting datagrams dropped", why=why, source=path.host, count=count)


def _milliseconds() -> int:
    return int(asyncio.get_running_loop().time() * 1000)


def _signed_by(message: Message, client: RadiusClient, now: int) -> SharedSecret | None:
    """The secret that made the Request Authenticator (RFC 2866 §3)."""
    for secret in client.valid_secrets(now):
        if secret.shared.has_accounted(message):
            return secret.shared
    return None


def _record(
    message: Message, client: RadiusClient, now: int, keep_ms: int, forwarding: Forwarding
) -> AccountingRecord:
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
        forwarding=forwarding,
    )


def _shown(message: Message, number: int) -> str:
    value = message.first(number)
    return show_value(number, value)[:_LONGEST_WORD] if value is not None else ""
