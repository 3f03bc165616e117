"""A copy of the house without one of its plug-ins, imported whole in a process of its own."""

from __future__ import annotations

import importlib
import pkgutil
import shutil
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).parents[2] / "src" / "vestibule"


class Standing(NamedTuple):
    plugins: frozenset[str]
    """What the registry finds."""
    others: tuple[str, ...]
    """The modules that are not the house's, in the order in which they were imported."""


def copy(folder: Path) -> Path:
    """Return a copy of the house, with what is compiled already: times are kept, so it stays valid."""
    return shutil.copytree(SOURCE, folder / "vestibule")


@contextmanager
def taken_out(house: Path, plugins: Sequence[str]) -> Iterator[None]:
    """Let a copy be without some plug-ins for a while."""
    places = [house / name if (house / name).is_dir() else house / f"{name}.py" for name in plugins]
    aside = [place.rename(house.parent / f"{number}") for number, place in enumerate(places)]
    yield
    for place, kept in zip(places, aside, strict=True):
        kept.rename(place)


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
    kinds = ("methods", "directories", "frontends", "gateways", "reports")
    return Standing(
        frozenset(f"{kind}/{name}" for kind in kinds for name in getattr(registry, kind)()),
        tuple(name for name in sys.modules if name.partition(".")[0] not in ("vestibule", "tests")),
    )
