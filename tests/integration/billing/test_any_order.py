"""Whatever happens in whatever order, whoever dies when, however often a round is made: the bill is the one
that a list of what was seen gives."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from fractions import Fraction
from typing import Any

import msgspec

from tests.conformance.stores.records import tenant, user, verification
from tests.houses import HandClock, TestHouse
from vestibule.crypto.tokens import new_id
from vestibule.interfaces.store import Store, Transaction
from vestibule.model.day import beginning_of, day_after, day_at, end_of
from vestibule.model.licence import Licence, LicenceKind
from vestibule.model.provider import Provider, UsageModel
from vestibule.model.usage import GRACE_MS
from vestibule.model.user import Requirement
from vestibule.policy.rating import units_of
from vestibule.services.metering import Metering

PEOPLE = ("alice", "bob", "carol")
DAYS = 4
LAST_DAY = "9999-12-31"


class Died(Exception):
    pass


class MortalStore:
    """A store whose caller dies now and then: before a commit, or after it and before he hears of it."""

    def __init__(self, store: Store, chance: random.Random, mortality: float) -> None:
        self._store = store
        self._chance = chance
        self._mortality = mortality

    async def transact(self, body: Callable[[Transaction], Awaitable[Any]]) -> Any:
        self._perhaps_die()
        done = await self._store.transact(body)
        self._perhaps_die()
        return done

    async def read(self, body: Callable[[Transaction], Awaitable[Any]]) -> Any:
        return await self._store.read(body)

    def _perhaps_die(self) -> None:
        if self._chance.random() < self._mortality:
            raise Died


class Walk:
    """One customer, days in which things happen to him, and beside the rounds a list of what they saw."""

    def __init__(self, store: Store, clock: HandClock, chance: random.Random, model: UsageModel) -> None:
        self.store = store
        self.clock = clock
        self.chance = chance
        self.tenant_id = new_id()
        self.provider = Provider(
            tenant_id=self.tenant_id,
            provider_id=new_id(),
            name="Main",
            usage_model=model,
            is_linked=True,
            currency="EUR",
            created_at=clock.now(),
        )
        self.configured: set[str] = set()
        self.licensed: set[str] = set()
        self.seen: list[tuple[str, dict[str, bool]]] = []
        """By look: its day, and who was there, with or without a licence."""
        self.attempts: dict[str, int] = {}

    async def begin(self) -> None:
        await self.store.transact(lambda tx: tx.put(tenant(self.tenant_id)))
        licence = Licence(
            tenant_id=self.tenant_id,
            licence_id="l1",
            kind=LicenceKind.OWN,
            quantity=9,
            first_day="2000-01-01",
            last_day="2099-12-31",
            created_at=0,
        )

        async def body(tx: Transaction) -> None:
            for user_id in PEOPLE:
                await tx.add_user(user(self.tenant_id, user_id))
            await tx.put(self.provider)
            await tx.put_licence(licence)

        await self.store.transact(body)

    async def end(self) -> None:
        ended = msgspec.structs.replace(self.provider, deleted_at=self.provider.created_at)
        await self.store.transact(lambda tx: tx.put(ended))

    async def day(self) -> None:
        """Let some things happen on a day, and look now and then."""
        day = day_at(self.clock.now())
        for _ in range(self.chance.randrange(5)):
            left = end_of(day) - self.clock.now() - 1
            self.clock.time += self.chance.randrange(max(left // 3, 1))
            await self.chance.choice((self.configure, self.license, self.attempt, self.look, self.look))()
        await self.go_to(end_of(day) + self.chance.randrange(2 * GRACE_MS))

    async def go_to(self, at: int) -> None:
        self.clock.time = max(at, self.clock.time)

    async def configure(self) -> None:
        user_id = self.chance.choice(PEOPLE)
        self.configured ^= {user_id}
        wanted = Requirement.ENABLED if user_id in self.configured else Requirement.DISABLED

        async def body(tx: Transaction) -> None:
            subject = await tx.subject(self.tenant_id, user_id)
            assert subject is not None
            await tx.replace_user(msgspec.structs.replace(subject.user, requirement=wanted))

        await self.store.transact(body)

    async def license(self) -> None:
        user_id = self.chance.choice(PEOPLE)
        self.clock.time += 1  # one is not given twice in the same moment
        is_given = user_id not in self.licensed
        self.licensed ^= {user_id}

        async def body(tx: Transaction) -> bool:
            if is_given:
                return await tx.assign_licence(self.tenant_id, "l1", user_id)
            return await tx.end_assignment(self.tenant_id, "l1", user_id)

        assert await self.store.transact(body)

    async def attempt(self) -> None:
        now = self.clock.now()
        attempt = verification(self.tenant_id, new_id(), started_at=now, expires_at=now + 1)
        await self.store.transact(lambda tx: tx.add_verification(attempt))
        day = day_at(now)
        self.attempts[day] = self.attempts.get(day, 0) + 1

    async def look(self) -> None:
        """Make rounds until one lives to its end, and then perhaps another one."""
        mortality = self.chance.choice((0.0, 0.1, 0.3))
        for _ in range(self.chance.choice((1, 2))):
            while True:
                try:
                    await Metering(MortalStore(self.store, self.chance, mortality)).round()  # type: ignore[arg-type] # all of a store that metering asks for
                except Died:
                    continue
                break
        self.seen.append(
            (day_at(self.clock.now()), {user_id: user_id in self.licensed for user_id in self.configured})
        )

    def expected(self, day: str) -> Fraction:
        """Count a day from the list: by hand, and by no statement of a database."""
        if self.provider.usage_model is UsageModel.PER_AUTHENTICATION:
            return Fraction(self.attempts.get(day, 0), 10)
        before = [look for look in self.seen if look[0] < day]
        during = [there for when, there in self.seen if when == day]
        after = [there for when, there in self.seen if when > day]
        paid, licensed = set(), set()
        for user_id in PEOPLE:
            looks = [there[user_id] for there in during if user_id in there]
            if not looks and before and after and not during:
                # Between two looks that both found him.
                was, then = before[-1][1], after[0]
                looks = [was[user_id]] if user_id in was and user_id in then else []
            if looks:
                paid.add(user_id)
                licensed |= {user_id} if looks[-1] else set()
        return Fraction(len(paid - licensed), 31)


async def test_any_order_any_crash_any_repetition_is_the_same_bill(
    house: TestHouse, proof: Callable[[int, int], int]
) -> None:
    for seed in range(proof(12, 300)):
        chance = random.Random(seed)
        first = day_after(day_at(house.clock.now()))
        house.clock.time = beginning_of(first)
        walk = Walk(house.store, house.clock, chance, chance.choice(tuple(UsageModel)))
        await walk.begin()
        await walk.look()
        for _ in range(DAYS):
            await walk.day()
        await walk.look()
        usage = await house.store.read(lambda tx, a=walk.tenant_id, b=first: tx.usage(a, b, LAST_DAY))
        assert len(usage) >= DAYS - 1, seed
        await walk.end()
        counted = {each.day: units_of(each) for each in usage}
        assert counted == {day: walk.expected(day) for day in counted}, seed
