"""Texts with a PIN behind the passcode: both are judged, either one alone opens nothing (inventory 1.5)."""

from __future__ import annotations

import asyncio

import pytest

from tests.houses import TENANT, Person
from tests.integration.phone.conftest import NUMBER, PhoneHouse
from tests.integration.phone.test_calls import set_pin
from tests.integration.phone.test_texts import begin, passcode_in
from vestibule.crypto.secret import Secret
from vestibule.interfaces.gateway import Reply
from vestibule.model.actor import SYSTEM
from vestibule.model.verification import Reason, VerificationState

PIN = "739104628"


async def add_alice(phones: PhoneHouse, *, two_way: bool = False) -> Person:
    alice = await phones.house.add_bare_person("Alice")
    await phones.house.add_phone(alice, "sms", number=NUMBER, two_way=two_way, with_pin=True)
    await set_pin(phones, alice, PIN)
    return alice


def other(passcode: str) -> str:
    return f"{(int(passcode) + 1) % 10**6:06d}"


async def test_passcode_and_pin_together_open_the_door(phones: PhoneHouse) -> None:
    await add_alice(phones)
    progress = await begin(phones)
    _, text = await phones.far.next_text()
    assert "PIN" in text.body.reveal()
    assert progress.challenge is not None
    ended = await phones.house.answer("alice", progress.challenge.challenge_id, passcode_in(text) + PIN)
    assert (ended.state, ended.reason) == (VerificationState.APPROVED, Reason.TEXT_VERIFIED)
    assert PIN not in repr(await phones.house.attempts())


@pytest.mark.parametrize("behind", ["7392", "", "73", "73917391"])
async def test_the_right_passcode_with_a_wrong_pin_opens_nothing(phones: PhoneHouse, behind: str) -> None:
    await add_alice(phones)
    progress = await begin(phones)
    _, text = await phones.far.next_text()
    assert progress.challenge is not None
    wrong = await phones.house.answer("alice", progress.challenge.challenge_id, passcode_in(text) + behind)
    assert (wrong.state, wrong.reason) == (VerificationState.PENDING, Reason.TEXT_PIN_WRONG)
    assert wrong.verification.legacy_result == "FAILED_SMS_OTP_PIN_INCORRECT"
    right = await phones.house.answer("alice", progress.challenge.challenge_id, passcode_in(text) + PIN)
    assert right.is_approved


async def test_the_right_pin_behind_a_wrong_passcode_opens_nothing(phones: PhoneHouse) -> None:
    await add_alice(phones)
    progress = await begin(phones)
    _, text = await phones.far.next_text()
    assert progress.challenge is not None
    typed = other(passcode_in(text)) + PIN
    wrong = await phones.house.answer("alice", progress.challenge.challenge_id, typed)
    assert (wrong.state, wrong.reason) == (VerificationState.PENDING, Reason.TEXT_WRONG)


async def test_wrong_pins_lock_the_pin_whatever_the_passcode(phones: PhoneHouse) -> None:
    """VOI-10: every PIN is judged and counted, also behind a wrong passcode."""
    await phones.house.change_settings(lockout_threshold=2, challenge_tries=9)
    alice = await add_alice(phones)
    progress = await begin(phones)
    _, text = await phones.far.next_text()
    assert progress.challenge is not None
    for _ in range(2):
        await phones.house.answer("alice", progress.challenge.challenge_id, other(passcode_in(text)) + "1111")
    checked = await phones.house.services.pins.check(TENANT, alice.user.user_id, Secret(PIN))
    assert checked.state.value == "locked"


async def test_a_pin_that_must_be_changed_opens_nothing(phones: PhoneHouse) -> None:
    alice = await add_alice(phones)
    await phones.house.services.pins.require_change(SYSTEM, TENANT, alice.user.user_id)
    progress = await begin(phones)
    _, text = await phones.far.next_text()
    assert progress.challenge is not None
    ended = await phones.house.answer("alice", progress.challenge.challenge_id, passcode_in(text) + PIN)
    assert (ended.state, ended.reason) == (VerificationState.PENDING, Reason.TEXT_PIN_EXPIRED)


@pytest.mark.parametrize("between", ["", " ", " PIN: "])
async def test_a_reply_with_passcode_and_pin_opens_the_door(phones: PhoneHouse, between: str) -> None:
    await add_alice(phones, two_way=True)
    progress = await begin(phones)
    gateway, text = await phones.far.next_text()
    waiting = asyncio.create_task(phones.house.wait("alice", progress))
    passcode = passcode_in(text)
    await gateway.inbox.reply(Reply(sender=NUMBER, recipient="", body=f"{passcode[:3]} {passcode[3:]}"))
    (attempt,) = await phones.house.attempts()
    assert (attempt.state, attempt.reason) == (VerificationState.PENDING, Reason.TEXT_PIN_WRONG)
    await gateway.inbox.reply(Reply(sender=NUMBER, recipient="", body=f"{passcode}{between}{PIN}"))
    ended = await waiting
    assert ended is not None
    assert ended.reason is Reason.TEXT_VERIFIED


async def test_an_app_still_answers_beside_a_text_with_pin(phones: PhoneHouse) -> None:
    alice = await add_alice(phones)
    app = await phones.house.add_authenticator(alice.user)
    await phones.house.change_user(alice, default_method="sms")
    progress = await begin(phones)
    await phones.far.next_text()
    assert progress.challenge is not None
    typed = app.passcode(phones.house.clock.now())
    ended = await phones.house.answer("alice", progress.challenge.challenge_id, typed)
    assert (ended.state, ended.reason) == (VerificationState.APPROVED, Reason.PASSCODE_VERIFIED)


async def test_a_typed_approval_lets_in_one_request_and_no_repeat(phones: PhoneHouse) -> None:
    """CH-08: who has only the password comes right after an accepted passcode, from the same place."""
    await add_alice(phones)
    progress = await begin(phones, user_address="192.0.2.1")
    _, text = await phones.far.next_text()
    assert progress.challenge is not None
    typed = passcode_in(text) + PIN
    assert (await phones.house.answer("alice", progress.challenge.challenge_id, typed)).is_approved
    again = await begin(phones, user_address="192.0.2.1")
    assert again.is_pending
