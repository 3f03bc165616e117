"""The real program, beside a server that runs: one installation for all tests that add to it what is their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Installation, ServerProcess, furnish

PROGRAM = Path(sys.executable).with_name("vestibule")
PASSWORD = "Wonderland-2024"


@dataclass(frozen=True, slots=True)
class CommandLine:
    """`done = cli("user", "list")`: the program in a process of its own, with the settings of an installation."""

    environment: Mapping[str, str]
    folder: Path

    def __call__(
        self, *words: str, typed: str = "", language: str = "C.UTF-8", config: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        more = [] if config is None else ["--config", str(config)]
        return subprocess.run(
            [PROGRAM, *words, *more],
            input=typed,
            capture_output=True,
            text=True,
            env={"PATH": "/usr/bin:/bin", "LANG": language, **self.environment},
            cwd=self.folder,
            check=False,
            timeout=60,
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


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs, what lives in it, and the command line beside it."""

    server: ServerProcess
    installation: Installation
    cli: CommandLine


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("cli")
    folder.chmod(0o700)
    server = ServerProcess(folder)
    installation = furnish(server.settings, people=4, password=PASSWORD)
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
    (tmp_path / "state").chmod(0o700)
    furnish(server.settings)
    return CommandLine(server.environment, tmp_path)
