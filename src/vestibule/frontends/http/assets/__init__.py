"""The styles and scripts that pages refer to, under names that change with their content.

`python frontend/build.py` makes the folder `built`; nothing in it is source. The manifest there maps a plain
name (`page.css`) to the built one (`page-QW3ERTZU.css`), so a browser may keep what it has fetched for ever.
Only files of the manifest are served: a request never becomes a path.
"""

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

URL_PREFIX: Final = "/assets/"
MANIFEST: Final = "manifest.json"
_MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}


class AssetsMissing(RuntimeError):
    """The front-end assets have not been built."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One built file as it goes to the browser."""

    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Assets:
    """The built files, read once: `names` from plain to built name, `served` by built name."""

    names: dict[str, str]
    served: dict[str, Asset]

    def url(self, name: str) -> str:
        """Return the path under which the asset `name` is served; KeyError if there is none."""
        return URL_PREFIX + self.names[name]

    def find(self, built_name: str) -> Asset | None:
        """Return the asset of a request for `/assets/<built_name>`, or None."""
        return self.served.get(built_name)


def load_assets(folder: Path | None = None) -> Assets:
    """Read the built files into memory; raises AssetsMissing if they have not been built."""
    folder = folder or Path(str(files(__name__))) / "built"
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise AssetsMissing(f"no front-end assets in {folder}: run python frontend/build.py") from None
    names: dict[str, str] = manifest["files"]
    return Assets(names, {built: _read(folder / built) for built in names.values()})


def _read(file: Path) -> Asset:
    return Asset(_MEDIA_TYPES[file.suffix], file.read_bytes())
