"""Users: every name leads to one person, changes are on a version, lists are in one order everywhere."""

from __future__ import annotations

import pytest

from tests.conformance.stores.records import (
    LIMITS,
    add_people,
    authenticator,
    decided,
    hardware,
    session,
    user,
)
from vestibule.interfaces.store import AlreadyExists, Conflict, Store, Transaction
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.people import UserFilter
from vestibule.model.authenticator import AuthenticatorStatus
from vestibule.model.group import Group
from vestibule.model.throttle import Factor
from vestibule.model.user import Role, User, UserStatus

ANYBODY = UserFilter()


async def names_of(store: Store, tenant_id: str, where: UserFilter = ANYBODY, limit: int = 50) -> list[str]:
    """The canonical names of all pages."""
    names: list[str] = []
    page = Page(limit=limit)
    while True:
        listed = await store.read(lambda tx, page=page: tx.users(tenant_id, where, page))
        assert len(listed.rows) <= limit
        names += [each.names[0] for each in listed.rows]
        if not listed.next_cursor:
            return names
        page = Page(limit=limit, cursor=listed.next_cursor)


async def test_a_name_belongs_to_one_person(store: Store, tenant_id: str) -> None:
    await store.transact(lambda tx: tx.add_user(user(tenant_id, names=("alice", "corp\\alice"))))
    with pytest.raises(AlreadyExists) as taken:
        await store.transact(lambda tx: tx.add_user(user(tenant_id, "bob", names=("bob", "corp\\alice"))))
    assert (taken.value.what, taken.value.key) == ("user", "corp\\alice")
    assert await store.transact(lambda tx: tx.subject(tenant_id, "bob")) is None, "nothing is left of it"
    with pytest.raises(AlreadyExists):
        await store.transact(lambda tx: tx.add_user(user(tenant_id, names=("other",))))


async def test_a_user_is_replaced_on_his_version(store: Store, tenant_id: str) -> None:
    await store.transact(lambda tx: tx.add_user(user(tenant_id, names=("alice", "old"), given_name="Old")))
    new = User(
        tenant_id=tenant_id,
        user_id="alice",
        username="ALICE",
        names=("al", "alice"),
        given_name="New",
        family_name="Name",
        email="new@example.org",
        phone="1",
        language="de",
        directory_id="ldap",
        directory_reference="guid",
        password_hash="hash",
        status=UserStatus.DISABLED,
        role=Role.ADMINISTRATOR,
        created_at=1,
        updated_at=2,
        version=1,
    )
    assert await store.transact(lambda tx: tx.replace_user(new))
    assert not await store.transact(lambda tx: tx.replace_user(new)), "version 1 has passed"
    found = await store.read(lambda tx: tx.subject(tenant_id, "alice"))
    assert found is not None
    assert found.user == User(**{f: getattr(new, f) for f in User.__struct_fields__} | {"version": 2})
    assert await store.read(lambda tx: tx.user_ids_by_names(tenant_id, ["old", "al", "alice"])) == {
        "al": "alice",
        "alice": "alice",
    }
    assert await names_of(store, tenant_id, UserFilter(text="old")) == []
    assert await names_of(store, tenant_id, UserFilter(text="new")) == ["al"]


async def test_replacing_cannot_take_a_name(store: Store, tenant_id: str) -> None:
    await store.transact(lambda tx: tx.add_user(user(tenant_id)))
    await store.transact(lambda tx: tx.add_user(user(tenant_id, "bob")))
    with pytest.raises(AlreadyExists, match="'alice'"):
        await store.transact(lambda tx: tx.replace_user(user(tenant_id, "bob", names=("bob", "alice"))))
    ids = await store.read(lambda tx: tx.user_ids_by_names(tenant_id, ["alice", "bob"]))
    assert ids == {"alice": "alice", "bob": "bob"}


async def test_removing_a_user_leaves_his_tokens_and_attempts(store: Store, tenant_id: str) -> None:
    await add_people(store, tenant_id, "alice", "bob")
    token = hardware(tenant_id, "AB1", user_id="alice", state={"counter": 9})

    async def belongings(tx) -> None:
        await tx.add_authenticator(token)
        await tx.settle_attempt(tenant_id, "alice", Factor.PASSCODE, False, LIMITS)
        await tx.add_session(session(tenant_id, f"{tenant_id}-alice"))
        await tx.add_session(session(tenant_id, f"{tenant_id}-bob", user_id="bob"))
        await tx.add_verification(decided(tenant_id))

    await store.transact(belongings)
    assert await store.transact(lambda tx: tx.remove_user(tenant_id, "alice"))
    assert not await store.transact(lambda tx: tx.remove_user(tenant_id, "alice"))

    async def rest(tx) -> tuple[object, ...]:
        return (
            await tx.subject(tenant_id, "alice"),
            await tx.user_ids_by_names(tenant_id, ["alice", "bob"]),
            await tx.authenticator(tenant_id, "phone-alice"),
            await tx.session(f"{tenant_id}-alice"),
        )

    assert await store.read(rest) == (None, {"bob": "bob"}, None, None)
    freed = await store.read(lambda tx: tx.authenticator(tenant_id, token.authenticator_id))
    assert freed is not None
    assert (freed.user_id, freed.state, freed.version) == ("", {"counter": 9}, 2)
    assert await store.read(lambda tx: tx.verification(tenant_id, "v1")) is not None
    assert await store.read(lambda tx: tx.session(f"{tenant_id}-bob")) is not None
    await store.transact(lambda tx: tx.add_user(user(tenant_id)))
    again = await store.read(lambda tx: tx.subject(tenant_id, "alice"))
    assert again is not None
    assert again.authenticators == (), "a namesake inherits nothing"
    assert await store.read(lambda tx: tx.throttles(tenant_id, "alice")) == {}


async def test_nothing_hangs_on_a_user_who_is_gone(store: Store, tenant_id: str) -> None:
    """What was read of him is out of date: the body is told to read again."""
    runs = []

    async def body(tx) -> None:
        runs.append(1)
        await tx.add_authenticator(authenticator(tenant_id, user_id="ghost"))

    with pytest.raises(Conflict):
        await store.transact(body)
    assert len(runs) > 1


async def test_users_are_listed_by_name_page_by_page(store: Store, tenant_id: str) -> None:
    names = ["Zoë", "alice", "bob", "zebra", "ångström", "b-2", "b 1", "ab", "a", "€", "\U0001f600"]
    canonical = sorted(name.lower() for name in names)
    for name in names:
        await store.transact(
            lambda tx, name=name: tx.add_user(user(tenant_id, f"id-{name}", names=(name.lower(),)))
        )
    for limit in (1, 3, len(names), 50):
        assert await names_of(store, tenant_id, limit=limit) == canonical, "by code point, on both engines"
    assert await store.read(lambda tx: tx.count_users(tenant_id)) == len(names)


async def test_users_are_found_by_what_they_are_called(store: Store, tenant_id: str) -> None:
    people = [
        user(tenant_id, "1", names=("alice", "corp\\alice"), given_name="Alice", family_name="Müller"),
        user(tenant_id, "2", names=("bob",), given_name="Robert", email="Bob.Straße@Example.org"),
        user(tenant_id, "3", names=("carol%",), family_name="ALBERT", role=Role.ADMINISTRATOR),
        user(tenant_id, "4", names=("dave_1",), status=UserStatus.DISABLED),
    ]
    for person in people:
        await store.transact(lambda tx, person=person: tx.add_user(person))
    found = {
        text: await names_of(store, tenant_id, UserFilter(text=text))
        for text in ("al", "AL", "mül", "MÜLLER", "corp\\", "bob.stras", "rob", "%", "_", "carol%", "lice")
    }
    assert found == {
        "al": ["alice", "carol%"],
        "AL": ["alice", "carol%"],
        "mül": ["alice"],
        "MÜLLER": ["alice"],
        "corp\\": ["alice"],
        "bob.stras": ["bob"],
        "rob": ["bob"],
        "%": [],
        "_": [],
        "carol%": ["carol%"],
        "lice": [],
    }
    assert await names_of(store, tenant_id, UserFilter(status="disabled")) == ["dave_1"]
    assert await names_of(store, tenant_id, UserFilter(role="administrator")) == ["carol%"]


async def test_a_list_is_narrowed_to_what_people_hold(store: Store, tenant_id: str) -> None:
    """A token that was taken away is not held; what belongs to nobody is nobody's."""

    async def body(tx: Transaction) -> None:
        for name in ("alice", "bob", "carol", "dave"):
            await tx.add_user(user(tenant_id, name, names=(name,)))
        for name, method, status in (
            ("alice", "totp", AuthenticatorStatus.ACTIVE),
            ("bob", "totp", AuthenticatorStatus.REVOKED),
            ("carol", "sms", AuthenticatorStatus.ACTIVE),
        ):
            held = authenticator(tenant_id, f"{name}'s", user_id=name, method=method, status=status)
            await tx.add_authenticator(held)
        await tx.add_authenticator(hardware(tenant_id, "HW-1", user_id=""))

    await store.transact(body)
    assert await names_of(store, tenant_id, UserFilter(method="totp")) == ["alice"]
    assert await names_of(store, tenant_id, UserFilter(holds_nothing=True)) == ["bob", "dave"]
    assert len(await names_of(store, tenant_id, UserFilter(requirement="disabled"))) == 4
    assert await names_of(store, tenant_id, UserFilter(requirement="enforced")) == []


async def test_a_list_is_narrowed_to_one_group(store: Store, tenant_id: str) -> None:
    async def body(tx: Transaction) -> None:
        for name in ("sales", "board"):
            await tx.put(Group(tenant_id=tenant_id, group_id=name, name=name, created_at=tx.now))
        for group_id, name in (("sales", "carol"), ("sales", "alice"), ("board", "bob")):
            await tx.add_member(tenant_id, group_id, name)

    await add_people(store, tenant_id, "alice", "bob", "carol")
    await store.transact(body)
    assert await names_of(store, tenant_id, UserFilter(group_id="sales")) == ["alice", "carol"]
    assert await names_of(store, tenant_id, UserFilter(group_id="sales"), limit=1) == ["alice", "carol"]
    assert await names_of(store, tenant_id, UserFilter(group_id="sales", text="b")) == []
    assert await names_of(store, tenant_id, UserFilter(group_id="nobody")) == []
    assert await names_of(store, tenant_id, UserFilter(role="administrator", text="bob")) == []


async def test_a_cursor_is_a_place_and_nothing_else(store: Store, tenant_id: str) -> None:
    await add_people(store, tenant_id, "a", "b", "c")
    first = await store.read(lambda tx: tx.users(tenant_id, UserFilter(), Page(limit=1)))
    await store.transact(lambda tx: tx.remove_user(tenant_id, "a"))
    await store.transact(lambda tx: tx.add_user(user(tenant_id, "aa")))
    rest = await store.read(lambda tx: tx.users(tenant_id, UserFilter(), Page(cursor=first.next_cursor)))
    assert [each.user_id for each in rest.rows] == ["aa", "b", "c"]
    for forged in ("x", "é", "AAAA", "WzFd", "eyJhIjoxfQ", first.next_cursor[:-2], "WyJcdTAwMDAiLCJhIl0"):
        with pytest.raises(ValueError):  # noqa: PT011 - whatever it says, it is refused
            await store.read(lambda tx, forged=forged: tx.users(tenant_id, UserFilter(), Page(cursor=forged)))


async def test_user_ids_by_names(store: Store, tenant_id: str) -> None:
    await store.transact(lambda tx: tx.add_user(user(tenant_id, names=("alice", "a,b", 'a"}'))))
    assert await store.read(lambda tx: tx.user_ids_by_names(tenant_id, [])) == {}
    wanted = ["alice", "a,b", 'a"}', "nobody"]
    found = await store.transact(lambda tx: tx.user_ids_by_names(tenant_id, wanted))
    assert found == {"alice": "alice", "a,b": "alice", 'a"}': "alice"}


@pytest.mark.parametrize("field", ["given_name", "username", "password_hash"])
async def test_a_text_that_no_database_can_hold_is_refused(store: Store, tenant_id: str, field: str) -> None:
    with pytest.raises(ValueError, match="NUL"):
        await store.transact(lambda tx: tx.add_user(user(tenant_id, **{field: "a\0b"})))
