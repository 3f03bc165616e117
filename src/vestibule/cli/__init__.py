"""The command line: `vestibule NOUN ...`, one file for each noun.

To add a command, add `NOUN.py` to this folder, nothing else. It has one statement

    app = App(name="NOUN", help_format="plaintext")

at the left margin, its arguments literals, and defines what it does with `@app.default`, or several
commands below the noun with `@app.command`. Its line in the list of commands is the first line of the
docstring under `@app.default`, or else `help="..."` in that statement. The list is made by reading the file
as text, not by importing it, so `vestibule --help` stays quick however much a command needs; a module
without that statement (such as `configuration.py`) is no command. A function returns its exit status, or
None for 0. Commands that need the settings take `config: ConfigFile = None` and ask
`configuration.settings_or_exit`.

A command line is a face: it asks services and shows what they say. It decides nothing.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING

import vestibule

if TYPE_CHECKING:
    from cyclopts import App

INTERRUPTED = 130
"""The exit status that shells give to a command ended by the interrupt key."""

_APP = re.compile(r"^app = (App\(.*?\))$", re.MULTILINE | re.DOTALL)
_DEFAULT_HELP = re.compile(r'^@app\.default\n.*?"""(.+?)"""', re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Command:
    """One entry of the list of commands: its name, its help, and where it is defined.

    The list shows the first paragraph of the help; `vestibule NAME --help` shows all of it.
    """

    name: str
    help: str
    target: str


def main() -> None:
    """Run the command that the process's arguments name, and end the process."""
    # Asked by scripts and by every report of a fault, and needs nothing that takes time to load.
    if sys.argv[1:] in (["--version"], ["-V"]):
        sys.stdout.write(f"{vestibule.__version__}\n")
        return
    try:
        build()()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output, such as `head`, has seen enough. Python would complain again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def build() -> App:
    """Return the program with all its commands, none of them imported yet."""
    from cyclopts import App

    app = App(
        name="vestibule",
        help="Vestibule: the second lock behind the password.",
        help_format="plaintext",
        version=vestibule.__version__,
        version_flags=["--version", "-V"],
    )
    for command in commands():
        app.command(command.target, name=command.name, help=command.help)
    return app


def commands() -> Iterator[Command]:
    """Yield every command of this folder by name, without importing any."""
    for file in sorted(Path(__file__).parent.glob("*.py")):
        source = file.read_text(encoding="utf-8")
        statement = _APP.search(source)
        if statement is not None and file.stem != "__init__":
            given = _literals(statement[1])
            documented = _DEFAULT_HELP.search(source)
            words = given.get("help") or (cleandoc(documented[1]) if documented else "")
            yield Command(given["name"], words, f"{__name__}.{file.stem}:app")


def _literals(statement: str) -> dict[str | None, str]:
    call = ast.parse(statement, mode="eval").body
    assert isinstance(call, ast.Call)
    return {word.arg: ast.literal_eval(word.value) for word in call.keywords}
