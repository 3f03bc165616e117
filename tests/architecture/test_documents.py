"""The documents: every link leads somewhere, and every fragment of changes has a kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from vestibule import catalog
from vestibule.model.notice import TOLD, Told

ROOT = Path(__file__).parents[2]
CHANGES = ROOT / "changes"
KINDS = {"added", "changed", "fixed", "removed", "security"}


def documents() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *CHANGES.glob("*.md")])


def links(text: str) -> Iterator[str]:
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    prose = re.sub(r"`[^`\n]*`", "", prose)
    for found in re.finditer(
        r"!?\[[^\]\n]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)", prose, re.MULTILINE
    ):
        yield found[1] or found[2]


def anchors(document: Path) -> set[str]:
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+\s+(.+?)\s*#*$", text, re.MULTILINE)
    named = set(re.findall(r'(?:id|name)="([^"]+)"', text)) | set(re.findall(r"\{#([\w-]+)\}", text))
    return named | {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings
    }


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    dead = []
    for link in links(document.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (document.parent / path).resolve() if path else document
        is_anchor_dead = (
            anchor and target.suffix == ".md" and target.exists() and anchor not in anchors(target)
        )
        if not target.exists() or is_anchor_dead:
            dead.append(link)
    assert dead == []


def test_fragments_of_changes_have_a_kind_and_a_sentence() -> None:
    fragments = [path for path in CHANGES.iterdir() if path.name != "README.md"]
    for fragment in fragments:
        found = re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*\.([a-z]+)\.md", fragment.name)
        assert found is not None, f"{fragment.name}: see changes/README.md"
        assert found[1] in KINDS, f"{fragment.name}: the kind is one of {sorted(KINDS)}"
        assert fragment.read_text(encoding="utf-8").strip().endswith("."), (
            f"{fragment.name} is not a sentence"
        )


def test_the_reference_lists_every_kind_of_event_that_is_told() -> None:
    """A kind that is told is one line in `model/notice.py`, and its row here."""
    rows = {
        f"| `{kind}` | {catalog.text('en', f'event.{kind}')} | {'yes' if Told.PERSON in told else ''} |"
        f" {'yes' if Told.ALERT in told else ''} |"
        for kind, told in TOLD.items()
    }
    listed = (ROOT / "docs/reference/events-told.md").read_text(encoding="utf-8").splitlines()
    assert sorted(line for line in listed if line.startswith("| `")) == sorted(rows)
