"""What people type: times, names, settings."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from vestibule.cli.terminal import NotDone
from vestibule.cli.values import moment_after, moment_before, named_values, plain_name, typed_value

NOW = 1_800_000_000_000
HOUR = 3_600_000


@pytest.mark.parametrize(
    ("typed", "span"),
    [("90m", 1.5 * HOUR), ("2h", 2 * HOUR), ("7d", 168 * HOUR), ("1w", 168 * HOUR), (" 2H ", 2 * HOUR)],
)
def test_spans_count_from_now(typed: str, span: float) -> None:
    assert moment_before(typed, NOW) == NOW - span
    assert moment_after(typed, NOW) == NOW + span


def test_days_and_times_are_taken_as_written() -> None:
    expected = int(datetime(2026, 11, 3, 14, 0, tzinfo=UTC).timestamp() * 1000)
    assert moment_before("2026-11-03T14:00Z", NOW) == expected
    assert moment_after("2026-11-03T15:00+01:00", NOW) == expected
    local = datetime(2026, 11, 3).astimezone()
    assert moment_before("2026-11-03", NOW) == int(local.timestamp() * 1000)


@pytest.mark.parametrize("typed", ["", "soon", "2", "2y", "-2h", "٢h", "2026-13-01", "9999999h"])
def test_what_is_no_time_is_refused(typed: str) -> None:
    with pytest.raises(NotDone) as refused:
        moment_before(typed, NOW)
    assert refused.value.key == "cli.wrong.time"


def test_names_of_things_can_be_seen() -> None:
    assert plain_name("  VPN Berlin ") == "VPN Berlin"
    for wrong in ("", "   ", "a\nb", "\x1b[1m", "x" * 101):
        with pytest.raises(NotDone):
            plain_name(wrong)


def test_entries_are_collected_by_name() -> None:
    assert named_values(["a=1", "b-c=x=y", "a=2"]) == {"a": ["1", "2"], "b_c": ["x=y"]}
    for wrong in ("a", "=1"):
        with pytest.raises(NotDone):
            named_values([wrong])


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("true", True),
        ("5", 5),
        ("2.5", 2.5),
        ('["a", "b"]', ["a", "b"]),
        ("ldaps://dc1", "ldaps://dc1"),
        ("dc=example,dc=org", "dc=example,dc=org"),
        ("", ""),
        ("2026-11-03", "2026-11-03"),
        ('x"\nmore = 1', 'x"\nmore = 1'),
    ],
)
def test_settings_have_the_types_that_toml_gives_them(typed: str, value: object) -> None:
    assert typed_value(typed) == value
