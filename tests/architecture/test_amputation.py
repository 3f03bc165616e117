"""Amputation: the house stands whichever plug-in is taken out of it.

For each plug-in in turn, in a copy of the source without it: every other module imports, and the registry
finds every other plug-in. So no other file names it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "vestibule"
KINDS = ("methods", "gateways", "directories", "reports", "frontends")

SCRIPT = """
import importlib, pathlib, pkgutil, sys
import vestibule
from vestibule.runtime import registry

assert pathlib.Path(vestibule.__file__).is_relative_to(sys.argv[1]), vestibule.__file__
for found in pkgutil.walk_packages(vestibule.__path__, "vestibule."):
    if not found.name.endswith("__main__"):
        importlib.import_module(found.name)
print(*registry.methods(), *registry.directories(), *registry.frontends())
print(*(f"gateways/{name}" for name in registry.gateways()))
"""


def plugins() -> list[str]:
    """Return every plug-in as `package/name`, folder or file."""
    return [
        f"{kind}/{entry.stem}"
        for kind in KINDS
        for entry in sorted((SOURCE / kind).iterdir())
        if not entry.name.startswith(("_", "."))
        and (entry.suffix == ".py" or (entry / "__init__.py").exists())
    ]


def imported_without(folder: Path, plugin: str | None) -> list[str]:
    """Import a copy of everything but `plugin`; return the names of the plug-ins that the registry finds."""
    house = folder / "vestibule"
    shutil.copytree(SOURCE, house)  # with what is compiled already: times are kept, so it stays valid
    if plugin is not None and (house / plugin).is_dir():
        shutil.rmtree(house / plugin)
    elif plugin is not None:
        (house / f"{plugin}.py").unlink()
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, str(folder)],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The plug-ins that the registry finds when nothing is taken out."""
    return imported_without(tmp_path_factory.mktemp("whole"), None)


@pytest.mark.parametrize("plugin", plugins())
def test_the_house_stands_without(tmp_path: Path, plugin: str, whole: list[str]) -> None:
    left = imported_without(tmp_path, plugin)
    # Reports are not in the registry's answer yet; taking one out must still break nothing.
    assert len(left) == len(whole) - 1 or plugin.startswith("reports/")
    assert set(left) <= set(whole)
