"""Every command is explained: in its help with examples that can be typed, and in the reference."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from inspect import cleandoc
from pathlib import Path

import pytest
from cyclopts import App

from vestibule.cli import build, commands

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "command-line.md"


def every_command() -> Iterator[tuple[str, str]]:
    """Yield `user add` and its documentation, for every command there is."""
    for command in commands():
        module, _, name = command.target.partition(":")
        yield from _of(getattr(import_module(module), name), command.name)


def _of(app: App, path: str) -> Iterator[tuple[str, str]]:
    if app.default_command is not None:
        yield path, cleandoc(app.default_command.__doc__ or "")
    for name in app:
        if not name.startswith("-"):
            yield from _of(app[name], f"{path} {name}")


COMMANDS = dict(every_command())


def examples(documentation: str) -> list[str]:
    """Return the commands that are shown, without what a shell does for them."""
    joined = documentation.replace("\\\n", " ")
    shown = re.findall(r"^\s*(?:[A-Z_]+=\S+ |sudo -u \S+ )?vestibule (.+)$", joined, re.MULTILINE)
    return [re.sub(r" [<>].*", "", line) for line in shown]


def test_there_are_commands_for_what_console_and_api_can_do() -> None:
    assert len(COMMANDS) > 50
    assert {"user add", "client secret end", "attempts show", "doctor"} <= COMMANDS.keys()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_says_what_it_does_in_a_sentence(command: str) -> None:
    first = COMMANDS[command].partition("\n\n")[0].replace("\n", " ")
    assert first.endswith(".")
    assert first[0].isupper()


@pytest.mark.parametrize("command", [name for name in COMMANDS if "vestibule " in COMMANDS[name]])
def test_examples_can_be_typed(command: str) -> None:
    app = build()
    shown = examples(COMMANDS[command])
    assert shown
    for line in shown:
        function, bound, _ = app.parse_args(shlex.split(line), print_error=False, exit_on_error=False)
        assert callable(function), line
        assert bound is not None


def test_every_command_of_an_administrator_has_examples() -> None:
    nouns = (
        "admin|api-key|application|attempts|authenticator|client|directory|doctor|events|gateway|run|settings"
    )
    mine = [name for name in COMMANDS if re.match(rf"(?:{nouns}|tenant|user)\b", name)]
    without = [name for name in mine if "For example:" not in COMMANDS[name]]
    assert without == []


def test_the_reference_names_every_command() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"`vestibule {name}" not in text] == []


def test_the_reference_names_no_command_that_is_not_there() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    named = re.findall(r"^\| `vestibule ([a-z -]+[a-z])", text, re.MULTILINE)
    assert len(named) >= len(COMMANDS)
    assert [name for name in named if name not in COMMANDS] == []
