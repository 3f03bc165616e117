"""What commands share: which settings file is meant, which language the terminal speaks, and a decent end."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, NoReturn, TypeAlias

from cyclopts import Parameter

from vestibule.catalog import negotiate, text
from vestibule.runtime.settings import Loaded, Problem, Refused, Settings, load

UNUSABLE_SETTINGS = 78
"""EX_CONFIG of sysexits.h: a supervisor can be told not to try again."""

ConfigFile: TypeAlias = Annotated[
    Path | None,
    Parameter(
        name="--config",
        help="The settings file; otherwise VESTIBULE_CONFIG, or /etc/vestibule/vestibule.toml if it exists.",
    ),
]


def terminal_language(environment: Mapping[str, str] | None = None) -> str:
    """Return the language of the terminal by POSIX's order of variables, else English."""
    known = os.environ if environment is None else environment
    return negotiate(None, known.get("LC_ALL") or known.get("LC_MESSAGES") or known.get("LANG"))


def settings_or_exit(config: Path | None, role: str | None = None) -> Settings:
    """Return the settings, in this role if one is given; or say on standard error everything that is wrong
    with them, and end."""
    return loaded_or_exit(config, role).settings


def loaded_or_exit(config: Path | None, role: str | None = None) -> Loaded:
    loaded = load(config, os.environ if role is None else {**os.environ, "VESTIBULE_ROLE": role})
    if isinstance(loaded, Refused):
        refuse(loaded.problems)
    return loaded


def refuse(problems: Sequence[Problem]) -> NoReturn:
    """Say on standard error what is wrong with the settings, and end."""
    language = terminal_language()
    lines = [text(language, "settings.refused", count=len(problems))]
    lines += [f"  {told(problem, language)}" for problem in problems]
    sys.stderr.write("\n".join(lines) + "\n")
    sys.exit(UNUSABLE_SETTINGS)


def told(problem: Problem, language: str) -> str:
    """`/etc/vestibule/vestibule.toml:3: radius.lisen: There is no such setting. Did you mean ...?`"""
    why = text(language, f"settings.problem.{problem.kind}", **problem.placeholders)
    where = [problem.origin] if problem.key in problem.origin else [problem.origin, problem.key]
    return ": ".join([*where, why])
