"""Attempts and events: newest first, page by page, by every filter."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.stores.records import START, decided, event, verification
from vestibule.interfaces.store import AlreadyExists, Store
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.verification import Reason, VerificationState


async def attempts(store: Store, tenant_id: str, limit: int = 50, **where: Any) -> list[str]:
    """The names of the attempts on all pages."""
    names: list[str] = []
    page = Page(limit=limit)
    while True:
        listed = await store.read(
            lambda tx, page=page: tx.verifications(tenant_id, VerificationFilter(**where), page)
        )
        assert len(listed.rows) <= limit
        names += [each.verification_id for each in listed.rows]
        if not listed.next_cursor:
            return names
        page = Page(limit=limit, cursor=listed.next_cursor)


async def add(store: Store, *records: Any) -> None:
    for record in records:
        await store.transact(lambda tx, record=record: tx.add_verification(record))


async def test_attempts_are_listed_newest_first(store: Store, tenant_id: str) -> None:
    times = {"d": START + 3, "a": START, "c": START + 1, "b": START + 1, "e": START + 1}
    await add(store, *(verification(tenant_id, name, started_at=at) for name, at in times.items()))
    for limit in (1, 2, 3, 5, 50):
        assert await attempts(store, tenant_id, limit) == ["d", "e", "c", "b", "a"]


async def test_attempts_that_come_meanwhile_move_no_page(store: Store, tenant_id: str) -> None:
    await add(store, *(verification(tenant_id, f"v{n}", started_at=START + n) for n in range(4)))
    where = VerificationFilter()
    first = await store.read(lambda tx: tx.verifications(tenant_id, where, Page(limit=2)))
    await add(store, verification(tenant_id, "new", started_at=START + 9))
    rest = await store.read(lambda tx: tx.verifications(tenant_id, where, Page(cursor=first.next_cursor)))
    assert [each.verification_id for each in rest.rows] == ["v1", "v0"]
    for forged in ("x", "WyJhIiwiYiJd", "WzEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIsImEiXQ"):
        with pytest.raises(ValueError, match="cursor"):
            await store.read(
                lambda tx, forged=forged: tx.verifications(tenant_id, where, Page(cursor=forged))
            )


async def test_attempts_by_every_filter(store: Store, tenant_id: str) -> None:
    await add(
        store,
        verification(tenant_id, "1", claimed_username="CORP\\Alice", username="alice", user_id="u1"),
        decided(tenant_id, "2", started_at=START + 10, claimed_username="alice2", username="", user_id=""),
        decided(
            tenant_id,
            "3",
            started_at=START + 20,
            claimed_username="Ärger",
            username="ärger",
            user_id="u3",
            application_id="web",
            client_id="other",
            channel="api",
            state=VerificationState.DENIED,
            reason=Reason.PASSCODE_WRONG,
        ),
    )
    expected = [
        ({}, ["3", "2", "1"]),
        ({"user_id": "u3"}, ["3"]),
        ({"application_id": "vpn"}, ["2", "1"]),
        ({"client_id": "other"}, ["3"]),
        ({"state": "pending"}, ["1"]),
        ({"reason": "passcode_wrong"}, ["3"]),
        ({"channel": "radius"}, ["2", "1"]),
        ({"since": START + 10}, ["3", "2"]),
        ({"until": START + 10}, ["1"]),
        ({"since": START + 1, "until": START + 20}, ["2"]),
        ({"text": "alice"}, ["2", "1"]),
        ({"text": "ALICE2"}, ["2"]),
        ({"text": "corp\\"}, ["1"]),
        ({"text": "ÄR"}, ["3"]),
        ({"text": "%"}, []),
        ({"text": "\0"}, []),
        ({"text": "lice"}, []),
        ({"text": "alice", "state": "approved", "client_id": "gateway", "user_id": ""}, ["2"]),
    ]
    assert [(where, await attempts(store, tenant_id, **where)) for where, _ in expected] == expected


async def test_attempts_are_counted_by_state(store: Store, tenant_id: str) -> None:
    await add(
        store,
        decided(tenant_id, "old", started_at=START - 1),
        decided(tenant_id, "1"),
        decided(tenant_id, "2"),
        decided(tenant_id, "3", state=VerificationState.DENIED),
        verification(tenant_id, "4"),
    )
    counted = await store.read(lambda tx: tx.count_verifications(tenant_id, START))
    assert counted == {"approved": 2, "denied": 1, "pending": 1}
    assert await store.read(lambda tx: tx.count_verifications(tenant_id, START + 1)) == {}


async def test_events_are_listed_newest_first_and_found_by_word(store: Store, tenant_id: str) -> None:
    records = [
        event(tenant_id, "a", actor_name="Ada", subject="u1", subject_name="Alice", facts={"from": {"x": 1}}),
        event(tenant_id, "b", at=START + 1, kind="user.removed", actor_name="Bob"),
        event(tenant_id, "c", at=START + 1, kind="client.added", subject_name="adapter", format=2),
    ]
    for record in records:
        await store.transact(lambda tx, record=record: tx.add_event(record))

    async def found(text: str = "", limit: int = 50) -> list[Any]:
        rows: list[Any] = []
        page = Page(limit=limit)
        while True:
            listed = await store.read(lambda tx, page=page: tx.events(tenant_id, text, page))
            rows += listed.rows
            if not listed.next_cursor:
                return rows
            page = Page(limit=limit, cursor=listed.next_cursor)

    a, b, c = records
    for limit in (1, 2, 50):
        assert await found(limit=limit) == [c, b, a]
    assert await found("ad") == [c, a]
    assert await found("USER.") == [b, a]
    assert await found("%") == []
    assert await found("removed") == []


async def test_an_event_is_recorded_once(store: Store, tenant_id: str) -> None:
    """AUD-01: never overwritten; a name that no database can hold is recorded as far as it goes."""
    await store.transact(lambda tx: tx.add_event(event(tenant_id, "a", subject_name="x\0\ud800")))
    with pytest.raises(AlreadyExists):
        await store.transact(lambda tx: tx.add_event(event(tenant_id, "a", kind="other")))
    listed = await store.read(lambda tx: tx.events(tenant_id, "", Page()))
    assert [each.subject_name for each in listed.rows] == ["x\ufffd\ufffd"]
