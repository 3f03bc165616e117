"""The settings of a plug-in as forms and commands ask for them: read off its struct, typed as it expects.

Pure. What is written here is only how a value is typed and shown; whether it can be used, the plug-in says.
A value that is the plug-in's default is not stored, so a better default of a later release reaches everybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any, Literal

import msgspec
from msgspec import inspect

Form = Literal["text", "number", "yes_no", "choice", "list", "json"]


class SettingField(msgspec.Struct, frozen=True, kw_only=True):
    """One setting: what is typed for it, and what holds if nothing is."""

    name: str
    form: Form
    is_required: bool = False
    default: Any = None
    choices: tuple[str, ...] = ()
    is_whole: bool = False
    """Of numbers, and of the entries of a list."""
    is_text: bool = True
    """Of the entries of a list."""


def fields_of(settings: type[msgspec.Struct]) -> tuple[SettingField, ...]:
    """Return the fields of a settings struct in its own order: what is asked first stands first."""
    described = inspect.type_info(settings)
    assert isinstance(described, inspect.StructType)
    return tuple(_field(each) for each in described.fields)


def read_value(field: SettingField, typed: str) -> Any:
    """Return the value that `typed` means. Text that is no number or no JSON stays text: the plug-in then
    refuses it and names the setting."""
    typed = typed.strip()
    match field.form:
        case "number":
            return _number(typed, is_whole=field.is_whole)
        case "yes_no":
            return typed == "yes"
        case "list":
            entries = [entry.strip() for entry in typed.split(",") if entry.strip()]
            return entries if field.is_text else [_number(entry, is_whole=True) for entry in entries]
        case "json":
            return _from_json(typed)
        case _:
            return typed


def shown_value(field: SettingField, value: Any) -> str:
    """Return a value as it is typed."""
    if value is None:
        return ""
    match field.form:
        case "yes_no":
            return "yes" if value is True else ""
        case "list" if isinstance(value, list | tuple):
            return ", ".join(str(_plain(entry)) for entry in value)
        case "json" if isinstance(value, dict):
            return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() if value else ""
        case "number" if isinstance(value, float):
            return f"{value:g}"
        case _:
            return str(_plain(value))


def chosen_settings(fields: tuple[SettingField, ...], typed: dict[str, str]) -> dict[str, Any]:
    """Return the settings that a form says: what is left empty, and what is the default, is left out."""
    chosen: dict[str, Any] = {}
    for field in fields:
        text = typed.get(field.name, "")
        if field.form != "yes_no" and not text.strip():
            continue
        value = read_value(field, text)
        if field.is_required or not _is_same(value, field.default):
            chosen[field.name] = value
    return chosen


def typed_settings(fields: tuple[SettingField, ...], settings: dict[str, Any]) -> dict[str, str]:
    """Return stored settings as a form shows them, with the defaults where nothing is stored."""
    return {field.name: shown_value(field, settings.get(field.name, field.default)) for field in fields}


def _field(described: inspect.Field) -> SettingField:
    kind, default = described.type, _default(described)
    if isinstance(kind, inspect.UnionType):
        kind = next(each for each in kind.types if not isinstance(each, inspect.NoneType))
    told: dict[str, Any] = {"name": described.name, "is_required": described.required, "default": default}
    match kind:
        case inspect.BoolType():
            return SettingField(form="yes_no", **told)
        case inspect.IntType() | inspect.FloatType():
            return SettingField(form="number", is_whole=isinstance(kind, inspect.IntType), **told)
        case inspect.LiteralType():
            return SettingField(form="choice", choices=_choices(kind.values, default), **told)
        case inspect.EnumType():
            return SettingField(form="choice", choices=_choices(kind.cls, default), **told)
        case inspect.ListType() | inspect.VarTupleType():
            return SettingField(form="list", is_text=isinstance(kind.item_type, inspect.StrType), **told)
        case inspect.DictType():
            return SettingField(form="json", **told)
        case _:
            return SettingField(form="text", **told)


def _choices(values: Iterable[Any], default: Any) -> tuple[str, ...]:
    """Return the words to choose from, the default first."""
    words = [str(_plain(value)) for value in values]
    return tuple(sorted(words, key=lambda word: word != default))


def _default(described: inspect.Field) -> Any:
    if described.default is not msgspec.NODEFAULT:
        return _plain(described.default)
    if described.default_factory is not msgspec.NODEFAULT:
        return described.default_factory()
    return None


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def _is_same(value: Any, default: Any) -> bool:
    if isinstance(default, tuple):
        return bool(isinstance(value, list) and value == list(default))
    return type(value) is not bool and value == default if not isinstance(default, bool) else value is default


def _number(typed: str, *, is_whole: bool) -> Any:
    try:
        return int(typed) if is_whole else float(typed)
    except ValueError:
        return typed


def _from_json(typed: str) -> Any:
    try:
        return msgspec.json.decode(typed)
    except msgspec.DecodeError:
        return typed
