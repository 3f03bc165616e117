"""A log that no flood can fill."""

from vestibule.frontends._quiet import QuietLog


def test_first_at_once_then_one_a_minute_with_the_count() -> None:
    """RA-12."""
    quiet = QuietLog(apart_ms=1000)
    lines = [(now, quiet.due(("unknown", ""), now)) for now in range(0, 2500, 100)]
    assert [(now, count) for now, count in lines if count] == [(0, 1), (1000, 10), (2000, 10)]


def test_kinds_do_not_silence_one_another() -> None:
    quiet = QuietLog()
    assert quiet.due(("unknown", ""), 0) == 1
    assert quiet.due(("unsigned", "vpn"), 0) == 1
    assert quiet.due(("unsigned", "other"), 0) == 1
    assert quiet.due(("unsigned", "vpn"), 1) == 0
