"""`vestibule token`: hardware tokens by the file.

The passphrase and the key of a file are read from files or asked for, never taken as an argument: arguments
are seen by everybody on the machine. What is shown of a bad row never holds a secret.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Literal

import msgspec
from cyclopts import App, Parameter

from vestibule.catalog import text, wordings
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.output import facts, harmless
from vestibule.cli.parameters import DryRun, Json, Scope
from vestibule.cli.terminal import NotDone
from vestibule.crypto.secret import Secret

if TYPE_CHECKING:
    from vestibule.services.token_import import (
        ImportProgress,
        ImportReport,
        RowProblem,
        TokenFileOptions,
        UnusableFile,
    )

app = App(name="token", help="Hardware tokens: import them from a file.", help_format="plaintext")

_HERE = Scope()
_AES_KEY_BYTES = (16, 24, 32)
_COUNTS = ("read", "added", "updated", "unchanged", "assigned", "bad")


@app.command(name="import")
def import_tokens(
    file: Path,
    /,
    *,
    dry_run: DryRun = False,
    form: Literal["auto", "csv_server", "csv_cloud", "pskc"] = "auto",
    passphrase_file: Path | None = None,
    key_file: Path | None = None,
    secrets: Literal["unstated", "base32", "hex"] = "unstated",
    encoding: Literal["detect", "windows-1252"] = "detect",
    allow_short_secrets: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    as_json: Json = False,
    scope: Scope = _HERE,
) -> int:
    """Import hardware tokens from a CSV or PSKC file. Safe to repeat: no counter ever falls back.

    For example:

      vestibule token import tokens.csv --dry-run
      vestibule token import tokens.pskcxml --passphrase-file passphrase.txt

    Parameters
    ----------
    file
        The file: CSV in the server form or the cloud form, or PSKC (RFC 6030).
    form
        Which of them it is; found out by itself.
    passphrase_file
        A file whose first line is the passphrase of the PSKC file. Asked for if it is needed and not given.
    key_file
        A file with the AES key of the PSKC file in hexadecimal.
    secrets
        How the secrets of a CSV file are written. Base32 if not stated, and what could be either is refused.
    encoding
        How the text of a CSV file is encoded; UTF-8 and UTF-16 are detected.
    allow_short_secrets
        Take secrets of 80 to 127 bits too.
    """

    async def work(desk: Desk) -> None:
        from vestibule.services.token_import import TokenFileOptions

        options = TokenFileOptions(
            form=form,
            passphrase=_passphrase(passphrase_file),
            preshared_key=_key(key_file),
            secret_encoding=secrets,
            text_encoding=encoding,
            allows_short_secrets=allow_short_secrets,
        )
        with _opened(file) as source:
            report = await _asked(desk, source, options, dry_run)
        if as_json:
            desk.terminal.json(_record(report))
        else:
            _show(desk, report)
        if report.bad:
            raise NotDone("token.import.some_bad", count=report.bad)

    return at_desk(scope, work)


async def _asked(desk: Desk, source: BinaryIO, options: TokenFileOptions, is_dry_run: bool) -> ImportReport:
    """Import; if the file needs a passphrase or a key that was not given, ask the person for it once."""
    from vestibule.services.token_import import UnusableFile

    try:
        return await _imported(desk, source, options, is_dry_run)
    except UnusableFile as unusable:
        more = _credential(desk, options, unusable) if sys.stdin.isatty() else None
        if more is None:
            raise _not_done(desk, unusable) from None
    try:
        return await _imported(desk, source, more, is_dry_run)
    except UnusableFile as unusable:
        raise _not_done(desk, unusable) from None


def _credential(desk: Desk, options: TokenFileOptions, unusable: UnusableFile) -> TokenFileOptions | None:
    replace = msgspec.structs.replace
    match unusable.problem:
        case "passphrase_needed":
            return replace(options, passphrase=_hidden(desk, "passphrase"))
        case "preshared_key_needed":
            typed = _hidden(desk, "key").reveal()
            return replace(options, preshared_key=Secret(_aes_key(typed, "")))
    return None


def _hidden(desk: Desk, key: str) -> Secret[str]:
    from getpass import getpass

    return Secret(getpass(_text(desk, f"import.{key}")))


def _not_done(desk: Desk, unusable: UnusableFile) -> NotDone:
    reason = _reason(
        desk, f"unusable.{unusable.problem}", line=str(unusable.line), detail=harmless(unusable.detail)
    )
    return NotDone("token.import.nothing_stored", reason=reason)


async def _imported(
    desk: Desk, source: BinaryIO, options: TokenFileOptions, is_dry_run: bool
) -> ImportReport:
    with _progress_bar(desk, source, is_dry_run) as (progress, write):
        return await desk.services.token_imports.run(
            desk.actor,
            desk.tenant_id,
            source,
            options,
            is_dry_run=is_dry_run,
            progress=progress,
            on_problem=lambda problem: write(_told(desk, problem)),
        )


@contextlib.contextmanager
def _progress_bar(
    desk: Desk, source: BinaryIO, is_dry_run: bool
) -> Iterator[tuple[Callable[[ImportProgress], None], Callable[[str], None]]]:
    """Lend a function that shows progress on a terminal, and one that writes a line without spoiling it."""
    if not sys.stderr.isatty():
        yield (lambda progress: None), desk.terminal.aside
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    total = os.fstat(source.fileno()).st_size
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=total, rows="")

        def progress(done: ImportProgress) -> None:
            phase = "checking" if done.is_checking else "trying" if is_dry_run else "storing"
            description = _text(desk, f"import.{phase}")
            bar.update(task, completed=done.octets, description=description, rows=f"{done.rows:,}")

        yield progress, lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True)


def _told(desk: Desk, problem: RowProblem) -> str:
    reason = _reason(desk, f"problem.{problem.problem}", detail=harmless(problem.detail))
    if problem.serial:
        return _text(desk, "import.row_of", line=problem.line, serial=harmless(problem.serial), reason=reason)
    return _text(desk, "import.row", line=problem.line, reason=reason)


def _reason(desk: Desk, key: str, **known: str) -> str:
    """Return the text of a reason with those of `known` that it wants."""
    wanted = wordings(f"token.{key}")[desk.terminal.language].placeholders
    return _text(desk, key, **{name: known[name] for name in wanted}).strip()


def _text(desk: Desk, key: str, **placeholders: str | int) -> str:
    return text(desk.terminal.language, f"token.{key}", **placeholders)


def _show(desk: Desk, report: ImportReport) -> None:
    desk.terminal.line(_text(desk, "import.tried" if report.is_dry_run else "import.done"))
    counts = [(_text(desk, f"import.count.{name}"), f"{getattr(report, name):,}") for name in _COUNTS]
    for line in facts(counts):
        desk.terminal.line(line)


def _record(report: ImportReport) -> dict[str, object]:
    counts = {name: getattr(report, name) for name in _COUNTS}
    problems = [
        {"line": one.line, "serial": one.serial, "problem": one.problem, "detail": one.detail}
        for one in report.problems
    ]
    return {"form": report.form, "is_dry_run": report.is_dry_run, **counts, "problems": problems}


# --- what is read from files ----------------------------------------------------------------------------


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    try:
        source = file.open("rb")
    except OSError as error:
        raise _unreadable(file, error) from None
    with source:
        if not source.seekable():
            raise NotDone("token.import.no_file", file=str(file), reason=os.strerror(errno.ESPIPE))
        yield source


def _passphrase(file: Path | None) -> Secret[str] | None:
    if file is None:
        return None
    return Secret(_content(file).split("\n", 1)[0].removesuffix("\r"))


def _key(file: Path | None) -> Secret[bytes] | None:
    return None if file is None else Secret(_aes_key(_content(file), str(file)))


def _aes_key(typed: str, file: str) -> bytes:
    try:
        key = bytes.fromhex("".join(typed.split()))
    except ValueError:
        key = b""
    if len(key) not in _AES_KEY_BYTES:
        raise NotDone("token.import.no_key", file=file)
    return key


def _content(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise _unreadable(file, error) from None
    except UnicodeDecodeError:
        raise NotDone("token.import.no_file", file=str(file), reason="UTF-8") from None


def _unreadable(file: Path, error: OSError) -> NotDone:
    return NotDone("token.import.no_file", file=str(file), reason=error.strerror or str(error))
