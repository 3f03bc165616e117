"""`vestibule doctor`: look at everything that has to be right, one line each, with what to do next.

The checks are in `checks/`. One that fails itself is a problem too, and never keeps the others from running.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

from cyclopts import App, Parameter

from vestibule.catalog import text
from vestibule.cli.checks import WITH_DATABASE, WITHOUT_DATABASE
from vestibule.cli.checks.findings import Finding, Grade, Installation, OpenInstallation, note, ok, problem
from vestibule.cli.checks.machine import key_file
from vestibule.cli.configuration import ConfigFile, terminal_language, told
from vestibule.cli.house import run_loop
from vestibule.cli.output import harmless, width
from vestibule.cli.parameters import Json
from vestibule.cli.radius_doctor import radius
from vestibule.cli.terminal import Terminal
from vestibule.runtime.settings import DEFAULT, Loaded, Refused, load

app = App(name="doctor", help_format="plaintext")
app.command(radius)

_CHECK_SECONDS = 60.0

Found = Callable[[Finding], None]


@app.default
def doctor(
    *,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="", show_default=False)] = False,
    as_json: Json = False,
    config: ConfigFile = None,
) -> int:
    """Check an installation, running or not: a line for each thing, and what to do next.

    Run it as the user that the server runs as. Exit code: 0 no problem, 1 at least one.

    For example:

      vestibule doctor
      vestibule doctor --quiet
      vestibule doctor radius --client vpn-1
      sudo -u vestibule vestibule doctor --config /etc/vestibule/vestibule.toml

    Parameters
    ----------
    quiet
        Show warnings and problems only.
    """
    from vestibule.runtime.settings_files import file_problems

    terminal = Terminal(terminal_language())
    report = Report(terminal, is_quiet=quiet, is_shown=not as_json)
    match load(config, os.environ):
        case Refused(problems):
            for one in problems:
                reason = told(one, terminal.language)
                report.add(problem("settings", "settings.refused", reason=reason))
        case Loaded(settings, values) as loaded:
            for one in file_problems(loaded):
                reason = told(one, terminal.language)
                report.add(problem("settings", "settings.refused", reason=reason))
            changed = sum(value.origin != DEFAULT for value in values)
            report.add(ok("settings", "settings.fine", count=changed))
            _keep_logs_out_of_the_way()
            at = Installation(settings, terminal.language, config)
            run_loop(lambda: _examine(at, report.add))
    if as_json:
        terminal.json(report.records)
    return report.end()


class Report:
    """Shows each finding when it is made, and remembers the worst."""

    def __init__(self, terminal: Terminal, *, is_quiet: bool, is_shown: bool) -> None:
        self.records: list[dict[str, Any]] = []
        self._terminal = terminal
        self._is_quiet = is_quiet
        self._is_shown = is_shown
        self._counts = dict.fromkeys(Grade, 0)
        words = [self._words(f"grade.{grade}") for grade in Grade]
        self._mark_width = max(map(width, words))

    def add(self, finding: Finding) -> None:
        """Take one finding and show its line."""
        self._counts[finding.grade] += 1
        said = line(finding, self._terminal.language)
        area = self._words(f"area.{finding.area}")
        if self._is_quiet and finding.grade in (Grade.OK, Grade.NOTE):
            return
        self.records.append({"area": finding.area, "grade": finding.grade.value, "text": said})
        if self._is_shown:
            mark = self._words(f"grade.{finding.grade}")
            self._terminal.line(f"{mark}{' ' * (self._mark_width - width(mark))}  {area}: {said}")

    def end(self) -> int:
        """Say how it stands; return the exit status."""
        problems, warnings = self._counts[Grade.PROBLEM], self._counts[Grade.WARNING]
        if self._is_shown and not self._is_quiet:
            self._terminal.line()
            self._terminal.line(self._words("end", problems=problems, warnings=warnings))
        return 1 if problems else 0

    def _words(self, key: str, /, **placeholders: str | int) -> str:
        return text(self._terminal.language, f"doctor.{key}", **placeholders)


def line(finding: Finding, language: str) -> str:
    """Return what a finding says, on one line."""
    placeholders = {
        name: harmless(value) if isinstance(value, str) else value
        for name, value in finding.placeholders.items()
    }
    return text(language, f"doctor.{finding.key}", **placeholders)


async def _examine(at: Installation, found: Found) -> int:
    await _each(at, WITHOUT_DATABASE, found)
    await _open(at, found)
    return 0


async def _each(at: Any, checks: Sequence[Callable[[Any], Awaitable[list[Finding]]]], found: Found) -> None:
    for check in checks:
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                findings = await check(at)
        except Exception as error:
            name, why = check.__name__, type(error).__name__
            findings = [problem("check", "check.failed", name=name, why=f"{why}: {error}")]
        for finding in findings:
            found(finding)


async def _open(at: Installation, found: Found) -> None:
    """Open the database as the server would and look at what is in it."""
    from vestibule.interfaces.store import Unavailable
    from vestibule.runtime.build import build
    from vestibule.runtime.key_file import KeyFileProblem
    from vestibule.runtime.push import PushProblem
    from vestibule.runtime.registry import PluginProblem, frontends

    if not at.settings.state_directory.is_dir():
        return  # said already; opening would make it
    try:
        frontends()
        house = await build(at.settings)
    except KeyFileProblem as reason:
        if all(one.grade is Grade.OK for one in await key_file(at)):  # else it has been said
            found(problem("key", "key.unusable", reason=str(reason)))
    except PushProblem:
        pass  # Its file has been found unusable already.
    except PluginProblem as reason:
        found(problem("plugins", "plugins.broken", reason=str(reason)))
    except (Unavailable, OSError) as reason:
        found(problem("database", "database.silent", reason=str(reason)))
    else:
        try:
            now = house.services.clock.now()
            opened = OpenInstallation(at.settings, at.language, at.config, house, now)
            await _each(opened, WITH_DATABASE, found)
        finally:
            await house.close()
        return
    found(note("check", "check.unseen"))


def _keep_logs_out_of_the_way() -> None:
    """What a directory logs about itself, its finding says better."""
    from vestibule.runtime.logging import set_up
    from vestibule.runtime.settings import LogSettings

    set_up(LogSettings(level="error", format="console"))
