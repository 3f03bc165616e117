"""The frame of the command line: a list of commands made without importing them, and a decent end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vestibule import __version__
from vestibule.cli import commands
from vestibule.cli.check_config import table
from vestibule.cli.configuration import terminal_language
from vestibule.runtime.settings import Value


def vestibule(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "vestibule.cli", *arguments],
        capture_output=True,
        text=True,
        env={"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "utf-8", **environment},
        check=False,
        timeout=30,
    )


def test_the_version_is_told_without_loading_anything() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "vestibule.cli", "--version"],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stdout == f"{__version__}\n"
    assert "cyclopts" not in done.stderr


def test_help_names_every_command_and_imports_none() -> None:
    script = (
        "import atexit, sys, vestibule.cli as cli\n"
        "atexit.register(lambda: print([name for name in sys.modules if name.startswith('vestibule.')]))\n"
        "cli.build()(['--help'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=30
    )
    assert all(command.name in done.stdout for command in commands())
    assert "['vestibule.cli']" in done.stdout, done.stdout + done.stderr


def test_every_command_says_what_it_does_and_can_be_loaded() -> None:
    found = list(commands())
    assert "check-config" in [command.name for command in found]
    assert all(command.help for command in found)
    script = (
        "import sys, vestibule.cli as cli\n"
        "for command in cli.commands():\n"
        "    sys.stdout.write('\\f')\n"
        "    cli.build()([command.name, '--help'], exit_on_error=False, result_action='return_value')\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True,
        text=True,
        env={"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "utf-8"},
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    _, *pages = done.stdout.split("\f")
    for command, page in zip(found, pages, strict=True):
        assert page.startswith(f"Usage: vestibule {command.name}")


def test_check_config_shows_values_and_where_they_come_from(tmp_path: Path) -> None:
    file = tmp_path / "vestibule.toml"
    file.write_text('node.name = "vpn-1"\n')
    done = vestibule("check-config", "--config", str(file), VESTIBULE_LOG_LEVEL="debug")
    assert done.returncode == 0, done.stderr
    lines = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines() if line}
    assert lines["node.name"] == ["vpn-1", f"{file}:1"]
    assert lines["log.level"] == ["debug", "VESTIBULE_LOG_LEVEL"]
    assert lines["log.format"] == ["console", "default"]


def test_check_config_refuses_with_the_line(tmp_path: Path) -> None:
    """UPG-05: a mistake in the settings refuses the start and names its line."""
    file = tmp_path / "vestibule.toml"
    file.write_text('\n[radius]\nlisten = ["127.0.0.1:1812", "127.0.0.1:1812"]\n')
    done = vestibule("check-config", "--config", str(file), LC_ALL="de_DE.UTF-8")
    assert done.returncode == 78
    assert done.stdout == ""
    assert f"{file}:3: radius.listen: 127.0.0.1:1812 ist doppelt angegeben." in done.stderr


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "de_AT.UTF-8"}, "de"),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "LC_MESSAGES": "de_DE"}, "de"),
    ],
)
def test_the_terminal_chooses_the_language(environment: dict[str, str], language: str) -> None:
    assert terminal_language(environment) == language


def test_columns_are_as_wide_as_they_need_to_be() -> None:
    shown = table([Value("a", "1", "default"), Value("longer.key", "", "X")], "en")
    assert shown.splitlines() == [
        "Setting     Value   From",
        "a           1       default",
        "longer.key  (none)  X",
    ]
