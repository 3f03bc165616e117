"""Answers to security questions: one row for each person, replaced as a whole, gone with the person."""

from __future__ import annotations

import pytest

from tests.conformance.stores.records import START, add_people
from vestibule.interfaces.store import Conflict, Store
from vestibule.model.security_question import SecurityAnswers


def answers(tenant_id: str, user_id: str = "alice", sealed: bytes = b"\x00\xff") -> SecurityAnswers:
    return SecurityAnswers(tenant_id=tenant_id, user_id=user_id, sealed=sealed, created_at=START)


@pytest.fixture
async def people(store: Store, tenant_id: str) -> str:
    await add_people(store, tenant_id, "alice", "bob")
    return tenant_id


async def test_answers_are_kept_replaced_and_removed(store: Store, people: str) -> None:
    for sealed in (b"\x00\xff", b"newer"):
        mine = answers(people, sealed=sealed)
        await store.transact(lambda tx, mine=mine: tx.put_security_answers(mine))
        assert await store.read(lambda tx: tx.security_answers(people, "alice")) == mine
    assert await store.read(lambda tx: tx.security_answers(people, "bob")) is None
    assert await store.read(lambda tx: tx.security_answers("other", "alice")) is None
    assert await store.transact(lambda tx: tx.remove_security_answers(people, "alice"))
    assert not await store.transact(lambda tx: tx.remove_security_answers(people, "alice"))


async def test_answers_go_with_their_person(store: Store, people: str) -> None:
    await store.transact(lambda tx: tx.put_security_answers(answers(people)))
    await store.transact(lambda tx: tx.remove_user(people, "alice"))
    assert await store.read(lambda tx: tx.security_answers(people, "alice")) is None
    with pytest.raises(Conflict):
        await store.transact(lambda tx: tx.put_security_answers(answers(people)))
