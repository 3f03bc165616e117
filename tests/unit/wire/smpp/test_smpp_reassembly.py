"""Parts of incoming texts are joined, whatever their order, and never without bound (SMS-03)."""

from __future__ import annotations

import random

from vestibule.wire.smpp.coding import encode_text
from vestibule.wire.smpp.messages import DeliverSm
from vestibule.wire.smpp.numbers import HAS_USER_DATA_HEADER
from vestibule.wire.smpp.parts import Part, cut, part_of
from vestibule.wire.smpp.reassembly import Bounds, Reassembly, Whole

LONG = "Ja, ich war es. 👍 " * 20


def parts_of(text: str, reference: int = 7) -> list[Part]:
    encoded = encode_text(text)
    return [
        part_of(
            DeliverSm(short_message=octets, data_coding=encoded.data_coding, esm_class=HAS_USER_DATA_HEADER)
        )
        for octets in cut(encoded, reference)
    ]


def told(reassembly: Reassembly, parts: list[Part], route: str = "a", now: float = 0) -> list[Whole]:
    return [whole for part in parts if (whole := reassembly.add(route, part, now)) is not None]


def test_a_text_in_one_piece_is_whole_at_once() -> None:
    assert told(Reassembly(), [Part(b"STOP", 0)]) == [Whole("STOP")]


def test_parts_may_come_in_any_order() -> None:
    parts = parts_of(LONG)
    random.Random(1).shuffle(parts)
    assert [whole.text for whole in told(Reassembly(), parts)] == [LONG]


def test_a_part_that_comes_twice_is_one_part() -> None:
    first, *rest = parts_of(LONG)
    assert [whole.text for whole in told(Reassembly(), [first, first, *rest])] == [LONG]


def test_what_comes_again_after_the_end_says_the_same_under_the_same_number() -> None:
    """SMS-07: telling twice is harmless if it is known to be the same."""
    parts = parts_of(LONG)
    first, second = told(Reassembly(), [*parts, parts[-1]])
    assert first == second


def test_a_reference_that_is_used_again_is_another_text() -> None:
    other = "Nein, das war jemand anderes! 👎 " * 12
    whole = told(Reassembly(), [*parts_of(LONG), *parts_of(other)])
    assert [one.text for one in whole] == [LONG, other]
    assert whole[0].number != whole[1].number


def test_two_people_may_use_the_same_reference() -> None:
    reassembly, parts = Reassembly(), parts_of(LONG)
    assert told(reassembly, parts[:-1], "a") == []
    assert told(reassembly, parts[-1:], "b") == []
    assert [whole.text for whole in told(reassembly, parts[-1:], "a")] == [LONG]


def test_a_character_that_was_cut_in_two_is_one_again() -> None:
    octets = "a👍".encode("utf-16-be")
    parts = [Part(octets[:4], 8, 1, 1, 2), Part(octets[4:], 8, 1, 2, 2)]
    assert [whole.text for whole in told(Reassembly(), parts)] == ["a👍"]


def test_parts_in_different_codings() -> None:
    parts = [Part(b"~", 0, 1, 1, 2), Part("Д".encode("utf-16-be"), 8, 1, 2, 2)]
    assert [whole.text for whole in told(Reassembly(), parts)] == ["üД"]


def test_what_is_too_old_is_forgotten() -> None:
    reassembly, parts = Reassembly(Bounds(seconds=60)), parts_of(LONG)
    assert told(reassembly, parts[:-1], now=0) == []
    assert told(reassembly, parts[-1:], now=60) == []
    assert reassembly.octets == len(parts[-1].octets)


def test_a_text_of_too_many_parts_is_told_part_by_part() -> None:
    parts = parts_of("x" * 4000)
    assert len(parts) > 20
    assert "".join(whole.text for whole in told(Reassembly(), parts)) == "x" * 4000


def test_the_number_of_texts_is_bounded() -> None:
    reassembly = Reassembly(Bounds(texts=10))
    first, last = parts_of("x" * 200)
    for number in range(1000):
        assert reassembly.add(number, first, 0) is None
    assert reassembly.octets == 10 * len(first.octets)
    assert reassembly.add(5, last, 0) is None
    assert reassembly.add(999, last, 0) == Whole("x" * 200, 1000)


def test_the_octets_are_bounded() -> None:
    reassembly = Reassembly(Bounds(octets=10_000))
    for number in range(1000):
        reassembly.add(number, Part(b"x" * 3000, 0, 1, 1, 2), 0)
        assert reassembly.octets <= 10_000
