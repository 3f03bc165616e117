"""Settings of a gateway as people type them or keep them in a file. NotDone says what cannot be read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from vestibule.cli.terminal import NotDone
from vestibule.cli.values import named_values, typed_value
from vestibule.services.setting_fields import SettingField, shown_value

_LONGEST_FILE = 256 * 1024


def settings_in_file(file: Path | None) -> dict[str, Any]:
    """Return the settings that a file holds."""
    if file is None:
        return {}
    try:
        content = file.read_bytes()[: _LONGEST_FILE + 1]
        if len(content) > _LONGEST_FILE:
            raise ValueError("too large")
        is_json = content.lstrip().startswith(b"{")
        found = msgspec.json.decode(content) if is_json else tomllib.loads(content.decode())
    except (OSError, ValueError, msgspec.DecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise NotDone("cli.gateway.file", file=str(file), reason=why or "") from None
    return dict(found)


def typed_settings(fields: Iterable[SettingField], entries: Iterable[str] | None) -> dict[str, Any]:
    """Return the settings as the kind expects them; of texts nothing is guessed."""
    forms = {field.name: field for field in fields}
    typed: dict[str, Any] = {}
    for name, values in named_values(entries or ()).items():
        field = forms.get(name)
        if field is not None and field.form in ("text", "choice"):
            typed[name] = values[-1]
        elif field is not None and field.form == "list":
            typed[name] = [_entry(field, part) for part in _parts(values)]
        elif field is not None and field.form == "json":
            typed[name] = _json(values[-1])
        else:
            typed[name] = typed_value(values[-1])
    return typed


def _parts(values: list[str]) -> list[Any]:
    found = [typed_value(value) if value.startswith("[") else value for value in values]
    return [part for value in found for part in (value if isinstance(value, list) else [value])]


def _entry(field: SettingField, part: Any) -> Any:
    return part if field.is_text else typed_value(str(part))


def _json(value: str) -> Any:
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        return value


def shown_default(field: SettingField) -> str:
    shown = " ".join(shown_value(field, field.default).split())
    return f" [{'|'.join(field.choices)}]" if field.choices else f" [{shown}]" if shown else ""
