"""Rights, where they hold, and over whom."""

from __future__ import annotations

import pytest

from vestibule import catalog
from vestibule.model.actor import SYSTEM, Actor, Forbidden, NotAllowed, Reach, Right, self_of
from vestibule.model.proposal import Act
from vestibule.model.right import OF_ADMINISTRATORS, OVER_PEOPLE
from vestibule.model.role import BUILT_IN, AdminRole, Grant, reach_of, rights_of


def an_actor(*reaches: Reach) -> Actor:
    return Actor(actor_id="a", name="a", tenant_id="system", rights=frozenset(), reaches=reaches)


def test_a_right_holds_where_it_was_given() -> None:
    actor = an_actor(Reach(rights=frozenset({Right.PINS}), tenant_id="acme"))
    actor.demand(Right.PINS, "acme")
    with pytest.raises(Forbidden):
        actor.demand(Right.BLOCKS, "acme")
    with pytest.raises(NotAllowed) as elsewhere:
        actor.demand(Right.PINS, "umbrella")
    assert not isinstance(elsewhere.value, Forbidden), "another tenant is not there"
    assert (actor.is_within("acme"), actor.is_within("umbrella")) == (True, False)


def test_every_tenant_is_more_than_each_tenant() -> None:
    """Whoever has a right in one tenant has it not in all; who has it in all has it in each."""
    one = an_actor(Reach(rights=frozenset({Right.PINS}), tenant_id="acme"))
    every = an_actor(Reach(rights=frozenset({Right.PINS}), tenant_id=""))
    assert (one.may(Right.PINS, ""), every.may(Right.PINS, ""), every.may(Right.PINS, "acme")) == (
        False,
        True,
        True,
    )


def test_over_some_groups_is_not_over_everybody() -> None:
    groups = frozenset({"sales"})
    actor = an_actor(Reach(rights=frozenset({Right.PINS}), tenant_id="acme", groups=groups))
    assert actor.may(Right.PINS, "acme") is False
    assert actor.limit(Right.PINS, "acme") == groups
    with pytest.raises(Forbidden):
        actor.demand(Right.PINS, "acme")
    both = an_actor(*actor.reaches, Reach(rights=frozenset({Right.PINS}), tenant_id=""))
    assert both.limit(Right.PINS, "acme") == frozenset()


def test_whoever_administers_may_everything_but_be_somebody_else() -> None:
    for right in OF_ADMINISTRATORS:
        SYSTEM.demand(right, "acme")
    with pytest.raises(NotAllowed):
        SYSTEM.demand(Right.SELF, "acme")
    assert SYSTEM.is_self("acme", "system") is False
    assert self_of("acme", "u1", "alice").is_self("acme", "u1") is True
    assert self_of("acme", "u1", "alice").is_self("umbrella", "u1") is False


def test_a_role_over_groups_gives_what_concerns_people_only() -> None:
    reach = reach_of(Grant(role_id="administrator", tenant_id="acme", groups=("sales",)), {})
    assert reach.rights == OVER_PEOPLE
    assert Right.ADMINISTRATORS not in reach.rights


def test_an_own_role_gives_what_is_known_and_lets_see_what_it_changes() -> None:
    own = AdminRole(
        tenant_id="system",
        role_id="r1",
        name="x",
        rights=("pins.change", "settings.change", "administer", "self", "of.a.later.version"),
    )
    assert rights_of("r1", {"r1": own}) == {
        Right.PINS, Right.READ_PEOPLE, Right.SETTINGS, Right.READ_CONFIGURATION,
    }  # fmt: skip
    assert rights_of("gone", {}) == frozenset()


def test_a_help_desk_sees_no_secret_and_an_auditor_changes_nothing() -> None:
    """C9"""
    assert Right.SECRETS not in BUILT_IN["help_desk"]
    assert all(right.value.endswith(".read") for right in BUILT_IN["auditor"])


@pytest.mark.parametrize("key", [
    *(f"right.{right.value}.name" for right in sorted(OF_ADMINISTRATORS)),
    *(f"right.{right.value}.hint" for right in sorted(OF_ADMINISTRATORS)),
    *(f"role.built_in.{name}" for name in BUILT_IN),
    *(f"role.act.{act.value}" for act in Act),
])  # fmt: skip
def test_what_people_choose_has_words(key: str) -> None:
    assert catalog.has(key)
