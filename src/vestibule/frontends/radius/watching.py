"""What is seen of clients while they are served: counted in memory, written as sums every few seconds.

Invariants: nothing a sender chooses makes it grow (strangers beyond a few are not told apart), nothing of it
is secret, and nothing that goes wrong here touches an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Final

import structlog

from vestibule.frontends.radius.admission import Admitted, Fate, is_text
from vestibule.frontends.radius.clients import RadiusClient
from vestibule.frontends.radius.duplicates import RequestKey
from vestibule.interfaces.clock import Clock
from vestibule.model.client_sighting import HOUR_MS, Seen, Sighting
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.wire.radius import AccessRequest, Message, Proof
from vestibule.wire.radius.numbers import ACCESS_ACCEPT, ACCESS_CHALLENGE, ACCESS_REJECT, EVENT_TIMESTAMP

log = structlog.get_logger(__name__)

KEEP_SECONDS: Final = 2.0
MOST_STRANGERS: Final = 32
"""Addresses of unknown clients that are told apart between two writes."""
_STRANGER: Final = (Seen.UNKNOWN_CLIENT,)
_PAUSE_MS: Final = 500
"""A client repeats at intervals that differ by less."""

_OF_FATES: Final = {
    Fate.MALFORMED: Seen.MALFORMED,
    Fate.UNSIGNED: Seen.UNSIGNED,
    Fate.BAD_SIGNATURE: Seen.WRONG_SIGNATURE,
    Fate.PROXY_STATE: Seen.PROXY_STATE,
    Fate.ACCOUNTING: Seen.ACCOUNTING_HERE,
}
_OF_PROOFS: Final = {
    Proof.PASSWORD: Seen.PASSWORD,
    Proof.NONE: Seen.PASSWORD,
    Proof.CHAP: Seen.CHAP,
    Proof.MS_CHAP: Seen.MS_CHAP,
    Proof.EAP: Seen.EAP,
}
_OF_REPLIES: Final = {
    ACCESS_ACCEPT: Seen.ACCEPTED,
    ACCESS_REJECT: Seen.REJECTED,
    ACCESS_CHALLENGE: Seen.CHALLENGED,
}

Keep = Callable[[tuple[Sighting, ...]], Awaitable[None]]
"""Writes sums down for all nodes; raises when it cannot."""


async def _keep_nothing(_: tuple[Sighting, ...]) -> None:
    """Stand for a store where nobody looks."""


class _Exchange:
    """A request that waits for its answer: when it came, first and last, and at what longest interval."""

    __slots__ = ("client", "first_at", "interval", "is_eap", "last_at", "person", "source")

    def __init__(self, client: RadiusClient, access: AccessRequest, source: str, now: int) -> None:
        self.client = client
        self.person = (client.client.client_id, access.user_name)
        self.is_eap = access.proof is Proof.EAP
        self.source = source
        self.first_at = self.last_at = now
        self.interval = 0


_Of = tuple[str, str, tuple[Seen, ...]]
"""Tenant, client, and the kinds that were seen at once."""


class _Sum:
    """What `Sighting` holds, while it is counted."""

    __slots__ = ("count", "first_at", "last_at", "least", "most", "source")

    def __init__(self, now: int, source: str, value: int) -> None:
        self.count = 1
        self.first_at = self.last_at = now
        self.least = self.most = value
        self.source = source

    def add(self, now: int, source: str, value: int) -> None:
        self.count += 1
        self.last_at = now
        self.source = source
        if value < self.least:
            self.least = value
        elif value > self.most:
            self.most = value

    def sighting(self, tenant_id: str, client_id: str, kind: Seen) -> Sighting:
        return Sighting(
            tenant_id=tenant_id,
            client_id=client_id,
            kind=kind,
            began_at=self.last_at - self.last_at % HOUR_MS,
            count=self.count,
            first_at=self.first_at,
            last_at=self.last_at,
            least=self.least,
            most=self.most,
            source=self.source,
        )


class Watch:
    """Counts for one front end."""

    def __init__(self, clock: Clock, keep: Keep = _keep_nothing) -> None:
        self._clock = clock
        self._keep = keep
        self._sums: dict[_Of, _Sum] = {}
        self._unwritten: tuple[Sighting, ...] = ()
        self._strangers = 0
        # Both hold what is in progress, which is bounded.
        self._waiting: dict[RequestKey, _Exchange] = {}
        self._people: dict[tuple[str, str], RequestKey] = {}

    # --- what is seen -------------------------------------------------------------------------------

    def stranger(self, source: str) -> None:
        """Count a datagram of nobody's client."""
        if (SYSTEM_TENANT, source, _STRANGER) not in self._sums:
            if self._strangers >= MOST_STRANGERS:
                return
            self._strangers += 1
        self._add((SYSTEM_TENANT, source, _STRANGER), source, self._clock.now())

    def dropped(self, client: RadiusClient, fate: Fate, source: str) -> None:
        """Count a datagram that had no effect."""
        if fate in _OF_FATES:
            self.note(client, _OF_FATES[fate], source)

    def note(self, client: RadiusClient, kind: Seen, source: str, value: int = 0) -> None:
        """Count one of a kind."""
        of = (client.client.tenant_id, client.client.client_id, (kind,))
        self._add(of, source, self._clock.now(), value)

    def clock_of(self, client: RadiusClient, message: Message, source: str) -> None:
        """Compare the client's clock with ours, if it tells its time (RFC 2869 §5.3)."""
        told = message.first(EVENT_TIMESTAMP)
        if told is not None and len(told) == 4:
            self.note(client, Seen.CLOCK, source, int.from_bytes(told, "big") * 1000 - self._clock.now())

    def begins(
        self, client: RadiusClient, request: Admitted, access: AccessRequest, key: RequestKey, source: str
    ) -> None:
        """Count a request that is worked on from now on."""
        now = self._clock.now()
        kinds = tuple(_kinds(client, request, access, now))
        self._add((client.client.tenant_id, client.client.client_id, kinds), source, now)
        self.clock_of(client, request.message, source)
        exchange = _Exchange(client, access, source, now)
        former = self._waiting.get(self._people.get(exchange.person, ()))
        if former is not None and access.state is None:
            self.note(client, Seen.RESTARTED, source, now - former.first_at)
        self._waiting[key] = exchange
        self._people[exchange.person] = key

    def repeats(self, key: RequestKey) -> None:
        """Count the same request while it is worked on."""
        exchange, now = self._waiting.get(key), self._clock.now()
        if exchange is None:
            return
        interval = now - exchange.last_at
        self.note(exchange.client, Seen.REPEATED, exchange.source, interval)
        exchange.interval = max(exchange.interval, interval)
        exchange.last_at = now

    def answered(self, key: RequestKey, code: int) -> None:
        """Count a reply that leaves, and whether anybody can still wait for it."""
        exchange = self._waiting.get(key)
        if exchange is None:
            return
        if code != ACCESS_CHALLENGE or not exchange.is_eap:
            self.note(exchange.client, _OF_REPLIES[code], exchange.source)
        silence = self._clock.now() - exchange.last_at
        if exchange.interval and silence > 2 * exchange.interval + _PAUSE_MS:
            patience = exchange.last_at - exchange.first_at + exchange.interval
            self.note(exchange.client, Seen.GAVE_UP, exchange.source, patience)

    def ends(self, key: RequestKey) -> None:
        """Forget a request, however it ended."""
        exchange = self._waiting.pop(key, None)
        if exchange is not None and self._people.get(exchange.person) == key:
            del self._people[exchange.person]

    # --- writing it down ----------------------------------------------------------------------------

    async def run(self) -> None:
        """Write every few seconds, for ever."""
        while True:
            await asyncio.sleep(KEEP_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Write what is new; what could not be written is tried again with what follows."""
        sums, self._sums, self._strangers = self._sums, {}, 0
        new = [
            counted.sighting(tenant_id, client_id, kind)
            for (tenant_id, client_id, kinds), counted in sums.items()
            for kind in kinds
        ]
        unwritten, self._unwritten = _together((*self._unwritten, *new)), ()
        if not unwritten:
            return
        try:
            await self._keep(unwritten)
        except Exception as error:
            log.warning("what is seen of radius clients is not written", why=type(error).__name__)
            known = [seen for seen in unwritten if seen.kind is not Seen.UNKNOWN_CLIENT]
            self._unwritten = _together((*known, *self._unwritten))

    def _add(self, of: _Of, source: str, now: int, value: int = 0) -> None:
        counted = self._sums.get(of)
        if counted is None:
            self._sums[of] = _Sum(now, source, value)
        else:
            counted.add(now, source, value)


def _together(seen: Sequence[Sighting]) -> tuple[Sighting, ...]:
    """Return the same with one for each kind of each client."""
    sums: dict[tuple[str, str, Seen], Sighting] = {}
    for each in seen:
        of = (each.tenant_id, each.client_id, each.kind)
        sums[of] = sums[of].plus(each) if of in sums else each
    return tuple(sums.values())


def _kinds(client: RadiusClient, request: Admitted, access: AccessRequest, now: int) -> Iterator[Seen]:
    """What a request shows of its client."""
    proof = _OF_PROOFS.get(access.proof)
    if proof is not None:
        yield proof
    if not client.is_over_tls:
        yield from _of_signing(client, request, access, now)
    if access.state is not None and access.proof is not Proof.EAP:
        yield Seen.RETURNED
    if not access.nas_identifier and not access.nas_address:
        yield Seen.UNNAMED_NAS
    if not access.calling_station:
        yield Seen.NO_STATION


def _of_signing(client: RadiusClient, request: Admitted, access: AccessRequest, now: int) -> Iterator[Seen]:
    """What a request shows of its client's secret. Over TLS nothing depends on that."""
    if request.message.signature_at:
        if access.proof is not Proof.EAP:
            yield Seen.SIGNED
        if client.valid_secrets(now)[0].shared is not request.secret:
            yield Seen.OLD_SECRET
        return
    yield Seen.UNSIGNED
    if access.hidden_password is not None:
        revealed = request.secret.reveal(access.hidden_password, request.message.authenticator)
        if not isinstance(revealed, bytes) or not is_text(revealed):
            yield Seen.UNREADABLE_PASSWORD
