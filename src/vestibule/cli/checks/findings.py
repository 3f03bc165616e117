"""What a check needs and what it finds. A finding is one line; a warning or problem says what to do next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from vestibule.cli.program import command

if TYPE_CHECKING:
    from vestibule.runtime.build import House
    from vestibule.runtime.settings import Settings
    from vestibule.services.configuration import Snapshot


class Grade(StrEnum):
    """How bad it is; only a problem makes `doctor` fail."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: `area` and `key` are texts of the catalog, under `doctor.area` and `doctor`."""

    grade: Grade
    area: str
    key: str
    placeholders: dict[str, str | int] = field(default_factory=dict)


def ok(area: str, key: str, /, **placeholders: str | int) -> Finding:
    return Finding(Grade.OK, area, key, placeholders)


def note(area: str, key: str, /, **placeholders: str | int) -> Finding:
    return Finding(Grade.NOTE, area, key, placeholders)


def warning(area: str, key: str, /, **placeholders: str | int) -> Finding:
    return Finding(Grade.WARNING, area, key, placeholders)


def problem(area: str, key: str, /, **placeholders: str | int) -> Finding:
    return Finding(Grade.PROBLEM, area, key, placeholders)


@dataclass(frozen=True, slots=True)
class Installation:
    """What is examined, as far as it can be looked at without opening the database."""

    settings: Settings
    language: str
    config: Path | None

    def command(self, words: str, tenant: str | None = None) -> str:
        """Return a command as it can be typed here."""
        return command(words, tenant=tenant, config=self.config)


@dataclass(frozen=True, slots=True)
class OpenInstallation(Installation):
    """The same with its database open."""

    house: House
    now: int

    @property
    def snapshot(self) -> Snapshot:
        return self.house.services.configuration.current


Check: TypeAlias = Callable[[Installation], Awaitable[list[Finding]]]
"""A check that does without the database."""
OpenCheck: TypeAlias = Callable[[OpenInstallation], Awaitable[list[Finding]]]
