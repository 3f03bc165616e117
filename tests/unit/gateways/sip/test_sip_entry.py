"""Where an `Ask` ends: by #, by the last key, by silence."""

from __future__ import annotations

from tests.unit.gateways.sip.hands import Hands
from vestibule.gateways.sip.entry import Entry
from vestibule.model.call import Ask, CallEvent, CallEventKind


def asked(hands: Hands) -> Entry:
    return Entry(Ask((), most_keys=3, seconds=5), hands)


async def test_a_hash_ends_it() -> None:
    entry = asked(Hands())
    for key in "1*#9":
        entry.press(key)
    assert entry.done.result() == CallEvent(CallEventKind.KEYS, "1*", True)


async def test_the_last_key_ends_it() -> None:
    entry = asked(Hands())
    for key in "1234":
        entry.press(key)
    assert entry.done.result() == CallEvent(CallEventKind.KEYS, "123", False)


async def test_silence_is_counted_from_the_last_word() -> None:
    hands = Hands()
    entry = asked(hands)
    hands.turn(60)
    assert not entry.done.done()
    entry.count_silence()
    hands.turn(4.9)
    assert not entry.done.done()
    hands.turn(0.2)
    assert entry.done.result() == CallEvent(CallEventKind.KEYS)
    assert hands.count == 0


async def test_silence_is_counted_from_the_last_key() -> None:
    hands = Hands()
    entry = asked(hands)
    entry.press("1")
    assert entry.interrupted.done()
    hands.turn(4)
    entry.press("2")
    hands.turn(4)
    assert not entry.done.done()
    hands.turn(1)
    assert entry.done.result() == CallEvent(CallEventKind.KEYS, "12", False)
