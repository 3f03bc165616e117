"""Gateways that are dead, silent or unsure, and nodes that die with a text in hand (SMS-05, SMS-06)."""

from __future__ import annotations

import asyncio

import pytest

from tests.houses import TENANT
from tests.integration.phone.conftest import NUMBER, PhoneHouse
from tests.integration.phone.test_texts import passcode_in
from tests.peers.far_end import FarEnd, takes
from tests.until import until_read
from vestibule.interfaces.gateway import Errand, NotSent, Sending, Unsure
from vestibule.model.delivery import Delivery, DeliveryState
from vestibule.model.verification import VerificationState
from vestibule.services import deliveries
from vestibule.services.outcome import Progress


async def text_alice(phones: PhoneHouse) -> Progress:
    alice = await phones.house.add_bare_person("Alice")
    await phones.house.add_phone(alice, "sms", number=NUMBER)
    return await phones.house.start("alice")


async def settled(phones: PhoneHouse, delivery_id: str) -> Delivery:
    """Wait until nobody has it in hand any more."""
    found = await until_read(
        lambda: phones.house.store.read(lambda tx: tx.delivery(TENANT, delivery_id)),
        lambda found: found and found.state not in {DeliveryState.TAKEN, DeliveryState.WAITING},
    )
    assert found is not None
    return found


def silent_first(phones: PhoneHouse) -> None:
    """The first gateway takes a text and says nothing ever after."""

    async def answer(gateway: FarEnd, errand: Errand) -> Sending:
        if gateway.gateway_id == "first":
            await asyncio.Event().wait()
        return await takes(gateway, errand)

    phones.far.answer = answer


async def test_a_silent_gateway_is_followed_by_the_next(
    phones: PhoneHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SMS-05, G15: the second is used within five seconds; same text, two at most, one attempt."""
    assert deliveries._NEXT_SECONDS < 5
    monkeypatch.setattr(deliveries, "_NEXT_SECONDS", 0.05)
    await phones.add_gateway("second", priority=99)
    silent_first(phones)
    progress = await text_alice(phones)
    texts = [(await phones.far.next_text())[1] for _ in range(2)]
    assert texts[0].delivery_id == texts[1].delivery_id
    assert passcode_in(texts[0]) == passcode_in(texts[1])
    delivery = await settled(phones, texts[0].delivery_id)
    assert (delivery.state, delivery.gateway_id, delivery.tries) == (DeliveryState.SENT, "second", 1)
    assert progress.challenge is not None
    ended = await phones.house.answer("alice", progress.challenge.challenge_id, passcode_in(texts[0]))
    assert ended.is_approved
    assert len(await phones.house.attempts()) == 1


async def test_a_dead_gateway_rests_and_the_others_go_before_it(phones: PhoneHouse) -> None:
    """SMS-06: after three failures in a row nobody waits for it any more."""
    await phones.add_gateway("second", priority=99)

    async def answer(gateway: FarEnd, errand: Errand) -> Sending:
        return NotSent("refused") if gateway.gateway_id == "first" else await takes(gateway, errand)

    phones.far.answer = answer
    await text_alice(phones)
    asked = [(await phones.far.next_text())[0].gateway_id for _ in range(2)]
    for number in range(3):
        await phones.house.start("alice", user_address=f"192.0.2.{number}")
        asked.append((await phones.far.next_text())[0].gateway_id)
        if asked[-1] == "first":
            asked.append((await phones.far.next_text())[0].gateway_id)
    assert asked == ["first", "second"] * 3 + ["second"]


async def test_one_that_is_unsure_and_alone_leaves_the_challenge_open(phones: PhoneHouse) -> None:
    async def answer(gateway: FarEnd, errand: Errand) -> Sending:
        return Unsure("timeout")

    phones.far.answer = answer
    progress = await text_alice(phones)
    _, text = await phones.far.next_text()
    assert (await settled(phones, text.delivery_id)).state is DeliveryState.SENT
    assert progress.challenge is not None
    ended = await phones.house.answer("alice", progress.challenge.challenge_id, passcode_in(text))
    assert ended.is_approved


async def lose_the_node(phones: PhoneHouse) -> None:
    """What it has in hand is let go of, without a word, and its lease is over."""
    for sending in list(phones.house.services.deliveries._sendings):
        sending.cancel()
    phones.house.clock.advance(deliveries.LEASE_MS / 1000 + 1)


async def test_one_gateway_and_a_node_that_died_send_the_text_again_and_no_third_time(
    phones: PhoneHouse,
) -> None:
    """Whether it had left nobody can tell; so it leaves once more, and then never again."""

    async def hangs(gateway: FarEnd, errand: Errand) -> Sending:
        return await asyncio.Event().wait() or Unsure("")

    phones.far.answer = hangs
    progress = await text_alice(phones)
    _, first = await phones.far.next_text()
    await lose_the_node(phones)
    _, second = await phones.far.next_text()
    assert (first.delivery_id, passcode_in(first)) == (second.delivery_id, passcode_in(second))
    await lose_the_node(phones)
    delivery = await settled(phones, first.delivery_id)
    assert (delivery.state, delivery.sealed_body, delivery.tries) == (DeliveryState.SENT, b"", 3)
    assert len(phones.far.errands) == 2
    assert progress.challenge is not None
    ended = await phones.house.answer("alice", progress.challenge.challenge_id, passcode_in(first))
    assert ended.state is VerificationState.APPROVED


async def test_the_texts_of_an_hour_are_counted_when_they_are_over(phones: PhoneHouse) -> None:
    """SMS-04: sweeping what is over must not let anybody send more."""
    await phones.house.change_settings(texts_per_hour=2)
    await text_alice(phones)
    for _ in range(3):
        phones.house.clock.advance(700)
        await phones.house.services.housekeeping.expire()
        await phones.house.services.housekeeping.sweep()
        last = await phones.house.start("alice")
    assert not last.is_pending
    phones.house.clock.advance(3600)
    assert (await phones.house.start("alice")).is_pending
