"""Answer, fraud, cancel and expiry at one moment: one wins, and everybody is told the same (CH-05, CH-08)."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.cluster.phones import Node, several
from tests.houses import HandClock
from tests.peers.far_end import FarEnd, FarEndKind
from vestibule.model.call import CallEvent, CallEventKind, HangUp, Instruction, Say
from vestibule.model.verification import Verification, VerificationState
from vestibule.services.outcome import Progress

SEED = 20_260_802
ACME = "acme"
TERMINAL = {
    VerificationState.APPROVED,
    VerificationState.DENIED,
    VerificationState.EXPIRED,
    VerificationState.CANCELED,
}


class Round:
    """One call that is up, and the ends that come at once."""

    def __init__(self, nodes: list[Node], clock: HandClock, far: FarEndKind, key: str) -> None:
        self.nodes, self.clock, self.far, self.key = nodes, clock, far, key
        self.delivery_id = ""
        self.waits: list[asyncio.Task[Progress | None]] = []

    async def begin(self) -> Verification:
        house = self.nodes[0].house
        origin = house.origin("alice", ACME, user_address=self.key, idempotency_key=self.key)
        self.clock.advance(0.001)
        progress = await house.services.verifications.start(origin)
        assert progress.is_answered_elsewhere, progress.verification.reason
        await self.nodes[0].send_due()
        _, call = await self.far.next_call()
        self.delivery_id = call.delivery_id
        await self.tell(self.nodes[-1], CallEventKind.ANSWERED)
        # The same packet reached every node, and each waits.
        self.waits = [
            asyncio.create_task(node.house.services.verifications.wait(origin, progress, 3600))
            for node in self.nodes
        ]
        return progress.verification

    async def tell(self, node: Node, kind: CallEventKind, keys: str = "") -> tuple[Instruction, ...]:
        gateway: FarEnd = node.gateway(ACME, "first")
        return await gateway.inbox.on_call(self.delivery_id, CallEvent(kind, keys, is_finished=True))

    async def expire(self, node: Node, row: Verification) -> None:
        self.clock.time = row.expires_at
        await node.house.services.housekeeping.expire()


@pytest.mark.parametrize("count", [1, 3], ids=["sqlite", "postgresql"])
async def test_of_four_ends_at_once_one_is_the_end(
    tmp_path: Path,
    postgres_url: str,
    count: int,
    proof: Callable[[int, int], int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    rounds = proof(12, 400)
    chance = random.Random(SEED)
    far = FarEndKind()
    won: Counter[str] = Counter()
    async with several(tmp_path, postgres_url if count > 1 else None, count, far) as (nodes, clock):
        house = nodes[0].house
        alice = await house.add_bare_person("Alice")
        await house.add_phone(alice, "voice", number="+4930123456")
        await house.allow_any_number_of_texts(fraud_blocks=False)
        for number in range(rounds):
            for node in nodes:
                await node.house.services.configuration.refresh()
            ending = await one_round(Round(nodes, clock, far, f"k{number}"), chance)
            won[ending.reason] += 1
    assert len(won) > 1, "the moment was not the same for all"
    with capsys.disabled():
        print(f"\n  {count} nodes, seed {SEED}, {rounds} rounds: {dict(won)}")


async def one_round(round_: Round, chance: random.Random) -> Verification:
    row = await round_.begin()
    nodes, house = round_.nodes, round_.nodes[0].house
    pick = lambda: chance.choice(nodes)  # noqa: E731
    ends: dict[str, Callable[[], Awaitable[object]]] = {
        "confirm": lambda: round_.tell(pick(), CallEventKind.KEYS),
        "fraud": lambda: round_.tell(pick(), CallEventKind.KEYS, "0"),
        "cancel": lambda: pick().house.services.verifications.cancel(
            ACME, row.client_id, row.verification_id
        ),
    }
    ends["expire"] = lambda: round_.expire(pick(), row)
    order = chance.sample(list(ends), chance.randrange(2, len(ends) + 1))

    async def after_a_moment(name: str, turns: int) -> object:
        for _ in range(turns):
            await asyncio.sleep(0)
        return await ends[name]()

    # A key that is pressed passes through more hands than a cancellation; so nobody is always first.
    quick = {"cancel", "expire"}
    moments = [
        after_a_moment(name, chance.choice((0, 50, 300, 1500)) if name in quick else 0) for name in order
    ]
    told = dict(zip(order, await asyncio.gather(*moments), strict=True))
    if "expire" in told:
        # What another end had in its hands just then was left for the next round.
        await house.services.housekeeping.expire()
    for node in nodes:
        await node.look()

    found = await house.store.read(lambda tx: tx.verification(ACME, row.verification_id))
    assert found is not None
    assert found.state in TERMINAL
    heard = await asyncio.wait_for(asyncio.gather(*round_.waits), 20)
    if found.state is VerificationState.APPROVED:
        assert sum(each is not None for each in heard) == 1, "CH-08: one door"
    else:
        assert {each.verification.reason for each in heard if each is not None} == {found.reason}
    assert all(each is None or each.state is found.state for each in heard)
    if "cancel" in told:
        canceled = told["cancel"]
        assert isinstance(canceled, Verification)
        assert canceled.state is found.state, "who cancels is told what stands"
    if "confirm" in told:
        assert is_goodbye(told["confirm"]) is (found.state is VerificationState.APPROVED)
    if "fraud" in told:
        assert is_goodbye(told["fraud"]) is (found.state is VerificationState.DENIED)
    round_.clock.advance(200)
    await house.services.housekeeping.expire()
    again = await house.store.read(lambda tx: tx.verification(ACME, row.verification_id))
    assert again == found, "and it stays so"
    assert not await house.store.read(lambda tx: tx.sent_challenges(ACME, row.user_id))
    return found


def is_goodbye(said: object) -> bool:
    """Whether the phone was told of a result; who came too late is hung up on."""
    assert isinstance(said, tuple)
    assert all(isinstance(each, Say | HangUp) for each in said)
    return any(isinstance(each, Say) for each in said)
