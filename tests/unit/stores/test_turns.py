"""TEN-04: who asks for much waits behind itself."""

from __future__ import annotations

import asyncio

import pytest

from vestibule.interfaces.store import Unavailable
from vestibule.stores.bodies import MOST_OF_ONE_TENANT, MOST_WAITING, Job
from vestibule.stores.turns import Turns


def waiting(*tenants: str) -> Turns:
    turns = Turns()
    for tenant_id in tenants:
        turns.add(job(tenant_id))
    return turns


def job(tenant_id: str) -> Job:
    async def body(_: object) -> None: ...

    return Job(body, asyncio.get_running_loop().create_future(), tenant_id)


def taken(turns: Turns, most: int) -> str:
    return "".join(each.tenant_id for each in turns.take(most))


@pytest.mark.parametrize(
    ("came", "most", "goes"),
    [
        ("aaaaab", 4, "abaa"),
        ("aaabbc", 6, "abcaba"),
        ("aaaa", 3, "aaa"),
        ("ab", 9, "ab"),
        ("", 9, ""),
    ],
)
async def test_tenants_take_turns(came: str, most: int, goes: str) -> None:
    """TEN-04"""
    turns = waiting(*came)
    assert taken(turns, most) == goes
    assert len(turns) == len(came) - len(goes)


async def test_whose_turn_it_is_next_is_kept() -> None:
    """TEN-04: with more tenants than one group holds, none is left out."""
    turns = waiting(*"aabbcc")
    assert [taken(turns, 2), taken(turns, 2), taken(turns, 2)] == ["ab", "ca", "bc"]


async def test_what_goes_again_goes_first_of_its_own() -> None:
    turns = waiting("a", "b")
    (first,) = turns.take(1)
    turns.add(job("a"))
    turns.add_again(first)
    assert turns.take(3)[1] is first


async def test_contested_is_what_two_wait_for() -> None:
    assert not waiting("a", "a").is_contested
    assert waiting("a", "b").is_contested


async def test_one_tenant_leaves_room_for_others() -> None:
    """TEN-04"""
    turns = waiting(*["a"] * MOST_OF_ONE_TENANT)
    with pytest.raises(Unavailable):
        turns.add(job("a"))
    turns.add(job("b"))


async def test_what_waits_is_bounded() -> None:
    turns = waiting(*[f"t{number}" for number in range(MOST_WAITING)])
    with pytest.raises(Unavailable):
        turns.add(job("one more"))


@pytest.mark.parametrize(
    ("came", "at_work", "most", "goes", "left"),
    [
        ("aabbc", "a", 9, "bcb", "aa"),
        ("aabbc", "a", 2, "bc", "aab"),
        ("aab", "ab", 9, "", "aba"),
        ("aab", "", 9, "", "aba"),
        ("", "a", 9, "", ""),
    ],
)
async def test_those_besides_who_is_at_work_are_taken_alone(
    came: str, at_work: str, most: int, goes: str, left: str
) -> None:
    """TEN-04"""
    turns = waiting(*came)
    assert turns.has_besides(set(at_work)) is bool(goes)
    assert "".join(each.tenant_id for each in turns.take_besides(set(at_work), most)) == goes
    assert len(turns) == len(left)
    assert sorted(taken(turns, 9)) == sorted(left)
