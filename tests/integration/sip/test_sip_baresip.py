"""The gateway against baresip, a telephone: it rings, answers, refuses, presses keys, listens."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable
from itertools import pairwise

from tests.integration.sip.desk import ASK, NUMBER, Desk, call, finished, gateway, spoken
from tests.peers.baresip import SIP_PORT, Baresip
from tests.until import until
from vestibule.model.call import Ask, CallEvent, CallEventKind, HangUp, Press, Say

Ring = Callable[..., Baresip]


async def test_a_person_answers_keys_in_a_passcode_and_is_thanked(baresip: Ring) -> None:
    """Keys of the greeting are forgotten, those that answer the question end its speech."""
    phone = baresip(NUMBER)
    desk = Desk(
        {
            CallEventKind.ANSWERED: (Say(spoken("long")), Ask(spoken("long"))),
            CallEventKind.KEYS: (Say(spoken()), HangUp()),
        }
    )
    async with gateway(desk, SIP_PORT, server=phone.address) as opened:
        await opened.send(call())
        ringing = await asyncio.to_thread(phone.wait_for, "CALL_INCOMING")
        assert ringing["peeruri"] == f"sip:+49301234567@{phone.address}"
        await asyncio.to_thread(phone.tell, "accept")
        await asyncio.to_thread(phone.wait_for, "CALL_ESTABLISHED")
        await asyncio.to_thread(phone.press, "9")
        await until_heard(phone, 5.5)
        await asyncio.to_thread(phone.press, "12*4#")
        await asyncio.to_thread(phone.wait_for, "CALL_CLOSED")
        await finished(opened)
    assert desk.events() == [
        CallEvent(CallEventKind.ANSWERED, detail="200 Answering"),
        CallEvent(CallEventKind.KEYS, "12*4", True),
    ]


async def test_what_is_said_is_what_the_telephone_hears(baresip: Ring) -> None:
    """Five seconds of a tone arrive as five seconds of that tone, without holes."""
    phone = baresip(NUMBER, answers=True)
    desk = Desk({CallEventKind.ANSWERED: (Say(spoken("long")), HangUp())})
    async with gateway(desk, SIP_PORT, server=phone.address) as opened:
        await opened.send(call())
        await asyncio.to_thread(phone.wait_for, "CALL_CLOSED")
        await finished(opened)
    samples = array("h", phone.heard)
    assert 8_000 < max(samples) < 10_000
    loud = [
        number for number in range(0, len(samples) - 80, 80) if max(samples[number : number + 80]) > 4_000
    ]
    crossings = sum(a < 0 <= b for a, b in pairwise(samples))
    # Lost or late packets would leave holes; the tone crosses zero upwards 440 times a second.
    assert 4.8 * 8_000 <= 80 * len(loud) <= 5.1 * 8_000
    assert 4.7 * 440 <= crossings <= 5.2 * 440


async def test_a_person_who_refuses(baresip: Ring) -> None:
    phone = baresip(NUMBER)
    desk = Desk()
    async with gateway(desk, SIP_PORT, server=phone.address) as opened:
        await opened.send(call())
        await asyncio.to_thread(phone.wait_for, "CALL_INCOMING")
        await asyncio.to_thread(phone.tell, "hangup")
        await finished(opened)
    # What a telephone sends when somebody presses the red key.
    assert [event.kind for event in desk.events()] == [CallEventKind.BUSY]


async def test_a_number_that_the_telephone_does_not_have(baresip: Ring) -> None:
    phone = baresip(NUMBER)
    desk = Desk()
    async with gateway(desk, SIP_PORT, server=phone.address) as opened:
        await opened.send(call(to="+4930999999"))
        await finished(opened)
    assert desk.events() == [CallEvent(CallEventKind.WRONG_NUMBER, detail="404 Not Found")]


async def test_a_person_who_hangs_up(baresip: Ring) -> None:
    phone = baresip(NUMBER, answers=True)
    desk = Desk({CallEventKind.ANSWERED: (Say(spoken("long")),)})
    async with gateway(desk, SIP_PORT, server=phone.address) as opened:
        await opened.send(call())
        await asyncio.to_thread(phone.wait_for, "CALL_ESTABLISHED")
        await desk.wait_for(CallEventKind.ANSWERED)
        await asyncio.to_thread(phone.tell, "hangup")
        await finished(opened)
    assert [event.kind for event in desk.events()] == [CallEventKind.ANSWERED, CallEventKind.HUNG_UP]


async def test_a_call_is_taken_back_while_it_rings(baresip: Ring) -> None:
    """VOI-06."""
    phone = baresip(NUMBER)
    desk = Desk()
    async with gateway(desk, SIP_PORT, server=phone.address) as opened:
        await opened.send(call())
        await asyncio.to_thread(phone.wait_for, "CALL_INCOMING")
        await opened.hang_up("d1")
        await asyncio.to_thread(phone.wait_for, "CALL_CLOSED")


async def test_a_call_is_held_and_taken_up_again(baresip: Ring) -> None:
    phone = baresip(NUMBER, answers=True)
    desk = Desk({**ASK, CallEventKind.ANSWERED: (Ask(spoken("long"), most_keys=1),)})
    async with gateway(desk, SIP_PORT, server=phone.address) as opened:
        await opened.send(call())
        await asyncio.to_thread(phone.wait_for, "CALL_ESTABLISHED")
        await desk.wait_for(CallEventKind.ANSWERED)
        await asyncio.to_thread(phone.tell, "hold")
        await asyncio.to_thread(phone.tell, "resume")
        await asyncio.to_thread(phone.press, "0")
        await finished(opened)
    assert desk.events()[-1] == CallEvent(CallEventKind.KEYS, "0")


async def test_an_extension_is_pressed(baresip: Ring) -> None:
    """The telephone hears the keys, with a pause of a second for the comma."""
    phone = baresip(NUMBER, answers=True)
    desk = Desk({CallEventKind.ANSWERED: (Press("4,2#"), HangUp())})
    async with gateway(desk, SIP_PORT, server=phone.address) as opened:
        await opened.send(call())
        keys = [await asyncio.to_thread(phone.wait_for, "CALL_DTMF_START") for _ in range(3)]
        await finished(opened)
    assert [key["param"] for key in keys] == ["4", "2", "#"]


async def test_a_phone_of_the_other_law(baresip: Ring) -> None:
    phone = baresip(NUMBER, answers=True, account=";audio_codecs=PCMU/8000/1")
    desk = Desk({CallEventKind.ANSWERED: (Say(spoken("long")), HangUp())})
    async with gateway(desk, SIP_PORT, server=phone.address) as opened:
        await opened.send(call())
        await asyncio.to_thread(phone.wait_for, "CALL_CLOSED")
        await finished(opened)
    assert 8_000 < max(array("h", phone.heard)) < 10_000


async def until_heard(phone: Baresip, seconds: float) -> None:
    """Wait until the telephone has played so much."""
    await until(lambda: len(phone.heard) >= seconds * 16_000)
