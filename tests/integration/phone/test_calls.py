"""Calls as a second factor: every ending has its result, and a call rings once (inventory 1.3, 1.38)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.houses import TENANT, Person
from tests.integration.phone.conftest import NUMBER, PhoneHouse
from tests.peers.far_end import FarEnd
from vestibule.crypto.secret import Secret
from vestibule.interfaces.gateway import Errand, NotSent, Sending
from vestibule.model.actor import SYSTEM
from vestibule.model.call import Ask, CallEvent, CallEventKind, HangUp, Instruction, Press, Say
from vestibule.model.user import UserStatus
from vestibule.model.verification import Reason, VerificationState
from vestibule.services.outcome import Progress

PIN = "739104628"


class Handset:
    """The called phone: it tells what the person does and keeps what is said to him."""

    def __init__(self, gateway: FarEnd, delivery_id: str) -> None:
        self._gateway = gateway
        self.delivery_id = delivery_id
        self.heard: list[Instruction] = []

    async def tell(
        self, kind: CallEventKind, keys: str = "", finished: bool = False
    ) -> tuple[Instruction, ...]:
        event = CallEvent(kind, keys, finished)
        self.heard.extend(said := await self._gateway.inbox.on_call(self.delivery_id, event))
        return said

    async def answer(self) -> tuple[Instruction, ...]:
        return await self.tell(CallEventKind.ANSWERED)

    async def press(self, keys: str) -> tuple[Instruction, ...]:
        return await self.tell(CallEventKind.KEYS, keys.removesuffix("#"), keys.endswith("#"))


async def add_callee(phones: PhoneHouse, *, pin: str = "", number: str = NUMBER, **fields: Any) -> Person:
    alice = await phones.house.add_bare_person("Alice", **fields)
    await phones.house.add_phone(alice, "voice", number=number, with_pin=bool(pin))
    if pin:
        await set_pin(phones, alice, pin)
    return alice


async def set_pin(phones: PhoneHouse, person: Person, pin: str) -> None:
    made = await phones.house.services.pins.set(
        SYSTEM, TENANT, person.user.user_id, Secret(pin), must_change=False
    )
    assert made.is_changed, made


async def ring(phones: PhoneHouse, **origin: Any) -> tuple[Progress, Handset]:
    progress = await phones.house.start("alice", **origin)
    assert (progress.state, progress.reason) == (VerificationState.PENDING, Reason.CALL_PENDING)
    gateway, call = await phones.far.next_call()
    return progress, Handset(gateway, call.delivery_id)


async def ended(phones: PhoneHouse, progress: Progress) -> Progress:
    waited = await phones.house.wait("alice", progress)
    assert waited is not None
    return waited


async def test_the_phone_rings_hash_is_pressed_the_door_opens(phones: PhoneHouse) -> None:
    await phones.house.change_settings(caller_id="+4989123")
    await add_callee(phones)
    progress = await phones.house.start("alice")
    gateway, call = await phones.far.next_call()
    assert (call.to, call.caller_id) == (NUMBER, "+4989123"), "S64"
    handset = Handset(gateway, call.delivery_id)
    (greeting,) = await handset.answer()
    assert isinstance(greeting, Ask)
    assert "vpn" in greeting.spoken[0].text
    said = await handset.press("#")
    assert [type(each) for each in said] == [Say, HangUp]
    result = await ended(phones, progress)
    assert (result.state, result.reason) == (VerificationState.APPROVED, Reason.CALL_CONFIRMED)
    (attempt,) = await phones.house.attempts()
    assert (attempt.method, attempt.phone) == ("voice", NUMBER)
    assert (attempt.legacy_result, attempt.is_authenticated) == ("SUCCESS_NO_PIN", True)


async def test_the_greeting_is_in_the_language_of_the_person(phones: PhoneHouse) -> None:
    await add_callee(phones, language="de")
    _, handset = await ring(phones)
    (greeting,) = await handset.answer()
    assert isinstance(greeting, Ask)
    assert greeting.spoken[0].language == "de"


async def test_a_call_may_speak_another_language_than_pages(phones: PhoneHouse) -> None:
    """1.33."""
    await add_callee(phones, language="en", language_call="de")
    progress, handset = await ring(phones)
    (greeting,) = await handset.answer()
    assert isinstance(greeting, Ask)
    assert greeting.spoken[0].language == "de"
    assert progress.language == "de", "so does the window that says that the phone rings"


@pytest.mark.parametrize(
    ("kind", "reason", "legacy"),
    [
        (CallEventKind.BUSY, Reason.CALL_BUSY, "CONFIG_ISSUE"),
        (CallEventKind.NO_ANSWER, Reason.CALL_NO_ANSWER, "CONFIG_ISSUE"),
        (CallEventKind.DECLINED, Reason.CALL_DECLINED, "CONFIG_ISSUE"),
        (CallEventKind.UNREACHABLE, Reason.CALL_UNREACHABLE, "CONFIG_ISSUE"),
        (CallEventKind.WRONG_NUMBER, Reason.CALL_WRONG_NUMBER, "FAILED_INVALID_PHONENUMBER"),
        (CallEventKind.FAILED, Reason.CALL_FAILED, "FAILED_SERVER_ERROR"),
    ],
)
async def test_a_call_that_nobody_answers(
    phones: PhoneHouse, kind: CallEventKind, reason: Reason, legacy: str
) -> None:
    await add_callee(phones)
    progress, handset = await ring(phones)
    await handset.tell(kind)
    result = await ended(phones, progress)
    assert (result.state, result.reason) == (VerificationState.DENIED, reason)
    (attempt,) = await phones.house.attempts()
    assert (attempt.legacy_result, attempt.is_authenticated) == (legacy, False)


@pytest.mark.parametrize(
    ("pin", "pressed", "reason", "legacy"),
    [
        ("", ["!"], Reason.CALL_HUNG_UP, "FAILED_USER_HUNGUP_ON_US"),
        ("", ["", ""], Reason.CALL_SILENCE, "SUCCESS_NO_PIN_BUT_TIMEOUT"),
        ("", ["12", "12", "12"], Reason.CALL_NOT_FINISHED, "SUCCESS_WITH_PIN_BUT_TIMEOUT"),
        ("", ["1*#", "1*#", "1*#"], Reason.CALL_INVALID_INPUT, "SUCCESS_INVALID_INPUT"),
        (PIN, [f"{PIN}#"], Reason.CALL_PIN_ENTERED, "SUCCESS_WITH_PIN"),
        (PIN, ["1111#", f"{PIN}#"], Reason.CALL_PIN_ENTERED, "SUCCESS_WITH_PIN"),
        (PIN, ["1111#", "2222#", "3333#"], Reason.CALL_PIN_WRONG, "SUCCESS_WITH_PIN"),
        (PIN, ["#", "#", "#"], Reason.CALL_PIN_MISSING, "SUCCESS_NO_PIN"),
    ],
)
async def test_what_is_pressed_decides(
    phones: PhoneHouse, pin: str, pressed: list[str], reason: Reason, legacy: str
) -> None:
    await add_callee(phones, pin=pin)
    progress, handset = await ring(phones)
    await handset.answer()
    for keys in pressed:
        await (handset.tell(CallEventKind.HUNG_UP) if keys == "!" else handset.press(keys))
    result = await ended(phones, progress)
    assert result.reason is reason
    (attempt,) = await phones.house.attempts()
    assert attempt.legacy_result == legacy
    assert attempt.is_authenticated is (reason is Reason.CALL_PIN_ENTERED)
    row = repr(attempt) + repr(phones.far.errands)
    assert PIN not in row, "VOI-10"


async def test_keys_before_the_answer_are_nothing(phones: PhoneHouse) -> None:
    """VOI-02."""
    await add_callee(phones)
    progress, handset = await ring(phones)
    await handset.press("#")
    (attempt,) = await phones.house.attempts()
    assert attempt.state is VerificationState.PENDING
    await handset.answer()
    await handset.press("#")
    assert (await ended(phones, progress)).is_approved


async def test_a_voicemail_admits_nobody(phones: PhoneHouse) -> None:
    """VOI-01."""
    await add_callee(phones)
    progress, handset = await ring(phones)
    await handset.answer()
    assert await handset.tell(CallEventKind.MACHINE) == (HangUp(),)
    assert (await ended(phones, progress)).reason is Reason.CALL_MACHINE


async def test_a_pin_that_must_be_changed_is_changed_in_the_call(phones: PhoneHouse) -> None:
    alice = await add_callee(phones, pin=PIN)
    await phones.house.services.pins.require_change(SYSTEM, TENANT, alice.user.user_id)
    progress, handset = await ring(phones)
    await handset.answer()
    await handset.press(f"{PIN}#")
    (refused,) = await handset.press("1234#")
    assert isinstance(refused, Ask)
    assert "1 2 3" in refused.spoken[0].text, "it says which rule is broken"
    await handset.press("8064#")
    (differs,) = await handset.press("8065#")
    assert isinstance(differs, Ask)
    await handset.press("8064#")
    await handset.press("8064#")
    assert (await ended(phones, progress)).reason is Reason.CALL_PIN_ENTERED
    checked = await phones.house.services.pins.check(TENANT, alice.user.user_id, Secret("8064"))
    assert checked.state.value == "right"


async def test_a_change_that_is_not_finished_admits_nobody(phones: PhoneHouse) -> None:
    alice = await add_callee(phones, pin=PIN)
    await phones.house.services.pins.require_change(SYSTEM, TENANT, alice.user.user_id)
    progress, handset = await ring(phones)
    await handset.answer()
    await handset.press(f"{PIN}#")
    await handset.press("8064#")
    await handset.tell(CallEventKind.HUNG_UP)
    result = await ended(phones, progress)
    assert (result.state, result.reason) == (VerificationState.DENIED, Reason.CALL_PIN_EXPIRED)
    assert result.verification.legacy_result == "SUCCESS_PIN_EXPIRED"


@pytest.mark.parametrize("blocks", [True, False])
async def test_fraud_is_reported_by_keys(phones: PhoneHouse, blocks: bool) -> None:
    await phones.house.change_settings(fraud_blocks=blocks)
    alice = await add_callee(phones)
    progress, handset = await ring(phones)
    await handset.answer()
    await handset.press("0#")
    if blocks:
        (attempt,) = await phones.house.attempts()
        assert attempt.state is VerificationState.PENDING, "it is to be confirmed"
        await handset.press("1")
    result = await ended(phones, progress)
    assert (result.state, result.reason) == (VerificationState.DENIED, Reason.FRAUD_REPORTED)
    assert result.verification.legacy_result == "FAILED_FRAUD_CODE_ENTERED"
    subject = await phones.house.store.read(lambda tx: tx.subject(TENANT, alice.user.user_id))
    assert subject is not None
    assert subject.user.status is UserStatus.ACTIVE
    assert subject.user.is_blocked(phones.house.clock.now()) is blocks


async def test_an_extension_is_keyed_after_the_answer(phones: PhoneHouse) -> None:
    await add_callee(phones, number=f"{NUMBER} x,,890")
    progress, handset = await ring(phones)
    pressed, greeting = await handset.answer()
    assert pressed == Press(",,890")
    assert isinstance(greeting, Ask)
    await handset.press("#")
    assert (await ended(phones, progress)).is_approved


async def test_the_backup_phone_is_called_after_the_first(phones: PhoneHouse) -> None:
    alice = await add_callee(phones)
    phones.house.clock.advance(1)
    await phones.house.add_phone(alice, "voice", number="+4930777777")
    progress, handset = await ring(phones)
    waiting = asyncio.create_task(phones.house.wait("alice", progress))
    await handset.tell(CallEventKind.BUSY)
    gateway, backup = await phones.far.next_call()
    assert backup.to == "+4930777777"
    second = Handset(gateway, backup.delivery_id)
    await second.answer()
    await second.press("#")
    result = await waiting
    assert result is not None
    assert result.is_approved


async def test_who_does_not_answer_may_type_a_passcode_instead(phones: PhoneHouse) -> None:
    """S37."""
    alice = await add_callee(phones)
    token = await phones.house.add_authenticator(alice.user)
    await phones.house.change_user(alice, default_method="voice")
    progress, handset = await ring(phones)
    await handset.tell(CallEventKind.NO_ANSWER)
    offered = await ended(phones, progress)
    assert (offered.is_pending, offered.reason) == (True, Reason.CALL_NO_ANSWER)
    assert offered.challenge is not None
    typed = await phones.house.answer(
        "alice", offered.challenge.challenge_id, token.passcode(phones.house.clock.now())
    )
    assert typed.is_approved


async def test_a_call_that_cannot_be_placed(phones: PhoneHouse) -> None:
    async def refuses(gateway: FarEnd, errand: Errand) -> Sending:
        return NotSent("all lines are busy")

    phones.far.answer = refuses
    await add_callee(phones)
    progress = await phones.house.start("alice")
    assert (await ended(phones, progress)).reason is Reason.CALL_FAILED


async def test_an_approval_that_was_read_lets_in_no_later_sign_in(phones: PhoneHouse) -> None:
    """CH-08: an API client asks how its verification stands instead of waiting."""
    await add_callee(phones)
    progress, handset = await ring(phones)
    await handset.answer()
    await handset.press("#")
    row = progress.verification
    found = await phones.house.services.verifications.find(TENANT, row.client_id, row.verification_id)
    assert found is not None
    assert found.is_approved
    later = await phones.house.start("alice")
    assert later.state is VerificationState.PENDING


async def test_a_call_ends_with_its_sign_in(phones: PhoneHouse) -> None:
    """VOI-06, CH-04: canceled while it rings, and the # that comes all the same admits nobody."""
    await add_callee(phones)
    progress, handset = await ring(phones)
    row = progress.verification
    await handset.answer()
    await phones.house.services.verifications.cancel(TENANT, row.client_id, row.verification_id)
    assert await handset.press("#") == (HangUp(),)
    async with asyncio.timeout(5):
        assert await phones.far.hung_up.get() == handset.delivery_id
    (attempt,) = await phones.house.attempts()
    assert attempt.state is VerificationState.CANCELED


async def test_too_late_is_too_late(phones: PhoneHouse) -> None:
    await add_callee(phones)
    progress, handset = await ring(phones)
    await handset.answer()
    phones.house.clock.advance(121)
    assert await handset.press("#") == (HangUp(),)
    await phones.house.services.housekeeping.expire()
    result = await ended(phones, progress)
    assert (result.state, result.reason) == (VerificationState.EXPIRED, Reason.CALL_TOO_LATE)


async def test_answer_and_cancel_at_once_have_one_winner(phones: PhoneHouse) -> None:
    """CH-05: whoever was first, everybody is told the same."""
    await add_callee(phones)
    progress, handset = await ring(phones)
    row = progress.verification
    await handset.answer()
    said, canceled = await asyncio.gather(
        handset.press("#"),
        phones.house.services.verifications.cancel(TENANT, row.client_id, row.verification_id),
    )
    result = await ended(phones, progress)
    assert canceled is not None
    assert result.state is canceled.state
    assert isinstance(said[0], Say if result.is_approved else HangUp)


async def test_wrong_pins_count_against_the_limit_of_the_person(phones: PhoneHouse) -> None:
    """VOI-10: a call is no way around the lock."""
    await phones.house.change_settings(lockout_threshold=2)
    await add_callee(phones, pin=PIN)
    progress, handset = await ring(phones)
    await handset.answer()
    await handset.press("1111#")
    await handset.press("2222#")
    await handset.press(f"{PIN}#")
    result = await ended(phones, progress)
    assert (result.state, result.reason) == (VerificationState.DENIED, Reason.CALL_PIN_WRONG)
