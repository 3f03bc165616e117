"""Users in a CSV file: the text read into rows, each cell judged by itself. Pure.

The first line names the columns, in any order; one that nobody knows refuses the file, for what is passed
over would be missed later. What is wrong with a row is told by its line, all of it and not the first only.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Final

import msgspec

from vestibule.catalog import LANGUAGES
from vestibule.model.mail_address import read_address
from vestibule.model.phone import read_phone
from vestibule.model.user import Requirement
from vestibule.model.username import canonical_name

COLUMNS: Final = (
    "username",
    "other_names",
    "given_name",
    "family_name",
    "email",
    "phone",
    "language",
    "requirement",
    "groups",
)
MOST_ROWS: Final = 5000
"""Of one file: few enough that a sign-in does not wait for them."""
_LONGEST_CELL: Final = 255


class RowProblem(msgspec.Struct, frozen=True):
    """What is wrong with a line, counted from 1. The texts are `user_file.<why>`."""

    line: int
    why: str
    key: str = ""


class UserRow(msgspec.Struct, frozen=True, kw_only=True):
    line: int
    username: str
    names: tuple[str, ...]
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    phone: str = ""
    language: str = ""
    requirement: Requirement = Requirement.DISABLED
    groups: tuple[str, ...] = ()
    """Names of groups."""


def read_users(text: str, country_code: str) -> tuple[list[UserRow], list[RowProblem]]:
    """Return the rows that can be read, and what is wrong with the others. Phones without a calling code are
    of `country_code`; several names or groups stand in one cell with semicolons, or commas, between."""
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = [cell.strip().lower().replace(" ", "_") for cell in next(reader, [])]
        if problems := list(_header_problems(header)):
            return [], problems
        return _rows(reader, header, country_code)
    except csv.Error:
        return [], [RowProblem(reader.line_num, "unreadable")]


def _header_problems(header: list[str]) -> Iterator[RowProblem]:
    for name in dict.fromkeys(header):
        if name not in COLUMNS:
            yield RowProblem(1, "unknown_column", name[:_LONGEST_CELL])
        elif header.count(name) > 1:
            yield RowProblem(1, "twice", name)
    if "username" not in header:
        yield RowProblem(1, "no_username_column")


def _rows(
    reader: Iterator[list[str]], header: list[str], country_code: str
) -> tuple[list[UserRow], list[RowProblem]]:
    rows: list[UserRow] = []
    problems: list[RowProblem] = []
    line_of: dict[str, int] = {}
    for cells in reader:
        line: int = getattr(reader, "line_num", 0)
        if not any(cell.strip() for cell in cells):
            continue
        if len(rows) >= MOST_ROWS:
            problems.append(RowProblem(line, "too_many", str(MOST_ROWS)))
            break
        if len(cells) > len(header):
            problems.append(RowProblem(line, "too_many_cells"))
            continue
        said = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        row, wrong = _row(line, said, country_code)
        for name in row.names:
            if line_of.setdefault(name, line) != line:
                wrong.append(RowProblem(line, "name_twice", name))
        problems += wrong
        rows.append(row)
    return rows, problems


def _row(line: int, said: dict[str, str], country_code: str) -> tuple[UserRow, list[RowProblem]]:
    wrong = [
        RowProblem(line, "cell", name)
        for name, cell in said.items()
        if len(cell) > _LONGEST_CELL or not cell.isprintable()
    ]
    names: dict[str, None] = {}
    for spelled in (said.get("username", ""), *_several(said.get("other_names", ""))):
        name = canonical_name(spelled)
        if name is None:
            wrong.append(RowProblem(line, "name_invalid", spelled[:_LONGEST_CELL]))
        else:
            names[name] = None
    email, phone, language = said.get("email", ""), said.get("phone", ""), said.get("language", "")
    if email and read_address(email) is None:
        wrong.append(RowProblem(line, "email", email))
    if phone:
        try:
            phone = str(read_phone(phone, country_code))
        except ValueError:
            wrong.append(RowProblem(line, "phone", phone))
    if language and language not in LANGUAGES:
        wrong.append(RowProblem(line, "language", language))
    requirement = said.get("requirement", "") or Requirement.DISABLED.value
    if requirement not in set(Requirement):
        wrong.append(RowProblem(line, "requirement", requirement))
        requirement = Requirement.DISABLED.value
    row = UserRow(
        line=line,
        username=said.get("username", ""),
        names=tuple(names),
        given_name=said.get("given_name", ""),
        family_name=said.get("family_name", ""),
        email=email,
        phone=phone,
        language=language,
        requirement=Requirement(requirement),
        groups=_several(said.get("groups", "")),
    )
    return row, wrong


def _several(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.replace(";", ",").split(",") if part.strip())
