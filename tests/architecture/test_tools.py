"""The tools of the tree: make lists what it can do; whatever is installed is pinned by hash (SUP-01)."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "requirements" / "runtime.txt"
DEVELOPMENT = ROOT / "requirements" / "development.txt"


def pins(lock_file: Path) -> dict[str, str]:
    """Return name to version (and marker), and make sure that each has its hashes."""
    found = {}
    for entry in re.split(r"\n(?=\S)", lock_file.read_text(encoding="utf-8")):
        if not entry.startswith("#"):
            pin = re.match(r"([A-Za-z0-9._-]+)==(.+) \\\n +--hash=sha256:[0-9a-f]{64}\b", entry)
            assert pin is not None, entry
            found[pin[1].lower()] = pin[2]
    return found


def test_what_runs_is_what_is_developed_with() -> None:
    assert pins(RUNTIME).items() <= pins(DEVELOPMENT).items()


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = {re.split(r"[^A-Za-z0-9._-]", entry)[0].lower() for entry in project["project"]["dependencies"]}
    assert named - pins(RUNTIME).keys() == set()
    groups = project["dependency-groups"]
    build = set(groups["build"])
    assert build - pins(RUNTIME).keys() == set()
    assert {entry for entry in groups["development"] if isinstance(entry, str)} - pins(
        DEVELOPMENT
    ).keys() == set()


def test_make_lists_what_it_can_do() -> None:
    said = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30).stdout
    listed = re.findall(r"^  make (\w+)", said, re.MULTILINE)
    assert {"run", "test", "prove", "lint", "bench", "docs", "lock", "clean", "ci"} <= set(listed)
    assert all(re.search(rf"^  make {name} +\S", said, re.MULTILINE) for name in listed)


@pytest.mark.parametrize("script", [".ci/run", "tools/install-debian-packages", "tools/lock"])
def test_scripts_can_be_run_and_parse(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    shell = "bash" if script == ".ci/run" else "sh"
    assert subprocess.run([shell, "-n", ROOT / script], check=False, timeout=30).returncode == 0


def test_an_environment_that_is_complete_is_left_alone(tmp_path: Path) -> None:
    """A second call installs nothing and says nothing; a changed pin is noticed."""
    namespace: dict[str, object] = {
        "__file__": str(tmp_path / "tools" / "environment.py"),
        "__name__": "environment",
    }
    source = (ROOT / "tools" / "environment.py").read_text(encoding="utf-8")
    exec(compile(source, "environment.py", "exec"), namespace)
    (tmp_path / ".venv").mkdir()
    (tmp_path / "requirements").mkdir()
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n[build-system]\nrequires = []\n')
    lock_file = tmp_path / "requirements" / "runtime.txt"
    lock_file.write_text("one==1\n")
    ran: list[list[str]] = []
    namespace["run"] = ran.append
    install = namespace["install_if_changed"]
    assert callable(install)
    install("requirements/runtime.txt", with_project=True)
    assert [("--require-hashes" in command, "--no-build-isolation" in command) for command in ran] == [
        (True, False),
        (False, True),
    ]
    install("requirements/runtime.txt", with_project=True)
    assert len(ran) == 2
    lock_file.write_text("one==2\n")
    install("requirements/runtime.txt", with_project=True)
    assert len(ran) == 4
    lock_file.write_text("one==3\n")
    install("requirements/runtime.txt", with_project=False)
    assert len(ran) == 5
