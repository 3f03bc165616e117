"""A service that is killed, and links that are cut, silent and slow, while people sign in at two servers.

The service is a process of its own, and its providers of texts and calls are in the test: what has left is
known whatever has died. The servers are two customers', each with a database and a link of its own. At the
end three things are held against one another: what people have done and were told, the lists of the servers,
and what the service has counted.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.customers import (
    RULES,
    Arrived,
    CallProvider,
    TextProvider,
    ended_first,
    make_service,
    name_of,
    provider_of,
    put_rules,
    told_ids,
)
from tests.houses import TENANT, HandClock, Person, TestHouse, open_house
from tests.integration.link.conftest import Certificate
from tests.peers.connect_proxy import ConnectProxy
from tests.peers.ports import free_port
from tests.server_fixtures import MakeServer
from tests.servers import ServerProcess
from tests.until import until, until_read
from vestibule.crypto.secret import Secret
from vestibule.frontends.link import LinkFrontend, address_of, dialing
from vestibule.frontends.link.arriving import activate
from vestibule.interfaces.link import Peer
from vestibule.interfaces.relay import full_name
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.sending import DeliveryFilter
from vestibule.model.actor import SYSTEM
from vestibule.model.delivery import Delivery, DeliveryState
from vestibule.model.verification import Reason, Verification, VerificationState
from vestibule.runtime.build import build
from vestibule.runtime.settings import Settings
from vestibule.services import attempt_telling
from vestibule.services.gateways import SERVICE_KIND
from vestibule.services.outcome import Progress
from vestibule.services.relaying import relayed_id
from vestibule.stores import open_store
from vestibule.worker.rounds import make_rounds

CUSTOMERS = ("north", "south")
SEED = 20_260_714
PATIENCE_SECONDS = 6.0
"""For how long people wait for a text or in front of a phone; then they begin anew."""
PAUSE_SECONDS = 0.3
"""Between two sign-ins of a person."""
SETTLED_MS = 5_000
"""In the place of `attempt_telling.SETTLED_MS`: longer than any transaction here."""
DAY_SECONDS = 86_400


class MovedClock(HandClock):
    """The system's clock; a test moves it on."""

    def __init__(self) -> None:
        self.time = 0

    def now(self) -> int:
        return time.time_ns() // 1_000_000 + self.time


@dataclass(slots=True)
class Site:
    """A customer's server, and the proxy through which it gets out."""

    customer: str
    house: TestHouse
    proxy: ConnectProxy
    peer: Peer
    gateway_id: str
    people: dict[str, Person] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)
    """What the service calls a text or call of ours, and the attempt that it is for."""

    @property
    def is_up(self) -> bool:
        return self.house.services.service_link.is_up

    async def add(self, name: str, method: str, number: str = "") -> None:
        if not number:
            self.people[name] = await self.house.add_person(name, method)
            return
        self.people[name] = await self.house.add_bare_person(name)
        await self.house.add_phone(self.people[name], method, number=number)

    async def name_of(self, progress: Progress) -> str:
        """Return what the service calls what this attempt has sent."""
        assert progress.challenge is not None
        challenge_id = progress.challenge.challenge_id
        (delivery,) = await self.house.store.read(lambda tx: tx.deliveries_of(TENANT, challenge_id))
        own = full_name(TENANT, self.gateway_id, delivery.delivery_id)
        name = relayed_id(self.peer.group_id, own)
        self.sent[name] = progress.verification.verification_id
        return name

    async def standing(self, progress: Progress) -> Progress:
        row = progress.verification
        found = await self.house.services.verifications.find(TENANT, row.client_id, row.verification_id)
        assert found is not None
        return found

    async def give_up(self, progress: Progress) -> None:
        row = progress.verification
        await self.house.services.verifications.cancel(TENANT, row.client_id, row.verification_id)

    async def attempts(self) -> list[Verification]:
        """Return all of them, in the order in which they began."""
        return list(
            await self.house.store.read(lambda tx: tx.attempts_in_order(TENANT, (0, ""), 2**60, 100_000))
        )


@dataclass(slots=True)
class Load:
    """People who sign in without end, each by one way."""

    texts: TextProvider
    sites: list[Site]
    ended: Counter[tuple[str, str, VerificationState, Reason]] = field(default_factory=Counter)
    """How many sign-ins of a customer, by a way, have ended so."""
    proven: set[str] = field(default_factory=set)
    """Attempts of people who have typed what was right."""
    told: set[str] = field(default_factory=set)
    """Attempts of which somebody was told that he is let in."""
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _running: list[asyncio.Task[None]] = field(default_factory=list)

    def begin(self) -> None:
        for site in self.sites:
            for name in site.people:
                if (way := name.rstrip("0123456789")) in self._ways:
                    self._running.append(asyncio.create_task(self._again_and_again(site, name, way)))

    async def end(self) -> None:
        self._over.set()
        await asyncio.gather(*self._running)

    @property
    def _ways(self) -> dict[str, Callable[[Site, str], Coroutine[Any, Any, Progress]]]:
        return {
            "text": self.by_text,
            "mistaken": self.by_text,
            "call": self.by_call,
            "absent": self.by_call,
            "passcode": self.by_passcode,
            "guess": self.by_passcode,
        }

    async def _again_and_again(self, site: Site, name: str, way: str) -> None:
        while not self._over.is_set():
            progress = await self._ways[way](site, name)
            if progress.is_approved:
                self.told.add(progress.verification.verification_id)
            self.ended[site.customer, way, progress.state, progress.reason] += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), PAUSE_SECONDS)

    def count(self, site: Site, way: str, state: VerificationState, reason: Reason | None = None) -> int:
        wanted = (site.customer, way, state)
        return sum(n for key, n in self.ended.items() if key[:3] == wanted and reason in (None, key[3]))

    async def more(
        self, site: Site, way: str, number: int = 1, state: VerificationState = VerificationState.APPROVED,
        reason: Reason | None = None,
    ) -> None:  # fmt: skip
        """Wait until so many more sign-ins have ended so."""
        wanted = self.count(site, way, state, reason) + number
        await until(lambda: self.count(site, way, state, reason) >= wanted, 60, every=0.05)

    async def refused_at_once(self, site: Site) -> None:
        """Wait until people whose text or call cannot be handed over are told so, and why."""
        await self.more(site, "text", 1, VerificationState.DENIED, Reason.TEXT_NOT_SENT)
        await self.more(site, "call", 1, VerificationState.DENIED, Reason.CALL_FAILED)

    # --- ways -----------------------------------------------------------------------------------------

    async def by_text(self, site: Site, name: str) -> Progress:
        progress = await site.house.start(name)
        if not progress.is_pending:
            return progress
        arrives = asyncio.create_task(self.texts.text(await site.name_of(progress), PATIENCE_SECONDS))
        moves = asyncio.create_task(site.house.services.verifications.moved(progress, PATIENCE_SECONDS))
        await ended_first(arrives, moves)
        if not arrives.cancelled() and arrives.exception() is None:
            return await self._typed(site, name, progress, arrives.result())
        return await self._left(site, progress)

    async def _typed(self, site: Site, name: str, progress: Progress, text: Arrived) -> Progress:
        is_right = name.startswith("text")
        typed = text.passcode if is_right else f"{(int(text.passcode) + 1) % 1_000_000:06}"
        if is_right:
            self.proven.add(progress.verification.verification_id)
        while progress.is_pending and progress.challenge is not None:
            progress = await site.house.answer(name, progress.challenge.challenge_id, typed)
        return progress

    async def by_call(self, site: Site, name: str) -> Progress:
        progress = await site.house.start(name)
        if not progress.is_pending:
            return progress
        await site.name_of(progress)
        waited = await site.house.wait(name, progress, PATIENCE_SECONDS)
        assert waited is not None, "nobody else waits for this call"
        return waited if not waited.is_pending else await self._left(site, waited)

    async def _left(self, site: Site, progress: Progress) -> Progress:
        """Whoever has waited in vain begins anew."""
        if (await site.standing(progress)).is_pending:
            await site.give_up(progress)
        return await site.standing(progress)

    async def by_passcode(self, site: Site, name: str) -> Progress:
        right = site.people[name].passcode(0)
        given = right if name.startswith("passcode") else Secret("12345")
        progress = await site.house.start(name, passcode=given)
        if name.startswith("passcode"):
            self.proven.add(progress.verification.verification_id)
        return progress


@dataclass(slots=True)
class Scene:
    """The service, what it sends through, its servers and the people there."""

    service: ServerProcess
    texts: TextProvider
    calls: CallProvider
    sites: list[Site]
    load: Load
    taken: set[str] = field(default_factory=set)
    """Texts that the service had in hand when it died: nobody knows whether those have left."""

    async def all_up(self) -> None:
        await until(lambda: all(site.is_up for site in self.sites), 30)

    async def killed(self, chance: random.Random) -> None:
        await self.load.more(chance.choice(self.sites), "text")
        self.service.kill()
        self.taken |= {each.delivery_id for each in await self._deliveries(DeliveryState.TAKEN)}
        for site in self.sites:
            await self.load.more(site, "passcode", 3)
            await self.load.refused_at_once(site)
        program = self.service.launch()
        await asyncio.to_thread(program.wait_for, "listening.*http", seconds=30)
        await self.all_up()
        for site in self.sites:
            await self.load.more(site, "text")
            await self.load.more(site, "call")

    async def cut(self, chance: random.Random) -> None:
        """Customers do not notice what happens on the way to another one."""
        site, other = chance.sample(self.sites, 2)
        site.proxy.is_shut = True
        site.proxy.cut()
        await self.load.more(site, "passcode", 3)
        await self.load.refused_at_once(site)
        await self.load.more(other, "text")
        site.proxy.is_shut = False
        await self.all_up()
        await self.load.more(site, "text")

    async def silent(self, chance: random.Random) -> None:
        """Nothing passes, and nobody can tell that from a slow network: who is asked may have it."""
        site, other = chance.sample(self.sites, 2)
        site.proxy.hold()
        await self.load.more(site, "passcode", 3)
        await self.load.more(site, "text", 1, VerificationState.CANCELED)
        await self.load.more(other, "call")
        site.proxy.release()
        await self.load.more(site, "text")
        await self.all_up()

    async def slow(self, chance: random.Random) -> None:
        """Who is called needs less than his patience for what a call takes to and fro."""
        for site in self.sites:
            site.proxy.delay, site.proxy.most_octets = chance.uniform(0.02, 0.05), 128
        for site in self.sites:
            await self.load.more(site, "text")
            await self.load.more(site, "call")
        for site in self.sites:
            site.proxy.delay, site.proxy.most_octets = 0.0, 65_536

    async def _deliveries(self, *states: DeliveryState) -> list[Delivery]:
        """Return those of the service, whether or not it runs."""
        store = open_store(self.service.settings.database_url.reveal())
        await store.open()
        try:
            found = await store.read(_deliveries)
        finally:
            await store.close()
        return [each for each in found if each.state in states]

    async def nothing_waits(self) -> None:
        """Wait until all that the service was given has left, or never will."""
        waits = (DeliveryState.WAITING, DeliveryState.TAKEN)
        await until_read(lambda: self._deliveries(*waits), lambda found: not found, 60)


async def _deliveries(tx: Transaction) -> list[Delivery]:
    found: list[Delivery] = []
    for customer in CUSTOMERS:
        page: Page | None = Page(limit=500)
        while page is not None:
            listed = await tx.deliveries(customer, DeliveryFilter(), page)
            found += listed.rows
            page = Page(limit=500, cursor=listed.next_cursor) if listed.next_cursor else None
    return found


@asynccontextmanager
async def site_of(
    folder: Path, customer: str, shown: str, service: str, certificate: Certificate
) -> AsyncIterator[Site]:
    """A server of this customer that is activated and runs."""
    async with ConnectProxy() as proxy:
        opened = open_house(
            folder / customer,
            clock=MovedClock(),
            role="server",
            node_name=f"mfa-{customer}",
            link_service=service,
            link_ca_file=str(certificate.ca_file),
            link_proxy=proxy.url,
        )
        async with opened as house:
            own = house.services.service_link
            address = address_of(house.house.settings.link)
            peer = await activate(own, address, Secret(shown))
            await put_rules(house.house, TENANT, RULES)
            await house.services.setup.ensure_portal(TENANT)
            await house.add_application("vpn")
            await house.services.service_gateways.ensure()
            (gateway,) = [
                each
                for each in house.services.configuration.current.gateways.values()
                if (each.tenant_id, each.kind) == (TENANT, SERVICE_KIND)
            ]
            house.services.attempt_telling._settled_ms = SETTLED_MS
            link = LinkFrontend(house.services, address)
            await link.start()
            rounds = asyncio.create_task(make_rounds(house.services))
            try:
                yield Site(customer, house, proxy, peer, gateway.gateway_id)
            finally:
                await link.stop(1)
                rounds.cancel()
                await asyncio.gather(rounds, return_exceptions=True)


PEOPLE = (
    ("text0", "sms"), ("text1", "sms"), ("mistaken0", "sms"), ("call0", "voice"), ("absent0", "voice"),
    ("passcode0", "hotp"), ("guess0", "hotp"), ("left0", "voice"), ("left1", "sms"),
)  # fmt: skip


@asynccontextmanager
async def scene_of(folder: Path, make_server: MakeServer, database_url: str | None) -> AsyncIterator[Scene]:
    port, certificate = free_port(), Certificate(folder / "certificates")
    service = make_server(
        "service",
        database_url,
        role="service",
        http_listen=f"127.0.0.1:{port}",
        http_public_url=f"https://localhost:{port}",
        http_tls_certificate=str(certificate.file),
        http_tls_key=str(certificate.key),
    )
    async with AsyncExitStack() as stack:
        texts = await stack.enter_async_context(TextProvider())
        calls = CallProvider(certificate.ca_file)
        await stack.enter_async_context(calls)
        shown = await make_service(service.settings, CUSTOMERS, texts, calls)
        program = service.launch()
        await asyncio.to_thread(program.wait_for, "listening.*http", seconds=30)
        sites = [
            await stack.enter_async_context(
                site_of(folder, each, shown[each], f"https://localhost:{port}", certificate)
            )
            for each in CUSTOMERS
        ]
        numbers = iter(range(100, 1000))
        for site in sites:
            for name, method in PEOPLE:
                number = f"+493023125{next(numbers)}" if method in {"sms", "voice"} else ""
                await site.add(name, method, number)
                if name.startswith("absent"):
                    calls.hanging_up.add(number)
        made = Scene(service, texts, calls, sites, Load(texts, sites))
        await made.all_up()
        yield made


@pytest.mark.timeout(1800)
async def test_what_holds_while_the_service_dies_and_links_break(
    tmp_path: Path,
    make_server: MakeServer,
    database_url: str | None,
    proof: Callable[[int, int], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """S3, S4, S31: each attempt is told and counted once, a text leaves once, nobody is let in unproven."""
    monkeypatch.setattr(attempt_telling, "LOOK_SECONDS", 0.2)
    monkeypatch.setattr(dialing, "LONGEST_PAUSE", 2.0)
    chance = random.Random(SEED)
    async with scene_of(tmp_path, make_server, database_url) as scene:
        scene.load.begin()
        for _ in range(proof(1, 12)):
            for trouble in (scene.killed, scene.cut, scene.silent, scene.slow):
                await trouble(chance)
        await scene.load.end()
        await who_waits_is_told_in_time(scene)
        await scene.nothing_waits()
        own = {site.customer: await site.attempts() for site in scene.sites}
        for site in scene.sites:
            site.house.clock.advance(SETTLED_MS / 1000)
        await each_is_known_once(scene, own)
        nobody_is_let_in_unproven(scene, own)
        texts_leave_once(scene)
    assert await usage_of(scene.service.settings) == {each: len(own[each]) for each in CUSTOMERS}


async def who_waits_is_told_in_time(scene: Scene) -> None:
    """A sign-in whose call or text may have left, nobody knows, ends with a reason when its time is over."""
    site = scene.sites[0]
    site.proxy.hold()
    call, text = await site.house.start("left0"), await site.house.start("left1")
    assert (call.is_pending, text.is_pending) == (True, True)
    for each in (call, text):
        await site.name_of(each)
    site.house.clock.advance(max(RULES.call_seconds, 180) + 1)
    for each, why in ((call, Reason.CALL_TOO_LATE), (text, Reason.TEXT_NO_REPLY)):
        ended = await until_read(partial(site.standing, each), lambda found: not found.is_pending)
        assert (ended.state, ended.reason) == (VerificationState.EXPIRED, why)
    site.proxy.release()


async def each_is_known_once(scene: Scene, own: dict[str, list[Verification]]) -> None:
    assert all(each.state is not VerificationState.PENDING for rows in own.values() for each in rows)
    house = await build(scene.service.settings)
    try:
        for customer, rows in own.items():
            made = sorted(each.verification_id for each in rows)
            with suppress(TimeoutError):
                await until_read(partial(told_ids, house, customer), partial(_as_many, made), 60)
            assert await told_ids(house, customer) == made
    finally:
        await house.close()


def _as_many(made: list[str], told: list[str]) -> bool:
    return len(told) >= len(made)


def nobody_is_let_in_unproven(scene: Scene, own: dict[str, list[Verification]]) -> None:
    sent = {name: attempt for site in scene.sites for name, attempt in site.sent.items()}
    confirmed = {sent[name] for name in scene.calls.confirmed()}
    approved = {
        each.verification_id
        for rows in own.values()
        for each in rows
        if each.state is VerificationState.APPROVED
    }
    assert approved <= scene.load.proven | confirmed
    assert scene.load.told <= approved, "he was told so, and it is not in the list"
    assert scene.load.proven <= approved, "what was right, and typed in time"


def texts_leave_once(scene: Scene) -> None:
    """Twice, unchanged, if the service had it in hand when it died; a phone rings once."""
    for name, times in Counter(each.name for each in scene.texts.arrived).items():
        assert times <= 1 + (name in scene.taken), name
    assert len(set(scene.texts.arrived)) == len({each.name for each in scene.texts.arrived})
    assert max(Counter(map(name_of, scene.calls.calls)).values()) == 1
    sent = {name: attempt for site in scene.sites for name, attempt in site.sent.items()}
    names = {each.name for each in scene.texts.arrived}
    assert names <= sent.keys(), "texts that no attempt has asked for"
    attempts = Counter(sent[name] for name in names)
    assert max(attempts.values()) == 1, "one attempt, two texts"


async def usage_of(settings: Settings) -> dict[str, int]:
    """Return how many attempts are on the bill of each customer, once the days are over."""
    clock = MovedClock()
    clock.advance(2 * DAY_SECONDS)
    house = await build(settings, clock=clock)
    try:
        await house.services.metering.round()
        used = {}
        for customer in CUSTOMERS:
            rows = await house.services.metering.usage(SYSTEM, customer, "2000-01-01", "2999-12-31")
            assert {each.provider_id for each in rows} == {provider_of(customer)}
            used[customer] = sum(each.server_attempts for each in rows)
        return used
    finally:
        await house.close()
