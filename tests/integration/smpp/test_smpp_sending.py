"""Texts handed to a message center by others (smpp34): what arrives there is what was meant."""

from __future__ import annotations

import asyncio

import pytest
import smpp34

from tests.integration.smpp.texts import Opening, a_text
from tests.peers.smsc import Relay, Smsc
from vestibule.interfaces.gateway import NotSent, Sent, Unsure


@pytest.mark.parametrize(
    ("body", "parts", "coding"),
    [
        ("Your passcode: 123456", 1, 0),
        ("Grüße, Übermut, Maß: 5 € [{~}]", 1, 0),
        ("Ваш код: 123456", 1, 8),
        ("Your code 👍👨‍👩‍👧‍👦 123456", 1, 8),
        ("x" * 160, 1, 0),
        ("Ihr Code lautet 123456. " * 17, 3, 0),
        ("€" * 200, 3, 0),
        ("Ваш код: 123456. " * 24, 7, 8),
        ("👍a" * 60, 3, 8),
    ],
)
async def test_what_arrives_is_what_was_sent(
    smsc: Smsc, gateway_at: Opening, body: str, parts: int, coding: int
) -> None:
    gateway = await gateway_at(smsc.port)
    assert await gateway.send(a_text(body)) == Sent("id-1")
    assert smsc.texts() == [("4917612345678", body)]
    assert [event.data_coding for event in smsc.taken] == [coding] * parts
    assert all(len(event.short_message) <= (140 if coding == 8 else 160) for event in smsc.taken)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("", (0, 0, "")),
        ("Vestibule", (5, 0, "Vestibule")),
        ("12345", (3, 0, "12345")),
        ("+4930123456", (1, 1, "4930123456")),
    ],
)
async def test_numbers_and_what_is_asked_for(
    smsc: Smsc, gateway_at: Opening, source: str, told: tuple[int, int, str]
) -> None:
    gateway = await gateway_at(smsc.port, source=source, service_type="OTP")
    assert isinstance(await gateway.send(a_text()), Sent)
    (event,) = smsc.taken
    assert (event.source_addr_ton, event.source_addr_npi, event.source_addr) == told
    assert (event.dest_addr_ton, event.dest_addr_npi) == (1, 1)
    assert (event.registered_delivery, event.service_type) == (1, "OTP")


async def test_a_source_address_may_be_of_any_type(smsc: Smsc, gateway_at: Opening) -> None:
    gateway = await gateway_at(smsc.port, source="12345", source_ton=6, source_npi=9, receipts=False)
    await gateway.send(a_text())
    (event,) = smsc.taken
    assert (event.source_addr_ton, event.source_addr_npi, event.registered_delivery) == (6, 9, 0)


@pytest.mark.parametrize(
    "to", ["4917612345678", "+49 176", "", "+0123456789", "+4917612345678\x00", "+" + "1" * 16]
)
async def test_what_is_no_number_is_not_sent(smsc: Smsc, gateway_at: Opening, to: str) -> None:
    """SMS-09: nothing but E.164 goes into the field of the number."""
    gateway = await gateway_at(smsc.port)
    assert await gateway.send(a_text(to=to)) == NotSent("smpp.cause.not_a_number", is_final=True)
    assert smsc.taken == []


async def test_a_text_beyond_all_measure_is_not_sent(smsc: Smsc, gateway_at: Opening) -> None:
    gateway = await gateway_at(smsc.port)
    assert await gateway.send(a_text("x" * 5000)) == NotSent("smpp.cause.too_long")
    assert smsc.taken == []


@pytest.mark.parametrize(
    ("status", "name", "is_final"),
    [
        (smpp34.ESME_RINVDSTADR, "ESME_RINVDSTADR", True),
        (smpp34.ESME_RSYSERR, "ESME_RSYSERR", False),
        (smpp34.ESME_RINVSRCADR, "ESME_RINVSRCADR", False),
        (0x45, "ESME_RSUBMITFAIL", False),
    ],
)
async def test_a_refusal_says_why(
    smsc: Smsc, gateway_at: Opening, status: int, name: str, is_final: bool
) -> None:
    smsc.policy = lambda event: status
    gateway = await gateway_at(smsc.port)
    assert await gateway.send(a_text()) == NotSent(f"smpp.cause.refused {name}", is_final=is_final)


async def test_after_a_refused_part_the_others_are_not_sent(smsc: Smsc, gateway_at: Opening) -> None:
    smsc.policy = lambda event: 0 if event.short_message[5] == 1 else smpp34.ESME_RSYSERR
    gateway = await gateway_at(smsc.port)
    assert await gateway.send(a_text("x" * 600)) == NotSent("smpp.cause.refused ESME_RSYSERR")
    assert (len(smsc.taken), smsc.refused) == (1, 1)


@pytest.mark.parametrize(("silent_part", "kind"), [(1, NotSent), (2, NotSent), (3, Unsure)])
async def test_only_the_last_part_can_leave_a_text_in_doubt(
    smsc: Smsc, gateway_at: Opening, silent_part: int, kind: type
) -> None:
    """SMS-05: without its last part a text cannot be read, so another gateway may send it."""
    smsc.policy = lambda event: None if event.short_message[5] == silent_part else 0
    gateway = await gateway_at(smsc.port, answer_seconds=0.2)
    assert await gateway.send(a_text("x" * 400)) == kind("smpp.cause.timed_out")
    assert len(smsc.taken) == silent_part - 1


@pytest.mark.parametrize("status", [smpp34.ESME_RTHROTTLED, smpp34.ESME_RMSGQFUL])
async def test_who_is_throttled_waits_and_tries_again(smsc: Smsc, gateway_at: Opening, status: int) -> None:
    """SMS-06: a network that asks for a pause gets it, and the text all the same."""
    smsc.policy = lambda event: status if smsc.refused < 3 else 0
    gateway = await gateway_at(smsc.port)
    sent = await asyncio.gather(*(gateway.send(a_text(f"code {number}")) for number in range(3)))
    assert all(isinstance(one, Sent) for one in sent)
    assert sorted(text for _, text in smsc.texts()) == ["code 0", "code 1", "code 2"]


async def test_who_is_throttled_for_good_gives_up_in_time(smsc: Smsc, gateway_at: Opening) -> None:
    """SMS-06: within ten seconds, so that another gateway can be asked."""
    smsc.policy = lambda event: smpp34.ESME_RTHROTTLED
    gateway = await gateway_at(smsc.port)
    async with asyncio.timeout(10):
        assert await gateway.send(a_text()) == NotSent("smpp.cause.throttled")
    assert 3 <= smsc.refused <= 12


async def test_no_more_requests_are_unanswered_than_the_window_allows(
    smsc: Smsc, gateway_at: Opening
) -> None:
    smsc.policy = lambda event: None
    gateway = await gateway_at(smsc.port, window=3, per_second=0)
    sending = [asyncio.create_task(gateway.send(a_text())) for _ in range(10)]
    await smsc.wait_for(lambda: len(smsc.unanswered) == 3)
    smsc.policy = lambda event: 0
    event = smsc.unanswered[0]
    event.accept("late-1")
    # One slot is free, and it goes round: all the others are sent through it.
    await smsc.wait_for(lambda: len(smsc.taken) == 7)
    assert len(smsc.unanswered) == 3
    for event in smsc.unanswered[1:]:
        event.accept("late-2")
    assert all(isinstance(sent, Sent) for sent in await asyncio.gather(*sending))


async def test_no_answer_means_that_nobody_knows(smsc: Smsc, gateway_at: Opening) -> None:
    """SMS-05: accepted and then silent. The connection is tested then, and it is a good one."""
    smsc.policy = lambda event: None
    gateway = await gateway_at(smsc.port, answer_seconds=0.2)
    assert await gateway.send(a_text()) == Unsure("smpp.cause.timed_out")
    smsc.policy = lambda event: 0
    assert isinstance(await gateway.send(a_text()), Sent)
    assert smsc.binds == 1


async def test_a_text_that_takes_too_long_leaves_in_time(smsc: Smsc, gateway_at: Opening) -> None:
    """The ten seconds hold for those who wait for their turn, too."""
    smsc.policy = lambda event: None
    gateway = await gateway_at(smsc.port, window=1, answer_seconds=9)
    async with asyncio.timeout(10):
        results = await asyncio.gather(*(gateway.send(a_text()) for _ in range(3)))
    assert sorted(map(str, results)) == sorted(
        [str(Unsure("smpp.cause.timed_out")), *[str(NotSent("smpp.cause.overloaded"))] * 2]
    )


async def test_a_connection_lost_before_and_after(smsc: Smsc, gateway_at: Opening) -> None:
    """SMS-05: after the text was written nobody knows; before, it is certain."""
    async with Relay(smsc.port) as relay:
        gateway = await gateway_at(relay.port, reconnect_seconds=60)
        relay.hold("from")
        sending = asyncio.create_task(gateway.send(a_text()))
        await smsc.wait_for(lambda: len(smsc.taken) == 1)
        relay.cut()
        assert await sending == Unsure("smpp.cause.closed")
        assert await gateway.send(a_text()) == NotSent("smpp.cause.not_connected")
    assert len(smsc.taken) == 1


async def test_a_rate_is_kept(smsc: Smsc, gateway_at: Opening) -> None:
    gateway = await gateway_at(smsc.port, per_second=20, window=100)
    clock = asyncio.get_running_loop().time
    began = clock()
    await asyncio.gather(*(gateway.send(a_text()) for _ in range(12)))
    assert clock() - began >= 10 / 20
