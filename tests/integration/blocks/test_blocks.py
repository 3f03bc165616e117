"""Blocks: nobody who is blocked is let in or contacted, and what is under way ends with the block."""

from __future__ import annotations

import asyncio

import pytest

from tests.houses import PASSWORD, TENANT, Person, TestHouse
from tests.integration.phone.conftest import NUMBER, PhoneHouse
from vestibule.interfaces.transaction.blocks import BlockFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM, NotAllowed, self_of
from vestibule.model.block import DAY_MS, Block, BlockCause, BlockState
from vestibule.model.delivery import DeliveryState
from vestibule.model.event import Event
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import Role
from vestibule.model.verification import Reason, VerificationState
from vestibule.services.refusal import Refusal, Refused


async def block(house: TestHouse, person: Person, reason: str = "Phone stolen", **more: object) -> Block:
    blocks = house.services.blocks
    return await blocks.block(SYSTEM, TENANT, person.user.user_id, reason, **more)  # type: ignore[arg-type]  # few words


async def events(house: TestHouse, kind: str) -> list[Event]:
    listed = await house.services.attempts.events(SYSTEM, TENANT, kind, Page())
    return list(listed.rows)


async def refusal(working: object) -> Refusal:
    with pytest.raises(Refused) as refused:
        await working  # type: ignore[misc]  # any coroutine
    return refused.value.why


async def test_who_is_blocked_is_denied_whatever_he_brings(house: TestHouse) -> None:
    """Inventory 1.17, 1.38: and the readers of reports see it under the name they know."""
    alice = await house.add_person("Alice")
    made = await block(house, alice)
    assert made.until - made.begun_at == 90 * DAY_MS
    for password, passcode in ((PASSWORD, alice.passcode(house.clock.now())), ("wrong", None)):
        denied = await house.start("alice", password, passcode)
        assert denied.reason is Reason.USER_BLOCKED
        assert denied.verification.legacy_result == "SUCCESS_USER_BLOCKED"
        assert not denied.verification.is_authenticated


async def test_a_block_ends_by_the_clock_of_the_database(house: TestHouse) -> None:
    alice = await house.add_person("Alice")
    await house.change_settings(block_days=7)
    await block(house, alice)
    house.clock.advance(7 * 86_400 - 1)
    assert (await house.start("alice")).reason is Reason.USER_BLOCKED
    house.clock.advance(1)
    assert (await house.start("alice", PASSWORD, alice.passcode(house.clock.now()))).is_approved
    (row,) = (await house.services.blocks.list(SYSTEM, TENANT, BlockFilter(), Page())).rows
    assert row.state(house.clock.now()) is BlockState.EXPIRED
    await block(house, alice)
    assert (await house.start("alice")).reason is Reason.USER_BLOCKED


async def test_both_ends_of_a_block_have_a_reason_and_are_recorded(house: TestHouse) -> None:
    alice = await house.add_person("Alice")
    blocks, user_id = house.services.blocks, alice.user.user_id
    assert await refusal(blocks.block(SYSTEM, TENANT, user_id, "  ")) is Refusal.REASON_MISSING
    await block(house, alice)
    assert await refusal(block(house, alice)) is Refusal.ALREADY_BLOCKED
    assert await refusal(blocks.lift(SYSTEM, TENANT, user_id, "")) is Refusal.REASON_MISSING
    await blocks.lift(SYSTEM, TENANT, user_id, "The phone was found")
    assert await refusal(blocks.lift(SYSTEM, TENANT, user_id, "again")) is Refusal.NOT_BLOCKED
    (begun,) = await events(house, "user.blocked")
    (ended,) = await events(house, "user.unblocked")
    assert (begun.facts["cause"], begun.facts["reason"]) == ("hand", "Phone stolen")
    assert (ended.subject_name, ended.facts) == ("Alice", {"reason": "The phone was found"})
    (row,) = (await blocks.list(SYSTEM, TENANT, BlockFilter(text="al"), Page())).rows
    assert (row.username, row.actor_name, row.cause) == ("Alice", "system", BlockCause.HAND)
    assert (row.ended_by_name, row.end_reason) == ("system", "The phone was found")
    assert row.state(house.clock.now()) is BlockState.LIFTED
    assert not (await blocks.list(SYSTEM, TENANT, BlockFilter(is_active=True), Page())).rows
    assert (await house.start("alice", PASSWORD, alice.passcode(house.clock.now()))).is_approved


async def test_a_block_ends_sessions_and_open_challenges_on_every_node(
    nodes: tuple[TestHouse, TestHouse],
) -> None:
    first, second = nodes
    await first.services.setup.ensure_portal(TENANT)
    first.doors["portal"] = second.doors["portal"] = f"portal@{TENANT}"
    await second.services.configuration.refresh()
    alice = await first.add_person("alice", "hotp")
    progress = await first.start("alice", PASSWORD, alice.passcode(0), door="portal")
    token = await first.services.sessions.begin(progress.verification)
    asked = await second.start("alice")
    assert asked.challenge is not None
    await block(first, alice)
    assert await second.services.sessions.find(token.reveal(), "portal") is None
    late = await second.answer("alice", asked.challenge.challenge_id, alice.passcode(0))
    assert not late.is_approved
    stored = await second.store.read(lambda tx: tx.verification(TENANT, asked.verification.verification_id))
    assert stored is not None
    assert (stored.state, stored.reason) == (VerificationState.DENIED, Reason.USER_BLOCKED)


async def test_a_block_races_with_a_sign_in_and_one_of_them_is_first(house: TestHouse) -> None:
    """Whatever is approved was approved before the block; nothing comes after it."""
    alice = await house.add_person("alice", "hotp")
    passcodes = [alice.passcode(0) for _ in range(8)]
    signing_in = [house.start("alice", PASSWORD, passcode) for passcode in passcodes]
    await asyncio.gather(*signing_in, block(house, alice))
    (held,) = (await house.services.blocks.list(SYSTEM, TENANT, BlockFilter(), Page())).rows
    approved = [a for a in await house.attempts() if a.state is VerificationState.APPROVED]
    assert all((attempt.decided_at or 0) <= held.begun_at for attempt in approved)
    assert (await house.start("alice", PASSWORD, alice.passcode(0))).reason is Reason.USER_BLOCKED


async def test_who_is_blocked_is_neither_called_nor_texted(phones: PhoneHouse) -> None:
    house = phones.house
    alice = await house.add_bare_person("Alice")
    await house.add_phone(alice, "sms", number=NUMBER)
    await block(house, alice)
    assert (await house.start("alice")).reason is Reason.USER_BLOCKED
    assert phones.far.errands == []


async def test_a_call_that_rings_is_ended_by_the_block(phones: PhoneHouse) -> None:
    house = phones.house
    alice = await house.add_bare_person("Alice")
    await house.add_phone(alice, "voice", number=NUMBER)
    progress = await house.start("alice")
    _, call = await phones.far.next_call()
    await block(house, alice)
    async with asyncio.timeout(10):
        assert await phones.far.hung_up.get() == call.delivery_id
    ended = await house.wait("alice", progress)
    assert ended is not None
    assert (ended.state, ended.reason) == (VerificationState.DENIED, Reason.USER_BLOCKED)


async def test_what_waits_to_be_sent_is_dropped_with_the_block(house: TestHouse) -> None:
    """Nobody sends here, so the text waits until the block; no later worker sends it."""
    alice = await house.add_bare_person("Alice")
    await house.add_phone(alice, "sms", number=NUMBER)
    asked = await house.start("alice")
    assert asked.challenge is not None
    challenge_id = asked.challenge.challenge_id
    await block(house, alice)
    (delivery,) = await house.store.read(lambda tx: tx.deliveries_of(TENANT, challenge_id))
    assert (delivery.state, delivery.sealed_body) == (DeliveryState.DROPPED, b"")


async def test_the_number_that_is_blocked_with_him_is_dialed_for_nobody(phones: PhoneHouse) -> None:
    """Inventory 1.17: two people share a number; the one who is not blocked signs in by something else."""
    house = phones.house
    alice = await house.add_bare_person("Alice")
    bob = await house.add_bare_person("Bob")
    for person in (alice, bob):
        await house.add_phone(person, "sms", number=NUMBER)
    made = await block(house, alice, phone=NUMBER)
    assert made.phone == NUMBER
    denied = await house.start("bob")
    assert (denied.reason, phones.far.errands) == (Reason.USER_BLOCKED, [])
    app = await house.add_authenticator(bob.user)
    assert (await house.start("bob")).reason is Reason.PASSCODE_PENDING
    assert (await house.start("bob", PASSWORD, app.passcode(house.clock.now()))).is_approved
    await house.services.blocks.lift(SYSTEM, TENANT, alice.user.user_id, "found")
    await house.services.users.set_default_method(SYSTEM, TENANT, bob.user.user_id, "sms")
    await house.start("bob")
    await phones.far.next_text()


async def test_a_block_holds_for_no_number_that_is_not_his(house: TestHouse) -> None:
    alice = await house.add_person("Alice")
    assert await refusal(block(house, alice, phone="+4930999999")) is Refusal.PHONE_NOT_HELD
    assert await refusal(block(house, alice, days=0)) is Refusal.OUT_OF_BOUNDS


async def test_the_last_administrator_is_not_blocked(house: TestHouse) -> None:
    admin = await house.add_person("root", tenant_id=SYSTEM_TENANT, role=Role.ADMINISTRATOR)
    blocking = house.services.blocks.block(SYSTEM, SYSTEM_TENANT, admin.user.user_id, "why not")
    assert await refusal(blocking) is Refusal.LAST_ADMINISTRATOR


async def test_nobody_blocks_or_lifts_who_does_not_administer_the_tenant(house: TestHouse) -> None:
    """TEN-01: another tenant's person is not there."""
    alice = await house.add_person("Alice")
    himself = self_of(TENANT, alice.user.user_id, "Alice")
    for working in (
        house.services.blocks.block(himself, TENANT, alice.user.user_id, "x"),
        house.services.blocks.lift(himself, TENANT, alice.user.user_id, "x"),
        house.services.blocks.list(himself, TENANT, BlockFilter(), Page()),
    ):
        with pytest.raises(NotAllowed):
            await working
    elsewhere = house.services.blocks.block(SYSTEM, SYSTEM_TENANT, alice.user.user_id, "x")
    assert await refusal(elsewhere) is Refusal.NOT_FOUND
