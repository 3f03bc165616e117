"""How fast texts leave, which receipts belong together, and how much is logged. Time is passed in."""

from __future__ import annotations

import pytest

from vestibule.gateways.smpp.pace import Pace
from vestibule.gateways.smpp.quiet import News
from vestibule.gateways.smpp.receipted import Receipted, given_id, told_id
from vestibule.gateways.smpp.settings import MessageIds


def test_turns_are_apart() -> None:
    pace = Pace(10)
    turns = [pace.turn(100, 200) for _ in range(4)]
    assert turns == pytest.approx([99.95, 100.05, 100.15, 100.25])


def test_without_a_rate_it_is_always_the_next_ones_turn() -> None:
    pace = Pace(0)
    assert [pace.turn(100, 200) for _ in range(3)] == [100, 100, 100]


def test_a_turn_that_is_too_late_is_not_taken() -> None:
    """Who cannot wait holds up nobody."""
    pace = Pace(1)
    assert pace.turn(100, 100) is not None
    assert [pace.turn(100, 100.5) for _ in range(1000)] == [None] * 1000
    assert pace.turn(100, 200) == pytest.approx(100.95)


def test_a_pause_holds_for_everybody_and_doubles() -> None:
    """Requests that were under way together ask for one pause together."""
    pace = Pace(0)
    for _ in range(50):
        pace.slow_down(100)
    assert pace.turn(100, 200) == pytest.approx(100.1)
    pace.slow_down(100.2)
    assert pace.turn(100.2, 200) == pytest.approx(100.4)
    for number in range(20):
        pace.slow_down(200 + 10 * number)
    assert pace.turn(390, 400) == pytest.approx(392)


def test_pauses_get_shorter_when_things_go_well() -> None:
    pace = Pace(0)
    for number in range(10):
        pace.slow_down(10 * number)
    for _ in range(10):
        pace.go_on()
    pace.slow_down(200)
    assert pace.turn(200, 300) == pytest.approx(200.1)


def test_a_text_arrived_when_all_of_it_did() -> None:
    receipted = Receipted()
    for part in "abc":
        receipted.sent("a", part, 3, 0)
    assert [receipted.is_delivered(part) for part in ("c", "c", "a", "b")] == [False, False, False, True]
    assert {receipted.text_of(part) for part in "abc"} == {"a"}
    assert receipted.is_delivered("unknown")
    assert receipted.text_of("unknown") == "unknown"


def test_a_receipt_may_come_before_the_next_part_is_sent() -> None:
    receipted = Receipted()
    receipted.sent("a", "a", 2, 0)
    assert not receipted.is_delivered("a")
    receipted.sent("a", "b", 2, 0)
    assert receipted.is_delivered("b")


def test_what_is_remembered_is_bounded() -> None:
    receipted = Receipted(most_parts=10)
    for number in range(1000):
        receipted.sent(f"{number}", f"{number}", 2, 0)
        receipted.sent(f"{number}", f"{number}+", 2, 0)
    assert len(receipted) == 10
    receipted.sent("new", "new", 2, 4 * 24 * 3600)
    assert len(receipted) == 1


def test_a_text_in_one_piece_is_not_remembered() -> None:
    receipted = Receipted()
    receipted.sent("a", "a", 1, 0)
    assert len(receipted) == 0


@pytest.mark.parametrize(
    ("kind", "given", "told"),
    [
        ("same", "0a", "0a"),
        ("hex_then_decimal", "0000FF", "0000000255"),
        ("decimal_then_hex", "0000000255", "ff"),
        ("hex_then_decimal", "not a number", "not a number"),
    ],
)
def test_two_spellings_of_one_identifier(kind: MessageIds, given: str, told: str) -> None:
    assert given_id(given, kind) == told_id(told, kind)


def test_a_flood_is_one_line_a_minute() -> None:
    news = News()
    assert [news.due("bad", now) for now in (0, 1, 2, 59)] == [1, 0, 0, 0]
    assert news.due("other", 3) == 1
    assert news.due("bad", 60) == 4
