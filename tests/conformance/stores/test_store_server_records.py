"""What servers tell: an attempt is stored once, users are counted by the day, attempts are told in order."""

from __future__ import annotations

from typing import Any

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import START, HandClock, delivery, verification
from vestibule.interfaces.store import Store
from vestibule.model.delivery import Carries, DeliveryState, Owed
from vestibule.model.server_attempt import ServerAttempt, ServerUsers
from vestibule.model.verification import VerificationState


def attempt(tenant_id: str, attempt_id: str, **fields: Any) -> ServerAttempt:
    usual = {
        "provider_id": "p",
        "group_id": "g",
        "server_id": "s",
        "received_at": START,
        "started_at": START - 2,
        "decided_at": START - 1,
        "user_id": "u1",
        "state": VerificationState.APPROVED,
        "reason": "text_verified",
        "is_authenticated": True,
        "server_name": "node-1",
        "server_address": "192.0.2.1",
        "phone": "+4930123456",
    }
    return ServerAttempt(tenant_id=tenant_id, attempt_id=attempt_id, **(usual | fields))


async def found(store: Store, tenant_id: str, **asked: Any) -> list[ServerAttempt]:
    wanted = {"provider_id": "p", "since": 0, "until": START + 9000, "after": "", "limit": 9} | asked
    return list(await store.read(lambda tx: tx.server_attempts(tenant_id, **wanted)))


async def test_an_attempt_that_is_told_twice_is_stored_once(store: Store, tenant_id: str) -> None:
    first, second = attempt(tenant_id, "a1"), attempt(tenant_id, "a2", state=VerificationState.DENIED)
    assert await store.transact(lambda tx: tx.add_server_attempts([second, first])) == 2
    again = attempt(tenant_id, "a1", received_at=START + 5, reason="other")
    third = attempt(tenant_id, "a3", received_at=START + 5, reason="of a later\0release")
    assert await store.transact(lambda tx: tx.add_server_attempts([again, third])) == 1
    stored = await found(store, tenant_id)
    assert stored[:2] == [first, second]
    assert stored[2].reason == "of a later\N{REPLACEMENT CHARACTER}release"


async def test_attempts_are_found_by_provider_time_and_name(store: Store, tenant_id: str) -> None:
    one, late = attempt(tenant_id, "a1"), attempt(tenant_id, "a2", received_at=START + 5)
    other = attempt(tenant_id, "a1", provider_id="q")
    assert await store.transact(lambda tx: tx.add_server_attempts([one, late, other])) == 3
    assert await found(store, tenant_id, until=START + 5) == [one]
    assert await found(store, tenant_id, since=START + 5) == [late]
    assert await found(store, tenant_id, provider_id="q") == [other]
    assert await found(store, tenant_id, limit=1) == [one]
    assert await found(store, tenant_id, after="a1") == [late]
    assert await found(store, "somebody-else") == []


async def test_users_of_a_day_are_the_most_that_was_told(store: Store, tenant_id: str) -> None:
    async def put(day: str, users: int, group_id: str = "g") -> ServerUsers:
        told = ServerUsers(tenant_id=tenant_id, provider_id="p", group_id=group_id, day=day, users=users)
        await store.transact(lambda tx: tx.put_server_users(told))
        return told

    async def on(day: str) -> list[ServerUsers]:
        return list(await store.read(lambda tx: tx.server_users(tenant_id, "p", day)))

    assert await on("2026-11-30") == []
    first = await put("2026-11-30", 12)
    await put("2026-11-30", 11)
    other = await put("2026-11-30", 3, "h")
    assert await on("2026-11-30") == [first, other]
    later = await put("2026-12-02", 14)
    assert await on("2026-12-01") == [first, other]
    assert await on("2026-12-02") == [later, other]


async def test_attempts_of_ones_own_are_read_as_they_began(store: Store, tenant_id: str) -> None:
    began = (("v2", START), ("v1", START), ("v3", START + 1), ("v4", START + 2))
    for verification_id, at in began:
        row = verification(tenant_id, verification_id, started_at=at)
        await store.transact(lambda tx, row=row: tx.add_verification(row))

    async def after(at: int, name: str, before: int = START + 9, limit: int = 9) -> list[str]:
        rows = await store.read(lambda tx: tx.attempts_in_order(tenant_id, (at, name), before, limit))
        return [each.verification_id for each in rows]

    assert await after(0, "") == ["v1", "v2", "v3", "v4"]
    assert await after(START, "v1") == ["v2", "v3", "v4"]
    assert await after(START, "v2", before=START + 2) == ["v3"]
    assert await after(0, "", limit=1) == ["v1"]


async def test_what_is_owed_is_taken_until_it_is_settled_or_of_no_use(
    own_url: str, opened: Opened, clock: HandClock
) -> None:
    own = await opened(own_url)
    relayed: dict[str, Any] = {"group_id": "g", "relayed_name": "x", "state": DeliveryState.SENT}
    rows = [
        delivery("a", "d1", owed=Owed.ARRIVED, expires_at=START + 9000, **relayed),
        delivery("a", "d2", owed=Owed.FAILED, expires_at=START + 2000, **relayed),
        delivery("a", "d3", expires_at=START + 9000, **relayed),
    ]
    for row in rows:
        await own.transact(lambda tx, row=row: tx.add_delivery(row))

    async def taken() -> list[tuple[str, Owed]]:
        is_due = await own.read(lambda tx: tx.is_anything_owed())
        found = await own.transact(lambda tx: tx.take_owed(9, 1000))
        assert is_due or not found
        return sorted((each.delivery_id, each.owed) for each in found)

    assert await taken() == [("d1", Owed.ARRIVED), ("d2", Owed.FAILED)]
    assert await taken() == []
    clock.time = START + 2000
    assert await taken() == [("d1", Owed.ARRIVED)]
    await own.transact(lambda tx: tx.settle_owed("b", ["d1"]))
    clock.time = START + 4000
    assert await taken() == [("d1", Owed.ARRIVED)]
    await own.transact(lambda tx: tx.settle_owed("a", ["d1"]))
    clock.time = START + 6000
    assert await taken() == []


async def test_texts_to_a_number_are_those_of_servers_that_are_good(
    store: Store, tenant_id: str, clock: HandClock
) -> None:
    for name, fields in (
        ("d1", {"group_id": "g"}),
        ("d2", {"group_id": "h", "created_at": START + 1}),
        ("d3", {}),
        ("d4", {"group_id": "g", "carries": Carries.CALL}),
        ("d5", {"group_id": "g", "address": "+4930999"}),
        ("d6", {"group_id": "g", "expires_at": START}),
    ):
        row = delivery(tenant_id, name, **fields)
        await store.transact(lambda tx, row=row: tx.add_delivery(row))
    number = delivery(tenant_id).address
    clock.time = START + 1
    found = await store.read(lambda tx: tx.relayed_texts_to(tenant_id, number))
    assert [each.delivery_id for each in found] == ["d2", "d1"]
    assert await store.read(lambda tx: tx.relayed_texts_to("other", number)) == ()
