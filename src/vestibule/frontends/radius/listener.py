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
import socket
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Final

import structlog

from vestibule.frontends._quiet import QuietLog
from vestibule.frontends.radius.accounting import AccountingDoor
from vestibule.frontends.radius.admission import Admitted, Fate, Unanswerable, admit
from vestibule.frontends.radius.clients import ClientTable, RadiusClient
from vestibule.frontends.radius.datagrams import DatagramSocket, ReturnPath
from vestibule.frontends.radius.duplicates import Duplicates, Repeat, Work
from vestibule.frontends.radius.mapping import Mapping, fingerprint
from vestibule.frontends.radius.ms_chap import MsChap
from vestibule.frontends.radius.proxy import Proxy
from vestibule.interfaces.clock import Clock
from vestibule.interfaces.frontend import CannotListen
from vestibule.interfaces.store import Unavailable
from vestibule.model.application import Client
from vestibule.model.radius_client import Signing
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.metrics import Metrics
from vestibule.services.proxying import Proxying
from vestibule.services.verification import Verifications
from vestibule.wire.radius import AccessRequest, Message, SharedSecret
from vestibule.wire.radius.numbers import ACCESS_ACCEPT, ACCESS_REJECT, PROXY_STATE

if TYPE_CHECKING:
    from vestibule.frontends.radius.eap import EapServer

log = structlog.get_logger(__name__)

# Datagrams taken in one turn of the event loop: enough to empty a burst, few enough to let others run.
_MOST_AT_ONCE: Final = 64
_MOST_IN_PROGRESS: Final = 16_384
_CHECK_APART_MS: Final = 1000

RememberSigning = Callable[[Client], Awaitable[None]]
"""Writes down that a client has sent a valid Message-Authenticator (Signing.AUTO)."""


async def _forget(_: Client) -> None:
    """Remember nothing beyond this process."""


async def _nothing_to_check() -> None:
    """Stand for a store that is always there."""


class RadiusFrontend:
    """RADIUS over UDP on one or more addresses."""

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
        remember_signing: RememberSigning = _forget,
        duplicates: Duplicates | None = None,
        public_url: str = "",
        proxying: Proxying | None = None,
        accounting: AccountingDoor | None = None,
        eap: EapServer | None = None,
        ms_chap: MsChap | None = None,
    ) -> None:
        """`listen` are addresses or names, and ports. `check_store` raises `Unavailable` when this node could
        not decide now; Status-Server asks that. `public_url` is where people reach the portals. Without
        `proxying` nothing is carried to other servers; without `eap` and `ms_chap` neither ends
        here."""
        self._configuration = configuration
        self._clock = clock
        self._metrics = metrics
        self._listen = tuple(listen)
        self._check_store = check_store
        self._checked_at: int | None = None
        self._accounting = accounting
        self._remember_signing = remember_signing
        proxy = Proxy(verifications, proxying, self._note_discarded)
        self._eap = eap
        self._mapping = Mapping(verifications, configuration, proxy, public_url, eap, ms_chap)
        self._duplicates = Duplicates() if duplicates is None else duplicates
        self._quiet = QuietLog()
        for fate in Fate:
            metrics.datagrams.add(fate, count=0)
        self._sockets: list[DatagramSocket] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._signers: set[str] = set()
        self._clients = ClientTable(())
        self._generation: int | None = None

    # --- life ---------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Bind and begin to serve; raises `CannotListen`, and OSError when the certificate for EAP cannot be
        used."""
        loop = self._loop = asyncio.get_running_loop()
        if self._eap is not None:
            self._eap.open()
        for name, port in self._listen:
            try:
                found = await loop.getaddrinfo(name, port, type=socket.SOCK_DGRAM)
                self._sockets.append(DatagramSocket(str(found[0][4][0]), port))
            except OSError as problem:
                self._close()
                written = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
                raise CannotListen(problem.errno, problem.strerror, f"UDP {written}") from None
        for opened in self._sockets:
            loop.add_reader(opened.fileno(), self._drain, opened)
        if self._accounting is not None:
            await self._start_accounting(self._accounting)

    async def _start_accounting(self, accounting: AccountingDoor) -> None:
        try:
            await accounting.start()
        except CannotListen:
            for opened in self._sockets:
                self._loop.remove_reader(opened.fileno())
            self._close()
            raise

    async def stop(self, grace_seconds: float) -> None:
        """Take nothing new, let what runs send its replies for a while, then drop it."""
        for opened in self._sockets:
            self._loop.remove_reader(opened.fileno())
        if self._accounting is not None:
            await self._accounting.stop(grace_seconds)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_seconds)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._close()

    def addresses(self) -> list[str]:
        """Where it listens, as people write it."""
        own = [opened.address for opened in self._sockets]
        return own if self._accounting is None else [*own, *self._accounting.addresses()]

    def _close(self) -> None:
        while self._sockets:
            self._sockets.pop().close()

    # --- receiving ----------------------------------------------------------------------------------

    def _drain(self, opened: DatagramSocket) -> None:
        self._duplicates.expire(self._milliseconds())
        for _ in range(_MOST_AT_ONCE):
            try:
                datagram, path = opened.receive()
            except BlockingIOError:
                return
            except OSError:
                # An error that an earlier reply caused (its target is gone) is told at the next receive.
                continue
            try:
                self._take(datagram, path)
            except Exception:
                # One datagram must never end the listener, whatever it found.
                self._fail("datagram")

    def _take(self, datagram: bytes, path: ReturnPath) -> None:
        client = self._current_clients().find(path.source[0])
        if client is None:
            self._drop(Fate.UNKNOWN_CLIENT, "", path)
            return
        now = self._clock.now()
        found = admit(datagram, client, self._has_signed(client), now)
        if isinstance(found, Fate):
            self._drop(found, client.client.name, path)
            return
        if found.message.signature_at:
            self._note_signature(client)
        if isinstance(found, Unanswerable):
            self._reject(found, client, path)
        elif found.access is not None:
            self._begin(found, found.access, client, path, now)
        elif self._has_room(client, path):
            self._spawn(self._answer_status(found, path))

    def _begin(
        self, request: Admitted, access: AccessRequest, client: RadiusClient, path: ReturnPath, now: int
    ) -> None:
        digest = fingerprint(request.message, client)
        key = (*path.key, request.message.identifier)
        work = self._duplicates.begin(key, digest, self._milliseconds())
        if isinstance(work, bytes):
            self._send(work, path, Fate.REPEAT_ANSWERED)
        elif work is Repeat.IN_PROGRESS:
            self._end(Fate.REPEAT_DROPPED)
        elif work is Repeat.NO_ROOM:
            self._drop(Fate.NO_ROOM, client.client.name, path)
        elif self._has_room(client, path):
            self._spawn(self._work(request, access, client, path, now, work))
        else:
            self._duplicates.abandon(work)

    async def _work(
        self,
        request: Admitted,
        access: AccessRequest,
        client: RadiusClient,
        path: ReturnPath,
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
                self._send(reply, path, Fate.ANSWERED)
            else:
                self._end(Fate.LATE)
        finally:
            self._duplicates.abandon(work)

    async def _answer_status(self, request: Admitted, path: ReturnPath) -> None:
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

    def _reject(self, request: Unanswerable, client: RadiusClient, path: ReturnPath) -> None:
        """The same octets give the same reply, so these need no place among the duplicates."""
        self._send(_reply(ACCESS_REJECT, request.message, request.secret), path, Fate.UNUSABLE)
        if count := self._quiet.due((Fate.UNUSABLE, client.client.client_id), self._milliseconds()):
            facts = {"client": client.client.name, "source": path.host, "count": count}
            log.warning("radius request is not usable", why=request.why.value, **facts)

    # --- parts --------------------------------------------------------------------------------------

    def _current_clients(self) -> ClientTable:
        snapshot = self._configuration.current
        if snapshot.generation != self._generation:
            self._clients = ClientTable(snapshot.peers.values())
            self._generation = snapshot.generation
        return self._clients

    def _has_signed(self, client: RadiusClient) -> bool:
        return client.settings.has_signed or client.client.client_id in self._signers

    def _note_signature(self, client: RadiusClient) -> None:
        if client.settings.message_authenticator is not Signing.AUTO or client.settings.has_signed:
            return
        name, client_id = client.client.name, client.client.client_id
        if client_id not in self._signers:
            self._signers.add(client_id)
            log.info("radius client signs; its unsigned requests are dropped from now on", client=name)
        # Tried again now and then until the configuration says so: somebody may have changed it meanwhile.
        if self._quiet.due(("signs", client_id), self._milliseconds()):
            self._spawn(self._remember(client.client))

    async def _remember(self, client: Client) -> None:
        try:
            await self._remember_signing(client)
        except Exception:
            log.exception("cannot write down that a radius client signs", client=client.name)

    def _has_room(self, client: RadiusClient, path: ReturnPath) -> bool:
        if len(self._tasks) < _MOST_IN_PROGRESS:
            return True
        self._drop(Fate.NO_ROOM, client.client.name, path)
        return False

    def _drop(self, fate: Fate, client: str, path: ReturnPath) -> None:
        self._end(fate)
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

    def _send(self, reply: bytes, path: ReturnPath, fate: Fate) -> None:
        # What could not be sent is not lost: the client asks again and gets the same reply.
        self._end(fate if path.send(reply) else Fate.NOT_SENT)

    def _end(self, fate: Fate) -> None:
        self._metrics.datagrams.add(fate)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _milliseconds(self) -> int:
        return int(self._loop.time() * 1000)


def _reply(code: int, message: Message, secret: SharedSecret) -> bytes:
    states = [(PROXY_STATE, value) for value in message.values(PROXY_STATE)]
    return secret.encode_reply(code, message, states)
