"""Authenticators one by one and by the thousand: a serial once in its tenant, every change on a version."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.conformance.stores.records import START, add_people, authenticator, hardware, user
from vestibule.interfaces.store import AlreadyExists, Conflict, Store
from vestibule.interfaces.transaction.held import AuthenticatorFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus


async def serials_of(store: Store, tenant_id: str, limit: int = 50, **where: Any) -> list[str | None]:
    """The serials of all pages."""
    serials: list[str | None] = []
    page = Page(limit=limit)
    while True:
        listed = await store.read(
            lambda tx, page=page: tx.authenticators(tenant_id, AuthenticatorFilter(**where), page)
        )
        serials += [each.serial for each in listed.rows]
        if not listed.next_cursor:
            return serials
        page = Page(limit=limit, cursor=listed.next_cursor)


async def test_a_serial_is_taken_once(store: Store, tenant_id: str) -> None:
    await store.transact(lambda tx: tx.add_authenticator(hardware(tenant_id, "AB1")))
    other = authenticator(tenant_id, "other", user_id="", serial="AB1")
    with pytest.raises(AlreadyExists) as taken:
        await store.transact(lambda tx: tx.add_authenticator(other))
    assert (taken.value.what, taken.value.key) == ("authenticator", "AB1")
    await store.transact(lambda tx: tx.add_authenticator(hardware(tenant_id, "AB2")))
    stolen = msgspec.structs.replace(hardware(tenant_id, "AB2"), serial="AB1")
    with pytest.raises(AlreadyExists):
        await store.transact(lambda tx: tx.replace_authenticator(stolen))
    assert await serials_of(store, tenant_id) == ["AB1", "AB2"]


async def test_an_authenticator_is_replaced_on_its_version(store: Store, tenant_id: str) -> None:
    await add_people(store, tenant_id, "alice", "bob")
    new = Authenticator(
        tenant_id=tenant_id,
        authenticator_id="phone-alice",
        user_id="bob",
        method="hotp",
        label="Tablet",
        serial="AB1",
        parameters={"digits": 8},
        secret=b"other",
        state={"counter": 1},
        status=AuthenticatorStatus.SUSPENDED,
        not_before=1,
        not_after=2,
        created_at=3,
        used_at=4,
        version=1,
    )
    assert await store.transact(lambda tx: tx.replace_authenticator(new))
    assert not await store.transact(lambda tx: tx.replace_authenticator(new))
    found = await store.transact(lambda tx: tx.authenticator(tenant_id, "phone-alice"))
    assert found == msgspec.structs.replace(new, version=2)
    assert not await store.transact(lambda tx: tx.replace_authenticator(authenticator(tenant_id, "none")))
    assert await store.transact(lambda tx: tx.authenticator(tenant_id, "none")) is None


async def test_tokens_are_listed_by_serial(store: Store, tenant_id: str) -> None:
    await store.transact(lambda tx: tx.add_user(user(tenant_id)))
    tokens = [
        hardware(tenant_id, "B1", user_id="alice"),
        hardware(tenant_id, "A1"),
        hardware(tenant_id, "a1"),
        hardware(tenant_id, "A%", status=AuthenticatorStatus.SUSPENDED),
        hardware(tenant_id, "C1", status=AuthenticatorStatus.REVOKED),
        authenticator(tenant_id, "software"),
    ]
    for token in tokens:
        await store.transact(lambda tx, token=token: tx.add_authenticator(token))
    for limit in (1, 2, 50):
        assert await serials_of(store, tenant_id, limit) == ["A%", "A1", "B1", "a1"]
    assert await serials_of(store, tenant_id, is_hardware=True) == ["A%", "A1", "B1", "a1"]
    assert await serials_of(store, tenant_id, is_hardware=False) == []
    assert await serials_of(store, tenant_id, is_assigned=True) == ["B1"]
    assert await serials_of(store, tenant_id, is_assigned=False) == ["A%", "A1", "a1"]
    assert await serials_of(store, tenant_id, status="revoked") == ["C1"]
    assert await serials_of(store, tenant_id, status="suspended") == ["A%"]
    assert await serials_of(store, tenant_id, text="a") == ["A%", "A1"]
    assert await serials_of(store, tenant_id, text="A%") == ["A%"]
    assert await serials_of(store, tenant_id, text="Z") == []


async def test_tokens_by_serial(store: Store, tenant_id: str) -> None:
    tokens = {serial: hardware(tenant_id, serial) for serial in ("A", "B,", 'C"')}
    await store.transact(lambda tx: tx.add_authenticators(list(tokens.values())))
    for run in (store.transact, store.read):
        assert await run(lambda tx: tx.authenticators_by_serial(tenant_id, [*tokens, "D"])) == tokens
        assert await run(lambda tx: tx.authenticators_by_serial(tenant_id, [])) == {}


async def test_thousands_are_added_at_once_or_not_at_all(store: Store, tenant_id: str) -> None:
    await store.transact(lambda tx: tx.add_user(user(tenant_id)))
    tokens = [hardware(tenant_id, f"T{number:05}") for number in range(2000)]
    tokens[7] = msgspec.structs.replace(
        tokens[7],
        user_id="alice",
        label='Grün, "\\N\t',
        parameters={"a": [None, "\\."]},
        secret=bytes(range(256)),
        not_before=1,
        not_after=2**53,
        used_at=0,
    )
    await store.transact(lambda tx: tx.add_authenticators(tokens))
    found = await store.read(lambda tx: tx.authenticators_by_serial(tenant_id, [t.serial for t in tokens]))
    assert found == {token.serial: token for token in tokens}

    more = [hardware(tenant_id, "U1"), authenticator(tenant_id, "x", user_id="", serial="T00003")]
    with pytest.raises(AlreadyExists) as taken:
        await store.transact(lambda tx: tx.add_authenticators(more))
    assert (taken.value.what, taken.value.key) == ("authenticator", "T00003")
    assert await store.read(lambda tx: tx.authenticators_by_serial(tenant_id, ["U1"])) == {}


async def test_a_serial_twice_in_one_batch_is_refused(store: Store, tenant_id: str) -> None:
    twice = [hardware(tenant_id, "A"), authenticator(tenant_id, "other", user_id="", serial="A")]
    with pytest.raises(AlreadyExists):
        await store.transact(lambda tx: tx.add_authenticators(twice))
    assert await serials_of(store, tenant_id) == []
    await store.transact(lambda tx: tx.add_authenticators([]))


async def test_an_identifier_twice_is_refused(store: Store, tenant_id: str) -> None:
    await store.transact(lambda tx: tx.add_authenticator(hardware(tenant_id, "A")))
    same = msgspec.structs.replace(hardware(tenant_id, "A"), serial="B")
    with pytest.raises(AlreadyExists):
        await store.transact(lambda tx: tx.add_authenticators([same]))
    with pytest.raises(AlreadyExists):
        await store.transact(lambda tx: tx.add_authenticator(same))


async def test_thousands_are_replaced_on_their_versions(store: Store, tenant_id: str) -> None:
    """S61: a row that has moved meanwhile is not overwritten, and then none is."""
    tokens = [hardware(tenant_id, f"T{number:04}") for number in range(300)]
    await store.transact(lambda tx: tx.add_authenticators(tokens))
    changed = [msgspec.structs.replace(token, label="new", created_at=START + 1) for token in tokens]
    await store.transact(lambda tx: tx.replace_authenticators(changed[:100]))
    await store.transact(lambda tx: tx.replace_authenticators([]))
    with pytest.raises(Conflict):
        await store.transact(lambda tx: tx.replace_authenticators(changed[99:]))
    found = await store.read(lambda tx: tx.authenticators_by_serial(tenant_id, [t.serial for t in tokens]))
    expected = [msgspec.structs.replace(token, version=2) for token in changed[:100]] + tokens[100:]
    assert found == {token.serial: token for token in expected}


async def test_a_text_that_no_database_can_hold_is_refused(store: Store, tenant_id: str) -> None:
    with pytest.raises(ValueError, match="NUL"):
        await store.transact(lambda tx: tx.add_authenticators([hardware(tenant_id, "A", label="\0")]))
    with pytest.raises(ValueError, match="NUL"):
        await store.transact(lambda tx: tx.add_authenticator(hardware(tenant_id, "A", label="\0")))
