"""Repeated requests (RFC 5080 §2.2.2)."""

import gc
import random

from vestibule.frontends.radius.duplicates import Duplicates, Repeat, Work

KEY = ("127.0.0.1", 4000, 7)
ONE, OTHER = b"1" * 16, b"2" * 16


def begun(duplicates: Duplicates, key: tuple[object, ...] = KEY, by: bytes = ONE, now: int = 0) -> Work:
    work = duplicates.begin(key, by, now)
    assert isinstance(work, Work)
    return work


def test_repeat_of_work_in_progress_is_dropped() -> None:
    """RA-01."""
    duplicates = Duplicates()
    begun(duplicates)
    assert all(duplicates.begin(KEY, ONE, now) is Repeat.IN_PROGRESS for now in range(0, 300_000, 1000))


def test_repeat_of_an_answered_request_gets_the_same_octets() -> None:
    """RA-02."""
    duplicates = Duplicates(hold_ms=1000)
    work = begun(duplicates)
    assert duplicates.answer(work, b"reply", 500)
    assert duplicates.begin(KEY, ONE, 1499) == b"reply"
    assert isinstance(duplicates.begin(KEY, ONE, 1500), Work)
    assert duplicates.octets == 0


def test_same_identifier_with_another_fingerprint_is_new_and_silences_the_old() -> None:
    """RA-04, RA-05."""
    duplicates = Duplicates()
    old = begun(duplicates)
    new = begun(duplicates, by=OTHER)
    assert not duplicates.is_current(old)
    assert not duplicates.answer(old, b"late", 10)
    assert duplicates.answer(new, b"right", 20)
    assert duplicates.begin(KEY, OTHER, 30) == b"right"
    assert isinstance(duplicates.begin(KEY, ONE, 40), Work)


def test_answered_reply_is_not_given_to_another_request() -> None:
    """RA-05."""
    duplicates = Duplicates()
    duplicates.answer(begun(duplicates), b"accept", 0)
    assert isinstance(duplicates.begin(KEY, OTHER, 1), Work)
    assert duplicates.octets == 0


def test_sources_and_identifiers_do_not_meet() -> None:
    duplicates = Duplicates()
    for key in (KEY, ("127.0.0.1", 4001, 7), ("127.0.0.2", 4000, 7), ("127.0.0.1", 4000, 8)):
        begun(duplicates, key)
    assert len(duplicates) == 4


def test_abandoned_work_may_be_tried_again() -> None:
    duplicates = Duplicates()
    work = begun(duplicates)
    duplicates.abandon(work)
    again = begun(duplicates)
    duplicates.abandon(work)
    assert duplicates.is_current(again)
    assert not duplicates.answer(work, b"x", 1)


def test_work_that_never_ends_is_forgotten() -> None:
    duplicates = Duplicates(longest_work_ms=100)
    stuck = begun(duplicates)
    assert isinstance(duplicates.begin(KEY, ONE, 100), Work)
    assert not duplicates.answer(stuck, b"x", 101)


def test_full_table_forgets_the_oldest_answer() -> None:
    duplicates = Duplicates(most_requests=3)
    for identifier in range(3):
        duplicates.answer(begun(duplicates, ("a", identifier)), b"reply", 0)
    begun(duplicates, ("a", 3), now=1)
    assert len(duplicates) == 3
    assert duplicates.begin(("a", 1), ONE, 1) == b"reply"
    assert isinstance(duplicates.begin(("a", 0), ONE, 1), Work)


def test_full_of_work_takes_no_more() -> None:
    """New work is refused; nothing that is being worked on is forgotten, which would do it twice."""
    duplicates = Duplicates(most_requests=2)
    first = begun(duplicates, ("a",))
    begun(duplicates, ("b",))
    assert duplicates.begin(("c",), ONE, 0) is Repeat.NO_ROOM
    assert duplicates.is_current(first)
    assert isinstance(duplicates.begin(("b",), OTHER, 0), Work)


def test_octets_of_replies_are_bounded() -> None:
    duplicates = Duplicates(most_octets=1000)
    for identifier in range(50):
        duplicates.answer(begun(duplicates, ("a", identifier)), bytes(300), 0)
    assert duplicates.octets == 900
    assert len(duplicates) == 3


def test_long_run_stays_small() -> None:
    """RA-12 in the small: whatever comes, entries live no longer than their time and count what they hold."""
    duplicates = Duplicates(hold_ms=100, longest_work_ms=300, most_requests=1000)
    chance = random.Random(5)
    pending: list[Work] = []
    for now in range(20_000):
        if now % 100 == 0:
            duplicates.expire(now)
        found = duplicates.begin((chance.randrange(4000), chance.randrange(2)), ONE, now)
        if isinstance(found, Work):
            pending.append(found)
        if len(pending) > 50:
            duplicates.answer(pending.pop(chance.randrange(50)), b"x" * 20, now)
    assert len(duplicates) < 500
    answered = len(duplicates) - sum(map(duplicates.is_current, pending))
    assert duplicates.octets == 20 * answered


def test_the_collector_of_garbage_need_not_look_at_what_is_held() -> None:
    """TEN-04: it would stop everybody for as long as tens of thousands of them take."""
    key = (*KEY[:2], 7)
    assert gc.is_tracked(key)
    assert not gc.is_tracked(begun(Duplicates(), key))
