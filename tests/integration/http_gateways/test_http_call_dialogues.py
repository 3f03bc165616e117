"""Whole calls with a provider of Twilio's shape at the other end, over real sockets."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from tests.integration.http_gateways.conftest import CallOpening, RecordingInbox
from tests.peers.callback_door import CallbackDoor
from tests.peers.telephony import HANGS_UP, SILENCE, TOKEN, PlayedCall, TelephonyPeer
from vestibule.gateways.http_call import HttpCallGateway
from vestibule.interfaces.gateway import Call, NotSent, Sent
from vestibule.model.call import Ask, CallEvent, CallEventKind, HangUp, Press, Say, Spoken

CALL = Call(delivery_id="0123456789abcdef0123456789abcdef", to="+4930123456")
HELLO = Spoken("de", "Guten Tag & <willkommen>")
QUESTION = Ask((HELLO, Spoken("en", "Press pound.")), most_keys=8, seconds=4.5)
BYE = (Say((Spoken("de", "Danke."),)), HangUp())


@pytest.fixture
def gateway(telephony: TelephonyPeer, door: CallbackDoor, open_call: CallOpening) -> HttpCallGateway:
    opened = open_call(telephony.url, callback_url=door.url)
    door.gateway = opened
    return opened


async def played(gateway: HttpCallGateway, telephony: TelephonyPeer, call: Call = CALL) -> PlayedCall:
    """Place a call and wait for its end."""
    result = await gateway.send(call)
    assert result == Sent(telephony.calls[-1].sid)
    async with asyncio.timeout(20):
        await telephony.calls[-1].is_over.wait()
    return telephony.calls[-1]


async def test_a_call_from_its_first_word_to_its_last(
    telephony: TelephonyPeer, gateway: HttpCallGateway, inbox: RecordingInbox
) -> None:
    telephony.script = ["#", "1234#", SILENCE, "12345678", "*0"]
    inbox.plan = [[QUESTION]] * 5 + [BYE]
    call = await played(gateway, telephony)
    assert inbox.events == [
        CallEvent(CallEventKind.ANSWERED),
        CallEvent(CallEventKind.KEYS, "", is_finished=True),
        CallEvent(CallEventKind.KEYS, "1234", is_finished=True),
        CallEvent(CallEventKind.KEYS),
        CallEvent(CallEventKind.KEYS, "12345678"),
        CallEvent(CallEventKind.KEYS, "*0"),
        CallEvent(CallEventKind.HUNG_UP, detail="completed"),
    ]
    assert call.heard[:2] == ["de-DE: Guten Tag & <willkommen>", "en-US: Press pound."]
    assert call.heard[-1] == "de-DE: Danke."
    question = call.questions[0]
    assert {name: question[name] for name in ("input", "finishOnKey", "numDigits", "timeout")} == {
        "input": "dtmf",
        "finishOnKey": "#",
        "numDigits": "8",
        "timeout": "5",
    }
    assert telephony.refusals == []
    assert inbox.delivery_ids == {CALL.delivery_id}


async def test_one_key_may_be_the_sign_itself(
    telephony: TelephonyPeer, gateway: HttpCallGateway, inbox: RecordingInbox
) -> None:
    telephony.script = ["#", "5", SILENCE]
    inbox.plan = [[Ask((HELLO,), most_keys=1)]] * 3
    call = await played(gateway, telephony)
    assert [question["finishOnKey"] for question in call.questions] == ["", "", ""]
    assert inbox.events[1:4] == [
        CallEvent(CallEventKind.KEYS, "", is_finished=True),
        CallEvent(CallEventKind.KEYS, "5"),
        CallEvent(CallEventKind.KEYS),
    ]


async def test_an_entry_may_end_in_silence(
    telephony: TelephonyPeer, door: CallbackDoor, open_call: CallOpening, inbox: RecordingInbox
) -> None:
    """For a provider that says nothing of a # with no digit in front of it."""
    gateway = door.gateway = open_call(telephony.url, callback_url=door.url, hash_ends=False)
    telephony.script = ["#", "1234#", "12"]
    inbox.plan = [[QUESTION]] * 3
    call = await played(gateway, telephony)
    assert call.questions[0]["finishOnKey"] == ""
    assert inbox.events[1:4] == [
        CallEvent(CallEventKind.KEYS, "", is_finished=True),
        CallEvent(CallEventKind.KEYS, "1234", is_finished=True),
        CallEvent(CallEventKind.KEYS, "12"),
    ]


async def test_neither_numbers_nor_keys_nor_texts_nor_the_secret_are_logged(
    telephony: TelephonyPeer,
    gateway: HttpCallGateway,
    inbox: RecordingInbox,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """SMS-08, for calls."""
    caplog.set_level(logging.DEBUG)
    telephony.script = ["8317#"]
    inbox.plan = [[QUESTION], BYE]
    await played(gateway, telephony)
    printed = capfd.readouterr()
    everything = caplog.text + printed.out + printed.err
    words = ("4930123456", "8317", "willkommen", TOKEN)
    assert [word for word in words if word in everything] == []


async def test_the_call_is_placed_as_documented(
    telephony: TelephonyPeer, gateway: HttpCallGateway, inbox: RecordingInbox
) -> None:
    """S64: every call carries a caller id."""
    call = await played(gateway, telephony)
    asked = call.asked
    assert asked.pop("Url").startswith("http://localhost:")
    assert asked.pop("StatusCallback").startswith("http://localhost:")
    assert asked == {
        "To": "+4930123456",
        "From": "+49301000",
        "Method": "POST",
        "StatusCallbackMethod": "POST",
        "StatusCallbackEvent": "completed",
        "Timeout": "30",
        "TimeLimit": "180",
    }
    own = Call(delivery_id="2", to="+4930123456", caller_id="+493099", ring_seconds=9999, most_seconds=0)
    call = await played(gateway, telephony, own)
    assert (call.asked["From"], call.asked["Timeout"], call.asked["TimeLimit"]) == ("+493099", "600", "1")


async def test_a_provider_that_asks_everything_twice_changes_nothing(
    telephony: TelephonyPeer, gateway: HttpCallGateway, inbox: RecordingInbox
) -> None:
    """A repeated callback gets the same document and does not advance the dialogue."""
    telephony.repeats = 3
    telephony.script = ["1#", "2#", "3#"]
    inbox.plan = [[QUESTION]] * 3 + [BYE]
    await played(gateway, telephony)
    turns = [event for event in inbox.events if event.kind is not CallEventKind.HUNG_UP]
    assert [event.keys for event in turns] == ["", "1", "2", "3"]


async def test_an_extension_is_keyed_and_then_it_is_asked_what_comes_next(
    telephony: TelephonyPeer, gateway: HttpCallGateway, inbox: RecordingInbox
) -> None:
    inbox.plan = [[Press(",,12,3#"), Say((HELLO,))], [QUESTION], BYE]
    telephony.script = ["#"]
    call = await played(gateway, telephony)
    assert call.pressed_by_us == ["pause 2", "12ww3#"]
    assert inbox.kinds == ["answered", "said", "keys", "hung_up"]


async def test_recordings_are_served_as_sound(
    telephony: TelephonyPeer, gateway: HttpCallGateway, inbox: RecordingInbox
) -> None:
    recording = Spoken("de", "Stand-in", sound_id="greeting/1")
    inbox.plan = [[Ask((recording, HELLO))], BYE]
    telephony.script = ["#"]
    call = await played(gateway, telephony)
    assert call.heard[:2] == ["sound:800", "de-DE: Guten Tag & <willkommen>"]
    assert inbox.asked_for == [recording]
    assert b"Stand-in" not in call.documents[0]
    assert b"greeting" not in call.documents[0]


async def test_own_speech_is_played_and_never_spelled_out_to_the_provider(
    telephony: TelephonyPeer, door: CallbackDoor, open_call: CallOpening, inbox: RecordingInbox
) -> None:
    gateway = open_call(telephony.url, callback_url=door.url, speech="own")
    door.gateway = gateway
    spoken = Spoken("de", "4 8 1 5 1 6")
    inbox.plan = [[Say((spoken,)), HangUp()]]
    call = await played(gateway, telephony)
    assert call.heard == ["sound:800"]
    assert inbox.asked_for == [spoken]
    assert b"4 8 1" not in b"".join(call.documents)


async def test_languages_and_voices_are_the_provider_s(
    telephony: TelephonyPeer, door: CallbackDoor, open_call: CallOpening, inbox: RecordingInbox
) -> None:
    settings = {"languages": {"en": "en-GB"}, "voices": {"de": "Polly.Vicki"}}
    gateway = door.gateway = open_call(telephony.url, callback_url=door.url, **settings)
    inbox.plan = [[Say((HELLO, Spoken("en", "Hello"), Spoken("fr", "Bonjour"))), HangUp()]]
    call = await played(gateway, telephony)
    assert call.heard == ["de-DE: Guten Tag & <willkommen>", "en-GB: Hello", "fr: Bonjour"]
    assert b'voice="Polly.Vicki"' in call.documents[0]


async def test_a_person_who_hangs_up(
    telephony: TelephonyPeer, gateway: HttpCallGateway, inbox: RecordingInbox
) -> None:
    telephony.script = ["1#", HANGS_UP]
    inbox.plan = [[QUESTION], [QUESTION]]
    await played(gateway, telephony)
    assert inbox.kinds == ["answered", "keys", "hung_up"]


@pytest.mark.parametrize(
    ("outcome", "code", "kind"),
    [
        ("busy", "", "busy"),
        ("busy", "486", "busy"),
        ("busy", "603", "declined"),
        ("no-answer", "487", "no_answer"),
        ("failed", "404", "wrong_number"),
        ("failed", "484", "wrong_number"),
        ("failed", "480", "unreachable"),
        ("failed", "403", "failed"),
        ("failed", "", "unreachable"),
    ],
)
async def test_what_became_of_a_call_that_nobody_answered(
    telephony: TelephonyPeer,
    gateway: HttpCallGateway,
    inbox: RecordingInbox,
    outcome: str,
    code: str,
    kind: str,
) -> None:
    telephony.outcome, telephony.sip_code = outcome, code
    await played(gateway, telephony)
    assert inbox.kinds == [kind]
    assert inbox.events[0].detail == f"{outcome} {code}".strip()


@pytest.mark.parametrize(
    ("answered_by", "kind"),
    [
        ("human", "answered"),
        ("unknown", "answered"),
        ("machine_start", "machine"),
        ("machine_end_beep", "machine"),
        ("fax", "machine"),
    ],
)
async def test_a_machine_is_recognized(
    telephony: TelephonyPeer,
    door: CallbackDoor,
    open_call: CallOpening,
    inbox: RecordingInbox,
    answered_by: str,
    kind: str,
) -> None:
    """VOI-01: a voicemail is told as what it is."""
    telephony.answered_by = answered_by
    inbox.plan = [[HangUp()]]
    gateway = door.gateway = open_call(telephony.url, callback_url=door.url, machine_detection=True)
    call = await played(gateway, telephony)
    assert call.asked["MachineDetection"] == "Enable"
    assert inbox.kinds == [kind, "hung_up"]


async def test_a_call_that_rings_is_ended_from_outside(
    telephony: TelephonyPeer, gateway: HttpCallGateway, inbox: RecordingInbox
) -> None:
    """VOI-06: the challenge is over, so the phone stops ringing."""
    telephony.rings_on = True
    await gateway.send(CALL)
    await gateway.hang_up("another delivery")
    await gateway.hang_up(CALL.delivery_id)
    async with asyncio.timeout(5):
        await telephony.calls[0].is_over.wait()
    await gateway.hang_up(CALL.delivery_id)
    assert telephony.calls[0].ended_by_request == ["canceled", "completed"]
    assert inbox.kinds == ["failed"]


async def test_a_call_that_is_up_is_ended_from_outside(
    telephony: TelephonyPeer, gateway: HttpCallGateway, inbox: RecordingInbox
) -> None:
    """VOI-06."""
    reached, goes_on = asyncio.Event(), asyncio.Event()

    async def slow(delivery_id: str, event: CallEvent) -> Any:
        inbox.events.append(event)
        reached.set()
        await goes_on.wait()
        return (QUESTION,)

    inbox.on_call = slow  # type: ignore[method-assign]
    await gateway.send(CALL)
    async with asyncio.timeout(5):
        await reached.wait()
    await gateway.hang_up(CALL.delivery_id)
    assert telephony.calls[0].ended_by_request == ["completed"]
    goes_on.set()
    async with asyncio.timeout(5):
        await telephony.calls[0].is_over.wait()


async def test_closing_ends_all_calls(
    telephony: TelephonyPeer, gateway: HttpCallGateway, inbox: RecordingInbox
) -> None:
    telephony.rings_on = True
    for number in range(5):
        await gateway.send(Call(delivery_id=f"{number}", to="+4930123456"))
    await gateway.close()
    assert all(call.ended_by_request for call in telephony.calls)


async def test_a_call_may_go_on_at_another_process(
    telephony: TelephonyPeer, door: CallbackDoor, open_call: CallOpening, inbox: RecordingInbox
) -> None:
    """All that a step needs is in its address; the process that answers can also end the call."""
    placing = open_call(telephony.url, callback_url=door.url)
    door.gateway = answering = open_call(telephony.url, callback_url=door.url)
    telephony.script = ["1#", HANGS_UP]
    inbox.plan = [[Ask((Spoken("de", "", sound_id="one"),))], [QUESTION]]
    call = await played(placing, telephony)
    assert inbox.kinds == ["answered", "keys", "hung_up"]
    assert call.heard[0] == "sound:800"
    await answering.hang_up(CALL.delivery_id)
    assert call.ended_by_request == []


async def test_numbers_and_accounts_that_are_wrong(
    telephony: TelephonyPeer, door: CallbackDoor, open_call: CallOpening
) -> None:
    gateway = open_call(telephony.url, callback_url=door.url)
    result = await gateway.send(Call(delivery_id="1", to="+1"))
    assert result == NotSent("http_gateway.trouble.wrong_number 400 21211", is_final=True)
    wrong = open_call(telephony.url, callback_url=door.url, secret="wrong")
    assert await wrong.send(CALL) == NotSent("http_gateway.trouble.refused 401 20003")
    nowhere = open_call(telephony.url, callback_url="")
    assert await nowhere.send(CALL) == NotSent("http_gateway.trouble.no_public_address")
    assert TOKEN not in repr(gateway.__dict__)
