"""A server that hangs again and again is left alone for a while."""

from __future__ import annotations

from vestibule.directories.ldap.health import Health


def test_three_hangs_in_a_row_and_five_seconds() -> None:
    health = Health()
    for now in (1.0, 2.0):
        health.hung(now)
        assert not health.is_left_alone(now)
    health.hung(3.0)
    assert health.is_left_alone(3.0)
    assert health.is_left_alone(7.9)
    assert not health.is_left_alone(8.0)


def test_after_that_one_hang_is_enough() -> None:
    health = Health()
    for now in (1.0, 2.0, 3.0, 8.0):
        health.hung(now)
    assert health.is_left_alone(12.9)


def test_any_answer_clears_the_memory() -> None:
    health = Health()
    for now in (1.0, 2.0):
        health.hung(now)
    health.answered()
    health.hung(3.0)
    assert not health.is_left_alone(3.0)


def test_only_a_change_is_news() -> None:
    """DOS-04: a directory that is down for an hour is one line in the log."""
    health = Health()
    told = [health.is_news(trouble) for trouble in ("", "closed", "closed", "timed_out", "", "")]
    assert told == [False, True, False, True, True, False]
