"""Words that must not be in the tree: what only one machine or one person knows, and names we do not use."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LARGEST_FILE = 2_000_000

# Written in two halves, so that this file is not its own finding.
FORBIDDEN = {
    "the path of a machine": r"(?<![\w.])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me/[a-z]+)/",
    "the host of a package registry": r"py" + r"pi\.org|python" + r"hosted|np" + r"mjs|deb\.deb" + r"ian",
    "a tracker's number": r"(?i)\bis" + r"sue #?\d",
    "a mark of unfinished work": r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b",
    "a merge that went wrong": r"^(?:<<<<" + r"<<<|>>>>" + r">>>) ",
}

# The words on the right of the table of names, where no other reading is possible.
NOT_OUR_NAMES = {
    "helper", "helpers", "limiter", "manager", "misc", "otp", "pairing", "principal", "realm", "subscriber",
    "util", "utils",
}  # fmt: skip
NOT_OUR_MODULES = NOT_OUR_NAMES | {"common", "core", "ports"}


def files_of_the_tree() -> list[Path]:
    """What is or will be committed; in a copy without history, all but what is installed or built."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0 and listed.stdout:
        return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    skipped = {"node_modules", "built", "site", "__pycache__", "build", "dist"}
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return [
        ROOT / path
        for path in found
        if not skipped.intersection(path.parts) and path.parts[0] in {".ci", *_visible_entries()}
    ]


def _visible_entries() -> Iterator[str]:
    return (entry.name for entry in ROOT.iterdir() if not entry.name.startswith("."))


def texts() -> Iterator[tuple[Path, str]]:
    for path in files_of_the_tree():
        if path.stat().st_size < LARGEST_FILE:
            content = path.read_bytes()
            if b"\0" not in content:
                yield path.relative_to(ROOT), content.decode("utf-8", errors="replace")


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_contains(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what], re.MULTILINE)
    found = [
        f"{path}:{text.count(chr(10), 0, hit.start()) + 1}: {hit[0]}"
        for path, text in texts()
        for hit in pattern.finditer(text)
    ]
    assert found == []


def test_modules_and_classes_go_by_our_names() -> None:
    sources = sorted((ROOT / "src").rglob("*.py"))
    assert [str(path) for path in sources if NOT_OUR_MODULES & _words_of_path(path)] == []
    assert [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.name}"
        for path in sources
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and NOT_OUR_NAMES & _words(node.name)
    ] == []


def _words_of_path(path: Path) -> set[str]:
    parts = path.relative_to(ROOT / "src").with_suffix("").parts
    return {word for part in parts for word in part.split("_")}


def _words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)}


def test_every_module_says_what_it_is() -> None:
    modules = [path for path in (ROOT / "src").rglob("*.py") if path.name != "__main__.py"]
    silent = [path for path in modules if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert sorted(str(path.relative_to(ROOT)) for path in silent) == []


def test_no_test_sleeps() -> None:
    """A test that waits for time to pass is slow on a good day and wrong on a bad one. What tells nobody when
    it changes is looked at by `tests/until.py`, again and again."""
    pattern = re.compile(r"\b(?:time|asyncio)\.sle" + r"ep\((?!0\))|import sle" + r"ep\b")
    found = [
        f"{path.relative_to(ROOT)}: {hit[0]}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if path != ROOT / "tests" / "until.py"
        for hit in pattern.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []
