"""A random walk over everything that can happen to sign-ins by phone, and what must hold after every step.

The walk keeps its own book of what was really answered and who was let in, from outside: what the houses say
is held against that.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from dataclasses import dataclass, field

from tests.cluster.phones import GATEWAYS, TENANTS, Node
from tests.houses import HandClock, Person
from tests.peers.far_end import FarEnd, FarEndKind
from vestibule.crypto.secret import Secret
from vestibule.interfaces.gateway import (
    Call,
    Errand,
    NotSent,
    Receipt,
    Reply,
    Sending,
    Sent,
    Text,
    Unsure,
)
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.call import CallEvent, CallEventKind
from vestibule.model.legacy_result import legacy_result
from vestibule.model.throttle import Factor
from vestibule.model.user import UserStatus
from vestibule.model.verification import Challenge, Verification, VerificationState
from vestibule.services.outcome import Progress

WINDOW_MS = 20 * 60 * 1000
PLACES = ("", "192.0.2.1", "203.0.113.9")
WAYS = ("sms", "call", "passcode", "1", "2")
METHODS = ("sms", "two_way", "voice", "both")


@dataclass(slots=True)
class Carried:
    """What the phone network was given."""

    gateway: FarEnd
    errand: Errand
    tenant_id: str
    may_have_arrived: bool


@dataclass(slots=True)
class Asked:
    """A request, as its client remembers it."""

    tenant_id: str
    name: str
    place: str
    key: str
    verification_id: str = ""
    challenge_id: str = ""


@dataclass(slots=True)
class Waiter:
    asked: Asked
    node: Node
    task: asyncio.Task[Progress | None]


@dataclass(slots=True)
class Walk:
    nodes: list[Node]
    clock: HandClock
    far: FarEndKind
    chance: random.Random
    people: dict[tuple[str, str], Person] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    waiters: list[Waiter] = field(default_factory=list)
    carried: list[Carried] = field(default_factory=list)
    matched: set[str] = field(default_factory=set)
    """Verifications for which the right answer was given by whom it was asked of."""
    newest: dict[str, str] = field(default_factory=dict)
    """The key of the newest request that waits, by verification."""
    accepts: Counter[str] = field(default_factory=Counter)
    ended: dict[str, tuple[object, ...]] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    decided: Counter[str] = field(default_factory=Counter)
    _keys: int = 0

    # --- the steps ------------------------------------------------------------------------------------

    async def furnish(self) -> None:
        """People of the same names and numbers in both tenants, one for each way to be asked."""
        house = self.nodes[0].house
        self.far.answer = self._carry
        for tenant_id in TENANTS:
            for number, kind in enumerate(METHODS):
                person = await house.add_person(kind, tenant_id=tenant_id)
                self.people[tenant_id, kind] = person
                phone = f"+493012345{number}0"
                if kind != "voice":
                    await house.add_phone(person, "sms", number=phone, two_way=kind != "sms")
                if kind in ("voice", "both"):
                    await house.add_phone(person, "voice", number=phone)
                    self.clock.advance(0.001)
                    await house.add_phone(person, "voice", number=f"+493099999{number}0")
                await house.change_user(person, default_method="voice" if kind == "voice" else "sms")

    async def step(self) -> None:
        """Do one thing, let the living do their work, and see that all is as it should be."""
        steps = {
            self._start: 10,
            self._repeat: 6,
            self._ask_elsewhere: 6,
            self._type: 8,
            self._press_enter: 4,
            self._reply: 8,
            self._call_event: 16,
            self._receipt: 4,
            self._choose: 4,
            self._cancel: 2,
            self._give_up: 2,
            self._look_up: 3,
            self._pass_time: 4,
            self._lose_a_node: 2,
            self._bring_back: 4,
            self._admit_again: 3,
        }
        (act,) = self.chance.choices(list(steps), list(steps.values()))
        self.done[act.__name__] += 1
        await act()
        if self.chance.random() < 0.9:
            await self._work()
        await self._check()

    async def _start(self) -> None:
        tenant_id, name = self.chance.choice(list(self.people))
        self._keys += 1
        asked = Asked(tenant_id, name, self.chance.choice(PLACES), f"key{self._keys}")
        self.asked = [*self.asked[-40:], asked]
        await self._send(asked)

    async def _repeat(self) -> None:
        """Verbatim, at any node."""
        if self.asked:
            await self._send(self.chance.choice(self.asked[-8:]))

    async def _ask_elsewhere(self) -> None:
        """A new packet for the same sign-in, at any node."""
        if self.asked:
            self._keys += 1
            again = self.chance.choice(self.asked[-4:])
            asked = Asked(again.tenant_id, again.name, again.place, f"key{self._keys}")
            self.asked.append(asked)
            await self._send(asked)

    async def _type(self) -> None:
        asked = self._some_asked()
        if asked is None:
            return
        right = [self._right(asked)] * 3
        typed = self.chance.choice((*right, self._shown(asked), self._foreign(asked), "000000"))
        if asked.challenge_id and typed and typed in (self._right(asked), self._shown(asked)):
            self.matched.add(asked.verification_id)
        await self._answer(asked, typed)

    async def _press_enter(self) -> None:
        asked = self._some_asked()
        if asked is not None:
            await self._answer(asked, "")

    async def _choose(self) -> None:
        asked = self._some_asked()
        if asked is not None:
            await self._answer(asked, self.chance.choice(WAYS))

    async def _reply(self) -> None:
        texts = [each for each in self.carried[-8:] if isinstance(each.errand, Text)]
        if not texts:
            return
        text = self.chance.choice(texts)
        assert isinstance(text.errand, Text)
        passcode, sender, tenant_id = passcode_in(text.errand), text.errand.to, text.tenant_id
        match self.chance.randrange(9):
            case 0:
                passcode = f"{(int(passcode) + 1) % 10**6:06d}"
            case 1:
                sender = "+4930555555"
            case 2:
                tenant_id = TENANTS[tenant_id == TENANTS[0]]
            case 3:
                others = [each.errand for each in texts if each.errand is not text.errand]
                passcode = passcode_in(self.chance.choice(others)) if others else passcode
            case _:
                pass
        for other in texts:
            # Whoever has this passcode and this number has answered, whichever text the walk had in mind.
            assert isinstance(other.errand, Text)
            if (passcode_in(other.errand), other.errand.to, other.tenant_id) == (passcode, sender, tenant_id):
                found = await self._challenge_of(other)
                self.matched |= {found.verification_id} if found else set()
        node = self._any_node()
        inbox = node.gateway(tenant_id, self.chance.choice(GATEWAYS)).inbox
        await inbox.reply(Reply(sender=sender, recipient="", body=f"  {passcode[:3]} {passcode[3:]}"))

    async def _call_event(self) -> None:
        calls = [each for each in self.carried[-8:] if isinstance(each.errand, Call)]
        if not calls:
            return
        call = self.chance.choice(calls)
        kinds = [CallEventKind.ANSWERED] * 12 + [CallEventKind.KEYS] * 16 + list(CallEventKind)
        kind = self.chance.choice(kinds)
        keys = self.chance.choice(("", "", "", "", "0", "1", "12")) if kind is CallEventKind.KEYS else ""
        tenant_id = call.tenant_id if self.chance.random() < 0.9 else TENANTS[call.tenant_id == TENANTS[0]]
        gateway_id = call.gateway.gateway_id if self.chance.random() < 0.9 else self.chance.choice(GATEWAYS)
        if (kind, keys, tenant_id) == (CallEventKind.KEYS, "", call.tenant_id):
            challenge = await self._challenge_of(call)
            if challenge is not None and gateway_id == call.gateway.gateway_id:
                self.matched.add(challenge.verification_id)
        inbox = self._any_node().gateway(tenant_id, gateway_id).inbox
        event = CallEvent(kind, keys, is_finished=kind is CallEventKind.KEYS)
        for _ in range(self.chance.choice((1, 1, 2))):
            await inbox.on_call(call.errand.delivery_id, event)

    async def _receipt(self) -> None:
        if self.carried:
            of = self.chance.choice(self.carried[-12:])
            reference = f"{of.gateway.gateway_id}:{of.errand.delivery_id}"
            inbox = self._any_node().gateway(of.tenant_id, of.gateway.gateway_id).inbox
            is_delivered = self.chance.random() < 0.8
            await self._unless_unknown(
                of, lambda: inbox.receipt(Receipt(reference=reference, is_delivered=is_delivered))
            )

    async def _unless_unknown(self, of: Carried, tell: object) -> None:
        """A receipt of what is not written down would be waited for in real time."""
        house = self.nodes[0].house
        found = await house.store.read(lambda tx: tx.delivery(of.tenant_id, of.errand.delivery_id))
        if found is not None and found.reference:
            await tell()  # type: ignore[operator]

    async def _cancel(self) -> None:
        asked = self._some_asked()
        if asked is not None and asked.verification_id:
            house = self._any_node().house
            # Another tenant's client finds nothing to cancel.
            door = asked.tenant_id if self.chance.random() < 0.8 else self.chance.choice(TENANTS)
            found = await house.services.verifications.cancel(door, house.doors[door], asked.verification_id)
            assert (found is None) is (door != asked.tenant_id)

    async def _give_up(self) -> None:
        if self.waiters:
            waiter = self.chance.choice(self.waiters)
            if waiter.task.done() or not waiter.node.is_alive:
                return
            waiter.task.cancel()
            await asyncio.gather(waiter.task, return_exceptions=True)
            house = waiter.node.house
            progress = await house.services.verifications.find(
                waiter.asked.tenant_id, house.doors[waiter.asked.tenant_id], waiter.asked.verification_id
            )
            assert progress is not None
            if progress.is_approved:
                self._looked_up(progress)
                return
            self._heard(
                waiter.asked,
                await house.services.verifications.give_up(self._origin(house, waiter.asked), progress),
            )

    async def _look_up(self) -> None:
        asked = self._some_asked()
        if asked is not None and asked.verification_id:
            house = self._any_node().house
            found = await house.services.verifications.find(
                asked.tenant_id, house.doors[asked.tenant_id], asked.verification_id
            )
            if found is not None and found.is_approved:
                self._looked_up(found)

    async def _pass_time(self) -> None:
        self.clock.advance(self.chance.choice((1, 1, 5, 5, 21, 21, 40, 130, 301)))
        await self._any_node().house.services.housekeeping.expire()

    async def _lose_a_node(self) -> None:
        living = [node for node in self.nodes if node.is_alive]
        if len(self.nodes) > 1 and len(living) == 1:
            return
        node = self.chance.choice(living) if living else self.nodes[0]
        await node.die_sending(self.chance.randrange(60))
        for waiter in self.waiters:
            if waiter.node is node:
                waiter.task.cancel()

    async def _bring_back(self) -> None:
        for node in self.nodes:
            node.is_alive = True
        self.clock.advance(21)

    async def _admit_again(self) -> None:
        """An administrator lets in whom a report of fraud has shut out, and who has guessed too often."""
        house = self.nodes[0].house
        for (tenant_id, _), person in self.people.items():
            await house.change_user(person, status=UserStatus.ACTIVE)
            user_id = person.user.user_id
            await house.store.transact(
                lambda tx, t=tenant_id, u=user_id: tx.clear_throttle(t, u, Factor.PASSCODE)
            )

    # --- requests and their answers -------------------------------------------------------------------

    def _origin(self, house: object, asked: Asked, key: str = "") -> object:
        return house.origin(  # type: ignore[attr-defined]
            asked.name, asked.tenant_id, user_address=asked.place, idempotency_key=key or asked.key
        )

    async def _send(self, asked: Asked) -> None:
        node = self._any_node()
        self.clock.advance(0.001)
        progress = await node.house.services.verifications.start(self._origin(node.house, asked))
        self._heard(asked, progress)
        self._wait_for(node, asked, progress)

    async def _answer(self, asked: Asked, typed: str) -> None:
        self._keys += 1
        again = Asked(asked.tenant_id, asked.name, asked.place, f"key{self._keys}")
        if self.chance.random() < 0.1:
            again.tenant_id = TENANTS[again.tenant_id == TENANTS[0]]
        elif self.chance.random() < 0.1:
            again.name = self.chance.choice(METHODS)
        node = self._any_node()
        progress = await node.house.services.verifications.answer(
            self._origin(node.house, again), asked.challenge_id or "0" * 32, Secret(typed)
        )
        is_crossed = (again.tenant_id, again.name) != (asked.tenant_id, asked.name)
        assert not (is_crossed and progress.is_approved), "CH-01, CH-02"
        self._heard(again, progress)
        self._wait_for(node, again, progress)
        if progress.is_pending:
            self.asked.append(again)

    def _wait_for(self, node: Node, asked: Asked, progress: Progress) -> None:
        if not progress.is_answered_elsewhere:
            return
        self.newest[asked.verification_id] = asked.key
        waiting = node.house.services.verifications.wait(self._origin(node.house, asked), progress, 3600)
        self.waiters.append(Waiter(asked, node, asyncio.create_task(waiting)))

    def _heard(self, asked: Asked, progress: Progress | None) -> None:
        if progress is None:
            return
        asked.verification_id = progress.verification.verification_id
        if progress.challenge is not None:
            asked.challenge_id = progress.challenge.challenge_id
        assert progress.verification.tenant_id == asked.tenant_id
        if progress.is_approved:
            self.accepts[asked.verification_id] += 1

    def _looked_up(self, progress: Progress) -> None:
        """A site that polls has the accept with the first look, unless somebody had it."""
        verification_id = progress.verification.verification_id
        self.accepts[verification_id] = max(1, self.accepts[verification_id])

    # --- the network ----------------------------------------------------------------------------------

    async def _carry(self, gateway: FarEnd, errand: Errand) -> Sending:
        tenant_id = gateway.inbox._tenant_id  # type: ignore[attr-defined]
        kind = self.chance.randrange(14)
        if kind < 2:
            self.carried.append(Carried(gateway, errand, tenant_id, may_have_arrived=False))
            return NotSent("no", is_final=kind == 0)
        self.carried.append(Carried(gateway, errand, tenant_id, may_have_arrived=True))
        await asyncio.sleep(0)
        return Unsure("who knows") if kind == 2 else Sent(f"{gateway.gateway_id}:{errand.delivery_id}")

    async def _challenge_of(self, carried: Carried) -> Challenge | None:
        async def body(tx: Transaction) -> Challenge | None:
            delivery = await tx.delivery(carried.tenant_id, carried.errand.delivery_id)
            return await tx.challenge(carried.tenant_id, delivery.challenge_id) if delivery else None

        return await self.nodes[0].house.store.read(body)

    def _any_node(self) -> Node:
        return self.chance.choice([node for node in self.nodes if node.is_alive] or self.nodes)

    def _some_asked(self) -> Asked | None:
        known = [each for each in self.asked[-10:] if each.verification_id]
        return self.chance.choice(known) if known else None

    def _right(self, asked: Asked) -> str:
        """The passcode of the newest text that went to this person, if one did."""
        number = f"+493012345{METHODS.index(asked.name)}0"
        mine = [
            each.errand
            for each in self.carried
            if isinstance(each.errand, Text) and (each.tenant_id, each.errand.to) == (asked.tenant_id, number)
        ]
        return passcode_in(mine[-1]) if mine else ""

    def _shown(self, asked: Asked) -> str:
        return self.people[asked.tenant_id, asked.name].passcode(self.clock.now()).reveal()

    def _foreign(self, asked: Asked) -> str:
        """What the token of the same person's namesake shows."""
        other = TENANTS[asked.tenant_id == TENANTS[0]]
        return self.people[other, asked.name].passcode(self.clock.now()).reveal()

    # --- after every step -----------------------------------------------------------------------------

    async def _work(self) -> None:
        for node in self.nodes:
            if node.is_alive:
                await node.send_due()
                await node.look()

    async def rows(self, tenant_id: str, since: int | None) -> list[Verification]:
        found: list[Verification] = []
        page = Page(limit=500)
        while True:
            listed = await self.nodes[0].house.store.read(
                lambda tx, page=page: tx.verifications(tenant_id, VerificationFilter(since=since), page)
            )
            found += listed.rows
            if not listed.next_cursor:
                return found
            page = Page(limit=500, cursor=listed.next_cursor)

    async def _check(self, *, everything: bool = False) -> None:
        since = None if everything else self.clock.now() - WINDOW_MS
        for tenant_id in TENANTS:
            for row in await self.rows(tenant_id, since):
                self._check_row(row)
        await self._collect()
        assert all(count <= 1 for count in self.accepts.values()), "CH-08: one accept for one approval"
        self._check_network()
        await self._check_phones()

    def _check_row(self, row: Verification) -> None:
        is_pending = row.state is VerificationState.PENDING
        assert (row.decided_at is None) is is_pending
        assert row.is_authenticated is (row.state is VerificationState.APPROVED)
        if is_pending:
            assert row.verification_id not in self.ended, "what is decided stays decided"
            return
        ending = (row.state, row.reason, row.decided_at, row.version)
        if row.verification_id not in self.ended:
            self.decided[row.reason] += 1
            assert row.state is not VerificationState.APPROVED or row.verification_id in self.matched, row
        assert self.ended.setdefault(row.verification_id, ending) == ending
        assert row.legacy_result == legacy_result(row.reason) or row.state is VerificationState.CANCELED
        if row.state is VerificationState.APPROVED:
            steps = [(line.step, line.result) for line in row.trace]
            assert ("second_factor", "proven") in steps, "a permitting decision"

    async def _collect(self) -> None:
        """Hear those who need not wait any more; whose verification is over must not."""
        for waiter in list(self.waiters):
            if (
                waiter.asked.verification_id in self.ended
                and waiter.node.is_alive
                and not waiter.task.cancelled()
            ):
                await waiter.node.look()
                await asyncio.wait([waiter.task], timeout=60)
                assert waiter.task.done(), "somebody waits for what is over"
            if not waiter.task.done():
                continue
            self.waiters.remove(waiter)
            if waiter.task.cancelled():
                continue
            progress = waiter.task.result()
            if progress is not None and progress.is_approved:
                assert self.newest[waiter.asked.verification_id] == waiter.asked.key, "RA-03: the newest"
            self._heard(waiter.asked, progress)

    def _check_network(self) -> None:
        arrived = [each for each in self.carried if each.may_have_arrived]
        times = Counter((each.tenant_id, each.errand.delivery_id) for each in arrived)
        for each in arrived[-40:]:
            most = 2 if isinstance(each.errand, Text) else 1
            assert times[each.tenant_id, each.errand.delivery_id] <= most, "VOI-05, SMS-05"
        bodies = {
            (each.errand.delivery_id, each.errand.body.reveal())
            for each in arrived
            if isinstance(each.errand, Text)
        }
        assert len(bodies) == len({delivery_id for delivery_id, _ in bodies}), "the same passcode"

    async def _check_phones(self) -> None:
        for (tenant_id, _), person in self.people.items():
            user_id = person.user.user_id
            sent = await self.nodes[0].house.store.read(
                lambda tx, t=tenant_id, u=user_id: tx.sent_challenges(t, u)
            )
            assert sum(each.is_out_of_band for each in sent) <= 1, "VOI-05: one at a time"

    # --- the end --------------------------------------------------------------------------------------

    async def end(self) -> None:
        """Let time pass until everything is over: then nothing waits and nothing is open."""
        for node in self.nodes:
            node.is_alive = True
        for _ in range(3):
            self.clock.advance(1000)
            await self._work()
            await self.nodes[-1].house.services.housekeeping.expire()
        await self._work()
        await self._check(everything=True)
        for node in self.nodes:
            await node.look()
            assert not node.house.services.calls._placed
        assert not [waiter for waiter in self.waiters if not waiter.task.done()]
        assert all(len(node.house.services.waiting) == 0 for node in self.nodes)
        for tenant_id in TENANTS:
            assert all(row.state is not VerificationState.PENDING for row in await self.rows(tenant_id, None))
        assert not await self.nodes[0].house.store.read(lambda tx: tx.is_delivery_due())


def passcode_in(text: Text) -> str:
    found = re.search(r"\d{6}", text.body.reveal())
    assert found is not None
    return found[0]
