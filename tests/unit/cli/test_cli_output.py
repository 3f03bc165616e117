"""How the command line writes; and that nothing foreign reaches a terminal raw."""

from __future__ import annotations

import pytest

from vestibule.cli.output import NOTHING, Table, cut, facts, harmless, moment, qr_code, width


def test_what_comes_from_outside_stays_on_its_line_and_moves_no_cursor() -> None:
    """LOG-02: a claimed name is shown as what it is."""
    assert harmless("a\x1b[31mb\nc\r\x07\u202ed\te") == "a\ufffd[31mb\ufffdc\ufffd\ufffd\ufffdd e"


@pytest.mark.parametrize(
    ("words", "columns"), [("", 0), ("Müller", 6), ("e\u0301", 1), ("東京", 4), ("…", 1)]
)
def test_width_is_what_a_terminal_takes(words: str, columns: int) -> None:
    assert width(words) == columns


def test_what_is_too_long_is_cut_to_its_columns() -> None:
    assert cut("short", 10) == "short"
    assert cut("a longer text", 8) == "a longe…"
    assert cut("東京東京東京", 6) == "東京…"


def test_columns_are_as_wide_as_the_first_rows_need() -> None:
    rows = [("alice", "", "on"), ("東京", "x", "off")]
    table = Table(("Name", "E-mail", "Status"), rows)
    assert [table.header, *map(table.line, rows)] == [
        "Name   E-mail  Status",
        f"alice  {NOTHING}       on",
        "東京   x       off",
    ]
    assert table.line(("a later and longer one", "y", "on")) == "a later and longer one  y       on"


def test_a_row_cannot_begin_a_line_of_its_own() -> None:
    table = Table(("Name",), [("x",)])
    assert table.line(("a\nDenied",)) == "a\ufffdDenied"


def test_facts_without_a_value_are_left_out() -> None:
    assert facts([("Name", "alice"), ("Phone", ""), ("Größe", "a\nb")]) == ["Name   alice", "Größe  a\ufffdb"]


def test_times_say_how_far_they_are_from_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    assert moment(None) == NOTHING
    assert moment(None, "never") == "never"
    shown = moment(1_800_000_000_123)
    assert shown.endswith(("+00:00", ":00", ":30", ":45"))
    assert len(shown) == len("2027-01-15 08:00:00+00:00")


def test_a_qr_code_is_drawn_in_half_blocks() -> None:
    drawn = qr_code("otpauth://totp/x?secret=AAAA")
    assert len({len(line) for line in drawn.splitlines()}) == 1
    assert set(drawn) <= set("█▀▄ \n")
