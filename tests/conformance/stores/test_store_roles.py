"""Who has which roles, and what is proposed about them: written whole, read in order, decided once."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.conformance.stores.records import add_people
from vestibule.interfaces.store import AlreadyExists, Conflict, Store, Transaction
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.people import UserFilter
from vestibule.model.group import Group
from vestibule.model.proposal import Act, Proposal, ProposalState
from vestibule.model.role import AdminRole, Grant

DAY = 24 * 3_600_000


def proposal(tenant_id: str, proposal_id: str, now: int, **fields: Any) -> Proposal:
    whole: dict[str, Any] = {
        "act": Act.ADD_FACTOR,
        "user_id": "alice",
        "username": "alice",
        "facts": {"number": "+49 30 1", "roles": [{"role_id": "auditor"}]},
        "actor": "root",
        "actor_name": "Root",
        "created_at": now,
        "expires_at": now + DAY,
    }
    return Proposal(tenant_id=tenant_id, proposal_id=proposal_id, **(whole | fields))


async def now_of(store: Store) -> int:
    async def body(tx: Transaction) -> int:
        return tx.now

    return await store.read(body)


async def test_grants_are_replaced_whole_and_go_with_the_person(store: Store, tenant_id: str) -> None:
    await add_people(store, tenant_id, "alice", "bob")
    here = Grant(role_id="help_desk", tenant_id="acme", groups=("board", "sales"))
    everywhere = Grant(role_id="auditor")
    await store.transact(lambda tx: tx.replace_grants(tenant_id, "alice", (here, everywhere)))
    await store.transact(lambda tx: tx.replace_grants(tenant_id, "bob", (everywhere,)))
    assert await store.read(lambda tx: tx.grants_of(tenant_id, "alice")) == (everywhere, here)
    assert (await store.read(lambda tx: tx.grants(tenant_id)))["bob"] == (everywhere,)
    await store.transact(lambda tx: tx.replace_grants(tenant_id, "alice", ()))
    await store.transact(lambda tx: tx.remove_user(tenant_id, "bob"))
    assert await store.read(lambda tx: tx.grants(tenant_id)) == {}


async def test_a_role_has_a_name_of_its_own_and_raises_the_generation(store: Store, tenant_id: str) -> None:
    role = AdminRole(tenant_id=tenant_id, role_id="r1", name="Desk", rights=("people.read",), created_at=1)
    before = await store.read(lambda tx: tx.generation())
    await store.transact(lambda tx: tx.put(role))
    loaded = await store.read(lambda tx: tx.configuration())
    assert [each for each in loaded.roles if each.tenant_id == tenant_id] == [role]
    assert loaded.generation > before
    with pytest.raises(AlreadyExists):
        await store.transact(lambda tx: tx.put(replace(role, role_id="r2")))
    with pytest.raises(Conflict):
        await store.transact(lambda tx: tx.put(replace(role, version=7)))
    assert await store.transact(lambda tx: tx.remove(role))


async def test_a_proposal_is_decided_once(store: Store, tenant_id: str) -> None:
    now = await now_of(store)
    made = proposal(tenant_id, "p1", now)
    await store.transact(lambda tx: tx.add_proposal(made))
    assert await store.read(lambda tx: tx.proposals(tenant_id)) == (made,)
    confirmed = replace(made, state=ProposalState.CONFIRMED, decided_by="second", decided_by_name="Second")
    refused = replace(made, state=ProposalState.REFUSED)
    assert await store.transact(lambda tx: tx.replace_proposal(confirmed)) is True
    assert await store.transact(lambda tx: tx.replace_proposal(refused)) is False
    [found] = await store.read(lambda tx: tx.proposals(tenant_id))
    assert found == replace(confirmed, version=2)


async def test_what_is_over_is_not_there_and_is_swept(store: Store, tenant_id: str) -> None:
    now = await now_of(store)
    for made in (proposal(tenant_id, "old", now, expires_at=now), proposal(tenant_id, "new", now)):
        await store.transact(lambda tx, made=made: tx.add_proposal(made))
    assert [each.proposal_id for each in await store.read(lambda tx: tx.proposals(tenant_id))] == ["new"]
    assert await store.transact(lambda tx: tx.sweep(100)) >= 1


async def test_a_list_holds_only_people_of_some_groups(store: Store, tenant_id: str) -> None:
    """Whatever else is sought, nobody of other groups is in it."""
    await add_people(store, tenant_id, "alice", "albert", "bob", "carol")

    async def body(tx: Transaction) -> None:
        for group_id in ("sales", "board", "other"):
            await tx.put(Group(tenant_id=tenant_id, group_id=group_id, name=group_id, created_at=tx.now))
        for group_id, user_id in (
            ("sales", "alice"),
            ("board", "alice"),
            ("board", "bob"),
            ("other", "albert"),
        ):
            await tx.add_member(tenant_id, group_id, user_id)

    await store.transact(body)

    async def names(**where: Any) -> list[str]:
        found: list[str] = []
        chosen, cursor = UserFilter(**where), ""
        while True:
            page = Page(limit=1, cursor=cursor)
            listed = await store.read(lambda tx, page=page: tx.users(tenant_id, chosen, page))
            found += [user.user_id for user in listed.rows]
            cursor = listed.next_cursor
            if not cursor:
                return found

    assert await names(within=("sales", "board")) == ["alice", "bob"]
    assert await names(within=("sales", "board"), text="al") == ["alice"]
    assert await names(within=("sales",), group_id="board") == ["alice"]
    assert await names(within=("nobody",)) == []
