"""Settings of a plug-in, as they are stored: names and values, read into what the plug-in declares.

Invariant: what is wrong is told by the name of the setting, so that whoever typed it finds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_type_hints

import msgspec


def values_of(
    kind: type, settings: Mapping[str, Any], *, needed: tuple[str, ...] = (), apart: str = ""
) -> dict[str, Any]:
    """Return `settings` with the types of the fields of `kind`, defaults left out.

    `apart` is a field that comes another way. Raises ValueError for a setting that is unknown, of the wrong
    type, or `needed` and missing.
    """
    types = get_type_hints(kind, include_extras=True)
    types.pop(apart, None)
    values: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in types:
            raise ValueError(f"{name}: there is no such setting")
        try:
            values[name] = msgspec.convert(value, types[name])
        except msgspec.ValidationError as problem:
            raise ValueError(f"{name}: {problem}") from None
    for name in needed:
        if name not in values:
            raise ValueError(f"{name}: this setting is needed")
    return values
