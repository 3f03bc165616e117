"""`vestibule statement`: what customers owe for a month; issued once, taken back by credit notes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from vestibule.cli.configuration import ConfigFile
from vestibule.cli.desk import Desk, at_desk, in_the_house
from vestibule.cli.listing import show_rows
from vestibule.cli.parameters import HERE, DryRun, Json, Scope, Yes
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.services.statement_formats import FileFormat, statement_file
from vestibule.services.statement_pdf import not_as_written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vestibule.model.statement import Statement
    from vestibule.services.statements import RunResult

app = App(name="statement", help="Statements: what customers owe for a month.", help_format="plaintext")


@app.command(name="list")
def list_statements(*, as_json: Json = False, scope: Scope = HERE) -> int:
    """List the statements and credit notes of a tenant, the newest first.

    For example:

      vestibule statement list --tenant acme
    """

    async def work(desk: Desk) -> None:
        found = await desk.services.statements.list(desk.actor, desk.tenant_id)
        _show(desk, found, as_json=as_json)

    return at_desk(scope, work)


@app.command
def draft(month: str, /, *, as_json: Json = False, scope: Scope = HERE) -> int:
    """Show what a month of a tenant comes to by the days that are counted until now.

    For example:

      vestibule statement draft 2026-11 --tenant acme

    Parameters
    ----------
    month
        Such as 2026-11.
    """

    async def work(desk: Desk) -> None:
        found = await desk.services.statements.drafts(desk.actor, desk.tenant_id, month)
        _show(desk, found, as_json=as_json)

    return at_desk(scope, work)


@app.command
def run(month: str, /, *, yes: Yes = False, dry_run: DryRun = False, config: ConfigFile = None) -> int:
    """Issue the statements of a month to every customer, those that are not issued yet. They never change
    afterwards; to do it again is harmless.

    For example:

      vestibule statement run 2026-11 --dry-run
      vestibule statement run 2026-11 --yes

    Parameters
    ----------
    month
        Such as 2026-11; it must be over, and its days counted.
    """

    async def work(desk: Desk) -> None:
        statements = desk.services.statements
        results = await statements.run(desk.actor, month, dry_run=True)
        _tell(desk, results)
        count = sum(result.is_new for result in results)
        if dry_run or not count:
            desk.terminal.note("dry_run" if dry_run else "statement.nothing_to_issue")
            return
        desk.terminal.confirm(yes, "ask.issue", count=count, month=month)
        issued = await statements.run(desk.actor, month)
        desk.terminal.say("statement.issued", count=sum(result.is_new for result in issued))

    return in_the_house(config, work)


@app.command
def credit(
    number: str,
    amount: str = "",
    /,
    *,
    reason: str,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    config: ConfigFile = None,
) -> int:
    """Take back a part of what a statement asks for, by a credit note.

    For example:

      vestibule statement credit 2026-000017 12.50 --reason "Outage of 3 November" --dry-run
      vestibule statement credit 2026-000017 --reason "Billed to the wrong company"

    Parameters
    ----------
    number
        The number of the statement.
    amount
        In its currency; left out: all that is left of it.
    reason
        Why; it stands on the credit note.
    """

    async def work(desk: Desk) -> None:
        statements = desk.services.statements
        note = await statements.credit(desk.actor, number, reason, amount, dry_run=True)
        if dry_run:
            _show(desk, [note], as_json=as_json)
            desk.terminal.note("dry_run")
            return
        desk.terminal.confirm(yes, "ask.credit", amount=f"{-note.total} {note.currency}", number=number)
        _show(desk, [await statements.credit(desk.actor, number, reason, amount)], as_json=as_json)

    return in_the_house(config, work)


@app.command
def export(
    number: str,
    /,
    *,
    format: Annotated[FileFormat, Parameter(help="pdf, csv or json.")] = FileFormat.PDF,
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="Left out: to standard output.")
    ] = None,
    config: ConfigFile = None,
) -> int:
    """Write a statement or credit note as a file, with each day that its lines are made of.

    For example:

      vestibule statement export 2026-000017 --output 2026-000017.pdf
      vestibule statement export 2026-000017 --format csv

    Parameters
    ----------
    number
        Its number.
    """

    async def work(desk: Desk) -> None:
        billed = await desk.services.statements.find(desk.actor, SYSTEM_TENANT, number)
        issuer = desk.snapshot.tenants[SYSTEM_TENANT].settings.issuer
        content = statement_file(billed, format, desk.terminal.language, issuer).content
        if format is FileFormat.PDF and (unwritten := not_as_written(billed, issuer)):
            desk.terminal.note("statement.unwritten", texts=" · ".join(unwritten))
        if output is None:
            sys.stdout.buffer.write(content)
        else:
            output.write_bytes(content)
            desk.terminal.say("statement.written", file=str(output))

    return in_the_house(config, work)


def _show(desk: Desk, statements: Iterable[Statement], *, as_json: bool) -> None:
    from vestibule.services.statement_files import plain_record

    show_rows(
        desk.terminal,
        statements,
        as_json=as_json,
        record=plain_record,
        header=("number", "month", "customer", "kind", "amount", "currency"),
        row=lambda one: (
            one.number,
            one.month,
            one.customer,
            desk.terminal.named("statement", kind(one)),
            str(one.total),
            one.currency,
        ),
        empty="list.no_statements",
    )


def kind(statement: Statement) -> str:
    if statement.is_credit:
        return "credit_note"
    return "draft" if statement.is_draft else "title"


def _tell(desk: Desk, results: Iterable[RunResult]) -> None:
    results = list(results)
    _show(desk, [one for result in results for one in result.statements], as_json=False)
    for result in results:
        if result.refused is not None:
            why = desk.terminal.refusal(result.refused.why.value, result.refused.key)
            desk.terminal.note("statement.not_issued", customer=result.customer, why=why)
