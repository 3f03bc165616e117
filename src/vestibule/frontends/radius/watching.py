"""What is seen of clients while they are served: counted in memory, written as sums every few seconds.

Invariants: nothing a sender chooses makes it grow (strangers beyond a few are not told apart), nothing of it
is secret, and nothing that goes wrong here touches an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
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


class Watch:
    """Counts for one front end."""

    def __init__(self, clock: Clock, keep: Keep = _keep_nothing) -> None:
        self._clock = clock
        self._keep = keep
        self._sums: dict[tuple[str, str, Seen], Sighting] = {}
        self._strangers = 0
        # Both hold what is in progress, which is bounded.
        self._waiting: dict[RequestKey, _Exchange] = {}
        self._people: dict[tuple[str, str], RequestKey] = {}

    # --- what is seen -------------------------------------------------------------------------------

    def stranger(self, source: str) -> None:
        """Count a datagram of nobody's client."""
        if (SYSTEM_TENANT, source, Seen.UNKNOWN_CLIENT) not in self._sums:
            if self._strangers >= MOST_STRANGERS:
                return
            self._strangers += 1
        self._add(SYSTEM_TENANT, source, Seen.UNKNOWN_CLIENT, source)

    def dropped(self, client: RadiusClient, fate: Fate, source: str) -> None:
        """Count a datagram that had no effect."""
        if fate in _OF_FATES:
            self.note(client, _OF_FATES[fate], source)

    def note(self, client: RadiusClient, kind: Seen, source: str, value: int = 0) -> None:
        """Count one of a kind."""
        self._add(client.client.tenant_id, client.client.client_id, kind, source, value)

    def clock_of(self, client: RadiusClient, message: Message, source: str) -> None:
        """Compare the client's clock with ours, if it tells its time (RFC 2869 §5.3)."""
        told = message.first(EVENT_TIMESTAMP)
        if told is not None and len(told) == 4:
            self.note(client, Seen.CLOCK, source, int.from_bytes(told, "big") * 1000 - self._clock.now())

    def begins(
        self, client: RadiusClient, request: Admitted, access: AccessRequest, key: RequestKey, source: str
    ) -> None:
        """Count a request that is worked on from now on."""
        for kind in _kinds(client, request, access, self._clock.now()):
            self.note(client, kind, source)
        self.clock_of(client, request.message, source)
        exchange = _Exchange(client, access, source, self._clock.now())
        former = self._waiting.get(self._people.get(exchange.person, ()))
        if former is not None and access.state is None:
            self.note(client, Seen.RESTARTED, source, exchange.first_at - former.first_at)
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
        if not sums:
            return
        try:
            await self._keep(tuple(sums.values()))
        except Exception as error:
            log.warning("what is seen of radius clients is not written", why=type(error).__name__)
            for key, seen in sums.items():
                if seen.kind is not Seen.UNKNOWN_CLIENT:
                    later = self._sums.get(key)
                    self._sums[key] = seen if later is None else seen.plus(later)

    def _add(self, tenant_id: str, client_id: str, kind: Seen, source: str, value: int = 0) -> None:
        now = self._clock.now()
        seen = Sighting(
            tenant_id=tenant_id,
            client_id=client_id,
            kind=kind,
            began_at=now - now % HOUR_MS,
            count=1,
            first_at=now,
            last_at=now,
            least=value,
            most=value,
            source=source,
        )
        before = self._sums.get((tenant_id, client_id, kind))
        self._sums[tenant_id, client_id, kind] = seen if before is None else before.plus(seen)


def _kinds(client: RadiusClient, request: Admitted, access: AccessRequest, now: int) -> Iterator[Seen]:
    """What a request shows of its client."""
    if access.proof in _OF_PROOFS:
        yield _OF_PROOFS[access.proof]
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
