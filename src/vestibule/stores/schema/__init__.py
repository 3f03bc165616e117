"""The schema: declared once for both engines (`tables.py`), reached by steps (`migrations/`).

Nothing here is imported when a server starts, but this file: it says which schema this program speaks.
A release runs on its own schema and tolerates a newer one that still tolerates the release; so a
migration first expands, and only a later release takes away what nobody reads any more.
"""

from __future__ import annotations

from typing import Final

from vestibule.interfaces.store import Unavailable

REVISION: Final = "0037_ceilings"
"""The schema this program was written for; its number comes first."""

REVISION_TABLE: Final = "schema_revision"
MIGRATE_COMMAND: Final = "vestibule migrate"


class SchemaMismatch(Unavailable):
    """The database cannot be used by this program as it is; the text says what to do."""


def check_revision(found: str | None, oldest_program: str, program: str) -> None:
    """Raise SchemaMismatch unless a program of version `program` may work on revision `found`.

    `oldest_program` is the oldest version that the database tolerates; None is a database without tables.
    """
    if found is None:
        raise SchemaMismatch(f"the database has no tables yet; run: {MIGRATE_COMMAND}")
    if is_older(found):
        raise SchemaMismatch(
            f"the database has schema {found}, this program needs {REVISION}; run: {MIGRATE_COMMAND}"
        )
    if number(found) > number(REVISION) and release(program) < release(oldest_program):
        raise SchemaMismatch(
            f"the database has schema {found}, which is newer than this program ({program}) and asks for"
            f" {oldest_program} or later; install that version, or restore the backup of the older schema"
        )


def is_older(found: str | None) -> bool:
    """Tell whether there are steps from `found` to this program's schema."""
    return found is None or number(found) < number(REVISION)


def number(revision: str) -> int:
    """Return the number that a revision's name begins with."""
    return int(revision.partition("_")[0])


def release(version: str) -> tuple[int, ...]:
    """Return the numbers of a version such as 1.4.2 for comparison; what follows them does not count."""
    numbers: list[int] = []
    for part in version.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
    return tuple(numbers)
