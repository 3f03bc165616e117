"""The texts of the authenticator app: each that is used is there, and each that is there is used."""

import re
from pathlib import Path

from vestibule.catalog import keys

ROOT = Path(__file__).parents[4]
SCRIPTS = ROOT / "frontend/src/app"
PAGE = ROOT / "src/vestibule/frontends/http/templates/authenticator_app/index.html"
BY_SERVER = {"name", "description"}


def _used() -> set[str]:
    """Return what could be a key in the scripts, and patterns of the keys that are put together."""
    scripts = "\n".join(file.read_text(encoding="utf-8") for file in SCRIPTS.glob("*.ts"))
    page = PAGE.read_text(encoding="utf-8")
    quoted = set(re.findall(r'["`]([a-z_]+(?:\.[a-z_]+)*)["`]', scripts))
    made = {re.sub(r"\$\{[^}]*\}", "[a-z_]+", key) for key in re.findall(r"`([a-z_.]*\$\{[^`]*)`", scripts)}
    return quoted | made | set(re.findall(r'(?:data-text|data-label)="([a-z_.]+)"', page)) | BY_SERVER


def test_each_text_is_used() -> None:
    used = "|".join(pattern.replace(".", r"\.") for pattern in sorted(_used()))
    own = [key.removeprefix("app.") for key in keys("app.")]
    in_page = PAGE.read_text(encoding="utf-8")
    assert [
        key
        for key in own
        if not re.fullmatch(used, key) and f'"app.{key}"' not in in_page and not key.startswith("theme_")
    ] == []


def test_each_text_that_is_used_is_there() -> None:
    scripts = "\n".join(file.read_text(encoding="utf-8") for file in SCRIPTS.glob("*.ts"))
    called = set(re.findall(r'\bt\(\s*"([^"]+)"', scripts)) | set(re.findall(r'\.say\("([^"]+)"\)', scripts))
    assert len(called) > 50, "the search finds what there is"
    assert called - {key.removeprefix("app.") for key in keys("app.")} == set()
