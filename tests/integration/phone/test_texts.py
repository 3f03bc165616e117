"""Texts as a second factor: sent once, typed or replied, judged, and ended as they should be."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from tests.houses import TENANT, Person
from tests.integration.phone.conftest import NUMBER, PhoneHouse
from tests.peers.far_end import FarEnd, takes
from tests.until import until_read
from vestibule.interfaces.gateway import Errand, NotSent, Receipt, Reply, Sending, Text, Unsure
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind
from vestibule.model.delivery import DeliveryState
from vestibule.model.verification import Channel, Reason, TraceLine, VerificationState
from vestibule.services.outcome import Progress


async def _with_phone(phones: PhoneHouse, name: str, number: str = NUMBER, two_way: bool = False) -> Person:
    person = await phones.house.add_bare_person(name)
    await phones.house.add_phone(person, "sms", number=number, two_way=two_way)
    return person


def passcode_in(text: Text) -> str:
    found = re.search(r"\d{6}", text.body.reveal())
    assert found is not None
    return found[0]


async def begin(phones: PhoneHouse, name: str = "alice", **origin: Any) -> Progress:
    return await phones.house.start(name, **origin)


async def test_the_texted_passcode_opens_the_door(phones: PhoneHouse) -> None:
    await _with_phone(phones, "Alice")
    progress = await begin(phones)
    assert (progress.state, progress.reason) == (VerificationState.PENDING, Reason.TEXT_PENDING)
    assert progress.verification.legacy_result == "SUCCESS_SMS_SENT"
    assert progress.challenge is not None
    assert progress.challenge.channel is Channel.TYPED
    _, text = await phones.far.next_text()
    assert text.to == NUMBER
    assert "vpn" in text.body.reveal()
    ended = await phones.house.answer("alice", progress.challenge.challenge_id, passcode_in(text))
    assert (ended.state, ended.reason) == (VerificationState.APPROVED, Reason.TEXT_VERIFIED)
    (attempt,) = await phones.house.attempts()
    assert (attempt.method, attempt.phone) == ("sms", NUMBER), "S6: the number is recorded"
    assert attempt.legacy_result == "SUCCESS_SMS_AUTHENTICATED"


async def test_a_text_may_speak_another_language_than_pages(phones: PhoneHouse) -> None:
    """1.33."""
    alice = await _with_phone(phones, "Alice")
    await phones.house.change_user(alice, language="en", language_text="de")
    progress = await begin(phones)
    _, text = await phones.far.next_text()
    assert "Ihr Code" in text.body.reveal()
    assert progress.language == "de"


async def test_nothing_is_sent_before_the_password_is_right(phones: PhoneHouse) -> None:
    """SMS-10."""
    await _with_phone(phones, "Alice")
    await phones.house.start("alice", password="wrong")
    await phones.house.start("nobody")
    await phones.house.start("alice")
    await phones.far.next_text()
    assert len(phones.far.errands) == 1


async def test_a_texted_passcode_works_once_and_only_for_its_challenge(phones: PhoneHouse) -> None:
    await _with_phone(phones, "Alice")
    first = await begin(phones, user_address="192.0.2.1")
    assert first.challenge is not None
    _, text = await phones.far.next_text()
    second = await begin(phones, user_address="192.0.2.2")
    assert second.challenge is not None
    _, newer = await phones.far.next_text()
    old = await phones.house.answer("alice", first.challenge.challenge_id, passcode_in(text))
    assert old.reason is Reason.CHALLENGE_UNKNOWN, "only the newest counts"
    crossed = await phones.house.answer("alice", second.challenge.challenge_id, passcode_in(text))
    assert crossed.reason is Reason.TEXT_WRONG
    right = await phones.house.answer("alice", second.challenge.challenge_id, passcode_in(newer))
    assert right.is_approved
    again = await phones.house.answer("alice", second.challenge.challenge_id, passcode_in(newer))
    assert again.reason is Reason.CHALLENGE_UNKNOWN


@pytest.mark.parametrize("two_way", [False, True])
async def test_a_typed_passcode_lets_in_one_request(phones: PhoneHouse, two_way: bool) -> None:
    """RA-05, CH-08: whoever knows the password alone and asks a moment later from the same place is asked."""
    await _with_phone(phones, "Alice", two_way=two_way)
    progress = await begin(phones)
    assert progress.challenge is not None
    _, text = await phones.far.next_text()
    typed = await phones.house.answer("alice", progress.challenge.challenge_id, passcode_in(text))
    assert typed.is_approved
    later = await begin(phones)
    assert later.state is VerificationState.PENDING
    assert later.challenge is not None
    assert later.challenge.challenge_id != progress.challenge.challenge_id


async def test_wrong_passcodes_spend_the_tries(phones: PhoneHouse) -> None:
    await _with_phone(phones, "Alice")
    progress = await begin(phones)
    assert progress.challenge is not None
    _, text = await phones.far.next_text()
    wrong = f"{(int(passcode_in(text)) + 1) % 10**6:06d}"
    reasons = [
        (await phones.house.answer("alice", progress.challenge.challenge_id, wrong)).reason for _ in range(3)
    ]
    assert reasons == [Reason.TEXT_WRONG, Reason.TEXT_WRONG, Reason.TEXT_TRIES_SPENT]
    (attempt,) = await phones.house.attempts()
    assert attempt.legacy_result == "FAILED_SMS_MAX_OTP_RETRY_REACHED"


@pytest.mark.parametrize(("seconds", "is_in_time"), [(299, True), (301, False)])
async def test_a_text_lives_five_minutes(phones: PhoneHouse, seconds: int, is_in_time: bool) -> None:
    """S52, S54."""
    await _with_phone(phones, "Alice")
    progress = await begin(phones)
    assert progress.challenge is not None
    _, text = await phones.far.next_text()
    phones.house.clock.advance(seconds)
    ended = await phones.house.answer("alice", progress.challenge.challenge_id, passcode_in(text))
    assert ended.is_approved is is_in_time


async def test_a_reply_with_the_passcode_opens_the_door(phones: PhoneHouse) -> None:
    await _with_phone(phones, "Alice", two_way=True)
    progress = await begin(phones)
    assert progress.is_answered_elsewhere
    gateway, text = await phones.far.next_text()
    waiting = asyncio.create_task(phones.house.wait("alice", progress))
    await gateway.inbox.reply(
        Reply(
            sender=NUMBER, recipient="+1555", body=f" {passcode_in(text)[:3]} {passcode_in(text)[3:]} \u2764"
        )
    )
    ended = await waiting
    assert ended is not None
    assert (ended.state, ended.reason) == (VerificationState.APPROVED, Reason.TEXT_VERIFIED)


async def test_a_reply_from_another_number_answers_nothing(phones: PhoneHouse) -> None:
    """SMS-01."""
    await _with_phone(phones, "Alice", two_way=True)
    await begin(phones)
    gateway, text = await phones.far.next_text()
    await gateway.inbox.reply(Reply(sender="+4930999999", recipient="", body=passcode_in(text)))
    (attempt,) = await phones.house.attempts()
    assert attempt.state is VerificationState.PENDING


async def test_one_phone_of_two_people_answers_for_whom_it_was_asked(phones: PhoneHouse) -> None:
    """SMS-02: the number alone decides nothing."""
    for name in ("Alice", "Bob"):
        await _with_phone(phones, name, two_way=True)
    first, second = await begin(phones), await begin(phones, "bob")
    del first
    texts = [await phones.far.next_text(), await phones.far.next_text()]
    (bobs,) = [text for _, text in texts if await _belongs(phones, text, second)]
    await texts[0][0].inbox.reply(Reply(sender=NUMBER, recipient="", body=passcode_in(bobs)))
    states = {a.username: a.state for a in await phones.house.attempts()}
    assert states == {"Alice": VerificationState.PENDING, "Bob": VerificationState.APPROVED}


async def _belongs(phones: PhoneHouse, text: Text, progress: Progress) -> bool:
    assert progress.challenge is not None
    tenant_id, challenge_id = progress.challenge.tenant_id, progress.challenge.challenge_id
    found = await phones.house.store.read(lambda tx: tx.deliveries_of(tenant_id, challenge_id))
    return found[0].delivery_id == text.delivery_id


async def test_a_wrong_reply_is_counted_and_a_late_one_has_no_effect(phones: PhoneHouse) -> None:
    """SMS-03."""
    await _with_phone(phones, "Alice", two_way=True)
    progress = await begin(phones)
    gateway, text = await phones.far.next_text()
    wrong = f"{(int(passcode_in(text)) + 1) % 10**6:06d}"
    await gateway.inbox.reply(Reply(sender=NUMBER, recipient="", body=wrong))
    (attempt,) = await phones.house.attempts()
    assert (attempt.state, attempt.reason) == (VerificationState.PENDING, Reason.TEXT_WRONG)
    phones.house.clock.advance(301)
    await gateway.inbox.reply(Reply(sender=NUMBER, recipient="", body=passcode_in(text)))
    assert not (await phones.house.attempts())[0].is_authenticated
    del progress


async def test_the_second_gateway_is_used_when_the_first_is_dead(phones: PhoneHouse) -> None:
    """SMS-06."""
    await phones.add_gateway("second", priority=20)

    async def answer(gateway: FarEnd, errand: Errand) -> Sending:
        if gateway.gateway_id == "first":
            return NotSent("connection refused")
        return await takes(gateway, errand)

    phones.far.answer = answer
    await _with_phone(phones, "Alice")
    progress = await begin(phones)
    assert progress.challenge is not None
    (_, first), (by, second) = await phones.far.next_text(), await phones.far.next_text()
    assert by.gateway_id == "second"
    assert first.body.reveal() == second.body.reveal()
    assert (
        await phones.house.answer("alice", progress.challenge.challenge_id, passcode_in(second))
    ).is_approved


async def test_a_doubtful_text_is_sent_at_most_twice_with_one_passcode(phones: PhoneHouse) -> None:
    """SMS-05: accepted, but the answer was lost."""
    for number in range(3):
        await phones.add_gateway(f"other{number}", priority=20 + number)

    async def unsure(gateway: FarEnd, errand: Errand) -> Sending:
        return Unsure("no answer")

    phones.far.answer = unsure
    await _with_phone(phones, "Alice")
    progress = await begin(phones)
    assert progress.challenge is not None
    texts = [(await phones.far.next_text())[1] for _ in range(2)]
    assert len({text.body.reveal() for text in texts}) == 1
    assert (
        await phones.house.answer("alice", progress.challenge.challenge_id, passcode_in(texts[0]))
    ).is_approved
    assert len(phones.far.errands) == 2


async def test_a_text_that_nobody_can_send_ends_the_attempt(phones: PhoneHouse) -> None:
    """S46."""

    async def refuses(gateway: FarEnd, errand: Errand) -> Sending:
        return NotSent("no such number", is_final=True)

    phones.far.answer = refuses
    await _with_phone(phones, "Alice", two_way=True)
    progress = await begin(phones)
    ended = await phones.house.wait("alice", progress)
    assert ended is not None
    assert (ended.state, ended.reason) == (VerificationState.DENIED, Reason.TEXT_NOT_SENT)
    assert ended.verification.legacy_result == "FAILED_SMS_NOT_SENT"


async def test_a_failed_receipt_ends_the_attempt_and_receipts_may_come_twice(phones: PhoneHouse) -> None:
    """SMS-07."""
    await _with_phone(phones, "Alice")
    progress = await begin(phones)
    assert progress.challenge is not None
    gateway, text = await phones.far.next_text()
    reference = f"{gateway.gateway_id}:{text.delivery_id}"
    delivery = await _settled(phones, text.delivery_id)
    assert (delivery.state, delivery.sealed_body) == (DeliveryState.SENT, b""), "nothing of it is kept"
    await gateway.inbox.receipt(Receipt(reference="unknown", is_delivered=True))
    for _ in range(2):
        await gateway.inbox.receipt(Receipt(reference=reference, is_delivered=False, cause="absent"))
    (attempt,) = await phones.house.attempts()
    assert attempt.reason is Reason.TEXT_NOT_SENT
    ended = await phones.house.answer("alice", progress.challenge.challenge_id, passcode_in(text))
    assert not ended.is_approved


async def _settled(phones: PhoneHouse, delivery_id: str) -> Any:
    return await until_read(
        lambda: phones.house.store.read(lambda tx: tx.delivery(TENANT, delivery_id)),
        lambda found: found is not None and found.state is not DeliveryState.TAKEN,
    )


async def test_one_person_gets_only_so_many_texts(phones: PhoneHouse) -> None:
    """SMS-04."""
    await phones.house.change_settings(texts_per_hour=3)
    await _with_phone(phones, "Alice")
    reasons = [(await begin(phones, user_address=f"192.0.2.{number}")).reason for number in range(5)]
    assert reasons == [Reason.TEXT_PENDING] * 3 + [Reason.TEXT_NOT_SENT] * 2


async def test_only_numbers_of_the_allowed_beginnings_are_texted(phones: PhoneHouse) -> None:
    """SMS-04."""
    await phones.house.change_settings(calling_codes=("43", "41"))
    await _with_phone(phones, "Alice")
    assert (await begin(phones)).reason is Reason.TEXT_NOT_SENT


async def test_a_repeat_joins_and_a_stranger_is_refused(phones: PhoneHouse) -> None:
    """RA-01 to RA-05, VOI-05: one sign-in, one text; somebody elsewhere cannot ride on it."""
    await _with_phone(phones, "Alice", two_way=True)
    first = await begin(phones, user_address="192.0.2.1", idempotency_key="a")
    gateway, text = await phones.far.next_text()
    again = await begin(phones, user_address="192.0.2.1", idempotency_key="b")
    assert again.verification.verification_id == first.verification.verification_id
    stranger = await begin(phones, user_address="203.0.113.9", idempotency_key="c")
    assert (stranger.state, stranger.reason) == (VerificationState.DENIED, Reason.IN_PROGRESS)
    assert stranger.verification.legacy_result == "FAILED_PHONE_BUSY"
    old = asyncio.create_task(
        phones.house.wait("alice", first, user_address="192.0.2.1", idempotency_key="a")
    )
    new = asyncio.create_task(
        phones.house.wait("alice", again, user_address="192.0.2.1", idempotency_key="b")
    )
    await gateway.inbox.reply(Reply(sender=NUMBER, recipient="", body=passcode_in(text)))
    assert await old is None, "the newer request is answered instead"
    ended = await new
    assert ended is not None
    assert ended.is_approved
    assert len(phones.far.errands) == 1


async def test_an_approval_that_nobody_heard_lets_in_the_repeat_once(phones: PhoneHouse) -> None:
    """RA-03: over RADIUS, where a client that has lost patience asks anew without saying so."""
    await _with_phone(phones, "Alice", two_way=True)
    client = await phones.house.services.applications.add_client(
        SYSTEM, TENANT, "vpn", ClientKind.RADIUS, "concentrator", address="127.0.0.1/32"
    )
    phones.house.doors["vpn"] = client.client_id
    here = {"user_address": "192.0.2.1"}
    first = await begin(phones, idempotency_key="a", **here)
    del first
    gateway, text = await phones.far.next_text()
    await gateway.inbox.reply(Reply(sender=NUMBER, recipient="", body=passcode_in(text)))
    second = await begin(phones, idempotency_key="b", **here)
    assert second.is_approved, "whoever waited is gone"
    third = await begin(phones, idempotency_key="c", **here)
    assert third.is_pending, "it opened one door, once"


async def test_another_way_can_be_chosen_while_waiting(phones: PhoneHouse) -> None:
    """S37."""
    alice = await _with_phone(phones, "Alice", two_way=True)
    token = await phones.house.add_authenticator(alice.user)
    await phones.house.change_user(alice, default_method="sms")
    progress = await begin(phones)
    assert progress.is_answered_elsewhere
    await phones.far.next_text()
    assert progress.challenge is not None
    typed = await phones.house.answer("alice", progress.challenge.challenge_id, "passcode")
    assert typed.challenge is not None
    assert not typed.is_answered_elsewhere
    ended = await phones.house.answer(
        "alice", typed.challenge.challenge_id, token.passcode(phones.house.clock.now())
    )
    assert (ended.state, ended.reason) == (VerificationState.APPROVED, Reason.PASSCODE_VERIFIED)


async def test_another_way_waits_for_the_answer_to_another_sign_in(phones: PhoneHouse) -> None:
    """RA-02, VOI-05: the phone is asked for one sign-in at a time, also by whoever chooses it later."""
    alice = await _with_phone(phones, "Alice", two_way=True)
    token = await phones.house.add_authenticator(alice.user)
    here = await begin(phones, user_address="192.0.2.1")
    assert here.challenge is not None
    assert not here.is_answered_elsewhere, "the app is asked first"
    await phones.house.change_user(alice, default_method="sms")
    there = await begin(phones, user_address="192.0.2.2")
    assert there.is_answered_elsewhere
    await phones.far.next_text()
    refused = await phones.house.answer("alice", here.challenge.challenge_id, "sms")
    assert refused.is_pending
    assert refused.challenge is not None
    assert not refused.is_answered_elsewhere
    assert refused.verification.trace[-1] == TraceLine("challenge", "in_progress")
    assert len(phones.far.errands) == 1, "nothing more was sent"
    ended = await phones.house.answer(
        "alice", refused.challenge.challenge_id, token.passcode(phones.house.clock.now())
    )
    assert (ended.state, ended.reason) == (VerificationState.APPROVED, Reason.PASSCODE_VERIFIED)


async def test_a_typed_passcode_is_taken_while_a_reply_is_awaited(phones: PhoneHouse) -> None:
    alice = await _with_phone(phones, "Alice", two_way=True)
    token = await phones.house.add_authenticator(alice.user)
    await phones.house.change_user(alice, default_method="sms")
    progress = await begin(phones)
    assert progress.challenge is not None
    waiting = asyncio.create_task(phones.house.wait("alice", progress))
    ended = await phones.house.answer(
        "alice", progress.challenge.challenge_id, token.passcode(phones.house.clock.now())
    )
    assert ended.is_approved
    await waiting
