"""Amputation: the house stands whichever plug-in is taken out of it.

For each plug-in in turn, in a copy of the source without it: every other module imports, and the registry
finds every other plug-in. So no other file names it.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.architecture.amputated import SOURCE, copy_without, stand

KINDS = ("methods", "gateways", "directories", "reports", "frontends")


def plugins() -> list[str]:
    """Return every plug-in as `package/name`, folder or file."""
    return [
        f"{kind}/{entry.stem}"
        for kind in KINDS
        for entry in sorted((SOURCE / kind).iterdir())
        if not entry.name.startswith(("_", "."))
        and (entry.suffix == ".py" or (entry / "__init__.py").exists())
    ]


@pytest.mark.timeout(400)
def test_the_house_stands_without_each_of_them(tmp_path: Path) -> None:
    copy_without(tmp_path / "whole", None)
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        whole = process.submit(stand, tmp_path / "whole").result()
    # Each in a new process in which only the libraries are imported.
    forking = get_context("forkserver")
    forking.set_forkserver_preload([*whole.others, "tests.architecture.amputated"])
    missing: dict[str, frozenset[str]] = {}
    with ProcessPoolExecutor(1, forking, max_tasks_per_child=1) as processes:
        for plugin in plugins():
            folder = tmp_path / plugin.replace("/", "-")
            copy_without(folder, plugin)
            missing[plugin] = whole.plugins - processes.submit(stand, folder).result().plugins
    assert missing == {plugin: {plugin} for plugin in whole.plugins}
