"""Filters (RFC 7644 §3.4.2.2) and what paths of changes name (§3.5.2): what they are, and whom they fit.

Texts are compared in any case unless the attribute is case-exact; an attribute with several values passes a
test if one of them does. How they are written is filter_text.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from vestibule.wire.scim.schema import Attribute
from vestibule.wire.scim.trouble import ScimTrouble


class Path(msgspec.Struct, frozen=True):
    """An attribute, and one of its parts if one is meant. None of `attribute`: it is not kept here."""

    attribute: Attribute | None
    sub: Attribute | None = None

    @property
    def leaf(self) -> Attribute | None:
        """What is compared: the part, the `value` of a complex one, or the attribute itself."""
        if self.sub is not None or self.attribute is None:
            return self.sub
        return self.attribute.sub("value") if self.attribute.type == "complex" else self.attribute


class Test(msgspec.Struct, frozen=True):
    path: Path
    operator: str
    value: Any = None


class Every(msgspec.Struct, frozen=True):
    parts: tuple[Filter, ...]


class Some(msgspec.Struct, frozen=True):
    parts: tuple[Filter, ...]


class Not(msgspec.Struct, frozen=True):
    part: Filter


class Within(msgspec.Struct, frozen=True):
    """One value of a complex attribute fits all of a filter."""

    attribute: Attribute
    part: Filter


Filter = Test | Every | Some | Not | Within


class Target(msgspec.Struct, frozen=True):
    """What a path of a change names: an attribute, those of its values that fit, and a part of each."""

    path: Path
    where: Filter | None = None


def fits(wanted: Filter, resource: Mapping[str, Any]) -> bool:
    """Tell whether a resource passes a filter; raises ScimTrouble where the two cannot be compared."""
    match wanted:
        case Every(parts):
            return all(fits(part, resource) for part in parts)
        case Some(parts):
            return any(fits(part, resource) for part in parts)
        case Not(part):
            return not fits(part, resource)
        case Within(attribute, part):
            return any(fits(part, value) for value in values_of(resource, attribute))
        case Test(path, "pr"):
            return any(value not in (None, "", []) for value in _leaves(resource, path))
        case Test(path, "ne", value):
            return not any(_compare(path, "eq", found, value) for found in _leaves(resource, path))
        case Test(path, "eq", None):
            return not any(True for _ in _leaves(resource, path))
        case Test(path, operator, value):
            return any(_compare(path, operator, found, value) for found in _leaves(resource, path))


def equal_to(wanted: Filter, name: str) -> str | None:
    """Return the text that an attribute must be equal to for a resource to pass; None: there is none such."""
    match wanted:
        case Every(parts):
            found = (equal_to(part, name) for part in parts)
            return next((value for value in found if value is not None), None)
        case Test(Path(Attribute(name=tested), sub), "eq", str() as value) if tested == name and (
            sub is None or sub.name == "value"
        ):
            return value
        case _:
            return None


def values_of(resource: Mapping[str, Any], attribute: Attribute) -> list[Any]:
    """Return the values that a resource has of an attribute, none or one or several."""
    found = resource.get(attribute.name)
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


def _leaves(resource: Mapping[str, Any], path: Path) -> Iterator[Any]:
    leaf = path.leaf
    # Within the brackets of a path the parts stand by themselves.
    if path.attribute is None or leaf is None:
        return
    for value in values_of(resource, path.attribute):
        if not isinstance(value, Mapping):
            yield value
        elif value.get(leaf.name) is not None:
            yield value[leaf.name]


def _compare(path: Path, operator: str, found: Any, value: Any) -> bool:
    leaf = path.leaf
    assert leaf is not None
    if isinstance(value, bool):
        return operator == "eq" and found is value
    if not isinstance(found, str) or not isinstance(value, str):
        return False
    if leaf.type == "dateTime":
        return _ordered(operator, moment(found), moment(value))
    if not leaf.case_exact:
        found, value = found.casefold(), value.casefold()
    match operator:
        case "co":
            return value in found
        case "sw":
            return bool(found.startswith(value))
        case "ew":
            return bool(found.endswith(value))
        case _:
            return _ordered(operator, found, value)


def _ordered(operator: str, found: Any, value: Any) -> bool:
    match operator:
        case "eq":
            return bool(found == value)
        case "gt":
            return bool(found > value)
        case "ge":
            return bool(found >= value)
        case "lt":
            return bool(found < value)
        case _:
            return bool(found <= value)


def moment(text: str) -> datetime:
    """Return a time with its zone; raises ScimTrouble `invalidFilter`."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ScimTrouble("invalidFilter", "a time is compared with what is none") from None
    if found.tzinfo is None:
        raise ScimTrouble("invalidFilter", "a time needs its zone, such as Z")
    return found
