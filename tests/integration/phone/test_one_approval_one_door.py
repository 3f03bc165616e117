"""An approval opens one door, once, and only for the newest request (CH-08, I1, RA-03 to RA-05, RA-25)."""

from __future__ import annotations

import asyncio

from tests.houses import TENANT
from tests.integration.phone.conftest import NUMBER, PhoneHouse
from tests.integration.phone.test_calls import Handset, add_callee
from tests.integration.phone.test_texts import passcode_in
from vestibule.interfaces.gateway import Reply
from vestibule.model.call import CallEventKind
from vestibule.model.verification import Reason, VerificationState
from vestibule.services.outcome import Progress

HERE = {"user_address": "192.0.2.1"}


async def call_of(phones: PhoneHouse) -> Handset:
    gateway, call = await phones.far.next_call()
    return Handset(gateway, call.delivery_id)


async def confirm(handset: Handset) -> None:
    await handset.answer()
    await handset.press("#")


async def test_a_typed_passcode_admits_nobody_after_whom_it_admitted(phones: PhoneHouse) -> None:
    """Who knows the password only must not follow somebody whose text was typed a moment ago."""
    alice = await phones.house.add_bare_person("Alice")
    await phones.house.add_phone(alice, "sms", number=NUMBER)
    first = await phones.house.start("alice", idempotency_key="a", **HERE)
    assert first.challenge is not None
    _, text = await phones.far.next_text()
    typed = await phones.house.answer("alice", first.challenge.challenge_id, passcode_in(text), **HERE)
    assert typed.is_approved
    follower = await phones.house.start("alice", idempotency_key="b", **HERE)
    assert follower.is_pending, "he is asked for a passcode of his own"


async def test_a_token_passcode_admits_nobody_after_whom_it_admitted(phones: PhoneHouse) -> None:
    alice = await phones.house.add_bare_person("Alice")
    token = await phones.house.add_authenticator(alice.user)
    first = await phones.house.start("alice", idempotency_key="a", **HERE)
    assert first.challenge is not None
    shown = token.passcode(phones.house.clock.now())
    typed = await phones.house.answer("alice", first.challenge.challenge_id, shown, **HERE)
    assert typed.is_approved
    await phones.house.add_phone(alice, "voice", number=NUMBER)
    await phones.house.change_user(alice, default_method="voice")
    follower = await phones.house.start("alice", idempotency_key="b", **HERE)
    assert follower.is_pending


async def test_who_typed_is_let_in_and_who_waited_is_not(phones: PhoneHouse) -> None:
    """Two requests of one sign-in, one typing, one waiting: one of them gets the accept."""
    alice = await phones.house.add_bare_person("Alice")
    await phones.house.add_phone(alice, "sms", number=NUMBER, two_way=True)
    token = await phones.house.add_authenticator(alice.user)
    await phones.house.change_user(alice, default_method="sms")
    first = await phones.house.start("alice", idempotency_key="a", **HERE)
    assert first.challenge is not None
    waiting = asyncio.create_task(phones.house.wait("alice", first, idempotency_key="a", **HERE))
    shown = token.passcode(phones.house.clock.now())
    typed = await phones.house.answer(
        "alice", first.challenge.challenge_id, shown, idempotency_key="b", **HERE
    )
    assert typed.is_approved
    assert await waiting is None


async def test_the_backup_phone_lets_in_who_waits(phones: PhoneHouse) -> None:
    """The waiting request stays the one that waits when another phone is called."""
    alice = await add_callee(phones)
    phones.house.clock.advance(1)
    await phones.house.add_phone(alice, "voice", number="+4930777777")
    first = await phones.house.start("alice", idempotency_key="a", **HERE)
    handset = await call_of(phones)
    waiting = asyncio.create_task(phones.house.wait("alice", first, idempotency_key="a", **HERE))
    await handset.tell(CallEventKind.BUSY)
    await confirm(await call_of(phones))
    ended = await waiting
    assert ended is not None
    assert ended.is_approved


async def test_a_backup_phone_that_was_quicker_than_the_look_lets_in_too(phones: PhoneHouse) -> None:
    """Whoever begins to wait when all is over knows only the first of the challenges."""
    alice = await add_callee(phones)
    phones.house.clock.advance(1)
    await phones.house.add_phone(alice, "voice", number="+4930777777")
    first = await phones.house.start("alice", idempotency_key="a", **HERE)
    handset = await call_of(phones)
    await handset.tell(CallEventKind.BUSY)
    await confirm(await call_of(phones))
    ended = await phones.house.wait("alice", first, idempotency_key="a", **HERE)
    assert ended is not None
    assert ended.is_approved


async def test_a_wrong_passcode_typed_while_the_phone_rings_goes_on_waiting(phones: PhoneHouse) -> None:
    alice = await add_callee(phones)
    await phones.house.add_authenticator(alice.user)
    await phones.house.change_user(alice, default_method="voice")
    first = await phones.house.start("alice", idempotency_key="a", **HERE)
    handset = await call_of(phones)
    assert first.challenge is not None
    typed = await phones.house.answer(
        "alice", first.challenge.challenge_id, "000000", idempotency_key="b", **HERE
    )
    assert typed.is_answered_elsewhere
    waiting = asyncio.create_task(phones.house.wait("alice", typed, idempotency_key="b", **HERE))
    await confirm(handset)
    ended = await waiting
    assert ended is not None
    assert ended.is_approved


async def test_enter_after_the_phone_was_answered_opens_the_door_once(phones: PhoneHouse) -> None:
    """The window said: answer your phone and press Enter here."""
    await add_callee(phones)
    first = await phones.house.start("alice", idempotency_key="a", **HERE)
    assert first.challenge is not None
    challenge_id = first.challenge.challenge_id
    unanswered = await phones.house.wait("alice", first, seconds=0, idempotency_key="a", **HERE)
    assert unanswered is not None
    assert unanswered.is_answered_elsewhere
    await confirm(await call_of(phones))
    entered = await phones.house.answer("alice", challenge_id, "", idempotency_key="b", **HERE)
    assert (entered.state, entered.reason) == (VerificationState.APPROVED, Reason.CALL_CONFIRMED)
    again = await phones.house.answer("alice", challenge_id, "", idempotency_key="c", **HERE)
    assert not again.is_approved
    assert (await phones.house.start("alice", idempotency_key="d", **HERE)).is_pending


async def test_what_was_typed_instead_of_enter_does_not_open_it(phones: PhoneHouse) -> None:
    await add_callee(phones)
    first = await phones.house.start("alice", idempotency_key="a", **HERE)
    assert first.challenge is not None
    await confirm(await call_of(phones))
    typed = await phones.house.answer(
        "alice", first.challenge.challenge_id, "123456", idempotency_key="b", **HERE
    )
    assert not typed.is_approved


async def test_who_gives_up_does_not_end_the_wait_of_the_newer_request(phones: PhoneHouse) -> None:
    """RA-03: a client that asked again elsewhere is not undone by the end of its first patience."""
    await add_callee(phones)
    first = await phones.house.start("alice", idempotency_key="a", **HERE)
    handset = await call_of(phones)
    second = await phones.house.start("alice", idempotency_key="b", **HERE)
    origin = phones.house.origin("alice", idempotency_key="a", **HERE)
    assert await phones.house.services.verifications.give_up(origin, first) is None
    await confirm(handset)
    ended = await phones.house.wait("alice", second, idempotency_key="b", **HERE)
    assert ended is not None
    assert ended.is_approved


async def test_who_gives_up_as_the_answer_comes_is_let_in_once(phones: PhoneHouse) -> None:
    await add_callee(phones)
    first = await phones.house.start("alice", idempotency_key="a", **HERE)
    await confirm(await call_of(phones))
    origin = phones.house.origin("alice", idempotency_key="a", **HERE)
    ended = await phones.house.services.verifications.give_up(origin, first)
    assert ended is not None
    assert ended.is_approved
    assert (await phones.house.start("alice", idempotency_key="b", **HERE)).is_pending


async def test_who_gives_up_ends_the_call(phones: PhoneHouse) -> None:
    """RA-25."""
    await add_callee(phones)
    first = await phones.house.start("alice", idempotency_key="a", **HERE)
    handset = await call_of(phones)
    origin = phones.house.origin("alice", idempotency_key="a", **HERE)
    ended = await phones.house.services.verifications.give_up(origin, first)
    assert ended is not None
    assert ended.state is VerificationState.CANCELED
    async with asyncio.timeout(5):
        assert await phones.far.hung_up.get() == handset.delivery_id


async def test_an_approval_that_was_looked_up_admits_nobody_else(phones: PhoneHouse) -> None:
    """A site that polls has had the accept; the next sign-in through it is another."""
    await add_callee(phones)
    first = await phones.house.start("alice")
    await confirm(await call_of(phones))
    row = first.verification
    found = await phones.house.services.verifications.find(TENANT, row.client_id, row.verification_id)
    assert found is not None
    assert found.is_approved
    assert (await phones.house.start("alice")).is_pending


async def begin_at_once(phones: PhoneHouse, *places: tuple[str, str]) -> list[Progress]:
    return await asyncio.gather(
        *(phones.house.start("alice", user_address=address, idempotency_key=key) for address, key in places)
    )


async def test_two_places_at_once_ring_one_phone_once(phones: PhoneHouse) -> None:
    """VOI-05: one call at a time to one person, also when nobody was first."""
    await add_callee(phones)
    both = await begin_at_once(phones, ("192.0.2.1", "a"), ("203.0.113.9", "b"))
    assert sorted(each.reason for each in both) == [Reason.CALL_PENDING, Reason.IN_PROGRESS]
    await phones.far.next_call()
    sent = await phones.house.store.read(lambda tx: tx.sent_challenges(TENANT, both[0].verification.user_id))
    assert len(sent) == 1


async def test_two_requests_of_one_sign_in_at_once_are_one(phones: PhoneHouse) -> None:
    """RA-03."""
    await add_callee(phones)
    both = await begin_at_once(phones, ("192.0.2.1", "a"), ("192.0.2.1", "b"))
    assert len({each.verification.verification_id for each in both}) == 1


async def test_a_reply_of_many_guesses_is_one_guess(phones: PhoneHouse) -> None:
    """I4, SMS-01: numbers are spoofed easily; a text of a hundred passcodes must not be a hundred tries."""
    alice = await phones.house.add_bare_person("Alice")
    await phones.house.add_phone(alice, "sms", number=NUMBER, two_way=True)
    await phones.house.start("alice")
    gateway, text = await phones.far.next_text()
    right = int(passcode_in(text))
    guesses = " ".join(f"{(right + number) % 10**6:06d}" for number in range(-60, 60))
    await gateway.inbox.reply(Reply(sender=NUMBER, recipient="", body=guesses))
    (attempt,) = await phones.house.attempts()
    assert not attempt.is_authenticated


async def test_only_the_gateway_that_placed_a_call_tells_of_it(phones: PhoneHouse) -> None:
    """A gateway that carries texts only must not be able to answer calls."""
    await phones.add_gateway("second", priority=99)
    await add_callee(phones)
    await phones.house.start("alice")
    handset = await call_of(phones)
    (liar,) = [
        each.gateway
        for each in phones.house.services.gateways.all(TENANT)
        if each.configured.gateway_id == "second"
    ]
    await confirm(Handset(liar, handset.delivery_id))  # type: ignore[arg-type]
    (attempt,) = await phones.house.attempts()
    assert attempt.state is VerificationState.PENDING
