"""Users in a CSV file, read and judged line by line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.catalog import keys
from vestibule.model.user import Requirement
from vestibule.services.user_file import MOST_ROWS, read_users

TOLD = {key.removeprefix("user_file.") for key in keys() if key.startswith("user_file.")}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_columns_stand_in_any_order_with_any_separator(separator: str) -> None:
    lines = (
        ("Family Name", "username", "phone", "requirement", "groups", "other_names"),
        ("Lovelace", "Ada", "+49 30 1234567 x12", "enabled", '"Staff, VPN"', '"ada@example.org;countess"'),
    )
    rows, problems = read_users("\n".join(map(separator.join, lines)), "")
    assert problems == []
    [ada] = rows
    assert (ada.username, ada.names) == ("Ada", ("ada", "ada@example.org", "countess"))
    assert (ada.family_name, ada.phone, ada.requirement) == (
        "Lovelace",
        "+49301234567 x12",
        Requirement.ENABLED,
    )
    assert ada.groups == ("Staff", "VPN")


def test_every_wrong_line_is_named_with_all_that_is_wrong() -> None:
    text = (
        "username,email,phone,language,requirement,other_names\n"
        "ada,ada@example.org,,de,,\n"
        "bert,nowhere,12,xx,always,\n"
        "\n"
        ",,,,,\n"
        '"bad\u0007name",,,,,\n'
        "cora,,,,,ADA\n"
        "dora,,,,,,\n"
    )
    _, problems = read_users(text, "")
    told = [(problem.line, problem.why) for problem in problems]
    assert told == [
        (3, "email"),
        (3, "phone"),
        (3, "language"),
        (3, "requirement"),
        (6, "cell"),
        (6, "name_invalid"),
        (7, "name_twice"),
        (8, "too_many_cells"),
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no_username_column"),
        ("email\nx@example.org", "no_username_column"),
        ("username,e-mail\nada,x", "unknown_column"),
        ("username,username\nada,x", "twice"),
        ('username\n"ada', "unreadable"),
        ("username\n" + "\n".join(f"u{number}" for number in range(MOST_ROWS + 1)), "too_many"),
    ],
)
def test_a_file_that_is_none_is_refused(text: str, why: str) -> None:
    assert [problem.why for problem in read_users(text, "")[1]] == [why]


@given(st.text())
def test_any_text_is_read_or_told_what_is_wrong_with_it(text: str) -> None:
    for prefix in ("", "username,email\n"):
        _, problems = read_users(prefix + text, "")
        assert {problem.why for problem in problems} <= TOLD
