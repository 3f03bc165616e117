"""`vestibule user import`: users from a CSV file, all or nobody."""

from __future__ import annotations

from pathlib import Path

from vestibule.catalog import text, wordings
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.names import text_in
from vestibule.cli.output import harmless
from vestibule.cli.parameters import HERE, DryRun, Json, Scope
from vestibule.cli.terminal import NotDone
from vestibule.services.user_file import COLUMNS, RowProblem

_SHOWN = 100


def import_users(
    file: Path, /, *, dry_run: DryRun = False, as_json: Json = False, scope: Scope = HERE
) -> int:
    """Add the users of a CSV file: all of them, or nobody if one line is wrong.

    The first line names the columns, in any order: username, other_names, given_name, family_name, email,
    phone, language, requirement (disabled, enabled, enforced) and groups. Only username is needed.

    For example:

      vestibule user import users.csv --dry-run

    Parameters
    ----------
    file
        Text in UTF-8 with commas, semicolons or tabs between the columns.
    """

    async def work(desk: Desk) -> None:
        report = await desk.services.user_imports.run(
            desk.actor, desk.tenant_id, text_in(file), is_dry_run=dry_run
        )
        if as_json:
            desk.terminal.json(report)
        else:
            for problem in report.problems[:_SHOWN]:
                desk.terminal.line(problem_line(desk, problem))
        if report.problems:
            raise NotDone("cli.user.nothing_imported", count=len(report.problems))
        if not as_json:
            desk.terminal.say("user.would_import" if dry_run else "user.imported", count=len(report.added))
        if dry_run and not as_json:
            desk.terminal.note("dry_run")

    return at_desk(scope, work)


def problem_line(desk: Desk, problem: RowProblem) -> str:
    language, key = desk.terminal.language, f"user_file.{problem.why}"
    told = {"key": harmless(problem.key), "columns": ", ".join(COLUMNS)}
    wanted = wordings(key)[language].placeholders
    why = text(language, key, **{name: value for name, value in told.items() if name in wanted})
    return text(language, "user_file.line", line=problem.line, why=why)
