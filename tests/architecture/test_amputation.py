"""Amputation: the house stands whichever plug-ins are taken out of it.

In a copy of the source without them, every other module imports, and the registry finds every other plug-in.
So no other file names them. A whole kind goes at a time, which shows the same of each plug-in in it but that
no other of its kind imports it: of that there is a contract. With --prove each goes alone.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tests.architecture.amputated import SOURCE, copy, stand, taken_out

KINDS = ("methods", "gateways", "directories", "reports", "frontends")


def plugins(kind: str) -> list[str]:
    """Return every plug-in of a kind as `package/name`, folder or file."""
    return [
        f"{kind}/{entry.stem}"
        for entry in sorted((SOURCE / kind).iterdir())
        if not entry.name.startswith(("_", "."))
        and (entry.suffix == ".py" or (entry / "__init__.py").exists())
    ]


def test_the_house_stands_without_them(tmp_path: Path, proof: Callable[[int, int], int]) -> None:
    house = copy(tmp_path)
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        whole = process.submit(stand, tmp_path).result()
    kinds = [found for kind in KINDS if (found := plugins(kind))]
    assert {plugin for kind in kinds for plugin in kind} == whole.plugins
    # Each time in a new process in which only the libraries are imported.
    forking = get_context("forkserver")
    forking.set_forkserver_preload([*whole.others, "tests.architecture.amputated"])
    with ProcessPoolExecutor(1, forking, max_tasks_per_child=1) as processes:
        alone = [[plugin] for kind in kinds for plugin in kind]
        for gone in alone if proof(0, 1) else kinds:
            with taken_out(house, gone):
                left = processes.submit(stand, tmp_path).result()
            assert whole.plugins - left.plugins == set(gone)
