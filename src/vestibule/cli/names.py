"""Names of users: typed, or from a file with one a line."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypeAlias

from cyclopts import Parameter

from vestibule.cli.desk import Desk
from vestibule.cli.terminal import NotDone
from vestibule.model.user import User
from vestibule.services.name_list import MOST_FILE_BYTES, NamedLine, decoded_list, named_lines

NamesFile: TypeAlias = Annotated[
    Path | None,
    Parameter(
        name="--file",
        help="A file with one name a line. Empty lines and those that begin with # do not count.",
    ),
]
_SHOWN: int = 20


def names_in(file: Path) -> tuple[NamedLine, ...]:
    """Return the names in a file, each with its line."""
    return named_lines(text_in(file))


def text_in(file: Path) -> str:
    """Return what a file says; `NotDone` if it cannot be read."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_FILE_BYTES + 1)
    except OSError as error:
        reason = os.strerror(error.errno or errno.EIO)
        raise NotDone("cli.names.file", file=str(file), reason=reason) from None
    return decoded_list(content)


def all_names(names: Sequence[str], file: Path | None) -> list[str]:
    """Return the names that were typed and those of the file; `NotDone` if there are none."""
    wanted = [*names, *(named.name for named in (names_in(file) if file is not None else ()))]
    if not wanted:
        raise NotDone("cli.names.nobody")
    return wanted


async def people(desk: Desk, names: Sequence[str]) -> list[User]:
    """Return who is called so; `NotDone` if one of the names is nobody's."""
    users = desk.services.users
    found = {name: await users.find_by_name(desk.actor, desk.tenant_id, name) for name in names}
    demand_known([name for name, person in found.items() if person is None])
    return [person.user for person in found.values() if person is not None]


def demand_known(unknown: Sequence[str]) -> None:
    if unknown:
        raise NotDone("cli.names.unknown", names=", ".join(unknown[:_SHOWN]))
