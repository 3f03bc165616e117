"""The words of `vestibule sync`: a difference, a run and settings as lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from vestibule.catalog import has, text
from vestibule.cli.desk import Desk
from vestibule.cli.output import harmless
from vestibule.model.directory_difference import Change, Difference
from vestibule.model.synchronisation import AttributeMap, Counts, Problem, SyncRun, SyncSettings

_UNTOLD: Final = frozenset({"directory_id", "directory_reference"})
"""Fields that nobody reads: that somebody is bound is said by the change itself."""
_MARKS: Final = {"added": "+", "changed": "~", "enabled": "~", "disabled": "-", "removed": "-"}


def change_lines(desk: Desk, found: Difference, most: int) -> Iterator[str]:
    """Yield a line for each person who would be changed, at most `most`, then the problems."""
    language = desk.terminal.language
    if not found.changes and not found.problems:
        yield text(language, "sync.say.nothing_to_do")
    for change in found.changes[:most]:
        yield _change_line(language, change)
    if len(found.changes) > most:
        yield text(language, "sync.say.more", count=len(found.changes) - most)
    for problem in found.problems[:most]:
        yield f"! {problem_line(desk, problem)}"


def _change_line(language: str, change: Change) -> str:
    kind = text(language, f"sync.kind.{change.kind.value}")
    told = [
        f"{name}: {_shown(change.before.get(name))} → {_shown(value)}"
        for name, value in change.fields.items()
        if change.user_id and name not in _UNTOLD
    ]
    return f"{_MARKS[change.kind.value]} {harmless(change.username)}  {kind}  {', '.join(told)}".rstrip()


def _shown(value: Any) -> str:
    plain = msgspec.to_builtins(value)
    joined = ", ".join(plain) if isinstance(plain, (list, tuple)) else str(plain or "")
    return harmless(joined) or "–"


def problem_line(desk: Desk, problem: Problem) -> str:
    told = {"name": harmless(problem.name), "key": harmless(problem.key)}
    key = f"sync.problem.{problem.why}"
    return text(desk.terminal.language, key, **told) if has(key) else f"{problem.name}: {problem.why}"


def run_lines(desk: Desk, run: SyncRun) -> list[str]:
    """Return the state of a run, and how many people came to what."""
    language = desk.terminal.language
    counts = [
        f"{text(language, f'sync.count.{name}')}: {count}"
        for name in Counts.__struct_fields__
        if (count := getattr(run.counts, name)) or name == "read"
    ]
    progress = [f"{run.done}/{run.total}"] if run.total and not run.ended_at else []
    return [text(language, f"sync.state.{run.state.value}"), *progress, *counts]


def settings_lines(desk: Desk, settings: SyncSettings, attributes: AttributeMap) -> Iterator[str]:
    """Yield the items with their numbers, then every other setting as it is typed."""
    groups = desk.snapshot.groups
    for number, item in enumerate(settings.items, start=1):
        part = text(desk.terminal.language, f"sync.part.{item.part.value}")
        yield f"{number}. {part} {harmless(item.name)}"
        plain = msgspec.to_builtins(item)
        plain["groups"] = [
            groups[desk.tenant_id, each].name for each in item.groups if (desk.tenant_id, each) in groups
        ]
        for name in (
            *("filter", "is_nested", "requirement", "language", "default_method", "groups"),
            *("phone_method", "send_mail"),
        ):
            if plain[name] not in ("", [], "disabled", True):
                yield f"     {name} = {msgspec.json.encode(plain[name]).decode()}"
    for name, value in msgspec.to_builtins(settings).items():
        if name not in ("items", "attributes"):
            yield f"{name} = {msgspec.json.encode(value).decode()}"
    for name, value in msgspec.to_builtins(attributes).items():
        yield f"  --map {name} = {msgspec.json.encode(value).decode()}"
