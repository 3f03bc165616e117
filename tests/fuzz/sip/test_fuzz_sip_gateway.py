"""A gateway with a call that is up, under messages of its trunk that are nearly right (VOI-08)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

from tests.integration.sip.desk import ASK, Desk, call, gateway, spoken
from tests.integration.sip.phone import Phone
from vestibule.interfaces.gateway import Sent
from vestibule.model.call import Ask, CallEventKind
from vestibule.wire.sip import Request, Response, decode, encode

PIECES = [
    b"\r\n",
    b" ",
    b",",
    b";",
    b'"',
    b"<",
    b">",
    b":",
    b"=",
    b"@",
    b"\xff",
    b"",
    b"",
    b"0",
    b"9" * 12,
    b"tag=",
    b"[::1]",
]
METHODS = ("INVITE", "INFO", "UPDATE", "OPTIONS", "NOTIFY", "CANCEL", "ACK", "REFER", "PRACK")


def changed(random: Random, data: bytes) -> bytes:
    for _ in range(random.randint(1, 4)):
        begin = random.randrange(len(data))
        data = data[:begin] + random.choice(PIECES) + data[begin + random.randint(0, 12) :]
    return data


async def test_nearly_right_messages_break_nothing(proof: Callable[[int, int], int]) -> None:
    """Nothing raises, and the call is up or told to be over."""
    random = Random(4475)
    desk = Desk({**ASK, CallEventKind.ANSWERED: (Ask(spoken(), seconds=300),)})
    with Phone() as phone:
        async with gateway(desk, phone.port) as opened:
            sending = asyncio.ensure_future(opened.send(call(most_seconds=3_600)))
            await phone.receive("INVITE")
            phone.answer()
            await phone.receive("ACK")
            assert isinstance(await sending, Sent)
            trunk, read = opened._trunk, 0
            for number in range(proof(3_000, 100_000)):
                if number % 10 == 0:
                    status = random.choice((100, 180, 183, 200, 302, 401, 407, 486, 699))
                    data = encode(phone.response(status, "x", body=phone.description()))
                else:
                    kind = random.choice(("application/sdp", "application/dtmf-relay", "text/plain"))
                    body = random.choice((phone.description(), b"Signal=1\r\n", b""))
                    data = encode(phone.request(random.choice(METHODS), body=body, kind=kind))
                message = decode(changed(random, data))
                if isinstance(message, Request | Response):
                    read += 1
                    trunk._receive(message, phone.there)
            assert read > 500
            assert opened.calls == 1 or desk.events()[-1].kind is CallEventKind.HUNG_UP
