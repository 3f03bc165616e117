"""Held replies: one for a verification, found by it and by its request, gone when nobody waits any more."""

from __future__ import annotations

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import HandClock, tenant, verification
from vestibule.interfaces.store import Store
from vestibule.interfaces.transaction.attempts import VerificationChange
from vestibule.model.held_reply import HeldReply
from vestibule.model.verification import TAKE_OVER_MS, Reason, VerificationState

DENIED = VerificationState.DENIED


def reply(tenant_id: str, verification_id: str = "v1", proof: str = "", sealed: bytes = b"x") -> HeldReply:
    return HeldReply(tenant_id=tenant_id, verification_id=verification_id, proof=proof, sealed=sealed)


async def pending(store: Store, tenant_id: str, verification_id: str = "v1") -> None:
    row = verification(tenant_id, verification_id, state=VerificationState.PENDING)
    await store.transact(lambda tx: tx.add_verification(row))


async def hold(store: Store, held: HeldReply) -> None:
    await store.transact(lambda tx: tx.hold_reply(held))


async def decide(store: Store, tenant_id: str, state: VerificationState, at: int) -> None:
    change = VerificationChange(state=state, reason=Reason.CALL_CONFIRMED, decided_at=at)
    assert await store.transact(lambda tx: tx.change_verification(tenant_id, "v1", change))


async def test_the_newest_is_held(store: Store, tenant_id: str) -> None:
    await pending(store, tenant_id)
    await hold(store, reply(tenant_id, proof="p1"))
    newer = reply(tenant_id, proof="p2", sealed=b"newer")
    await hold(store, newer)
    assert await store.read(lambda tx: tx.held_reply(tenant_id, "v1")) == newer
    assert await store.read(lambda tx: tx.held_reply_to(tenant_id, "p2")) == newer
    assert await store.read(lambda tx: tx.held_reply_to(tenant_id, "p1")) is None
    assert await store.read(lambda tx: tx.held_reply_to(tenant_id, "")) is None


async def test_what_was_denied_answers_no_request(store: Store, tenant_id: str) -> None:
    await pending(store, tenant_id)
    await hold(store, reply(tenant_id, proof="p"))
    await decide(store, tenant_id, DENIED, 1)
    assert await store.read(lambda tx: tx.held_reply_to(tenant_id, "p")) is None
    assert await store.read(lambda tx: tx.held_reply(tenant_id, "v1")) is not None


async def test_it_is_swept_when_nobody_waits_any_more(own_url: str, opened: Opened, clock: HandClock) -> None:
    own = await opened(own_url)
    await own.transact(lambda tx: tx.put(tenant("a")))
    await pending(own, "a")
    await pending(own, "a", "v2")
    for verification_id in ("v1", "v2"):
        await hold(own, reply("a", verification_id))
    await decide(own, "a", DENIED, clock.now())
    await own.transact(lambda tx: tx.sweep(10))
    assert await own.read(lambda tx: tx.held_reply("a", "v1")) is not None
    clock.time += TAKE_OVER_MS
    await own.transact(lambda tx: tx.sweep(10))
    assert await own.read(lambda tx: tx.held_reply("a", "v1")) is None
    assert await own.read(lambda tx: tx.held_reply("a", "v2")) is not None


async def test_those_of_another_tenant_are_not_there(own_url: str, opened: Opened) -> None:
    own = await opened(own_url)
    for tenant_id in ("a", "b"):
        await own.transact(lambda tx, tenant_id=tenant_id: tx.put(tenant(tenant_id)))
        await pending(own, tenant_id)
    await hold(own, reply("a", proof="p"))
    assert await own.read(lambda tx: tx.held_reply("b", "v1")) is None
    assert await own.read(lambda tx: tx.held_reply_to("b", "p")) is None
