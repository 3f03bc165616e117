"""The RADIUS front end: sockets, admission, duplicates, work and replies.

Invariants:
- Who is no client, or does not prove to hold its secret, gets no answer and causes no work.
- A request is worked on once, however often it arrives; its reply is sent only while it is the newest of
its identifier.
- A reply leaves only after the service has returned, which is after its commit. Whatever goes wrong, the
answer is silence:
  then the client asks another node.
- What a flood can make us hold is bounded: sockets' buffers, work in progress, remembered replies, log lines.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from vestibule.frontends._quiet import QuietLog
from vestibule.frontends.radius.accounting import AccountingDoor
from vestibule.frontends.radius.admission import Admitted, Fate, Unanswerable, admit
from vestibule.frontends.radius.clients import CurrentClients, RadiusClient
from vestibule.frontends.radius.duplicates import Duplicates, Repeat, Work
from vestibule.frontends.radius.eap import EapServer
from vestibule.frontends.radius.mapping import Mapping, fingerprint
from vestibule.frontends.radius.ms_chap import MsChap
from vestibule.frontends.radius.proxy import Proxy
from vestibule.frontends.radius.reply_path import ReplyPath
from vestibule.frontends.radius.tasks import Tasks
from vestibule.frontends.radius.tls_connection import Take
from vestibule.frontends.radius.tls_listener import TlsListener
from vestibule.frontends.radius.udp import UdpListener
from vestibule.frontends.radius.watching import Watch
from vestibule.interfaces.clock import Clock
from vestibule.interfaces.frontend import CannotListen
from vestibule.interfaces.store import Unavailable
from vestibule.model.client_sighting import Seen
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.granting import Grants
from vestibule.services.metrics import Metrics
from vestibule.services.proxying import Proxying
from vestibule.services.verification import Verifications
from vestibule.wire.radius import AccessRequest, Message, SharedSecret
from vestibule.wire.radius.numbers import ACCESS_ACCEPT, ACCESS_REJECT, ACCOUNTING_REQUEST, PROXY_STATE

log = structlog.get_logger(__name__)

_MOST_IN_PROGRESS: Final = 16_384
_CHECK_APART_MS: Final = 1000
_NO_REQUEST: Final = {Fate.MALFORMED, Fate.ACCOUNTING, Fate.OTHER_CODE}
"""RFC 6613 §2.6.4: a stream in which these come is over."""

OpenTls = Callable[[Take], TlsListener]


async def _nothing_to_check() -> None:
    """Stand for a store that is always there."""


class RadiusFrontend:
    """RADIUS over UDP, and over TLS, on one or more addresses each."""

    name = "radius"
    _loop: asyncio.AbstractEventLoop

    def __init__(
        self,
        verifications: Verifications,
        configuration: ConfigurationCache,
        clock: Clock,
        metrics: Metrics,
        listen: Sequence[tuple[str, int]],
        *,
        check_store: Callable[[], Awaitable[None]] = _nothing_to_check,
        watch: Watch | None = None,
        duplicates: Duplicates | None = None,
        public_url: str = "",
        proxying: Proxying | None = None,
        accounting: AccountingDoor | None = None,
        eap: EapServer | None = None,
        ms_chap: MsChap | None = None,
        tls: OpenTls | None = None,
        grants: Grants | None = None,
    ) -> None:
        """`listen` are addresses or names, and ports. `check_store` raises `Unavailable` when this node could
        not decide now; Status-Server asks that. `watch` counts what is seen. `public_url` is where people
        reach the portals. Without `proxying` nothing is carried to other servers; without `eap` and `ms_chap`
        neither ends here. `tls` opens what listens for TLS. Without `grants` policy gives no attributes."""
        self._clock = clock
        self._metrics = metrics
        self._udp = UdpListener(listen, self._take)
        self._check_store = check_store
        self._checked_at: int | None = None
        self._accounting = accounting
        self._tls = None if tls is None else tls(self._take_over_tls)
        self._watch = Watch(clock) if watch is None else watch
        self._watching: asyncio.Task[None] | None = None
        proxy = Proxy(verifications, proxying, self._note_discarded)
        self._eap = eap
        self._mapping = Mapping(verifications, configuration, proxy, public_url, eap, ms_chap, grants)
        self._duplicates = Duplicates() if duplicates is None else duplicates
        self._quiet = QuietLog()
        for fate in Fate:
            metrics.datagrams.add(fate, count=0)
        self._tasks = Tasks(_MOST_IN_PROGRESS)
        self._clients = CurrentClients(configuration)

    # --- life ---------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Bind and begin to serve; raises `CannotListen`, and OSError when the certificate for EAP cannot be
        used."""
        self._loop = asyncio.get_running_loop()
        if self._eap is not None:
            self._eap.open()
        try:
            await self._udp.start()
            if self._accounting is not None:
                await self._accounting.start()
            if self._tls is not None:
                await self._tls.start()
        except CannotListen:
            await self.stop(0)
            raise
        self._watching = self._loop.create_task(self._watch.run())

    async def stop(self, grace_seconds: float) -> None:
        """Take nothing new, let what runs send its replies for a while, then drop it."""
        self._udp.pause()
        if self._tls is not None:
            await self._tls.pause()
        if self._accounting is not None:
            await self._accounting.stop(grace_seconds)
        await self._tasks.end(grace_seconds)
        if self._watching is not None:
            self._watching.cancel()
        await self._watch.flush()
        self._udp.close()
        if self._tls is not None:
            await self._tls.close()

    def addresses(self) -> list[str]:
        """Where it listens, as people write it."""
        parts = (self._udp, self._accounting, self._tls)
        return [address for part in parts if part is not None for address in part.addresses()]

    # --- receiving ----------------------------------------------------------------------------------

    def _take(self, datagram: bytes, path: ReplyPath) -> None:
        client = self._clients.table.find(path.host)
        if client is None:
            self._watch.stranger(path.host)
            self._drop(Fate.UNKNOWN_CLIENT, "", path)
        else:
            self.receive(datagram, client, path)

    def _take_over_tls(self, packet: bytes, client: RadiusClient, path: ReplyPath) -> None:
        if packet[0] == ACCOUNTING_REQUEST and self._accounting is not None:
            self._accounting.receive(packet, client, path)
        else:
            self.receive(packet, client, path)

    def receive(self, packet: bytes, client: RadiusClient, path: ReplyPath) -> None:
        """Take one packet of a client; never raises."""
        try:
            self._receive(packet, client, path)
        except Exception:
            # One packet must never end the listener, whatever it found.
            self._fail("packet")

    def _receive(self, packet: bytes, client: RadiusClient, path: ReplyPath) -> None:
        self._duplicates.expire(self._milliseconds())
        now = self._clock.now()
        found = admit(packet, client, now)
        if isinstance(found, Fate):
            self._watch.dropped(client, found, path.host)
            self._drop(found, client.client.name, path)
            return
        if isinstance(found, Unanswerable):
            self._reject(found, client, path)
        elif found.access is not None:
            self._begin(found, found.access, client, path, now)
        elif self._has_room(client, path):
            self._tasks.spawn(self._answer_status(found, path))

    def _begin(
        self, request: Admitted, access: AccessRequest, client: RadiusClient, path: ReplyPath, now: int
    ) -> None:
        digest = fingerprint(request.message, client, path.salt)
        key = path.key_of(request.message)
        work = self._duplicates.begin(key, digest, self._milliseconds())
        if isinstance(work, bytes):
            self._watch.note(client, Seen.REPEATED_AFTER, path.host)
            self._send(work, path, Fate.REPEAT_ANSWERED)
        elif work is Repeat.IN_PROGRESS:
            self._watch.repeats(key)
            self._end(Fate.REPEAT_DROPPED)
        elif work is Repeat.NO_ROOM:
            self._drop(Fate.NO_ROOM, client.client.name, path)
        elif self._has_room(client, path):
            self._watch.begins(client, request, access, key, path.host)
            self._tasks.spawn(self._work(request, access, client, path, now, work))
        else:
            self._duplicates.abandon(work)

    async def _work(
        self,
        request: Admitted,
        access: AccessRequest,
        client: RadiusClient,
        path: ReplyPath,
        now: int,
        work: Work,
    ) -> None:
        try:
            reply = await self._mapping.answer(
                request.message, access, client, request.secret, path.host, now, work.fingerprint
            )
        except Unavailable:
            self._drop(Fate.UNDECIDED, client.client.name, path)
        except Exception:
            self._fail("request")
        else:
            if reply is not None and self._duplicates.answer(work, reply, self._milliseconds()):
                self._watch.answered(work.key, reply[0])
                self._send(reply, path, Fate.ANSWERED)
            else:
                self._end(Fate.LATE)
        finally:
            self._watch.ends(work.key)
            self._duplicates.abandon(work)

    async def _answer_status(self, request: Admitted, path: ReplyPath) -> None:
        """RFC 5997 §4: an answer while this node can decide, else silence; nothing else happens."""
        now = self._milliseconds()
        if self._checked_at is None or now - self._checked_at >= _CHECK_APART_MS:
            self._checked_at = None
            try:
                await self._check_store()
            except Unavailable:
                self._end(Fate.UNDECIDED)
                return
            except Exception:
                self._fail("status")
                return
            self._checked_at = now
        self._send(_reply(ACCESS_ACCEPT, request.message, request.secret), path, Fate.STATUS)

    def _reject(self, request: Unanswerable, client: RadiusClient, path: ReplyPath) -> None:
        """The same octets give the same reply, so these need no place among the duplicates."""
        self._watch.note(client, Seen.NO_NAME, path.host)
        self._send(_reply(ACCESS_REJECT, request.message, request.secret), path, Fate.UNUSABLE)
        if count := self._quiet.due((Fate.UNUSABLE, client.client.client_id), self._milliseconds()):
            facts = {"client": client.client.name, "source": path.host, "count": count}
            log.warning("radius request is not usable", why=request.why.value, **facts)

    # --- parts --------------------------------------------------------------------------------------

    def _has_room(self, client: RadiusClient, path: ReplyPath) -> bool:
        if self._tasks.has_room:
            return True
        self._drop(Fate.NO_ROOM, client.client.name, path)
        return False

    def _drop(self, fate: Fate, client: str, path: ReplyPath) -> None:
        self._end(fate)
        if fate in _NO_REQUEST:
            path.distrust()
        if count := self._quiet.due((fate, client), self._milliseconds()):
            facts = {"client": client, "source": path.host, "count": count}
            log.warning("radius datagrams dropped", why=fate.value, **facts)

    def _note_discarded(self, server: str, count: int) -> None:
        self._metrics.datagrams.add(Fate.FORGED_BEHIND, count=count)
        if written := self._quiet.due((Fate.FORGED_BEHIND, server), self._milliseconds()):
            log.warning("answers of a radius server are forged or not signed", server=server, count=written)

    def _fail(self, what: str) -> None:
        """An exception nobody foresaw: silence to the client, all about it in the log."""
        self._end(Fate.FAULT)
        self._metrics.faults.labels("radius").inc()
        log.exception("radius work failed", what=what)

    def _send(self, reply: bytes, path: ReplyPath, fate: Fate) -> None:
        # What could not be sent is not lost: the client asks again and gets the same reply.
        self._end(fate if path.send(reply) else Fate.NOT_SENT)

    def _end(self, fate: Fate) -> None:
        self._metrics.datagrams.add(fate)

    def _milliseconds(self) -> int:
        return int(self._loop.time() * 1000)


def _reply(code: int, message: Message, secret: SharedSecret) -> bytes:
    states = [(PROXY_STATE, value) for value in message.values(PROXY_STATE)]
    return secret.encode_reply(code, message, states)
