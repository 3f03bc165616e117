"""Every result of texts and calls (inventory 1.38) is really produced, and is in the list of attempts so.

The one place that knows how each comes about: a reason without a scenario fails here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from tests.houses import TENANT
from tests.integration.phone.conftest import NUMBER, PhoneHouse
from tests.integration.phone.test_calls import PIN, Handset, add_callee, set_pin
from tests.integration.phone.test_texts import passcode_in
from tests.peers.far_end import FarEnd
from vestibule.interfaces.gateway import Errand, NotSent, Sending
from vestibule.model.actor import SYSTEM
from vestibule.model.call import CallEventKind
from vestibule.model.legacy_result import legacy_result
from vestibule.model.verification import Reason

Scenario = Callable[[PhoneHouse], Awaitable[object]]


def of_phones(reason: Reason) -> bool:
    named = reason.name.startswith(("TEXT_", "CALL_"))
    return named or reason in {Reason.IN_PROGRESS, Reason.FRAUD_REPORTED}


# --- texts --------------------------------------------------------------------------------------------


async def texted(
    phones: PhoneHouse, *, two_way: bool = False, with_pin: bool = False, must_change: bool = False
) -> tuple[str, str]:
    """Return the challenge and the passcode that was sent for it."""
    alice = await phones.house.add_bare_person("Alice")
    await phones.house.add_phone(alice, "sms", number=NUMBER, two_way=two_way, with_pin=with_pin)
    if with_pin:
        await set_pin(phones, alice, PIN)
    if must_change:
        await phones.house.services.pins.require_change(SYSTEM, TENANT, alice.user.user_id)
    progress = await phones.house.start("alice")
    _, text = await phones.far.next_text()
    assert progress.challenge is not None
    return progress.challenge.challenge_id, passcode_in(text)


async def text_right(phones: PhoneHouse) -> None:
    await phones.house.answer("alice", *await texted(phones))


async def text_wrong(phones: PhoneHouse, times: int) -> None:
    challenge_id, passcode = await texted(phones)
    wrong = f"{(int(passcode) + 1) % 10**6:06d}"
    for _ in range(times):
        await phones.house.answer("alice", challenge_id, wrong)


async def text_with_pin(phones: PhoneHouse, pin: str, *, must_change: bool = False) -> None:
    challenge_id, passcode = await texted(phones, with_pin=True, must_change=must_change)
    await phones.house.answer("alice", challenge_id, passcode + pin)


async def no_reply(phones: PhoneHouse) -> None:
    await texted(phones, two_way=True)
    phones.house.clock.advance(301)
    await phones.house.services.housekeeping.expire()


async def refuse(gateway: FarEnd, errand: Errand) -> Sending:
    return NotSent("no")


async def text_refused(phones: PhoneHouse) -> None:
    phones.far.answer = refuse
    alice = await phones.house.add_bare_person("Alice")
    await phones.house.add_phone(alice, "sms", number=NUMBER, two_way=True)
    await phones.house.wait("alice", await phones.house.start("alice"))


async def elsewhere_at_once(phones: PhoneHouse) -> None:
    await texted(phones, two_way=True)
    await phones.house.start("alice", user_address="203.0.113.9")


# --- calls --------------------------------------------------------------------------------------------


async def called(phones: PhoneHouse, pin: str = "", *, answered: bool = True) -> Handset:
    await add_callee(phones, pin=pin)
    await phones.house.start("alice")
    gateway, call = await phones.far.next_call()
    handset = Handset(gateway, call.delivery_id)
    if answered:
        await handset.answer()
    return handset


async def ringing(phones: PhoneHouse) -> None:
    await called(phones, answered=False)


async def pressed(phones: PhoneHouse, *keys: str, pin: str = "") -> None:
    handset = await called(phones, pin)
    for each in keys:
        await handset.press(each)


async def line_ends(phones: PhoneHouse, kind: CallEventKind) -> None:
    answered = kind in {CallEventKind.HUNG_UP, CallEventKind.MACHINE}
    await (await called(phones, answered=answered)).tell(kind)


async def pin_not_changed(phones: PhoneHouse) -> None:
    alice = await add_callee(phones, pin=PIN)
    await phones.house.services.pins.require_change(SYSTEM, alice.user.tenant_id, alice.user.user_id)
    await phones.house.start("alice")
    gateway, call = await phones.far.next_call()
    handset = Handset(gateway, call.delivery_id)
    await handset.answer()
    await handset.press(f"{PIN}#")
    await handset.tell(CallEventKind.HUNG_UP)


async def too_late(phones: PhoneHouse) -> None:
    await called(phones)
    phones.house.clock.advance(181)
    await phones.house.services.housekeeping.expire()


async def fraud(phones: PhoneHouse) -> None:
    await pressed(phones, "0#", "1")


SCENARIOS: dict[Reason, Scenario] = {
    Reason.IN_PROGRESS: elsewhere_at_once,
    Reason.TEXT_PENDING: texted,
    Reason.TEXT_VERIFIED: text_right,
    Reason.TEXT_NOT_SENT: text_refused,
    Reason.TEXT_WRONG: partial(text_wrong, times=1),
    Reason.TEXT_TRIES_SPENT: partial(text_wrong, times=3),
    Reason.TEXT_NO_REPLY: no_reply,
    Reason.CALL_PENDING: ringing,
    Reason.CALL_CONFIRMED: lambda phones: pressed(phones, "#"),
    Reason.CALL_PIN_ENTERED: lambda phones: pressed(phones, f"{PIN}#", pin=PIN),
    Reason.CALL_PIN_WRONG: lambda phones: pressed(phones, "1111#", "2222#", "3333#", pin=PIN),
    Reason.CALL_PIN_MISSING: lambda phones: pressed(phones, "#", "#", "#", pin=PIN),
    Reason.CALL_PIN_EXPIRED: pin_not_changed,
    Reason.CALL_NOT_FINISHED: lambda phones: pressed(phones, "12", "12", "12"),
    Reason.CALL_SILENCE: lambda phones: pressed(phones, "", ""),
    Reason.CALL_INVALID_INPUT: lambda phones: pressed(phones, "1*#", "1*#", "1*#"),
    Reason.CALL_HUNG_UP: partial(line_ends, kind=CallEventKind.HUNG_UP),
    Reason.CALL_BUSY: partial(line_ends, kind=CallEventKind.BUSY),
    Reason.CALL_DECLINED: partial(line_ends, kind=CallEventKind.DECLINED),
    Reason.CALL_NO_ANSWER: partial(line_ends, kind=CallEventKind.NO_ANSWER),
    Reason.CALL_UNREACHABLE: partial(line_ends, kind=CallEventKind.UNREACHABLE),
    Reason.CALL_WRONG_NUMBER: partial(line_ends, kind=CallEventKind.WRONG_NUMBER),
    Reason.CALL_MACHINE: partial(line_ends, kind=CallEventKind.MACHINE),
    Reason.CALL_FAILED: partial(line_ends, kind=CallEventKind.FAILED),
    Reason.CALL_TOO_LATE: too_late,
    Reason.FRAUD_REPORTED: fraud,
    Reason.TEXT_PIN_WRONG: partial(text_with_pin, pin="1111"),
    Reason.TEXT_PIN_EXPIRED: partial(text_with_pin, pin=PIN, must_change=True),
}

CONSTANTS = {
    *("SUCCESS_WITH_PIN", "SUCCESS_NO_PIN", "SUCCESS_WITH_PIN_BUT_TIMEOUT", "SUCCESS_NO_PIN_BUT_TIMEOUT"),
    *("SUCCESS_PIN_EXPIRED", "SUCCESS_INVALID_INPUT", "SUCCESS_SMS_AUTHENTICATED", "SUCCESS_SMS_SENT"),
    *("FAILED_PHONE_BUSY", "CONFIG_ISSUE", "FAILED_INVALID_PHONENUMBER", "FAILED_USER_HUNGUP_ON_US"),
    *("FAILED_FRAUD_CODE_ENTERED", "FAILED_SERVER_ERROR", "FAILED_SMS_NOT_SENT", "FAILED_SMS_OTP_INCORRECT"),
    *("FAILED_SMS_MAX_OTP_RETRY_REACHED", "FAILED_AUTH_RESULT_TIMEOUT", "FAILED_SMS_OTP_PIN_INCORRECT"),
}
"""Those of inventory 1.38 that tell of texts and calls, and can come about here."""


def test_every_reason_of_texts_and_calls_has_a_scenario() -> None:
    assert {reason for reason in Reason if of_phones(reason)} == SCENARIOS.keys()


def test_every_constant_of_texts_and_calls_comes_about() -> None:
    assert {legacy_result(reason) for reason in SCENARIOS.keys() - {Reason.CALL_PENDING}} == CONSTANTS


@pytest.mark.parametrize("reason", SCENARIOS, ids=str)
async def test_it_comes_about(phones: PhoneHouse, reason: Reason) -> None:
    await SCENARIOS[reason](phones)
    found = {attempt.reason: attempt for attempt in await phones.house.attempts()}
    assert reason in found
    assert found[reason].legacy_result == legacy_result(reason)
