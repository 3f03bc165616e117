"""The gateway against SIPp as the trunk: how calls end that are not answered, and odd ones that are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic

import pytest

from tests.integration.sip.desk import ASK, CALLER, ENDS, NUMBER, Desk, call, finished, gateway, spoken
from tests.peers.ports import free_port
from tests.peers.sipp import (
    Sipp,
    ask,
    pause,
    press,
    receive,
    receive_response,
    respond,
    speak,
)
from tests.until import until
from vestibule.crypto.secret import Secret
from vestibule.interfaces.gateway import NotSent, Sent, Text
from vestibule.model.call import Ask, CallEvent, CallEventKind, HangUp, Press, Say

Start = Callable[..., Sipp]

RING = [receive("INVITE", keeps=True), respond("100 Trying", tag=""), respond("180 Ringing")]
RING_ONLY = [receive("INVITE", keeps=True), respond("180 Ringing")]
ANSWER = [*RING, respond("200 OK", sound="sendrecv", repeats=True), receive("ACK")]
GOODBYE = [receive("BYE"), respond("200 OK", tag="")]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("486 Busy Here", CallEventKind.BUSY),
        ("600 Busy Everywhere", CallEventKind.BUSY),
        ("603 Decline", CallEventKind.DECLINED),
        ("480 Temporarily Unavailable", CallEventKind.NO_ANSWER),
        ("408 Request Timeout", CallEventKind.NO_ANSWER),
        ("404 Not Found", CallEventKind.WRONG_NUMBER),
        ("484 Address Incomplete", CallEventKind.WRONG_NUMBER),
        ("604 Does Not Exist Anywhere", CallEventKind.WRONG_NUMBER),
        ("500 Server Internal Error", CallEventKind.UNREACHABLE),
        ("488 Not Acceptable Here", CallEventKind.FAILED),
    ],
)
async def test_a_refusal_is_told_in_the_words_of_the_house(
    sipp: Start, status: str, kind: CallEventKind
) -> None:
    trunk = sipp([*RING, respond(status, repeats=True), receive("ACK")])
    desk = Desk()
    async with gateway(desk, trunk.port) as opened:
        assert isinstance(await opened.send(call()), Sent)
        await desk.wait_for(*ENDS)
        await asyncio.to_thread(trunk.finish)
        assert desk.events() == [CallEvent(kind, detail=status)]


async def test_a_redirection_is_not_followed(sipp: Start) -> None:
    """VOI-04."""
    moved = "302 Moved Temporarily"
    trunk = sipp([*RING, respond(moved, fields="Contact: <sip:evil@127.0.0.1:9>\n"), receive("ACK")])
    desk = Desk()
    async with gateway(desk, trunk.port) as opened:
        await opened.send(call())
        await finished(opened)
        await asyncio.to_thread(trunk.finish)
        assert desk.events() == [CallEvent(CallEventKind.UNREACHABLE, detail=moved)]
        assert len(trunk.received("INVITE")) == 1


async def test_the_caller_id_is_in_every_call(sipp: Start) -> None:
    """S64."""
    trunk = sipp([*RING, respond("486 Busy Here"), receive("ACK")], calls=2)
    desk = Desk()
    async with gateway(desk, trunk.port) as opened:
        await opened.send(call())
        await desk.wait_for(*ENDS)
        await opened.send(call("d2", caller_id="+13115550123"))
        await desk.wait_for(*ENDS, delivery_id="d2")
        await asyncio.to_thread(trunk.finish)
    for invite, number in zip(trunk.received("INVITE"), (CALLER, "+13115550123"), strict=True):
        assert f"From: <sip:{number}@127.0.0.1>;tag=" in invite
        assert f"P-Asserted-Identity: <sip:{number}@127.0.0.1>\n" in invite
        assert invite.startswith(f"INVITE sip:{NUMBER}@127.0.0.1:{trunk.port} SIP/2.0\n")


async def test_a_call_is_answered_asked_and_hung_up(sipp: Start) -> None:
    trunk = sipp([*ANSWER, pause(300), press("7"), *GOODBYE])
    desk = Desk()
    async with gateway(desk, trunk.port) as opened:
        await opened.send(call())
        await finished(opened)
        await asyncio.to_thread(trunk.finish)
    assert desk.events() == [
        CallEvent(CallEventKind.ANSWERED, detail="200 OK"),
        CallEvent(CallEventKind.KEYS, "7"),
    ]


async def test_replayed_packets_press_a_key_once(sipp: Start) -> None:
    """VOI-03: the recording bears the same timestamp and SSRC each time."""
    trunk = sipp([*ANSWER, pause(300), press("5"), pause(500), press("5"), pause(500), press("5"), *GOODBYE])
    desk = Desk()
    async with gateway(desk, trunk.port) as opened:
        await opened.send(call())
        await finished(opened)
        await asyncio.to_thread(trunk.finish)
    assert desk.events()[1] == CallEvent(CallEventKind.KEYS, "5")


async def test_keys_before_the_answer_are_not_heard(sipp: Start) -> None:
    """VOI-02: sound and keys come while it rings."""
    trunk = sipp(
        [
            receive("INVITE", keeps=True),
            respond("183 Session Progress", sound="sendrecv"),
            press("pound"),
            pause(600),
            respond("200 OK", sound="sendrecv", repeats=True),
            receive("ACK"),
            *GOODBYE,
        ]
    )
    desk = Desk()
    async with gateway(desk, trunk.port) as opened:
        await opened.send(call())
        await finished(opened)
        await asyncio.to_thread(trunk.finish)
    assert desk.events() == [
        CallEvent(CallEventKind.ANSWERED, detail="200 OK"),
        CallEvent(CallEventKind.KEYS),
    ]


async def test_sound_is_no_key(sipp: Start) -> None:
    """VOI-01: a voicemail's greeting, whatever is in it, is sound."""
    trunk = sipp([*ANSWER, speak(), *GOODBYE])
    desk = Desk()
    async with gateway(desk, trunk.port) as opened:
        await opened.send(call())
        await finished(opened)
        await asyncio.to_thread(trunk.finish)
    assert desk.events()[1] == CallEvent(CallEventKind.KEYS)


async def test_a_key_in_a_message_of_the_peer_is_heard(sipp: Start) -> None:
    relay = "Content-Type: application/dtmf-relay\n"
    trunk = sipp(
        [
            *ANSWER,
            pause(300),
            ask("INFO", 1, fields=relay, body="Signal=4\nDuration=160\n"),
            receive_response(200),
            ask("INFO", 2, fields=relay, body="Signal= 11\nDuration=160\n"),
            receive_response(200),
            *GOODBYE,
        ]
    )
    desk = Desk()
    async with gateway(desk, trunk.port) as opened:
        await opened.send(call())
        await finished(opened)
        await asyncio.to_thread(trunk.finish)
    assert desk.events()[1] == CallEvent(CallEventKind.KEYS, "4", True)


async def test_a_call_is_held_resumed_and_refreshed(sipp: Start) -> None:
    """RFC 3264 §8.4, RFC 3261 §14: the change is answered, and the call goes on."""
    hold, resume = ("sendonly", 1), ("sendrecv", 3)
    description = "Content-Type: application/sdp\n"
    sound = (
        "v=0\no=t 1 {} IN IP4 [local_ip]\ns=-\nc=IN IP4 [media_ip]\nt=0 0\n"
        "m=audio [media_port] RTP/AVP 8 101\na=rtpmap:101 telephone-event/8000\na={}\n"
    )
    steps = [*ANSWER]
    for direction, number in (hold, resume):
        body = sound.format(number + 1, direction)
        steps += [
            ask("INVITE", number, fields=description, body=body),
            receive_response(200),
            ask("ACK", number, repeats=False),
        ]
    steps += [ask("UPDATE", 4), receive_response(200), ask("OPTIONS", 5), receive_response(200)]
    steps += [ask("REFER", 6), receive_response(405), press("3"), *GOODBYE]
    trunk = sipp(steps)
    desk = Desk({**ASK, CallEventKind.ANSWERED: (Ask(spoken("long"), most_keys=1),)})
    async with gateway(desk, trunk.port) as opened:
        await opened.send(call())
        await finished(opened)
        await asyncio.to_thread(trunk.finish)
    assert desk.events()[1] == CallEvent(CallEventKind.KEYS, "3")
    assert trunk.trace.count("a=recvonly") == 1


async def test_an_offer_that_cannot_be_met_leaves_the_call_as_it_was(sipp: Start) -> None:
    """RFC 3261 §14.2."""
    fax = "v=0\no=t 1 2 IN IP4 [local_ip]\ns=-\nc=IN IP4 [media_ip]\nt=0 0\nm=image 9 udptl t38\n"
    trunk = sipp(
        [
            *ANSWER,
            ask("INVITE", 1, fields="Content-Type: application/sdp\n", body=fax),
            receive_response(488),
            ask("ACK", 1, repeats=False),
            press("8"),
            *GOODBYE,
        ]
    )
    desk = Desk({**ASK, CallEventKind.ANSWERED: (Ask(spoken("long"), most_keys=1),)})
    async with gateway(desk, trunk.port) as opened:
        await opened.send(call())
        await finished(opened)
        await asyncio.to_thread(trunk.finish)
    assert desk.events()[1] == CallEvent(CallEventKind.KEYS, "8")


async def test_the_person_hangs_up(sipp: Start) -> None:
    trunk = sipp([*ANSWER, ask("BYE", 1), receive_response(200)])
    desk = Desk({CallEventKind.ANSWERED: (Say(spoken("long")),)})
    async with gateway(desk, trunk.port) as opened:
        await opened.send(call())
        await finished(opened)
        await asyncio.to_thread(trunk.finish)
    assert [event.kind for event in desk.events()] == [CallEventKind.ANSWERED, CallEventKind.HUNG_UP]


async def test_a_phone_that_rings_too_long_is_no_answer_and_is_canceled(sipp: Start) -> None:
    trunk = sipp(
        [
            *RING,
            receive("CANCEL"),
            respond("200 OK", tag=TAG_OF_CANCEL),
            _refuse_canceled(),
            receive("ACK"),
        ]
    )
    desk = Desk()
    async with gateway(desk, trunk.port) as opened:
        await opened.send(call(ring_seconds=1))
        await finished(opened)
        assert desk.events() == [CallEvent(CallEventKind.NO_ANSWER, detail="sip.cause.rang_too_long")]
        await asyncio.to_thread(trunk.finish)


async def test_a_call_that_rings_is_taken_back_at_once(sipp: Start) -> None:
    """VOI-06: CANCEL within two seconds."""
    trunk = sipp(
        [
            *RING_ONLY,
            receive("CANCEL"),
            respond("200 OK", tag=TAG_OF_CANCEL),
            _refuse_canceled(),
            receive("ACK"),
        ]
    )
    desk = Desk()
    async with gateway(desk, trunk.port) as opened:
        await opened.send(call())
        began = monotonic()
        await opened.hang_up("d1")
        await asyncio.to_thread(trunk.finish)
        assert monotonic() - began < 2
        await opened.hang_up("nobody")
    assert [event.kind for event in desk.events()] == [CallEventKind.NO_ANSWER]


async def test_a_call_that_is_up_is_hung_up_at_once(sipp: Start) -> None:
    """VOI-06: BYE within two seconds."""
    trunk = sipp([*ANSWER, *GOODBYE])
    desk = Desk({CallEventKind.ANSWERED: (Say(spoken("long")),)})
    async with gateway(desk, trunk.port) as opened:
        await opened.send(call())
        await desk.wait_for(CallEventKind.ANSWERED)
        began = monotonic()
        await opened.hang_up("d1")
        await asyncio.to_thread(trunk.finish)
        assert monotonic() - began < 2
    assert desk.events()[-1] == CallEvent(CallEventKind.HUNG_UP, detail="sip.cause.ended_here")


async def test_an_answer_that_crosses_the_cancel_is_hung_up(sipp: Start) -> None:
    """RFC 3261 §9.1: the phone was picked up in the same moment."""
    trunk = sipp([*RING_ONLY, receive("CANCEL"), _answer_canceled(), receive("ACK"), *GOODBYE])
    desk = Desk()
    async with gateway(desk, trunk.port) as opened:
        await opened.send(call())
        await opened.hang_up("d1")
        await asyncio.to_thread(trunk.finish)
    assert [event.kind for event in desk.events()] == [CallEventKind.NO_ANSWER]


async def test_a_call_lasts_no_longer_than_it_may(sipp: Start) -> None:
    trunk = sipp([*ANSWER, *GOODBYE])
    desk = Desk({CallEventKind.ANSWERED: (Say(spoken("long")),)})
    async with gateway(desk, trunk.port) as opened:
        await opened.send(call(most_seconds=1))
        await finished(opened)
        await asyncio.to_thread(trunk.finish)
    assert desk.events()[-1] == CallEvent(CallEventKind.HUNG_UP, detail="sip.cause.lasted_too_long")


async def test_closing_the_gateway_ends_its_calls(sipp: Start) -> None:
    trunk = sipp([*ANSWER, *GOODBYE])
    desk = Desk({CallEventKind.ANSWERED: (Say(spoken("long")),)})
    async with gateway(desk, trunk.port) as opened:
        await opened.send(call())
        await desk.wait_for(CallEventKind.ANSWERED)
    await asyncio.to_thread(trunk.finish)
    assert desk.events()[-1].kind is CallEventKind.HUNG_UP


async def test_an_answer_without_a_common_codec_is_hung_up(sipp: Start) -> None:
    trunk = sipp([*ANSWER, *GOODBYE])
    desk = Desk()
    async with gateway(desk, trunk.port, codecs=["PCMU"]) as opened:
        await opened.send(call())
        await finished(opened)
        await asyncio.to_thread(trunk.finish)
    assert desk.events() == [CallEvent(CallEventKind.FAILED, detail="sip.cause.no_common_codec")]


async def test_routes_are_recorded_and_followed(sipp: Start) -> None:
    """RFC 3261 §12.1.2: loose routing, in reverse order."""
    routes = "Record-Route: <sip:127.0.0.1:[local_port];lr;n=1>\nRecord-Route: <sip:edge.example;lr;n=2>\n"
    trunk = sipp(
        [*RING, respond("200 OK", sound="sendrecv", fields=routes, repeats=True), receive("ACK"), *GOODBYE]
    )
    desk = Desk()
    async with gateway(desk, trunk.port) as opened:
        await opened.send(call())
        await finished(opened)
        await asyncio.to_thread(trunk.finish)
    for method in ("ACK", "BYE"):
        [request] = trunk.received(method)
        first, second = request.index("lr;n=2"), request.index("lr;n=1")
        assert first < second
        assert request.startswith(f"{method} sip:127.0.0.1:{trunk.port};transport=UDP SIP/2.0")


async def test_keys_are_pressed_by_messages_where_events_are_unknown(sipp: Start) -> None:
    plain = (
        "v=0\no=t 1 1 IN IP4 [local_ip]\ns=-\nc=IN IP4 [media_ip]\nt=0 0\nm=audio [media_port] RTP/AVP 8\n"
    )
    answered = respond("200 OK", fields="Content-Type: application/sdp\n", repeats=True)
    answered = answered.replace("Content-Length: [len]\n\n", f"Content-Length: [len]\n\n{plain}")
    info = [receive("INFO"), respond("200 OK", tag="")]
    trunk = sipp([*RING, answered, receive("ACK"), *info, *info, *GOODBYE])
    desk = Desk({CallEventKind.ANSWERED: (Press("4#"), HangUp())})
    async with gateway(desk, trunk.port) as opened:
        await opened.send(call())
        await finished(opened)
        await asyncio.to_thread(trunk.finish)
    assert ["Signal=4" in body or "Signal=#" in body for body in trunk.received("INFO")] == [True, True]


async def test_a_password_is_given_where_it_is_asked_for(sipp: Start) -> None:
    """RFC 3261 §22.2, checked by SIPp's own digest."""
    trunk = sipp(
        [
            receive("INVITE"),
            respond("401 Unauthorized", fields=_challenge("WWW-Authenticate")),
            receive("ACK"),
            receive("INVITE", more=_verified("vestibule", "s3cret")),
            _refuse_unless_verified(),
            respond("486 Busy Here"),
            receive("ACK"),
        ]
    )
    desk = Desk()
    async with gateway(desk, trunk.port, user="vestibule", password="s3cret") as opened:
        assert isinstance(await opened.send(call()), Sent)
        await finished(opened)
        await asyncio.to_thread(trunk.finish)
    assert [event.kind for event in desk.events()] == [CallEventKind.BUSY]
    assert "s3cret" not in trunk.trace


async def test_a_wrong_password_is_tried_once_and_the_call_not_taken(sipp: Start) -> None:
    refuse = [
        receive("INVITE"),
        respond("401 Unauthorized", fields=_challenge("WWW-Authenticate")),
        receive("ACK"),
    ]
    trunk = sipp([*refuse, *refuse])
    desk = Desk()
    async with gateway(desk, trunk.port, user="vestibule", password="wrong") as opened:
        assert await opened.send(call()) == NotSent("sip.cause.refused 401 Unauthorized")
        await asyncio.to_thread(trunk.finish)
    assert desk.events() == []


async def test_the_gateway_registers_renews_and_signs_off(sipp: Start) -> None:
    """RFC 3261 §10.2."""
    challenged = [
        receive("REGISTER"),
        respond("401 Unauthorized", fields=_challenge("WWW-Authenticate")),
        receive("REGISTER", more=_verified("vestibule", "s3cret")),
        _refuse_unless_verified(),
    ]
    granted = respond("200 OK", fields="Expires: 300\n")
    trunk = sipp([*challenged, granted, *challenged, granted])
    desk = Desk()
    async with gateway(desk, trunk.port, user="vestibule", password="s3cret", register=True) as opened:
        running = asyncio.ensure_future(opened.run())
        await until(lambda: opened.is_connected)
        running.cancel()
        await asyncio.wait([running])
    await asyncio.to_thread(trunk.finish)
    registers = trunk.received("REGISTER")
    assert [f"Expires: {number}\n" in one for one, number in zip(registers, (300, 300, 0, 0), strict=True)]
    assert all("Contact: <sip:vestibule@127.0.0.1:" in one for one in registers)


async def test_a_trunk_that_refuses_at_once_leaves_the_call_to_another_gateway(sipp: Start) -> None:
    """RFC 3261 §21.5.4."""
    trunk = sipp([receive("INVITE"), respond("503 Service Unavailable"), receive("ACK")])
    desk = Desk()
    async with gateway(desk, trunk.port) as opened:
        assert await opened.send(call()) == NotSent("sip.cause.refused 503 Service Unavailable")
        await asyncio.to_thread(trunk.finish)
    assert desk.events() == []


async def test_a_trunk_that_is_dead_does_not_take_the_call_in_time() -> None:
    desk = Desk()
    async with gateway(desk, free_port()) as opened:
        began = monotonic()
        assert await opened.send(call()) == NotSent("sip.cause.silent")
        assert monotonic() - began < 6
        await finished(opened)
    assert desk.events() == []


async def test_a_name_that_leads_nowhere_does_not_take_the_call() -> None:
    async with gateway(Desk(), 5060, server="trunk.invalid") as opened:
        assert isinstance(await opened.send(call()), NotSent)


async def test_more_calls_than_there_are_lines_are_left_to_another_gateway(sipp: Start) -> None:
    trunk = sipp([*ANSWER, *GOODBYE])
    desk = Desk({CallEventKind.ANSWERED: (Say(spoken("long")),)})
    async with gateway(desk, trunk.port, most_calls=1) as opened:
        first = await opened.send(call())
        assert await opened.send(call("d2")) == NotSent("sip.cause.busy")
        assert await opened.send(call()) == first
        await desk.wait_for(CallEventKind.ANSWERED)
    await asyncio.to_thread(trunk.finish)


@pytest.mark.parametrize("number", ["", "abc", "+49;evil", "sip:a@b", "+49\r\nX: y", "1" * 16])
async def test_what_is_no_number_is_not_dialed(number: str) -> None:
    """SMS-09: nothing can be injected into a request."""
    async with gateway(Desk(), free_port()) as opened:
        assert await opened.send(call(to=number)) == NotSent("sip.cause.not_a_number", is_final=True)
        assert isinstance(await opened.send(call(caller_id=f"{number}x")), NotSent)


async def test_texts_are_not_carried() -> None:
    text = Text(delivery_id="d1", to=NUMBER, body=Secret("123456"), valid_seconds=60)
    async with gateway(Desk(), free_port()) as opened:
        assert await opened.send(text) == NotSent("sip.cause.calls_only")


async def test_a_call_over_one_connection(sipp: Start) -> None:
    """TCP, RFC 3261 §18."""
    trunk = sipp([*ANSWER, pause(300), press("6"), *GOODBYE], transport="t1")
    desk = Desk()
    async with gateway(desk, trunk.port, transport="tcp") as opened:
        await opened.send(call())
        await finished(opened)
        await asyncio.to_thread(trunk.finish)
    assert desk.events()[1] == CallEvent(CallEventKind.KEYS, "6")
    [invite] = trunk.received("INVITE")
    assert "Via: SIP/2.0/TCP " in invite
    assert ";transport=tcp>" in invite


TAG_OF_CANCEL = ";tag=[pid]SIPp[call_number]"


def _to_invite(message: str, body: str = "", attributes: str = "") -> str:
    """Answer the INVITE although another request came since: its fields are kept in variables."""
    lines = (
        "[last_Via:]\nFrom:[$them]\nTo:[$us];tag=[pid]SIPp[call_number]\n[last_Call-ID:]\nCSeq: 1 INVITE\n"
        "Contact: <sip:[local_ip]:[local_port];transport=[transport]>\n"
    )
    kind = "Content-Type: application/sdp\n" if body else ""
    message = f"SIP/2.0 {message}\n{lines}{kind}Content-Length: [len]\n\n{body}"
    return f"<send{attributes}>\n<![CDATA[\n\n{message}\n]]>\n</send>"


def _refuse_canceled() -> str:
    return _to_invite("487 Request Terminated", attributes=' retrans="500"')


def _answer_canceled() -> str:
    sound = (
        "v=0\no=t 1 1 IN IP4 [local_ip]\ns=-\nc=IN IP4 [media_ip]\nt=0 0\nm=audio [media_port] RTP/AVP 8\n"
    )
    return _to_invite("200 OK", sound, ' retrans="500"')


def _challenge(name: str) -> str:
    return f'{name}: Digest realm="trunk.example", nonce="47ebe028cda119c3", algorithm=MD5, qop="auth"\n'


def _verified(user: str, password: str) -> str:
    return f'<verifyauth assign_to="verified" username="{user}" password="{password}"/>'


def _refuse_unless_verified() -> str:
    """End the scenario as failed unless the password was right."""
    return (
        '<nop condexec="verified" condexec_inverse="true"><action>'
        '<error message="the password is wrong"/></action></nop>'
    )
