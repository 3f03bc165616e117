"""Values as people type them: times, names, settings. Pure; NotDone says what can be typed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from vestibule.cli.terminal import NotDone

LONGEST_NAME = 100
_DURATION = re.compile(r"([0-9]{1,6})(m|h|d|w)")
_UNIT_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


def moment_before(typed: str, now: int) -> int:
    """Return the time (epoch ms) of `90m`, `2h`, `7d`, `2w` before `now`, or of a day or time as written."""
    span = _duration(typed)
    return now - span if span is not None else _written(typed)


def moment_after(typed: str, now: int) -> int:
    """Return the time (epoch ms) of `90m`, `2h`, `7d`, `2w` after `now`, or of a day or time as written."""
    span = _duration(typed)
    return now + span if span is not None else _written(typed)


def _duration(typed: str) -> int | None:
    found = _DURATION.fullmatch(typed.strip().lower())
    return int(found[1]) * _UNIT_MS[found[2]] if found else None


def _written(typed: str) -> int:
    """Return the time of an ISO 8601 day or time; without a distance from UTC it is this machine's."""
    try:
        return int(datetime.fromisoformat(typed.strip()).astimezone().timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise NotDone("cli.wrong.time", value=typed) from None


def plain_name(typed: str, longest: int = LONGEST_NAME) -> str:
    """Return a name that people give to a thing of theirs, without blanks around it."""
    name = typed.strip()
    if not name or len(name) > longest or not name.isprintable():
        raise NotDone("cli.wrong.name", longest=longest)
    return name


def named_values(entries: Iterable[str]) -> dict[str, list[str]]:
    """Return `name=value` entries by name, each with all the values it was given."""
    found: dict[str, list[str]] = {}
    for entry in entries:
        name, equals, value = entry.partition("=")
        if not equals or not name.strip():
            raise NotDone("cli.wrong.entry", value=entry)
        found.setdefault(name.strip().replace("-", "_"), []).append(value.strip())
    return found


def typed_value(text: str) -> Any:
    """Return a number, truth value or list as TOML writes it; anything else is the text itself."""
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    return value if isinstance(value, (bool, int, float, str, list)) else text
