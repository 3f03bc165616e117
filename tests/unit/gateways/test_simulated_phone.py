"""The simulated phone: what a person does on it is told, what is told to it is done; all is bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from vestibule.crypto.secret import Secret
from vestibule.gateways.simulator import GATEWAY
from vestibule.gateways.simulator.conversation import KEYS
from vestibule.gateways.simulator.gateway import LONGEST_REPLY, MOST_PHONES, Simulator
from vestibule.gateways.simulator.handset import MOST_SPOKEN, MOST_TEXTS
from vestibule.gateways.simulator.pace import Pace
from vestibule.interfaces.gateway import (
    Call,
    CallsEnd,
    NotSent,
    Receipt,
    Reply,
    Sent,
    ShowsPasscodes,
    Simulates,
    Sound,
    Surroundings,
    Text,
)
from vestibule.model.call import (
    Ask,
    CallEvent,
    CallEventKind,
    HangUp,
    Instruction,
    Press,
    Say,
    Spoken,
)
from vestibule.model.simulated_phone import CallEnding, CallStage, PhoneCall

NUMBER = "+493023125142"
HELLO = Ask((Spoken("en", "Press the pound key."),), seconds=30)
BYE = (Say((Spoken("en", "Goodbye."),)), HangUp())


class Inbox:
    """Keeps what it is told and answers with what the test has laid out, in order."""

    def __init__(self, *answers: tuple[Instruction, ...]) -> None:
        self.answers = list(answers)
        self.events: asyncio.Queue[tuple[str, CallEvent]] = asyncio.Queue()
        self.receipts: asyncio.Queue[Receipt] = asyncio.Queue()
        self.replies: list[Reply] = []

    async def receipt(self, receipt: Receipt) -> None:
        self.receipts.put_nowait(receipt)

    async def reply(self, reply: Reply) -> None:
        self.replies.append(reply)

    async def on_call(self, delivery_id: str, event: CallEvent) -> tuple[Instruction, ...]:
        self.events.put_nowait((delivery_id, event))
        return self.answers.pop(0) if self.answers else ()

    async def sound(self, spoken: Spoken) -> Sound:
        raise NotImplementedError

    async def next(self) -> CallEvent:
        async with asyncio.timeout(10):
            return (await self.events.get())[1]


class Bench:
    """A simulator with an inbox."""

    def __init__(self, *answers: tuple[Instruction, ...], **settings: Any) -> None:
        self.inbox = Inbox(*answers)
        told = {"characters_per_second": 0, "receipt_seconds": 0, **settings}
        opened = GATEWAY.open(told, Secret(""), Surroundings(gateway_id="g", inbox=self.inbox))
        assert isinstance(opened, Simulator)
        self.phone = opened

    async def call(self, delivery_id: str = "c1", to: str = NUMBER, **fields: Any) -> None:
        call = Call(delivery_id=delivery_id, to=to, **fields)
        assert await self.phone.send(call) == Sent(delivery_id)

    async def text(self, body: str, delivery_id: str = "t1", to: str = NUMBER) -> None:
        text = Text(delivery_id=delivery_id, to=to, body=Secret(body), valid_seconds=60)
        assert await self.phone.send(text) == Sent(delivery_id)

    async def until(self, stage: CallStage, *, awaits_keys: bool = False, keys: int = 0) -> PhoneCall:
        """Wait for a call on NUMBER to be so; one that has ended is the newest of the past ones."""
        async with asyncio.timeout(10):
            while True:
                known = self.phone.version
                state = self.phone.phone(NUMBER)
                assert state is not None
                call = state.past_calls[0] if stage is CallStage.ENDED and state.past_calls else state.call
                wanted = (stage, awaits_keys, keys)
                if call is not None and (call.stage, call.awaits_keys, call.keys) == wanted:
                    return call
                await self.phone.changed(known)

    async def answered(self) -> None:
        await self.call()
        self.phone.answer(NUMBER)
        assert (await self.inbox.next()).kind is CallEventKind.ANSWERED
        await self.until(CallStage.TALKING, awaits_keys=True)

    async def end(self) -> tuple[CallEventKind, CallEnding | None]:
        """Return what is told next, and how the phone shows that the call ended."""
        event = await self.inbox.next()
        return event.kind, (await self.until(CallStage.ENDED)).ending


@pytest.fixture
async def benches() -> AsyncIterator[list[Bench]]:
    made: list[Bench] = []
    yield made
    for bench in made:
        await bench.phone.close()


@pytest.fixture
def bench(benches: list[Bench]) -> Bench:
    benches.append(Bench((HELLO,), BYE))
    return benches[-1]


def test_it_is_known_for_what_it_is(bench: Bench) -> None:
    assert isinstance(GATEWAY, ShowsPasscodes)
    assert isinstance(bench.phone, Simulates)
    assert isinstance(bench.phone, CallsEnd)


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        ({"numbers": ["030 123"]}, "numbers"),
        ({"numbers": ["+4930231251" + f"{n:02}" for n in range(21)]}, "numbers"),
        ({"sender": "Vestibule"}, "sender"),
        ({"speed": 1}, "speed"),
        ({"receipt_seconds": -1}, "receipt_seconds"),
        ({"sender": 1}, "sender"),
    ],
)
def test_settings_that_cannot_be_used_name_the_one_that_is_wrong(
    settings: dict[str, Any], wrong: str
) -> None:
    with pytest.raises(ValueError, match=rf"^{wrong}: ."):
        GATEWAY.open(settings, Secret(""), Surroundings(gateway_id="g", inbox=Inbox()))


# --- texts --------------------------------------------------------------------------------------------


async def test_a_text_is_shown_and_its_arrival_told(bench: Bench) -> None:
    await bench.text("123456 is your passcode")
    state = bench.phone.phone(NUMBER)
    assert state is not None
    assert [text.body.reveal() for text in state.texts] == ["123456 is your passcode"]
    assert "123456" not in repr(state)
    assert await bench.inbox.receipts.get() == Receipt(reference="t1", is_delivered=True)


async def test_a_text_that_is_sent_again_is_shown_once(bench: Bench) -> None:
    for _ in range(2):
        await bench.text("123456")
    state = bench.phone.phone(NUMBER)
    assert state is not None
    assert len(state.texts) == 1


async def test_a_phone_that_is_off_gets_no_text_and_that_is_told(bench: Bench) -> None:
    await bench.text("1", "t1")
    await bench.inbox.receipts.get()
    bench.phone.be_unreachable(NUMBER, True)
    await bench.text("2", "t2")
    receipt = await bench.inbox.receipts.get()
    assert (receipt.reference, receipt.is_delivered, receipt.is_final) == ("t2", False, True)
    state = bench.phone.phone(NUMBER)
    assert state is not None
    assert [text.body.reveal() for text in state.texts] == ["1"]


async def test_a_reply_is_told_with_both_numbers_and_a_name_of_its_own(bench: Bench) -> None:
    await bench.text("123456")
    await bench.phone.reply(NUMBER, f" 9{'9' * 2000}\n")
    await bench.phone.reply(NUMBER, "  ")
    await bench.phone.reply("+12025550142", "nobody has this phone")
    await bench.phone.reply(NUMBER, "no")
    first, second = bench.inbox.replies
    assert (first.sender, first.recipient, first.body) == (
        NUMBER,
        "+493023125000",
        f" {'9' * (LONGEST_REPLY - 1)}",
    )
    assert (second.body, second.message_id != first.message_id) == ("no", True)
    state = bench.phone.phone(NUMBER)
    assert state is not None
    assert [text.is_written_here for text in state.texts] == [True, True, False]


# --- calls --------------------------------------------------------------------------------------------


async def test_a_call_rings_is_answered_asked_and_said_goodbye_to(bench: Bench) -> None:
    await bench.call(caller_id="+4989123456")
    ringing = await bench.until(CallStage.RINGING)
    assert ringing.caller == "+4989123456"
    bench.phone.answer(NUMBER)
    assert (await bench.inbox.next()).kind is CallEventKind.ANSWERED
    talking = await bench.until(CallStage.TALKING, awaits_keys=True)
    assert talking.spoken == HELLO.spoken
    for key in "12*":
        bench.phone.press(NUMBER, key)
    assert (await bench.until(CallStage.TALKING, awaits_keys=True, keys=3)).keys == 3
    bench.phone.press(NUMBER, "#")
    event = await bench.inbox.next()
    assert (event.kind, event.keys, event.is_finished) == (CallEventKind.KEYS, "12*", True)
    ended = await bench.until(CallStage.ENDED)
    assert (ended.ending, len(ended.spoken)) == (CallEnding.FINISHED, 2)
    assert bench.inbox.events.empty(), "nothing is told of an end that was asked for"
    assert "12*" not in repr(bench.phone.phone(NUMBER)), "VOI-10"


async def test_silence_is_told_as_no_keys(benches: list[Bench]) -> None:
    benches.append(bench := Bench((Ask(HELLO.spoken, seconds=0.05),), BYE))
    await bench.call()
    bench.phone.answer(NUMBER)
    await bench.inbox.next()
    event = await bench.inbox.next()
    assert (event.kind, event.keys, event.is_finished) == (CallEventKind.KEYS, "", False)


async def test_the_most_keys_end_a_question(benches: list[Bench]) -> None:
    benches.append(bench := Bench((Ask(HELLO.spoken, most_keys=2, seconds=30),), BYE))
    await bench.answered()
    for key in "123":
        bench.phone.press(NUMBER, key)
    event = await bench.inbox.next()
    assert (event.keys, event.is_finished) == ("12", False)


async def test_what_is_only_said_is_told_when_it_is_over_and_keys_meanwhile_are_nothing(
    benches: list[Bench],
) -> None:
    words = Spoken("en", "x" * 20)
    benches.append(bench := Bench((Press(",8"), Say((words,))), (HELLO,), BYE, characters_per_second=200))
    await bench.call()
    bench.phone.answer(NUMBER)
    await bench.inbox.next()
    bench.phone.press(NUMBER, "#")
    assert (await bench.inbox.next()).kind is CallEventKind.SAID
    talking = await bench.until(CallStage.TALKING, awaits_keys=True)
    assert (talking.dialed, talking.keys) == (",8", 0)
    bench.phone.press(NUMBER, "#")
    assert (await bench.inbox.next()).keys == ""


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (Simulator.decline, (CallEventKind.DECLINED, CallEnding.DECLINED)),
        (Simulator.let_ring_out, (CallEventKind.NO_ANSWER, CallEnding.MISSED)),
    ],
)
async def test_a_call_that_is_not_answered(
    bench: Bench, act: Any, told: tuple[CallEventKind, CallEnding]
) -> None:
    await bench.call()
    act(bench.phone, NUMBER)
    assert await bench.end() == told


async def test_a_call_that_nobody_answers_in_time(bench: Bench) -> None:
    await bench.call(ring_seconds=0)
    assert await bench.end() == (CallEventKind.NO_ANSWER, CallEnding.MISSED)


async def test_hanging_up_is_heard_while_a_question_is_open_and_while_words_are_spoken(
    benches: list[Bench],
) -> None:
    benches.append(bench := Bench((HELLO,)))
    await bench.answered()
    bench.phone.hang_up_phone(NUMBER)
    assert await bench.end() == (CallEventKind.HUNG_UP, CallEnding.HUNG_UP)

    benches.append(bench := Bench((Say((Spoken("en", "x" * 1000),)),), characters_per_second=1))
    await bench.call()
    bench.phone.answer(NUMBER)
    await bench.inbox.next()
    bench.phone.hang_up_phone(NUMBER)
    assert await bench.end() == (CallEventKind.HUNG_UP, CallEnding.HUNG_UP)


async def test_a_call_lasts_no_longer_than_it_may(bench: Bench) -> None:
    await bench.call(most_seconds=0)
    bench.phone.answer(NUMBER)
    events = [await bench.inbox.next()]
    if events[0].kind is CallEventKind.ANSWERED:
        events.append(await bench.inbox.next())
    assert events[-1].kind is CallEventKind.FAILED
    assert (await bench.until(CallStage.ENDED)).ending is CallEnding.TOO_LONG


async def test_a_call_is_ended_from_outside_and_nothing_more_is_told(bench: Bench) -> None:
    """VOI-06."""
    await bench.answered()
    await bench.phone.hang_up("c1")
    await bench.phone.hang_up("c1")
    await bench.phone.hang_up("another")
    assert (await bench.until(CallStage.ENDED)).ending is CallEnding.CANCELED
    bench.phone.press(NUMBER, "#")
    await bench.phone.close()
    assert bench.inbox.events.empty()


async def test_whoever_calls_during_a_call_finds_the_phone_busy(bench: Bench) -> None:
    await bench.answered()
    await bench.call("c2")
    async with asyncio.timeout(10):
        delivery_id, event = await bench.inbox.events.get()
    assert (delivery_id, event.kind) == ("c2", CallEventKind.BUSY)
    assert (await bench.until(CallStage.TALKING, awaits_keys=True)).call_id == "c1"


async def test_the_same_call_is_placed_once(bench: Bench) -> None:
    await bench.call()
    await bench.call()
    assert bench.inbox.events.empty()


@pytest.mark.parametrize(
    ("switch", "told"),
    [
        (Simulator.be_busy, CallEventKind.BUSY),
        (Simulator.be_unreachable, CallEventKind.UNREACHABLE),
    ],
)
async def test_a_phone_can_be_busy_and_off(bench: Bench, switch: Any, told: CallEventKind) -> None:
    await bench.text("so that there is a phone")
    switch(bench.phone, NUMBER, True)
    await bench.call()
    assert (await bench.inbox.next()).kind is told
    switch(bench.phone, NUMBER, False)
    await bench.call("c2")
    await bench.until(CallStage.RINGING)


async def test_acts_that_do_not_fit_change_nothing(bench: Bench) -> None:
    phone = bench.phone
    acts = (phone.answer, phone.decline, phone.let_ring_out, phone.hang_up_phone)
    for act in acts:
        act(NUMBER)
    await bench.answered()
    phone.answer(NUMBER)
    phone.decline(NUMBER)
    phone.let_ring_out(NUMBER)
    for key in ("", "A", "12", "##", "\n"):
        phone.press(NUMBER, key)
    assert bench.inbox.events.empty()
    assert set("0123456789*#") == KEYS


async def test_closing_ends_calls(bench: Bench) -> None:
    await bench.answered()
    await bench.phone.close()
    assert (await bench.until(CallStage.ENDED)).ending is CallEnding.CANCELED


async def test_a_text_arrives_as_it_was_written_and_many_at_once(bench: Bench) -> None:
    """SMS-09: nothing in a text reaches out of it."""
    bodies = ["Grüße für 5 € [{~}]", "Ваш код 👍", "1&to=+4911111&x=%0a\r\nTo: 1", *map(str, range(30))]
    await asyncio.gather(*(bench.text(body, body) for body in bodies))
    state = bench.phone.phone(NUMBER)
    assert state is not None
    assert sorted(text.body.reveal() for text in state.texts) == sorted(bodies)


async def test_it_can_be_closed_twice_and_takes_nothing_afterwards(bench: Bench) -> None:
    await bench.phone.close()
    await bench.phone.close()
    sending = await bench.phone.send(Text(delivery_id="x", to=NUMBER, body=Secret("1"), valid_seconds=1))
    assert isinstance(sending, NotSent)
    assert bench.phone.phone(NUMBER) is None


async def test_nothing_secret_is_shown_or_logged(bench: Bench) -> None:
    """SMS-08, LOG-02."""
    with capture_logs() as logs:
        await bench.text("canary-text")
        await bench.phone.reply(NUMBER, "canary-reply")
        await bench.inbox.receipts.get()
    shown = [repr(bench.phone), repr(bench.phone.__dict__), repr(bench.phone.phones()), repr(logs)]
    assert "canary" not in "".join(shown)


# --- bounds -------------------------------------------------------------------------------------------


async def test_texts_phones_and_words_are_bounded(benches: list[Bench]) -> None:
    words = tuple(Spoken("en", str(number)) for number in range(MOST_SPOKEN + 7))
    benches.append(bench := Bench((Ask(words, seconds=30),)))
    await bench.answered()
    talking = await bench.until(CallStage.TALKING, awaits_keys=True)
    assert (len(talking.spoken), talking.forgotten, talking.spoken[-1]) == (MOST_SPOKEN, 7, words[-1])
    for number in range(MOST_TEXTS + 5):
        await bench.text(str(number), f"t{number}")
    state = bench.phone.phone(NUMBER)
    assert state is not None
    assert [text.body.reveal() for text in state.texts][:2] == ["104", "103"]
    assert len(state.texts) == MOST_TEXTS
    for number in range(MOST_PHONES + 5):
        await bench.text("x", f"p{number}", f"+4930231259{number:02}")
    numbers = [phone.number for phone in bench.phone.phones()]
    assert len(numbers) == MOST_PHONES
    assert numbers[0] == "+493023125954", "the one reached last comes first"
    assert NUMBER in numbers, "a phone with a call stays"


async def test_more_calls_than_phones_are_not_taken(bench: Bench) -> None:
    for number in range(MOST_PHONES):
        await bench.call(f"c{number}", f"+4930231259{number:02}")
    sending = await bench.phone.send(Call(delivery_id="x", to="+493023125800"))
    assert isinstance(sending, NotSent)
    assert not sending.is_final


def test_what_is_said_takes_the_time_of_its_words() -> None:
    pace = Pace(10, 1)
    assert pace.seconds_to_say((Spoken("en", "x" * 20), Spoken("en", ""))) == pytest.approx(2.8)
    assert pace.seconds_to_dial(",1") == pytest.approx(1.2)
    assert Pace(0, 1).seconds_to_say((Spoken("en", "x" * 20),)) == 0
