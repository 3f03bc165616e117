"""The real program beside a server that runs: one installation for all tests that add what is their own."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import structlog

import vestibule.cli
from tests.installations import Installation, furnish
from tests.servers import ServerProcess

PROGRAM = Path(sys.executable).with_name("vestibule")
PASSWORD = "Wonderland-2024"
_SECONDS = 90

Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True, slots=True)
class CommandLine:
    """`done = cli("user", "list")`: the program with the settings of one installation.

    It runs to its end inside this process, from its arguments to its exit status: starting Python anew would
    take most of the time. `process` starts it as a person does.
    """

    environment: Mapping[str, str]
    folder: Path

    def __call__(self, *words: str, typed: str = "", language: str = "C.UTF-8") -> Done:
        arguments = [str(PROGRAM), *words]
        out, err = io.StringIO(), io.StringIO()
        status: object = 0
        with (
            patch.dict(os.environ, self._environment(language), clear=True),
            patch.object(sys, "argv", arguments),
            patch.object(sys, "stdin", io.StringIO(typed)),
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            _logging_kept(),
        ):
            try:
                vestibule.cli.main()
            except SystemExit as end:
                status = end.code or 0
        assert isinstance(status, int)
        return subprocess.CompletedProcess(arguments, status, out.getvalue(), err.getvalue())

    def process(self, *words: str, typed: str = "", language: str = "C.UTF-8") -> Done:
        """Run the program in a process of its own."""
        return subprocess.run(
            [PROGRAM, *words],
            input=typed,
            capture_output=True,
            text=True,
            env=self._environment(language),
            cwd=self.folder,
            check=False,
            timeout=_SECONDS,
        )

    def out(self, *words: str, typed: str = "", language: str = "C.UTF-8") -> str:
        """Run a command that must succeed, and return what it wrote to standard output."""
        done = self(*words, typed=typed, language=language)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def json(self, *words: str, typed: str = "") -> Any:
        """Run a command that must succeed with --json, and return what it wrote."""
        return json.loads(self.out(*words, "--json", typed=typed))

    def refused(self, *words: str, typed: str = "", language: str = "C.UTF-8") -> str:
        """Run a command that must not succeed, and return what it said on standard error."""
        done = self(*words, typed=typed, language=language)
        assert done.returncode == 1, done.stdout + done.stderr
        assert done.stdout == ""
        return done.stderr

    def _environment(self, language: str) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin", "LANG": language, **self.environment}


@contextlib.contextmanager
def _logging_kept() -> Iterator[None]:
    """A command sets up logging for its process, which here is ours."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.configure(**before)


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs, what lives in it, and the command line beside it."""

    server: ServerProcess
    installation: Installation
    cli: CommandLine


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("cli")
    server = ServerProcess(folder)
    installation = furnish(server.settings, people=4, password=PASSWORD)
    folder.chmod(0o700)
    server.start()
    yield Running(server, installation, CommandLine(server.environment, folder))
    server.stop()


@pytest.fixture(scope="session")
def cli(running: Running) -> CommandLine:
    return running.cli


@pytest.fixture
def quiet_house(tmp_path: Path) -> CommandLine:
    """An installation of the test's own, in which nothing runs."""
    server = ServerProcess(tmp_path / "state")
    furnish(server.settings)
    return CommandLine(server.environment, tmp_path)
