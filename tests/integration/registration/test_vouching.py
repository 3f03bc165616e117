"""Whoever knows the password first does not simply take the account: what vouches for a registration."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from tests.houses import TENANT, Person
from tests.integration.registration.desk import LONG_AGO, Desk
from vestibule.crypto.secret import Secret
from vestibule.interfaces.store import Transaction
from vestibule.model.actor import SYSTEM
from vestibule.model.voucher import Vouch
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.sessions import SignedIn

NETWORK = "192.0.2.0/24"


async def newcomer(desk: Desk, name: str = "Alice") -> Person:
    """Somebody who has registered nothing, when the window for all is over."""
    person = await desk.house.add_bare_person(name)
    desk.house.clock.advance(LONG_AGO)
    return person


async def may_enroll(desk: Desk, signed_in: SignedIn) -> bool:
    return await desk.house.services.sessions.may_enroll(await desk.again(signed_in))


async def letter(desk: Desk, person: Person) -> str:
    vouchers = desk.house.services.vouchers
    return (await vouchers.make_code(SYSTEM, TENANT, person.user.user_id)).reveal()


async def why_refused(desk: Desk, signed_in: SignedIn, code: str) -> Refusal | None:
    try:
        await desk.house.services.vouching.use_code(signed_in.session, Secret(code))
    except Refused as refused:
        return refused.why
    return None


async def test_the_password_alone_registers_nothing(desk: Desk) -> None:
    """ENR-02: not after the window, whatever is asked of him."""
    await newcomer(desk)
    assert not await may_enroll(desk, await desk.sign_in("alice"))


async def test_a_new_tenant_is_open_for_a_fortnight(desk: Desk) -> None:
    """So that a small office begins in an evening; then it closes by itself."""
    await desk.house.add_bare_person("Alice")
    desk.house.clock.advance(13 * 24 * 3600)
    assert await may_enroll(desk, await desk.sign_in("alice"))
    desk.house.clock.advance(2 * 24 * 3600)
    assert not await may_enroll(desk, await desk.sign_in("alice"))


async def test_the_window_is_open_to_the_end_of_its_last_day(desk: Desk) -> None:
    await newcomer(desk)
    await desk.house.change_settings(registration_open_until="2027-02-04")  # today, by the clock of the house
    signed_in = await desk.sign_in("alice")
    assert await may_enroll(desk, signed_in)
    await desk.house.change_settings(registration_open_until="2027-02-03")
    assert not await may_enroll(desk, signed_in)
    await desk.house.change_settings(registration_open_until="2027-02-04", vouching=(Vouch.LETTER,))
    assert not await may_enroll(desk, signed_in)


async def test_a_trusted_network_vouches_for_who_is_in_it(desk: Desk) -> None:
    await newcomer(desk)
    await desk.house.change_settings(trusted_addresses=(NETWORK,))
    assert not await may_enroll(desk, await desk.sign_in("alice", address="198.51.100.7"))
    assert not await may_enroll(desk, await desk.sign_in("alice", address=""))
    signed_in = await desk.sign_in("alice", address="192.0.2.9")
    assert await may_enroll(desk, signed_in)
    await desk.house.change_settings(vouching=(Vouch.LETTER,))
    assert not await may_enroll(desk, signed_in)


async def test_a_code_vouches_once_in_one_session(desk: Desk) -> None:
    """ENR-01: one device, one use."""
    alice = await newcomer(desk)
    code = await letter(desk, alice)
    first, second = await desk.sign_in("alice"), await desk.sign_in("alice")
    assert await why_refused(desk, first, code.lower()) is None
    assert await why_refused(desk, second, code) is Refusal.CODE_WRONG
    assert await may_enroll(desk, first)
    assert not await may_enroll(desk, second)
    await desk.register(await desk.again(first))
    assert await why_refused(desk, second, code) is Refusal.CODE_WRONG


async def test_a_code_counts_once_however_many_try_it_at_once(desk: Desk) -> None:
    """ENR-01: racer."""
    alice = await newcomer(desk)
    code = await letter(desk, alice)
    sessions = [await desk.sign_in("alice") for _ in range(6)]
    results = await asyncio.gather(*(why_refused(desk, each, code) for each in sessions))
    assert sum(result is None for result in results) == 1
    assert sum([await may_enroll(desk, each) for each in sessions]) == 1


async def test_a_code_is_for_one_person_for_some_days_and_the_newest_only(desk: Desk) -> None:
    """ENR-01: forwarded, expired, replaced."""
    alice, _ = await newcomer(desk), await desk.house.add_bare_person("Bob")
    old = await letter(desk, alice)
    code = await letter(desk, alice)
    assert await why_refused(desk, await desk.sign_in("bob"), code) is Refusal.CODE_WRONG
    assert await why_refused(desk, await desk.sign_in("alice"), old) is Refusal.CODE_WRONG
    desk.house.clock.advance(15 * 24 * 3600)
    assert await why_refused(desk, await desk.sign_in("alice"), code) is Refusal.CODE_WRONG


async def test_guesses_at_a_code_are_counted(desk: Desk) -> None:
    """ENR-01: as guesses at a passcode are, and with them."""
    alice = await newcomer(desk)
    code = await letter(desk, alice)
    await desk.house.change_settings(lockout_threshold=3)
    signed_in = await desk.sign_in("alice")
    for guess in ("", "AAAAA-AAAAA", "ZZZZZ-ZZZZZ"):
        assert await why_refused(desk, signed_in, guess) is Refusal.CODE_WRONG
    assert await why_refused(desk, signed_in, code) is Refusal.LOCKED_OUT
    assert not await may_enroll(desk, signed_in)
    desk.house.clock.advance(901)
    again = await desk.sign_in("alice")
    assert await why_refused(desk, again, code) is None


async def test_a_code_is_stored_as_a_keyed_hash(desk: Desk) -> None:
    alice = await newcomer(desk)
    code = await letter(desk, alice)
    (voucher,) = await desk.house.store.read(lambda tx: tx.vouchers_of(TENANT, alice.user.user_id))
    assert code not in repr(voucher)
    assert len(voucher.code_hash) == 64


async def test_the_help_desk_opens_a_window_for_one_person(desk: Desk) -> None:
    alice, _ = await newcomer(desk), await desk.house.add_bare_person("Bob")
    vouchers = desk.house.services.vouchers
    await vouchers.open_window(SYSTEM, TENANT, alice.user.user_id, 2)
    assert await may_enroll(desk, await desk.sign_in("alice"))
    assert not await may_enroll(desk, await desk.sign_in("bob"))
    desk.house.clock.advance(2 * 3600)
    assert not await may_enroll(desk, await desk.sign_in("alice"))
    for hours in (0, 73):
        with pytest.raises(Refused) as refused:
            await vouchers.open_window(SYSTEM, TENANT, alice.user.user_id, hours)
        assert refused.value.why is Refusal.OUT_OF_BOUNDS


async def test_what_was_given_out_is_withdrawn(desk: Desk) -> None:
    alice = await newcomer(desk)
    vouchers, user_id = desk.house.services.vouchers, alice.user.user_id
    code = await letter(desk, alice)
    await vouchers.open_window(SYSTEM, TENANT, user_id, 2)
    assert {each.vouch for each in await vouchers.standing(SYSTEM, TENANT, user_id)} == {
        Vouch.LETTER,
        Vouch.HELP_DESK,
    }
    await vouchers.withdraw(SYSTEM, TENANT, user_id)
    signed_in = await desk.sign_in("alice")
    assert not await may_enroll(desk, signed_in)
    assert await why_refused(desk, signed_in, code) is Refusal.CODE_WRONG


async def test_a_way_that_is_switched_off_is_neither_given_nor_taken(desk: Desk) -> None:
    alice = await newcomer(desk)
    vouchers, user_id = desk.house.services.vouchers, alice.user.user_id
    await vouchers.open_window(SYSTEM, TENANT, user_id, 2)
    signed_in = await desk.sign_in("alice")
    await desk.house.change_settings(vouching=(Vouch.TRUSTED_NETWORK,))
    assert not await may_enroll(desk, signed_in)
    with pytest.raises(Refused) as refused:
        await letter(desk, alice)
    assert refused.value.why is Refusal.VOUCHING_OFF


async def test_nothing_vouches_for_who_has_a_second_factor(desk: Desk) -> None:
    """ENR-02: he proves it. Neither network, nor code, nor window stands for it."""
    alice = await desk.house.add_person("Alice")
    await desk.house.change_settings(trusted_addresses=(NETWORK,))
    await desk.house.services.vouchers.open_window(SYSTEM, TENANT, alice.user.user_id, 2)
    code = await letter(desk, alice)
    progress = await desk.house.start("alice", passcode=alice.passcode(desk.house.clock.now()), door="portal")
    signed_in = await desk.begin(progress.verification, "192.0.2.9")
    unproven = await forget_proof(desk, signed_in)
    assert await why_refused(desk, unproven, code) is None
    assert not await may_enroll(desk, unproven)


async def test_a_temporary_pass_vouches_for_a_first_registration(desk: Desk) -> None:
    """Who gave it vouches for him: with it he goes the whole way, and without it nowhere."""
    alice = await newcomer(desk)
    made = await desk.house.services.passes.make(SYSTEM, TENANT, alice.user.user_id, 10)
    without = await desk.house.start("alice", door="portal")
    assert not without.is_approved
    signed_in = await desk.sign_in("alice", made.shown[0])
    assert await may_enroll(desk, signed_in)
    finished = await desk.register(signed_in)
    assert (finished.default_method, finished.registering_since) == ("totp", 0)


@pytest.mark.parametrize("is_spent", [True, False])
async def test_a_pass_that_is_over_is_nothing_that_he_holds(desk: Desk, is_spent: bool) -> None:
    """ENR-02: nobody has to withdraw it before something else can vouch for him; by itself it vouches for
    nothing any more."""
    alice = await newcomer(desk)
    made = await desk.house.services.passes.make(SYSTEM, TENANT, alice.user.user_id, 10)
    if is_spent:
        await desk.sign_in("alice", made.shown[0])
    else:
        desk.house.clock.advance(10 * 60)
    signed_in = await desk.sign_in("alice")
    assert not (await desk.standing(signed_in)).is_enrolled
    assert not await may_enroll(desk, signed_in)
    assert await why_refused(desk, signed_in, await letter(desk, alice)) is None
    await desk.register(signed_in)


async def test_who_was_given_a_pass_is_still_a_newcomer_when_it_is_over(desk: Desk) -> None:
    alice = await desk.house.add_bare_person("Alice")
    await desk.house.services.passes.make(SYSTEM, TENANT, alice.user.user_id, 10)
    desk.house.clock.advance(10 * 60)
    assert await may_enroll(desk, await desk.sign_in("alice"))


async def test_a_bypass_vouches_for_nothing(desk: Desk) -> None:
    """BYP-04: it lets him in, and registers no new method."""
    alice = await desk.house.add_person("Alice")
    await desk.house.change_user(alice, bypass_until=desk.house.clock.now() + 300_000)
    bare = await newcomer(desk, "Bob")
    await desk.house.change_user(bare, bypass_until=desk.house.clock.now() + 300_000)
    assert not await may_enroll(desk, await desk.sign_in("bob"))


async def forget_proof(desk: Desk, signed_in: SignedIn) -> SignedIn:
    """The session of who came in by what stood for his second factor."""

    async def body(tx: Transaction) -> None:
        session = await tx.session(signed_in.session.token_hash)
        assert session is not None
        assert await tx.replace_session(msgspec.structs.replace(session, is_second_factor_proven=False))

    await desk.house.store.transact(body)
    return await desk.again(signed_in)
