"""Which reply attributes somebody is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vestibule.model.reply_attribute import ReplyAttribute, Shape
from vestibule.policy.replies import Replies, chosen

CLASS = Shape(path=(25,))


def line(value: str, shape: Shape = CLASS, **fields: Any) -> ReplyAttribute:
    named = {"tenant_id": "t", "reply_id": value, "attribute": "Class", "value": value, "shape": shape}
    return ReplyAttribute(**(named | {"created_at": 1} | fields))


def given(*lines: ReplyAttribute, user_id: str = "alice", groups: Sequence[str] = ()) -> list[str]:
    found = chosen(lines, application_id="vpn", client_id="asa", user_id=user_id, groups=groups)
    return [each.value for each in found]


def test_who_is_named_more_closely_counts_more() -> None:
    """The order in which lines count, each of them more than all before it."""
    order = [
        line("everybody"),
        line("application", application_id="vpn"),
        line("client", client_id="asa"),
        line("client-there", client_id="asa", application_id="vpn"),
        line("group", group_id="staff"),
        line("group-there", group_id="staff", client_id="asa"),
        line("user", user_id="alice"),
        line("user-there", user_id="alice", application_id="vpn"),
        line("user-in-group", user_id="alice", group_id="staff"),
    ]
    for count, each in enumerate(order, start=1):
        assert given(*reversed(order[:count]), groups=["staff"]) == [each.value]


def test_a_line_for_others_is_not_given() -> None:
    others = [
        line("application", application_id="switches"),
        line("client", client_id="other"),
        line("group", group_id="staff"),
        line("user", user_id="bob"),
        line("both", user_id="alice", group_id="staff"),
    ]
    assert given(*others) == []
    assert given(line("user", user_id="alice"), line("all"), user_id="") == ["all"]


def test_of_several_groups_the_first_by_name_counts() -> None:
    both = line("admins", group_id="g1"), line("staff", group_id="g2")
    assert given(*both, groups=["g1", "g2"]) == ["admins"]
    assert given(*both, groups=["g2", "g1"]) == ["staff"]


def test_one_holder_may_give_the_same_attribute_twice() -> None:
    twice = line("a", group_id="g1"), line("b", group_id="g1", created_at=0)
    assert given(*twice, groups=["g1"]) == ["b", "a"]


def test_a_line_that_adds_replaces_nothing_and_is_not_replaced() -> None:
    assert given(line("all"), line("user", user_id="alice", adds=True)) == ["all", "user"]
    assert given(line("all", adds=True), line("user", user_id="alice")) == ["all", "user"]


def test_another_attribute_or_tag_is_not_replaced() -> None:
    first, second = Shape(path=(64,), head="01"), Shape(path=(64,), head="02")
    vendor = Shape(path=(64,), vendor=9)
    lines = [line("1", first), line("2", second), line("v", vendor), line("own", first, user_id="alice")]
    assert given(*lines) == ["2", "own", "v"]


def test_nothing_is_read_where_there_is_nothing() -> None:
    assert not Replies()
    assert not Replies().names_groups
    assert Replies(has_own=True)
    assert Replies((line("g", group_id="g1"),)).names_groups
    assert not Replies((line("all"),)).names_groups
