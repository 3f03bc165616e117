"""Remembered browsers and recent proofs: what may stand for a second factor, and no longer."""

from __future__ import annotations

import pytest

from tests.conformance.stores.records import (
    START,
    HandClock,
    add_people,
    remembered_browser,
    tenant,
    user,
    verification,
)
from vestibule.interfaces.store import Store
from vestibule.interfaces.transaction.sessions import RecentProof
from vestibule.model.verification import Reason, VerificationState

NOT_PROVEN = (Reason.REMEMBERED_BROWSER.value, Reason.BYPASSED.value)


@pytest.fixture
async def people(store: Store, tenant_id: str) -> str:
    await add_people(store, tenant_id, "alice", "bob")
    return tenant_id


async def _labels(store: Store, tenant_id: str) -> list[str]:
    found = await store.read(lambda tx: tx.remembered_browsers(tenant_id, "alice"))
    return [browser.browser_id for browser in found]


async def test_a_browser_is_known_until_its_time_is_over(store: Store, people: str, clock: HandClock) -> None:
    await store.transact(lambda tx: tx.add_remembered_browser(remembered_browser(people)))
    token = f"{people}-b1"
    assert await store.read(lambda tx: tx.remembered_browser(token)) == remembered_browser(people)
    await store.transact(lambda tx: tx.use_remembered_browser(people, "b1"))
    assert await _labels(store, people) == ["b1"]
    clock.advance(1)
    assert await store.read(lambda tx: tx.remembered_browser(token)) is None
    assert await _labels(store, people) == []


async def test_a_browser_that_was_proven_before_everything_was_voided_is_not_listed(
    store: Store, people: str
) -> None:
    await store.transact(lambda tx: tx.add_remembered_browser(remembered_browser(people)))
    await store.transact(lambda tx: tx.replace_user(user(people, void_before=START)))
    assert await _labels(store, people) == []


async def test_browsers_are_forgotten_one_by_one_and_all(store: Store, people: str) -> None:
    for browser_id in ("b1", "b2", "b3"):
        browser = remembered_browser(people, browser_id)
        await store.transact(lambda tx, browser=browser: tx.add_remembered_browser(browser))
    assert not await store.transact(lambda tx: tx.forget_browser(people, "bob", "b1"))
    assert await store.transact(lambda tx: tx.forget_browser(people, "alice", "b1"))
    assert sorted(await _labels(store, people)) == ["b2", "b3"]
    assert await store.transact(lambda tx: tx.forget_browsers(people, "alice")) == 2
    assert await _labels(store, people) == []


async def test_a_recent_proof_is_one_of_a_second_factor(store: Store, people: str) -> None:
    approved = {"state": VerificationState.APPROVED, "is_authenticated": True, "user_id": "alice"}
    for verification_id, fields in {
        "old": {"started_at": START - 5000, "reason": Reason.PASSCODE_VERIFIED},
        "skipped": {"started_at": START - 1000, "reason": Reason.REMEMBERED_BROWSER},
        "proof": {
            "started_at": START - 2000,
            "reason": Reason.PASSCODE_VERIFIED,
            "user_address": "192.0.2.1",
        },
    }.items():
        row = verification(people, verification_id, **(approved | fields))
        await store.transact(lambda tx, row=row: tx.add_verification(row))

    async def recent(since: int, **narrowed: str) -> RecentProof | None:
        return await store.read(lambda tx: tx.recent_proof(people, "alice", since, NOT_PROVEN, **narrowed))

    proof = RecentProof("proof", START - 2000)
    assert await recent(START - 3000) == proof
    assert await recent(START - 1999) is None
    row = verification(people)
    here = {"application_id": row.application_id, "channel": row.channel}
    assert await recent(START - 3000, **here) == proof
    assert await recent(START - 3000, **(here | {"channel": "elsewhere"})) is None
    assert await recent(START - 3000, **(here | {"application_id": "other"})) is None
    assert await recent(START - 3000, **here, user_address="192.0.2.1") == proof
    assert await recent(START - 3000, **here, user_address="192.0.2.2") is None


async def test_browsers_of_one_tenant_are_none_of_another(store: Store, people: str) -> None:
    other = people + "-other"
    await store.transact(lambda tx: tx.put(tenant(other)))
    await add_people(store, other, "alice")
    await store.transact(lambda tx: tx.add_remembered_browser(remembered_browser(other)))
    assert await _labels(store, people) == []
    await store.transact(lambda tx: tx.use_remembered_browser(people, "b1"))
    assert not await store.transact(lambda tx: tx.forget_browser(people, "alice", "b1"))
    assert await store.transact(lambda tx: tx.forget_browsers(people, "alice")) == 0
    assert await store.read(lambda tx: tx.recent_proof(people, "alice", 0, NOT_PROVEN)) is None
    found = await store.read(lambda tx: tx.remembered_browser(f"{other}-b1"))
    assert found == remembered_browser(other)
