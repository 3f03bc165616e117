"""Deliveries and waiting requests: taken once, joined by the newest, let in once (design §7)."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import (
    START,
    HandClock,
    challenge,
    delivery,
    gateway,
    tenant,
    user,
    verification,
)
from tests.conformance.stores.test_store_tenants import NUMBER, sent
from vestibule.crypto.tokens import new_ordered_id
from vestibule.interfaces.store import Store
from vestibule.interfaces.transaction.attempts import VerificationChange
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.interfaces.transaction.sending import DeliveryFilter
from vestibule.model.delivery import Delivery, DeliveryState
from vestibule.model.verification import (
    TAKE_OVER_MS,
    Challenge,
    ChallengeState,
    Channel,
    Reason,
    VerificationState,
)

LEASE = 20_000


@pytest.fixture
async def alice(store: Store, tenant_id: str) -> str:
    await store.transact(lambda tx: tx.add_user(user(tenant_id)))
    return tenant_id


async def test_a_delivery_is_kept_whole(store: Store, alice: str) -> None:
    record = delivery(alice, tried=("a", "b"), reference="r", gateway_id="g", cause="c", sent_at=START)
    await store.transact(lambda tx: tx.add_delivery(record))
    assert await store.read(lambda tx: tx.delivery(alice, "d1")) == record
    assert await store.read(lambda tx: tx.delivery_by_reference(alice, "g", "r")) == record
    assert await store.read(lambda tx: tx.delivery_by_reference(alice, "other", "r")) is None
    assert await store.read(lambda tx: tx.deliveries_of(alice, "c1")) == (record,)


async def test_deliveries_are_listed_newest_first(store: Store, alice: str) -> None:
    ids = [new_ordered_id(START + number) for number in range(5)]
    for number, delivery_id in enumerate(ids):
        state = DeliveryState.FAILED if number == 2 else DeliveryState.SENT
        made = delivery(
            alice, delivery_id, created_at=START + number, gateway_id=f"g{number % 2}", state=state
        )
        await store.transact(lambda tx, made=made: tx.add_delivery(made))

    async def listed(cursor: str = "", limit: int = 50, **where: str) -> Listed:
        page = Page(limit, cursor)
        return await store.read(lambda tx: tx.deliveries(alice, DeliveryFilter(**where), page))

    first = await listed(limit=3)
    assert [row.delivery_id for row in first.rows] == ids[:1:-1]
    rest = await listed(first.next_cursor)
    assert [row.delivery_id for row in rest.rows] == ids[1::-1]
    assert rest.next_cursor == ""
    assert [row.delivery_id for row in (await listed(gateway_id="g1")).rows] == [ids[3], ids[1]]
    assert [row.delivery_id for row in (await listed(state="failed")).rows] == [ids[2]]
    with pytest.raises(ValueError, match="cursor"):
        await listed("nonsense")


async def test_deliveries_stay_for_a_day(own_url: str, opened: Opened, clock: HandClock) -> None:
    store = await opened(own_url)
    await _with_tenant(store)
    made = delivery("t", "d1", state=DeliveryState.SENT, expires_at=START)
    await store.transact(lambda tx: tx.add_delivery(made))
    clock.time = START + 23 * 3_600_000
    assert await store.transact(lambda tx: tx.sweep(9)) == 0
    clock.time = START + 24 * 3_600_000
    assert await store.transact(lambda tx: tx.sweep(9)) == 1


async def test_what_is_due_is_taken_once(own_url: str, opened: Opened) -> None:
    """Twenty hands at once: everything is taken by exactly one of them."""
    store = await opened(own_url)
    await _with_tenant(store)
    for number in range(30):
        record = delivery("t", f"d{number}", created_at=START + number)
        await store.transact(lambda tx, record=record: tx.add_delivery(record))
    taken = await asyncio.gather(
        *(store.transact(lambda tx, n=n: tx.take_deliveries(f"n{n}", 7, LEASE)) for n in range(20))
    )
    ids = [each.delivery_id for some in taken for each in some]
    assert len(ids) == len(set(ids)) == 30
    assert not await store.read(lambda tx: tx.is_delivery_due())


async def test_what_a_dead_node_had_is_taken_after_its_lease(own_url: str, opened: Opened) -> None:
    store = await opened(own_url)
    await _with_tenant(store)
    record = delivery("t")
    await store.transact(lambda tx: tx.add_delivery(record))
    (first,) = await store.transact(lambda tx: tx.take_deliveries("dead", 9, -1))
    assert (first.state, first.node, first.tries) == (DeliveryState.TAKEN, "dead", 1)
    assert await store.read(lambda tx: tx.is_delivery_due())
    (second,) = await store.transact(lambda tx: tx.take_deliveries("alive", 9, LEASE))
    assert (second.node, second.tries) == ("alive", 2)
    sent_by_dead = msgspec.structs.replace(first, state=DeliveryState.SENT)
    assert not await store.transact(lambda tx: tx.replace_delivery(sent_by_dead)), "it came too late"
    assert await store.transact(lambda tx: tx.replace_delivery(_sent(second)))
    assert not await store.read(lambda tx: tx.is_delivery_due())


async def test_what_is_handed_over_is_noted_as_sent_once(store: Store, alice: str) -> None:
    for name, state in (("d1", DeliveryState.TAKEN), ("d2", DeliveryState.DELIVERED)):
        record = delivery(alice, name, state=state, gateway_id="g")
        await store.transact(lambda tx, record=record: tx.add_delivery(record))
    assert not await store.transact(lambda tx: tx.note_sent("other", "d1", "r"))
    assert await store.transact(lambda tx: tx.note_sent(alice, "d1", "r"))
    assert not await store.transact(lambda tx: tx.note_sent(alice, "d1", "s"))
    assert not await store.transact(lambda tx: tx.note_sent(alice, "d2", "r")), "it has arrived already"
    found = await store.read(lambda tx: tx.delivery(alice, "d1"))
    assert found is not None
    assert (found.state, found.sealed_body, found.version) == (DeliveryState.SENT, b"", 2)
    assert (found.reference, found.sent_at, found.gateway_id) == ("r", START, "g")


async def test_many_that_are_sent_at_once_are_written_in_one_group(store: Store, alice: str) -> None:
    names = [f"d{number}" for number in range(40)]
    for name in names:
        record = delivery(alice, name, state=DeliveryState.TAKEN)
        await store.transact(lambda tx, record=record: tx.add_delivery(record))

    async def send(name: str) -> bool:
        return await store.transact(lambda tx: tx.note_sent(alice, name, f"r-{name}"), alice)

    assert all(await asyncio.gather(*map(send, names)))

    async def arrive(tx: Any, name: str) -> bool:
        found = await tx.delivery_by_reference(alice, "", f"r-{name}")
        return await tx.replace_delivery(msgspec.structs.replace(found, state=DeliveryState.DELIVERED))

    moves = (store.transact(lambda tx, n=n: arrive(tx, n), alice) for n in (*names, *names))
    assert sum(await asyncio.gather(*moves)) >= len(names), "each once, or again when it was read anew"
    listed = await store.read(lambda tx: tx.deliveries(alice, DeliveryFilter(), Page(99)))
    assert {row.state for row in listed.rows} == {DeliveryState.DELIVERED}


async def test_what_is_not_due_yet_waits(own_url: str, opened: Opened) -> None:
    store = await opened(own_url)
    await _with_tenant(store)
    later = delivery("t", due_at=2**52)
    await store.transact(lambda tx: tx.add_delivery(later))
    assert await store.transact(lambda tx: tx.take_deliveries("n", 9, LEASE)) == ()


async def test_sent_challenges_are_those_with_a_number(store: Store, alice: str) -> None:
    typed, called = sent(alice, "c2", channel=Channel.TYPED), sent(alice, "c3", channel=Channel.CALL)
    over = sent(alice, "c4", expires_at=1)
    for record in (challenge(alice), typed, called, over):
        await store.transact(lambda tx, record=record: tx.add_challenge(record, 9))
    found = await store.read(lambda tx: tx.sent_challenges(alice, "alice"))
    assert [each.challenge_id for each in found] == ["c2", "c3"]
    assert found == (typed, called)


async def test_requests_in_apps_are_found_for_many_at_once(store: Store, alice: str) -> None:
    """PU-05: one at a time for each person, and nothing of who has none."""

    def asked(challenge_id: str, user_id: str, **fields: Any) -> Challenge:
        return challenge(alice, challenge_id, user_id=user_id, channel=Channel.APP, **fields)

    for record in (asked("c2", "alice"), asked("c3", "bob"), asked("c4", "carol", expires_at=1)):
        assert await store.transact(lambda tx, record=record: tx.add_challenge(record, 9))
    assert not await store.transact(lambda tx: tx.add_challenge(asked("c5", "alice"), 9))
    (shown,) = await store.read(lambda tx: tx.sent_challenges(alice, "alice"))
    assert shown.channel is Channel.APP
    people = ["alice", "bob", "carol", "dave"]
    found = await store.read(lambda tx: tx.requests_in_apps(alice, people))
    assert found == {"alice": frozenset({"c2"}), "bob": frozenset({"c3"})}
    await store.transact(lambda tx: tx.close_challenge(alice, "c2", ChallengeState.ANSWERED))
    assert await store.read(lambda tx: tx.requests_in_apps(alice, ["alice"])) == {}


async def test_replies_are_awaited_by_number(store: Store, alice: str) -> None:
    mine, typed = sent(alice), sent(alice, "c2", channel=Channel.TYPED)
    for record in (mine, typed, sent(alice, "c3", address="+1")):
        await store.transact(lambda tx, record=record: tx.add_challenge(record, 9))
    assert await store.read(lambda tx: tx.challenges_by_address(alice, NUMBER)) == (mine,)


async def test_a_challenge_moves_by_compare_and_set(store: Store, alice: str) -> None:
    await store.transact(lambda tx: tx.add_challenge(sent(alice), 3))
    moved = sent(alice, progress={"step": 1}, waiter="newer", tries_left=2)
    assert await store.transact(lambda tx: tx.replace_challenge(moved))
    assert not await store.transact(lambda tx: tx.replace_challenge(moved)), "its version is another now"
    found = await store.read(lambda tx: tx.challenge(alice, "c7"))
    assert found == msgspec.structs.replace(moved, version=2)
    await store.transact(lambda tx: tx.close_challenge(alice, "c7", ChallengeState.FAILED))
    assert not await store.transact(
        lambda tx: tx.replace_challenge(msgspec.structs.replace(moved, version=2))
    )


async def test_an_answer_lets_in_one_request_once(store: Store, alice: str) -> None:
    """CH-08: and only the one that waits now."""
    await store.transact(lambda tx: tx.add_challenge(sent(alice), 3))
    take = lambda waiter: store.transact(lambda tx: tx.take_challenge(alice, "c7", waiter))  # noqa: E731
    assert not await take("me"), "it is not answered yet"
    await store.transact(lambda tx: tx.close_challenge(alice, "c7", ChallengeState.ANSWERED))
    untaken = await store.read(lambda tx: tx.untaken_challenges(alice, "alice"))
    assert [each.challenge_id for each in untaken] == ["c7"]
    assert not await take("somebody else")
    assert sorted(await asyncio.gather(*(take("me") for _ in range(8)))) == [False] * 7 + [True]
    assert await store.read(lambda tx: tx.untaken_challenges(alice, "alice")) == ()


async def test_an_answer_of_the_last_moment_lets_in_a_little_later(
    store: Store, alice: str, clock: HandClock
) -> None:
    """CH-08: its challenge is over when who waits hears of it."""
    asked = sent(alice)
    await store.transact(lambda tx: tx.add_challenge(asked, 3))
    await store.transact(lambda tx: tx.close_challenge(alice, "c7", ChallengeState.ANSWERED))
    for late, is_there in ((TAKE_OVER_MS - 1, True), (TAKE_OVER_MS, False)):
        clock.time = asked.expires_at + late
        untaken = await store.read(lambda tx: tx.untaken_challenges(alice, "alice"))
        assert [each.challenge_id for each in untaken] == ["c7"] * is_there


async def test_a_newer_text_ends_the_older(store: Store, alice: str) -> None:
    typed = Channel.TYPED
    for record in (sent(alice, "c2", channel=typed), sent(alice, "c3", channel=typed, method="voice")):
        await store.transact(lambda tx, record=record: tx.add_challenge(record, 9))
    assert await store.transact(lambda tx: tx.supersede_challenges(alice, "alice", "sms")) == 1
    found = await store.read(lambda tx: tx.sent_challenges(alice, "alice"))
    assert [each.challenge_id for each in found] == ["c3"]


async def test_a_phone_that_rings_is_ended_by_no_other_sign_in(store: Store, alice: str) -> None:
    """CH-10: only by its own end; and one that is over stands in nobody's way."""
    await store.transact(lambda tx: tx.add_challenge(sent(alice, "c2"), 9))
    assert await store.transact(lambda tx: tx.supersede_challenges(alice, "alice", "sms")) == 0
    over = sent(alice, "c3", expires_at=1)
    await store.transact(lambda tx: tx.close_challenge(alice, "c2", ChallengeState.FAILED))
    assert await store.transact(lambda tx: tx.add_challenge(over, 9))
    assert await store.transact(lambda tx: tx.add_challenge(sent(alice, "c4"), 9))


async def test_one_phone_rings_for_one_sign_in(store: Store, alice: str) -> None:
    """VOI-05: of twenty that begin at once, one; the others are told so."""
    added = await asyncio.gather(
        *(store.transact(lambda tx, n=n: tx.add_challenge(sent(alice, f"c{n}"), 30)) for n in range(20))
    )
    assert sorted(added) == [False] * 19 + [True]
    await store.transact(lambda tx: tx.add_challenge(sent(alice, "typed", channel=Channel.TYPED), 30))
    found = await store.read(lambda tx: tx.sent_challenges(alice, "alice"))
    assert [each.channel for each in found] == [Channel.REPLY, Channel.TYPED]


async def test_versions_tell_who_has_moved_on(store: Store, alice: str) -> None:
    for verification_id in ("v1", "v2"):
        row = verification(alice, verification_id)
        await store.transact(lambda tx, row=row: tx.add_verification(row))
    change = VerificationChange(
        state=VerificationState.PENDING, reason=Reason.TEXT_PENDING, decided_at=None, expires_at=START + 9
    )
    await store.transact(lambda tx: tx.change_verification(alice, "v1", change))
    versions = await store.read(lambda tx: tx.versions(alice, ["v1", "v2", "nobody's"]))
    assert versions == {"v1": 2, "v2": 1}
    moved = await store.read(lambda tx: tx.verification(alice, "v1"))
    assert moved is not None
    assert (moved.expires_at, moved.reason) == (START + 9, Reason.TEXT_PENDING)


async def test_expiry_says_what_was_awaited(own_url: str, opened: Opened) -> None:
    """S46: a lost text ends as one."""
    store = await opened(own_url)
    await _with_tenant(store)
    for reason in (Reason.TEXT_PENDING, Reason.CALL_PENDING, Reason.PASSCODE_PENDING):
        row = verification("t", reason.value, reason=reason, expires_at=1)
        await store.transact(lambda tx, row=row: tx.add_verification(row))
    assert await store.transact(lambda tx: tx.expire_verifications(9)) == 3
    found = [
        await store.read(lambda tx, i=reason.value: tx.verification("t", i))
        for reason in (Reason.TEXT_PENDING, Reason.CALL_PENDING, Reason.PASSCODE_PENDING)
    ]
    assert [each.reason for each in found if each] == [
        Reason.TEXT_NO_REPLY,
        Reason.CALL_TOO_LATE,
        Reason.TIMED_OUT,
    ]
    assert [each.legacy_result for each in found if each] == [
        "FAILED_AUTH_RESULT_TIMEOUT",
        "FAILED_AUTH_RESULT_TIMEOUT",
        "FAILED_OATH_TOKEN_TIMEOUT",
    ]


async def test_what_moved_on_is_told_to_every_node(own_url: str, opened: Opened) -> None:
    """On one engine there is one process, and it hears itself; on the other all hear it."""
    here = await opened(own_url)
    heard: asyncio.Queue[str] = asyncio.Queue()
    here.on_wake(heard.put_nowait)
    here.wake("v1")
    async with asyncio.timeout(5):
        assert await heard.get() == "v1"


async def test_a_gateway_is_part_of_the_configuration(own_url: str, opened: Opened) -> None:
    store = await opened(own_url)
    await _with_tenant(store)
    await store.transact(lambda tx: tx.put(gateway("t", is_enabled=False, priority=3)))
    found = (await store.read(lambda tx: tx.configuration())).gateways
    assert found == (gateway("t", is_enabled=False, priority=3),)
    assert await store.transact(lambda tx: tx.remove(found[0]))
    assert (await store.read(lambda tx: tx.configuration())).gateways == ()


async def _with_tenant(store: Store) -> None:
    await store.transact(lambda tx: tx.put(tenant("t")))


def _sent(record: Delivery) -> Delivery:
    return msgspec.structs.replace(record, state=DeliveryState.SENT, sealed_body=b"", sent_at=START)
