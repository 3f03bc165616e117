"""The gateway and those who mean it harm, or only do as they like: from addresses of this machine."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import pi, sin

import pytest

from tests.integration.sip.desk import ASK, Desk, call, finished, gateway, spoken, tone
from tests.integration.sip.phone import Phone, stranger
from tests.until import until
from vestibule.gateways.sip import SipGateway
from vestibule.interfaces.gateway import NotSent, Sent
from vestibule.model.call import Ask, CallEvent, CallEventKind, Say
from vestibule.wire.sip import Request, encode
from vestibule.wire.sound.g711 import encode_a_law

LONG_ASK = {**ASK, CallEventKind.ANSWERED: (Ask(spoken(), seconds=30),)}


@asynccontextmanager
async def answered(desk: Desk, **settings: object) -> AsyncIterator[tuple[Phone, SipGateway]]:
    """A call that is up, and asks."""
    with Phone() as phone:
        async with gateway(desk, phone.port, **settings) as opened:  # type: ignore[arg-type]
            sending = asyncio.ensure_future(opened.send(call()))
            await phone.receive("INVITE")
            phone.answer()
            await phone.receive("ACK")
            assert isinstance(await sending, Sent)
            await phone.listen()
            await desk.wait_for(CallEventKind.ANSWERED)
            await until(lambda: all(one._talk and one._talk._entry for one in opened._calls.values()))
            yield phone, opened


async def ended(phone: Phone, opened: SipGateway) -> None:
    """Let the gateway hang up."""
    bye = await phone.receive("BYE")
    phone.respond(200, "OK", to=bye)
    await finished(opened)


async def test_keys_injected_from_another_address_are_not_heard() -> None:
    """VOI-03: before the phone has said anything, while it speaks, from its port and from others."""
    desk = Desk(LONG_ASK)
    async with answered(desk) as (phone, opened):
        port = phone.rtp.getsockname()[1]
        with stranger(port) as same_port, stranger() as other:
            phone.press("66#", by=same_port)
            phone.press("66#", by=other)
            phone.press("1")
            phone.press("66#", by=same_port, ssrc=77)
        phone.press("#")
        await ended(phone, opened)
    assert desk.events()[1] == CallEvent(CallEventKind.KEYS, "1", True)


async def test_keys_injected_under_another_source_are_not_heard() -> None:
    """VOI-03: one SSRC; the spoofer even uses the phone's own address."""
    desk = Desk(LONG_ASK)
    async with answered(desk) as (phone, opened):
        phone.press("1")
        phone.press("66#", ssrc=1234)
        phone.press("2#")
        await ended(phone, opened)
    assert desk.events()[1] == CallEvent(CallEventKind.KEYS, "12", True)


async def test_sound_goes_to_where_sound_comes_from_at_the_announced_host() -> None:
    """Symmetric RTP: the port that was announced is not the one it comes from."""
    desk = Desk(LONG_ASK)
    with Phone() as phone, stranger(address="127.0.0.1") as translated:
        async with gateway(desk, phone.port) as opened:
            sending = asyncio.ensure_future(opened.send(call()))
            await phone.receive("INVITE")
            phone.answer()
            await phone.receive("ACK")
            await sending
            await desk.wait_for(CallEventKind.ANSWERED)
            await until(lambda: all(one._talk and one._talk._entry for one in opened._calls.values()))
            phone.press("5#", by=translated)
            async with asyncio.timeout(5):
                await asyncio.get_running_loop().sock_recv(translated, 2_048)
            await ended(phone, opened)
    assert desk.events()[1] == CallEvent(CallEventKind.KEYS, "5", True)


async def test_tones_in_the_sound_are_no_keys() -> None:
    """VOI-01: a greeting that somebody has recorded with the tones of # in it."""
    pair = [
        int(6_000 * (sin(2 * pi * 941 * n / 8_000) + sin(2 * pi * 1_477 * n / 8_000))) for n in range(8_000)
    ]
    samples = b"".join(sample.to_bytes(2, "little", signed=True) for sample in pair)
    desk = Desk(LONG_ASK)
    async with answered(desk) as (phone, opened):
        phone.speak(encode_a_law(samples))
        phone.press("3#")
        await ended(phone, opened)
    assert desk.events()[1] == CallEvent(CallEventKind.KEYS, "3", True)


async def test_keys_while_it_rings_are_not_heard() -> None:
    """VOI-02: early media from the very address and source that the call will have."""
    desk = Desk(ASK)
    with Phone() as phone:
        async with gateway(desk, phone.port) as opened:
            sending = asyncio.ensure_future(opened.send(call()))
            await phone.receive("INVITE")
            phone.respond(183, "Session Progress", body=phone.description())
            phone.press("1234#")
            await sending
            phone.press("1234#")
            phone.answer()
            await phone.receive("ACK")
            await ended(phone, opened)
    assert desk.events()[1] == CallEvent(CallEventKind.KEYS)


async def test_requests_of_strangers_are_dropped() -> None:
    """VOI-07: even one that knows all of the call's secrets, from an address that is not the trunk's."""
    desk = Desk(LONG_ASK)
    async with answered(desk) as (phone, opened):
        with stranger() as other:
            relay = "application/dtmf-relay"
            for method in ("BYE", "INFO", "NOTIFY", "INVITE", "OPTIONS", "CANCEL"):
                request = phone.request(method, body=b"Signal=#\r\n", kind=relay)
                other.sendto(encode(request), phone.there)
            assert await phone.is_silent()
            with pytest.raises(BlockingIOError):
                other.recv(1)
        assert [event.kind for event in desk.events()] == [CallEventKind.ANSWERED]
        phone.press("#")
        await ended(phone, opened)


async def test_requests_under_other_tags_do_not_touch_the_call() -> None:
    """VOI-07: from the trunk, but of no dialog of ours."""
    desk = Desk(LONG_ASK)
    async with answered(desk) as (phone, opened):
        phone.ask("BYE", tag="another")
        assert (await phone.receive_response()).status == 481
        phone.ask("INFO", tag="", body=b"Signal=#\r\n", kind="application/dtmf-relay")
        assert (await phone.receive_response()).status == 481
        assert len(desk.events()) == 1
        phone.press("#")
        await ended(phone, opened)


@pytest.mark.parametrize(
    ("method", "status"),
    [
        ("OPTIONS", 200),
        ("INVITE", 603),
        ("NOTIFY", 481),
        ("MESSAGE", 405),
        ("CANCEL", 481),
        ("SUBSCRIBE", 405),
    ],
)
async def test_what_nobody_asked_for_is_refused(method: str, status: int) -> None:
    """Nobody can call us."""
    desk = Desk(LONG_ASK)
    async with answered(desk) as (phone, opened):
        fields = [
            (
                name,
                "elsewhere" if name == "call-id" else value.partition(";tag")[0] if name == "to" else value,
            )
            for name, value in phone.request(method).fields
        ]
        request = Request(method=method, uri="sip:us", fields=tuple(fields))
        phone.sip.sendto(encode(request), phone.there)
        response = await phone.receive_response()
        assert response.status == status
        assert ";tag=" in response.first("to")
        assert "received=127.0.0.1" in response.first("via")
        phone.press("#")
        await ended(phone, opened)
    assert len(desk.told) == 2


async def test_garbage_is_dropped() -> None:
    """VOI-08."""
    desk = Desk(LONG_ASK)
    async with answered(desk) as (phone, opened):
        good = encode(phone.request("INFO", body=b"Signal=#\r\n", kind="application/dtmf-relay"))
        for bad in (
            b"",
            b"\r\n\r\n",
            b"\0" * 100,
            good[:-40],
            good.replace(b"CSeq", b"C Seq"),
            good * 0 + b"x" * 65_000,
        ):
            phone.sip.sendto(bad, phone.there)
            phone.rtp.sendto(bad[:1_400], phone.their_rtp)
        assert await phone.is_silent()
        assert len(desk.events()) == 1
        phone.press("#")
        await ended(phone, opened)


async def test_a_repeated_request_acts_once_and_is_answered_each_time() -> None:
    """RFC 3261 §17.2.2."""
    desk = Desk(LONG_ASK)
    async with answered(desk) as (phone, opened):
        info = encode(phone.request("INFO", body=b"Signal=7\r\n", kind="application/dtmf-relay"))
        for _ in range(3):
            phone.sip.sendto(info, phone.there)
            assert (await phone.receive_response()).status == 200
        phone.ask("INFO", body=b"#", kind="application/dtmf")
        await phone.receive_response()
        await ended(phone, opened)
    assert desk.events()[1] == CallEvent(CallEventKind.KEYS, "7", True)


async def test_a_key_that_comes_both_ways_counts_once() -> None:
    desk = Desk(LONG_ASK)
    async with answered(desk) as (phone, opened):
        for key in "12":
            phone.press(key)
            await phone.listen()
            phone.ask("INFO", body=f"Signal={key}\r\n".encode(), kind="application/dtmf-relay")
            await phone.receive_response()
        phone.press("#")
        await ended(phone, opened)
    assert desk.events()[1] == CallEvent(CallEventKind.KEYS, "12", True)


async def test_a_repeated_answer_is_acknowledged_each_time() -> None:
    """RFC 3261 §13.2.2.4: our ACK was lost."""
    desk = Desk(LONG_ASK)
    async with answered(desk) as (phone, opened):
        phone.answer()
        again = await phone.receive("ACK")
        assert again.first("cseq") == "1 ACK"
        phone.press("#")
        await ended(phone, opened)
    assert [event.kind for event in desk.events()] == [CallEventKind.ANSWERED, CallEventKind.KEYS]


async def test_a_second_phone_that_answers_is_hung_up() -> None:
    """RFC 3261 §13.2.2.4: the network rang two."""
    desk = Desk(LONG_ASK)
    async with answered(desk) as (phone, opened):
        phone.answer(tag="second")
        acknowledged = await phone.receive("ACK")
        bye = await phone.receive("BYE")
        assert acknowledged.first("to").endswith("tag=second")
        assert bye.first("to").endswith("tag=second")
        phone.respond(200, "OK", to=bye)
        assert len(desk.events()) == 1
        phone.press("#")
        await ended(phone, opened)


async def test_an_answer_after_the_trunk_was_given_up_is_hung_up() -> None:
    """The call may be with another gateway by now: nobody may hear this one."""
    desk = Desk()
    with Phone() as phone:
        async with gateway(desk, phone.port) as opened:
            assert await opened.send(call()) == NotSent("sip.cause.silent")
            await phone.receive("INVITE")
            phone.answer()
            await phone.receive("ACK")
            await ended(phone, opened)
    assert desk.events() == []


async def test_a_phone_that_rings_after_the_trunk_was_given_up_is_canceled() -> None:
    desk = Desk()
    with Phone() as phone:
        async with gateway(desk, phone.port) as opened:
            assert await opened.send(call()) == NotSent("sip.cause.silent")
            await phone.receive("INVITE")
            phone.respond(180, "Ringing")
            cancel = await phone.receive("CANCEL")
            phone.respond(200, "OK", to=cancel)
    assert desk.events() == []


async def test_nothing_is_sent_to_where_a_contact_leads() -> None:
    """A trunk, or who plays it, cannot make us send to others."""
    desk = Desk(ASK)
    with Phone() as phone, stranger() as victim:
        async with gateway(desk, phone.port) as opened:
            sending = asyncio.ensure_future(opened.send(call()))
            await phone.receive("INVITE")
            where = f"<sip:x@127.0.0.66:{victim.getsockname()[1]}>"
            response = phone.response(200, "OK", body=phone.description())
            fields = tuple((n, where if n == "contact" else v) for n, v in response.fields)
            phone.sip.sendto(
                encode(type(response)(status=200, fields=fields, body=response.body)), phone.there
            )
            ack = await phone.receive("ACK")
            assert ack.uri == where[1:-1]
            await sending
            await ended(phone, opened)
            with pytest.raises(BlockingIOError):
                victim.recv(1)


async def test_a_change_that_is_never_acknowledged_is_repeated() -> None:
    """RFC 3261 §13.3.1.4."""
    desk = Desk(LONG_ASK)
    async with answered(desk) as (phone, opened):
        phone.ask("INVITE", body=phone.description("sendonly"), kind="application/sdp")
        first = await phone.receive_response()
        second = await phone.receive_response()
        assert first == second
        assert b"a=recvonly" in first.body
        phone.ask("BYE")
        assert (await phone.receive_response()).status == 200
        await finished(opened)
    assert desk.events()[-1].kind is CallEventKind.HUNG_UP


async def test_a_refresh_without_an_offer_is_answered_with_one() -> None:
    """RFC 3261 §14.2: the answer comes in the ACK, here with a new address for the sound."""
    desk = Desk(LONG_ASK)
    async with answered(desk) as (phone, opened):
        with stranger(address="127.0.0.1") as moved:
            request = phone.ask("INVITE")
            response = await phone.receive_response()
            assert b"m=audio" in response.body
            description = phone.description(port=moved.getsockname()[1])
            number, _ = request.sequence
            ack = phone.request("ACK", body=description, kind="application/sdp")
            fields = tuple((n, f"{number} ACK" if n == "cseq" else v) for n, v in ack.fields)
            phone.sip.sendto(
                encode(Request(method="ACK", uri="sip:us", fields=fields, body=ack.body)), phone.there
            )
            async with asyncio.timeout(5):
                await asyncio.get_running_loop().sock_recv(moved, 2_048)
            phone.press("4#", by=moved)
            await ended(phone, opened)
    assert desk.events()[1] == CallEvent(CallEventKind.KEYS, "4", True)


async def test_a_proxy_that_asks_for_a_password_gets_it_for_every_request() -> None:
    """RFC 3261 §22.1, §22.3: the ACK bears what the INVITE bore; BYE is asked anew."""
    demand = (("proxy-authenticate", 'Digest realm="r", nonce="n1", algorithm=SHA-256, qop="auth"'),)
    desk = Desk(ASK)
    with Phone() as phone:
        async with gateway(desk, phone.port, user="vestibule", password="s3cret") as opened:
            sending = asyncio.ensure_future(opened.send(call()))
            await phone.receive("INVITE")
            phone.respond(407, fields=demand)
            await phone.receive("ACK")
            invite = await phone.receive("INVITE")
            assert 'username="vestibule"' in invite.first("proxy-authorization")
            assert "algorithm=SHA-256" in invite.first("proxy-authorization")
            phone.answer()
            ack = await phone.receive("ACK")
            assert ack.first("proxy-authorization") == invite.first("proxy-authorization")
            await sending
            bye = await phone.receive("BYE")
            phone.respond(407, to=bye, fields=demand)
            again = await phone.receive("BYE")
            assert again.first("proxy-authorization")
            phone.respond(200, "OK", to=again)
            await finished(opened)


async def test_a_forwarded_call_is_noted() -> None:
    """VOI-04: what the network does by itself is at least recorded."""
    desk = Desk(ASK)
    with Phone() as phone:
        async with gateway(desk, phone.port) as opened:
            sending = asyncio.ensure_future(opened.send(call()))
            await phone.receive("INVITE")
            phone.respond(181, "Call Is Being Forwarded")
            phone.answer()
            await phone.receive("ACK")
            await sending
            await ended(phone, opened)
    assert desk.events()[0].detail == "200 OK, 181 Call Is Being Forwarded"


async def test_keys_and_passwords_are_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """VOI-10: a PIN that is keyed in is told to the inbox and to nobody else."""
    caplog.set_level(logging.DEBUG)
    desk = Desk(LONG_ASK)
    async with answered(desk, password="s3cret", user="vestibule") as (phone, opened):
        phone.press("8642#")
        await ended(phone, opened)
        assert "s3cret" not in repr(opened) + repr(vars(opened))
    assert desk.events()[1].keys == "8642"
    assert "8642" not in caplog.text
    assert "s3cret" not in caplog.text


async def test_a_sound_that_cannot_be_had_ends_the_call_as_failed() -> None:
    """What cannot be decided is not approved: the call is hung up and told."""

    class Mute(Desk):
        async def sound(self, spoken: object) -> object:  # type: ignore[override]
            raise RuntimeError("no voice")

    desk = Mute({CallEventKind.ANSWERED: (Say(spoken()),)})
    with Phone() as phone:
        async with gateway(desk, phone.port) as opened:
            sending = asyncio.ensure_future(opened.send(call()))
            await phone.receive("INVITE")
            phone.answer()
            await sending
            await ended(phone, opened)
    assert desk.events()[-1] == CallEvent(CallEventKind.FAILED, detail="sip.cause.broke_down")


async def test_a_flood_of_sound_from_strangers_does_not_stop_a_call() -> None:
    """VOI-03, VOI-08."""
    desk = Desk(LONG_ASK)
    async with answered(desk) as (phone, opened):
        octets = encode_a_law(tone(300, 20))
        with stranger() as other:
            for _ in range(20):
                for begin in range(0, len(octets), 1_600):
                    other.sendto(b"\x80\x08" + octets[begin : begin + 170], phone.their_rtp)
                await phone.listen()
        phone.press("9#")
        await ended(phone, opened)
    assert desk.events()[1] == CallEvent(CallEventKind.KEYS, "9", True)


async def test_what_the_network_loses_is_sent_again() -> None:
    """RFC 3261 §17.1: timers A and E."""
    desk = Desk(ASK)
    with Phone() as phone:
        async with gateway(desk, phone.port) as opened:
            sending = asyncio.ensure_future(opened.send(call()))
            lost = await phone.receive("INVITE")
            assert await phone.receive("INVITE") == lost
            phone.answer()
            await phone.receive("ACK")
            await sending
            gone = await phone.receive("BYE")
            assert await phone.receive("BYE") == gone
            phone.respond(200, "OK", to=gone)
            await finished(opened)


async def test_a_response_that_went_astray_is_dropped() -> None:
    """RFC 3261 §8.1.3.3: more than one Via."""
    desk = Desk(ASK)
    with Phone() as phone:
        async with gateway(desk, phone.port) as opened:
            sending = asyncio.ensure_future(opened.send(call()))
            await phone.receive("INVITE")
            astray = (("via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx"),)
            phone.respond(603, "Decline", fields=astray)
            phone.respond(486, "Busy Here")
            await sending
            await finished(opened)
    assert desk.events() == [CallEvent(CallEventKind.BUSY, detail="486 Busy Here")]


async def test_a_call_on_hold_can_be_hung_up() -> None:
    desk = Desk({**ASK, CallEventKind.ANSWERED: (Ask(spoken(), most_keys=1),)})
    async with answered(desk) as (phone, opened):
        phone.ask("INVITE", body=phone.description("sendonly"), kind="application/sdp")
        await phone.receive_response()
        phone.press("1")
        await ended(phone, opened)
    assert desk.events()[1] == CallEvent(CallEventKind.KEYS, "1")
