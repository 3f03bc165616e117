"""A copy of the house without one of its plug-ins, imported whole in a process of its own."""

from __future__ import annotations

import importlib
import pkgutil
import shutil
import sys
import warnings
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).parents[2] / "src" / "vestibule"


class Standing(NamedTuple):
    plugins: frozenset[str]
    """What the registry finds."""
    others: tuple[str, ...]
    """The modules that are not the house's, in the order in which they were imported."""


def copy_without(folder: Path, plugin: str | None) -> None:
    house = folder / "vestibule"
    shutil.copytree(SOURCE, house)  # with what is compiled already: times are kept, so it stays valid
    if plugin is not None and (house / plugin).is_dir():
        shutil.rmtree(house / plugin)
    elif plugin is not None:
        (house / f"{plugin}.py").unlink()


def stand(folder: Path) -> Standing:
    """Import every module of the copy in `folder`; for a process that has imported nothing of the house."""
    warnings.simplefilter("error")
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(folder))
    house = importlib.import_module("vestibule")
    assert Path(str(house.__file__)).is_relative_to(folder), house.__file__
    for found in pkgutil.walk_packages(house.__path__, "vestibule."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    registry = importlib.import_module("vestibule.runtime.registry")
    kinds = ("methods", "directories", "frontends", "gateways")
    return Standing(
        frozenset(f"{kind}/{name}" for kind in kinds for name in getattr(registry, kind)()),
        tuple(name for name in sys.modules if name.partition(".")[0] not in ("vestibule", "tests")),
    )
