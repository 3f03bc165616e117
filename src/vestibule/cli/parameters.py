"""Parameters that several commands have, each with its words of help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from cyclopts import Parameter, validators

from vestibule.cli.configuration import ConfigFile


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Scope:
    """Where a command works."""

    tenant: Annotated[
        str | None,
        Parameter(
            name="--tenant", help="The tenant to work on; not needed while there is one besides the system."
        ),
    ] = None
    config: ConfigFile = None


HERE = Scope()
"""The only tenant there is, in the usual settings."""


Json: TypeAlias = Annotated[
    bool, Parameter(name="--json", negative="", show_default=False, help="Write JSON for machines.")
]
Yes: TypeAlias = Annotated[
    bool,
    Parameter(name=["--yes", "-y"], negative="", show_default=False, help="Do not ask for confirmation."),
]
DryRun: TypeAlias = Annotated[
    bool,
    Parameter(
        name="--dry-run", negative="", show_default=False, help="Show what would happen and change nothing."
    ),
]
Limit: TypeAlias = Annotated[
    int | None,
    Parameter(
        name="--limit",
        validator=validators.Number(gte=0),
        help="How many at most, 0 for all. Left out: 100 for people, all with --json.",
    ),
]
