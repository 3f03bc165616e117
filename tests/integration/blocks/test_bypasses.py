"""One-time bypasses: one second factor, once, after the first, and never for more than that."""

from __future__ import annotations

import asyncio

import pytest

from tests.houses import PASSWORD, TENANT, Person, TestHouse
from vestibule.interfaces.transaction.blocks import BypassFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM, NotAllowed, self_of
from vestibule.model.bypass import Bypass, BypassState
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import Role
from vestibule.model.verification import Reason
from vestibule.services.bypasses import NewBypass
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.sessions import SignedIn


async def bypass(house: TestHouse, person: Person, reason: str = "Phone forgotten", **more: object) -> Bypass:
    wanted = NewBypass(reason=reason, **more)  # type: ignore[arg-type]  # few words
    return await house.services.bypasses.make(SYSTEM, TENANT, person.user.user_id, wanted)


async def listed(house: TestHouse) -> list[Bypass]:
    return list((await house.services.bypasses.list(SYSTEM, TENANT, BypassFilter(), Page())).rows)


async def portal(house: TestHouse) -> None:
    await house.services.setup.ensure_portal(TENANT)
    house.doors["portal"] = f"portal@{TENANT}"


async def signed_in(house: TestHouse, password: str = PASSWORD, passcode: object = None) -> SignedIn:
    progress = await house.start("alice", password, passcode, door="portal")  # type: ignore[arg-type]  # a passcode
    assert progress.is_approved, progress.reason
    token = await house.services.sessions.begin(progress.verification)
    found = await house.services.sessions.find(token.reveal(), "portal")
    assert found is not None
    return found


async def test_the_next_sign_in_needs_no_second_factor_and_the_one_after_it_does(house: TestHouse) -> None:
    """Inventory 1.15, 1.38."""
    alice = await house.add_person("Alice", phone="+4930123456")
    made = await bypass(house, alice)
    assert (made.seconds, made.expires_at - made.made_at) == (300, 300_000)
    first = await house.start("alice")
    assert (first.is_approved, first.reason) == (True, Reason.BYPASSED)
    assert first.verification.legacy_result == "SUCCESS_BYPASSED_AUTH"
    assert (await house.start("alice")).reason is Reason.PASSCODE_PENDING
    (row,) = await listed(house)
    assert (row.state, row.verification_id) == (BypassState.USED, first.verification.verification_id)
    assert (row.username, row.phone, row.actor_name, row.reason) == (
        "Alice",
        "+4930123456",
        "system",
        "Phone forgotten",
    )
    kinds = [e.kind for e in (await house.services.attempts.events(SYSTEM, TENANT, "bypass", Page())).rows]
    assert sorted(kinds) == ["bypass.made", "bypass.used"]


async def test_of_sixteen_sign_ins_at_once_on_two_nodes_one_is_let_in(
    nodes: tuple[TestHouse, TestHouse],
) -> None:
    """BYP-01: over every door there is."""
    first, second = nodes
    await portal(first)
    second.doors["portal"] = first.doors["portal"]
    await second.services.configuration.refresh()
    alice = await first.add_person("alice")
    await bypass(first, alice)
    progresses = await asyncio.gather(
        *(
            nodes[number % 2].start("alice", PASSWORD, door=("vpn", "checked", "portal")[number % 3])
            for number in range(16)
        )
    )
    assert [p.reason for p in progresses].count(Reason.BYPASSED) == 1
    assert sum(p.is_approved for p in progresses) == 1
    (row,) = await listed(first)
    assert row.state is BypassState.USED


async def test_without_the_first_factor_it_opens_nothing_and_stays(house: TestHouse) -> None:
    """BYP-02: nor for somebody else, after its time, or in another tenant."""
    alice = await house.add_person("Alice")
    await house.add_person("Bob")
    await bypass(house, alice)
    assert (await house.start("alice", "wrong")).reason is Reason.PASSWORD_WRONG
    assert (await house.start("alice", None)).reason is Reason.PASSWORD_MISSING
    assert (await house.start("bob")).reason is Reason.PASSCODE_PENDING
    elsewhere = house.services.bypasses.make(SYSTEM, SYSTEM_TENANT, alice.user.user_id, NewBypass(reason="x"))
    with pytest.raises(Refused, match="not_found"):
        await elsewhere
    house.clock.advance(300)
    assert (await house.start("alice")).reason is Reason.PASSCODE_PENDING
    (row,) = await listed(house)
    assert row.state_at(house.clock.now()) is BypassState.EXPIRED


async def test_it_holds_where_it_was_made_for(house: TestHouse) -> None:
    await house.add_application("mail")
    alice = await house.add_person("Alice")
    made = await bypass(house, alice, application_id="mail")
    assert made.application_name == "mail"
    assert (await house.start("alice", door="vpn")).reason is Reason.PASSCODE_PENDING
    assert (await house.start("alice", door="mail")).reason is Reason.BYPASSED


async def test_it_never_opens_the_console(house: TestHouse) -> None:
    house.doors["console"] = f"console@{SYSTEM_TENANT}"
    admin = await house.add_person("root", tenant_id=SYSTEM_TENANT, role=Role.ADMINISTRATOR)
    wanted = NewBypass(reason="x")
    await house.services.bypasses.make(SYSTEM, SYSTEM_TENANT, admin.user.user_id, wanted)
    assert (await house.start("root", door="console")).reason is Reason.PASSCODE_PENDING
    with pytest.raises(Refused, match="not_found"):
        await house.services.bypasses.make(
            SYSTEM, SYSTEM_TENANT, admin.user.user_id, NewBypass(reason="x", application_id="console")
        )


async def test_who_came_in_by_it_changes_no_factor(house: TestHouse) -> None:
    """BYP-04: his session has proven no second factor, so he must prove one first, or be given a pass."""
    await portal(house)
    alice = await house.add_person("Alice")
    await bypass(house, alice)
    session = await signed_in(house)
    assert not session.session.is_second_factor_proven
    assert not await house.services.sessions.may_enroll(session)
    await house.change_settings(own_bypass=True)
    with pytest.raises(Refused, match="not_possible"):
        await house.services.bypasses.make_own(session, NewBypass(reason="once more"))


async def test_no_step_of_the_clock_revives_it(house: TestHouse) -> None:
    """BYP-05: neither one that was over, nor one that was made while the clock was far ahead."""
    alice = await house.add_person("Alice")
    await bypass(house, alice)
    house.clock.advance(301)
    await house.services.housekeeping.expire()
    house.clock.advance(-200)
    assert (await house.start("alice")).reason is Reason.PASSCODE_PENDING
    house.clock.advance(10 * 365 * 86_400)
    await bypass(house, alice)
    house.clock.advance(-10 * 365 * 86_400)
    assert (await house.start("alice")).reason is Reason.PASSCODE_PENDING


async def test_a_sign_in_that_finds_it_over_ends_it(house: TestHouse) -> None:
    """BYP-05: no round of the worker is needed for that."""
    alice = await house.add_person("Alice")
    await bypass(house, alice)
    house.clock.advance(301)
    assert (await house.start("alice")).reason is Reason.PASSCODE_PENDING
    house.clock.advance(-200)
    assert (await house.start("alice")).reason is Reason.PASSCODE_PENDING


async def test_a_new_one_takes_the_place_of_the_one_before(house: TestHouse) -> None:
    alice = await house.add_person("Alice")
    await bypass(house, alice, "first")
    house.clock.advance(1)
    await bypass(house, alice, "second")
    assert (await house.start("alice")).reason is Reason.BYPASSED
    assert (await house.start("alice")).reason is Reason.PASSCODE_PENDING
    assert [(row.reason, row.state) for row in await listed(house)] == [
        ("second", BypassState.USED),
        ("first", BypassState.WITHDRAWN),
    ]


async def test_what_is_withdrawn_opens_nothing(house: TestHouse) -> None:
    alice = await house.add_person("Alice")
    bypasses, user_id = house.services.bypasses, alice.user.user_id
    with pytest.raises(Refused, match="no_bypass"):
        await bypasses.withdraw(SYSTEM, TENANT, user_id)
    await bypass(house, alice)
    await bypasses.withdraw(SYSTEM, TENANT, user_id)
    assert (await house.start("alice")).reason is Reason.PASSCODE_PENDING


async def test_a_reason_and_a_decent_time_are_asked_for(house: TestHouse) -> None:
    alice = await house.add_person("Alice")
    for more, why in (
        ({"reason": " "}, Refusal.REASON_MISSING),
        ({"seconds": 0}, Refusal.OUT_OF_BOUNDS),
        ({"seconds": 86_401}, Refusal.OUT_OF_BOUNDS),
        ({"application_id": "nowhere"}, Refusal.NOT_FOUND),
    ):
        with pytest.raises(Refused) as refused:
            await bypass(house, alice, **{"reason": "x", **more})  # type: ignore[arg-type]  # few words
        assert refused.value.why is why
    with pytest.raises(NotAllowed):
        await house.services.bypasses.make(
            self_of(TENANT, alice.user.user_id, "Alice"), TENANT, alice.user.user_id, NewBypass(reason="x")
        )


async def test_a_person_makes_one_for_himself_right_after_a_second_factor(house: TestHouse) -> None:
    """Inventory 1.15, 1.26: off until the tenant allows it."""
    await portal(house)
    alice = await house.add_person("alice", "hotp")
    session = await signed_in(house, PASSWORD, alice.passcode(0))
    own = house.services.bypasses.make_own
    with pytest.raises(Refused, match="not_possible"):
        await own(session, NewBypass(reason="travelling"))
    await house.change_settings(own_bypass=True)
    made = await own(session, NewBypass(reason="travelling", seconds=600))
    assert (made.actor, made.seconds) == (alice.user.user_id, 600)
    house.clock.advance(301)
    stale = SignedIn(session.session, session.user, is_fresh=False)
    with pytest.raises(Refused, match="not_possible"):
        await own(stale, NewBypass(reason="travelling"))
    assert (await house.start("alice")).reason is Reason.BYPASSED


async def test_a_block_takes_it_away_and_who_is_blocked_gets_none(house: TestHouse) -> None:
    alice = await house.add_person("Alice")
    await bypass(house, alice)
    blocks, user_id = house.services.blocks, alice.user.user_id
    await blocks.block(SYSTEM, TENANT, user_id, "stolen")
    with pytest.raises(Refused, match="user_blocked"):
        await bypass(house, alice)
    await blocks.lift(SYSTEM, TENANT, user_id, "found")
    assert (await house.start("alice")).reason is Reason.PASSCODE_PENDING
