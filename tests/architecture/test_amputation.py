"""Amputation: the house stands whichever plug-in is taken out of it.

For each plug-in in turn, in a copy of the source without it: every other module imports, and the registry
finds every other plug-in. So no other file names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.architecture.amputated import SOURCE, Standing, copy_without, stand

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


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Standing:
    """The house with nothing taken out."""
    folder = tmp_path_factory.mktemp("whole")
    copy_without(folder, None)
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(stand, folder).result()


@pytest.fixture(scope="module")
def stand_without(whole: Standing) -> Iterator[Callable[[Path], Standing]]:
    """`standing = stand_without(folder)`: each time a new process, in which only libraries are imported."""
    forking = get_context("forkserver")
    forking.set_forkserver_preload([*whole.others, "tests.architecture.amputated"])
    with ProcessPoolExecutor(1, forking, max_tasks_per_child=1) as processes:
        yield lambda folder: processes.submit(stand, folder).result()


@pytest.mark.xdist_group("amputation")
@pytest.mark.parametrize("plugin", plugins())
def test_the_house_stands_without(
    tmp_path: Path, plugin: str, whole: Standing, stand_without: Callable[[Path], Standing]
) -> None:
    copy_without(tmp_path, plugin)
    assert whole.plugins - stand_without(tmp_path).plugins == {plugin}
