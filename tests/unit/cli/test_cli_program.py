"""Commands on the screen can be typed as they are shown."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from vestibule.cli.program import command, command_elsewhere, program


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a program of its own in `.venv/bin`, started by its path, with nothing on PATH."""
    script = tmp_path / ".venv" / "bin" / "vestibule"
    script.parent.mkdir(parents=True)
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(script), "run"])
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.chdir(tmp_path)
    for name in ("VESTIBULE_CONFIG", "VESTIBULE_STATE_DIRECTORY", "VESTIBULE_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_from_a_clone_it_is_the_path_from_here(clone: Path) -> None:
    assert program() == ".venv/bin/vestibule"
    assert command("user list", tenant="acme") == ".venv/bin/vestibule user list --tenant acme"


def test_from_another_folder_it_is_the_whole_path(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert program() == str((clone / ".venv/bin/vestibule").relative_to("/"))
    other = clone / "other folder"
    other.mkdir()
    monkeypatch.chdir(other)
    assert program() == str(clone / ".venv/bin/vestibule")


def test_beside_the_program_a_bare_name_would_be_looked_for_on_the_path(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(clone / ".venv" / "bin")
    assert program() == "./vestibule"


def test_on_the_path_it_is_its_name(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(clone / ".venv" / "bin"))
    assert program() == "vestibule"


def test_another_program_of_that_name_on_the_path_is_not_ours(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = clone / "usr" / "vestibule"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", str(other.parent))
    assert program() == ".venv/bin/vestibule"


def test_without_a_script_it_is_the_module(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/__main__.py"])
    monkeypatch.setattr("sysconfig.get_path", lambda _name: "/nowhere")
    assert program() == f"{sys.executable} -m vestibule.cli"


def test_what_has_blanks_is_quoted(clone: Path) -> None:
    shown = command("demo passcode", config=Path("/etc/my vestibule.toml"))
    assert shown == ".venv/bin/vestibule demo passcode --config '/etc/my vestibule.toml'"


def test_another_terminal_is_told_where_the_state_is_and_no_password(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VESTIBULE_STATE_DIRECTORY", "/srv/a b")
    monkeypatch.setenv("VESTIBULE_DATABASE_URL", "postgresql://u:secret@db/v")
    shown = command_elsewhere("demo passcode")
    assert shown == "VESTIBULE_STATE_DIRECTORY='/srv/a b' .venv/bin/vestibule demo passcode"
