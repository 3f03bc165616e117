"""The terminal: what a command tells, asks and shows once.

What a command is for goes to standard output, so that a script can take it; everything said around it
(questions, notes, next steps) goes to standard error. A password is never echoed and never an argument.
"""

from __future__ import annotations

import contextlib
import io
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from getpass import getpass
from typing import Any

import msgspec

from vestibule.catalog import has, text, wordings
from vestibule.cli.output import facts, harmless
from vestibule.crypto.secret import Secret

_YES = frozenset({"y", "yes", "j", "ja"})


class NotDone(Exception):
    """What was asked for is not possible; `key` and `placeholders` make the text with the next step."""

    def __init__(self, key: str, /, **placeholders: str | int) -> None:
        super().__init__(key)
        self.key = key
        self.placeholders = placeholders


class Terminal:
    """Speaks one language. Keys are those of the catalog under `cli`, unless they say otherwise."""

    def __init__(self, language: str) -> None:
        self.language = language
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                # A terminal that lacks a character shows another one; the command goes on.
                stream.reconfigure(errors="replace")

    # --- words --------------------------------------------------------------------------------------

    def words(self, key: str, /, **placeholders: str | int) -> str:
        """Return a text of the catalog; what it was given is made harmless."""
        told = {
            name: harmless(value) if isinstance(value, str) else value for name, value in placeholders.items()
        }
        return text(self.language, f"cli.{key}", **told)

    def on_or_off(self, is_on: bool) -> str:
        return self.words("status.on" if is_on else "status.off")

    def named(self, area: str, name: str) -> str:
        """Return the text `area.name`, or the name itself: rows outlive the release that wrote them."""
        key = f"{area}.{name}"
        return text(self.language, key) if has(key) else name

    def method(self, name: str) -> str:
        """Return what a method is called; empty for none."""
        return self.named("method", f"{name}.name").removesuffix(".name") if name else ""

    def refusal(self, why: str, key: str) -> str:
        """Return why a service refused a change."""
        name = f"refusal.{why}"
        wanted = wordings(name)[self.language].placeholders
        return text(self.language, name, **dict.fromkeys(wanted, harmless(key)))

    def yes_no(self, is_so: bool) -> str:
        return self.words("word.yes" if is_so else "word.no")

    # --- what a command is for ----------------------------------------------------------------------

    def line(self, words: str = "") -> None:
        """Write one ready line to standard output."""
        sys.stdout.write(f"{words}\n")

    def content(self, lines: str) -> None:
        """Write lines of a file to standard output as they are; on a screen without what could deceive it."""
        if sys.stdout.isatty():
            lines = "".join(f"{harmless(line)}\n" for line in lines.splitlines())
        sys.stdout.write(lines)

    def flush(self) -> None:
        """Let be seen at once what was written."""
        sys.stdout.flush()

    def say(self, key: str, /, **placeholders: str | int) -> None:
        """Write one text to standard output."""
        self.line(self.words(key, **placeholders))

    def facts(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Write labels (keys under `cli.label`) and their values; what has no value is left out."""
        for line in facts([(self.words(f"label.{label}"), value) for label, value in pairs]):
            self.line(line)

    def json(self, record: Any) -> None:
        """Write one record as JSON."""
        self.line(msgspec.json.format(msgspec.json.encode(record), indent=2).decode())

    def secret(self, secret: Secret[str], key: str, /, **placeholders: str | int) -> None:
        """Show a secret this one time: alone on its line of standard output, the words about it beside."""
        self.note(key, **placeholders)
        self.line(secret.reveal())

    # --- what is said around it ---------------------------------------------------------------------

    def note(self, key: str, /, **placeholders: str | int) -> None:
        """Write one text to standard error."""
        self.aside(self.words(key, **placeholders))

    def aside(self, words: str = "") -> None:
        """Write one ready line to standard error, after what was written before it."""
        sys.stdout.flush()
        sys.stderr.write(f"{words}\n")
        sys.stderr.flush()

    # --- questions ----------------------------------------------------------------------------------

    def ask(self, key: str, /, **placeholders: str | int) -> str:
        """Return one line from the person or the script; `NotDone` at the end of the input."""
        sys.stdout.flush()
        sys.stderr.write(self.words(key, **placeholders))
        sys.stderr.flush()
        with _interruptible():
            return self._line()

    def ask_hidden(self, key: str, /, **placeholders: str | int) -> Secret[str]:
        """Return one line that is not shown while it is typed."""
        if not sys.stdin.isatty():
            return Secret(self._line())
        sys.stdout.flush()
        with _interruptible():
            return Secret(getpass(self.words(key, **placeholders)))

    def ask_new_password(self) -> Secret[str]:
        """Return a new password, typed twice by a person; a script gives it on one line."""
        password = self.ask_hidden("ask.new_password")
        if sys.stdin.isatty() and self.ask_hidden("ask.new_password_again") != password:
            raise NotDone("cli.password.differ")
        return password

    def confirm(self, is_sure: bool, key: str, /, **placeholders: str | int) -> None:
        """Return if the person says yes, or has said so before; `NotDone` otherwise."""
        if is_sure:
            return
        answer = self.ask(key, **placeholders)
        if answer.strip().lower() not in _YES:
            raise NotDone("cli.ask.not_confirmed")

    def _line(self) -> str:
        line = sys.stdin.readline()
        if not line:
            raise NotDone("cli.ask.nothing")
        return line.rstrip("\r\n")


def choices(names: Sequence[str]) -> str:
    """Return names as a text lists them."""
    return ", ".join(sorted(names)) or "–"


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let the interrupt key end a question: the event loop's own way waits until the question is over."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
