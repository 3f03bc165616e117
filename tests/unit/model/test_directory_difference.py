"""The difference between a directory and what is here, for people that hypothesis makes up."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from vestibule.model.directory_difference import Difference, Entry, Here, Kind, Rules, difference, left
from vestibule.model.synchronisation import Bond, Leavers, Part, SyncItem
from vestibule.model.user import User, UserStatus

ITEMS = (
    SyncItem(part=Part.UNIT, name="ou=a", groups=("g1",)),
    SyncItem(part=Part.UNIT, name="ou=b", groups=("g2",)),
)
RULES = Rules(tenant_id="t", directory_id="d", items=ITEMS)
NOBODY = Here({}, {}, {}, frozenset({"g1", "g2"}))


class World:
    """What is here, to which differences are applied as a store would."""

    def __init__(self, *locals_: str) -> None:
        self.users: dict[str, User] = {}
        self.bonds: dict[str, Bond] = {}
        self.groups: dict[str, set[str]] = {}
        for name in locals_:
            self._put(
                User(
                    tenant_id="t",
                    user_id=f"local-{name}",
                    username=name,
                    names=(name,),
                    created_at=0,
                    updated_at=0,
                )
            )

    def here(self) -> Here:
        holders = {name: user.user_id for user in self.users.values() for name in user.names}
        return Here(dict(self.bonds), dict(self.users), holders, frozenset({"g1", "g2"}))

    def apply(self, found: Difference) -> None:
        for change in found.changes:
            if change.kind is Kind.REMOVED:
                del self.users[change.user_id]
                self.bonds = {ref: bond for ref, bond in self.bonds.items() if bond.user_id != change.user_id}
                continue
            user_id = change.user_id or f"of-{change.reference}"
            if change.user_id:
                user = replace(self.users[user_id], **change.fields)
            else:
                user = User(
                    tenant_id="t",
                    user_id=user_id,
                    directory_id="d",
                    directory_reference=change.reference,
                    created_at=0,
                    updated_at=0,
                    **change.fields,
                )
            self._put(user)
            assert change.bond is not None
            self.bonds[change.reference] = replace(change.bond, user_id=user_id)
            mine = self.groups.setdefault(user_id, set())
            mine |= set(change.join)
            mine -= set(change.leave)

    def _put(self, user: User) -> None:
        self.users[user.user_id] = user

    def names(self) -> list[str]:
        return [name for user in self.users.values() for name in user.names]


entries = st.lists(
    st.builds(
        Entry,
        reference=st.sampled_from([f"r{number}" for number in range(6)]),
        usernames=st.lists(
            st.sampled_from(["Ada", "bert", "cora", "dora", "LOCAL"]), min_size=1, max_size=2
        ).map(tuple),
        values=st.dictionaries(
            st.sampled_from(["email", "phone", "given_name"]), st.sampled_from(["x", "y"])
        ),
        is_disabled=st.booleans(),
        item=st.integers(0, 1),
    ),
    max_size=8,
)


@settings(deadline=None)
@given(st.lists(entries, min_size=1, max_size=4), st.sampled_from(Leavers))
def test_applied_once_there_is_no_difference_and_no_name_has_two_people(
    states: list[list[Entry]], leavers: Leavers
) -> None:
    rules = replace(RULES, leavers=leavers)
    world = World("local")
    for state in states:
        for _ in range(3):  # A name that was held up by somebody who let go of it comes the next time.
            world.apply(difference(rules, state, world.here(), is_whole=True))
            assert len(world.names()) == len(set(world.names()))
        assert not difference(rules, state, world.here(), is_whole=True).changes
    assert world.users["local-local"].names == ("local",)


@settings(deadline=None)
@given(entries, entries)
def test_a_part_of_the_directory_removes_nobody(first: list[Entry], second: list[Entry]) -> None:
    world = World()
    world.apply(difference(RULES, first, world.here(), is_whole=True))
    rules = replace(RULES, leavers=Leavers.REMOVE)

    found = difference(rules, second, world.here(), is_whole=False)

    seen = {entry.reference for entry in second}
    assert all(change.reference in seen and change.kind is not Kind.REMOVED for change in found.changes)


@settings(deadline=None)
@given(entries)
def test_who_is_gone_is_disabled_and_comes_back_as_he_was(state: list[Entry]) -> None:
    world = World()
    enabled = [replace(entry, is_disabled=False) for entry in state]
    world.apply(difference(RULES, enabled, world.here(), is_whole=True))
    before = dict(world.users)

    world.apply(difference(RULES, [], world.here(), is_whole=True))
    assert not any(user.is_active for user in world.users.values())
    world.apply(difference(RULES, enabled, world.here(), is_whole=True))

    assert world.users == before


@settings(deadline=None)
@given(entries)
def test_whom_an_administrator_has_disabled_stays_disabled(state: list[Entry]) -> None:
    world = World()
    world.apply(difference(RULES, state, world.here(), is_whole=True))
    active = [user for user in world.users.values() if user.is_active]
    world.users = {
        user_id: replace(user, status=UserStatus.DISABLED) for user_id, user in world.users.items()
    }

    world.apply(
        difference(RULES, [replace(entry, is_disabled=False) for entry in state], world.here(), is_whole=True)
    )

    assert not any(world.users[user.user_id].is_active for user in active)


def test_the_first_item_that_somebody_is_in_is_his() -> None:
    twice = [Entry(reference="r", usernames=("ada",), item=item) for item in (0, 1)]
    found = difference(RULES, twice, NOBODY, is_whole=True)
    assert [change.join for change in found.changes] == [("g1",)]


def test_who_moves_to_another_item_changes_the_groups_that_the_directory_gave() -> None:
    world = World()
    world.apply(difference(RULES, [Entry(reference="r", usernames=("ada",))], world.here(), is_whole=True))
    world.groups["of-r"].add("by hand")
    moved = [Entry(reference="r", usernames=("ada",), item=1)]
    world.apply(difference(RULES, moved, world.here(), is_whole=True))
    assert world.groups["of-r"] == {"g2", "by hand"}


def test_a_break_glass_account_is_neither_disabled_nor_removed() -> None:
    world = World()
    ada = Entry(reference="r", usernames=("ada",))
    world.apply(difference(RULES, [ada], world.here(), is_whole=True))
    world.users["of-r"] = replace(world.users["of-r"], is_break_glass=True)
    for leavers in Leavers:
        found = difference(replace(RULES, leavers=leavers), [], world.here(), is_whole=True)
        assert (found.losses, [problem.why for problem in found.problems]) == ((), ["break_glass"])
    disabled = difference(RULES, [replace(ada, is_disabled=True)], world.here(), is_whole=True)
    assert not disabled.losses


def test_who_is_known_to_be_gone_leaves_and_nobody_else() -> None:
    world = World()
    both = [Entry(reference="r1", usernames=("ada",)), Entry(reference="r2", usernames=("bert",))]
    world.apply(difference(RULES, both, world.here(), is_whole=True))
    assert [change.username for change in left(RULES, ["r1", "r9"], world.here()).changes] == ["ada"]
