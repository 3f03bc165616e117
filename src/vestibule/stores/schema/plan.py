"""What to run to bring a database up to date, as SQL; each engine runs it with its own driver.

Slow to import (SQLAlchemy, Alembic): only `Store.migrate` does, and only when there is a step to take.
Invariants: the whole plan belongs into one transaction, together with the reading of the revision that it
starts from; a process killed half-way leaves the old schema as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from vestibule.stores.schema import REVISION, REVISION_TABLE

_FOLDER = Path(__file__).with_name("migrations")


@dataclass(slots=True)
class Plan:
    """`steps` are the names of revisions, `statements` the SQL to run in that order."""

    steps: list[str] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)

    def write(self, statement: str) -> None:
        """Take one piece of Alembic's output: a statement, or a comment that is of no use to a server."""
        bare = statement.strip().removesuffix(";")
        if bare and not bare.startswith("--"):
            self.statements.append(bare)

    def flush(self) -> None:
        """Be a file, as far as Alembic cares."""


def plan(dialect: str, revision: str | None) -> Plan:
    """Return how to get from `revision` (None: no tables) to REVISION on `sqlite` or `postgresql`."""
    return _plan(dialect, revision, REVISION)


@cache
def _plan(dialect: str, revision: str | None, wanted: str) -> Plan:
    made = Plan()
    # The scripts carry numbers in front, so that a folder shows them in order; they are no modules to import.
    scripts = ScriptDirectory(str(_FOLDER), version_locations=[str(_FOLDER)])

    def steps(found: Any, _context: MigrationContext) -> Sequence[Any]:
        chosen = scripts._upgrade_revs(wanted, found or ())  # type: ignore[arg-type] # Alembic's env.py does the same
        made.steps.extend(step.revision.revision for step in chosen)
        return chosen

    context = MigrationContext.configure(
        dialect_name=dialect,
        opts={
            "as_sql": True,
            "fn": steps,
            "output_buffer": made,
            "starting_rev": revision,
            "transactional_ddl": False,
            "version_table": REVISION_TABLE,
        },
    )
    with Operations.context(context):
        context.run_migrations()
    return made
