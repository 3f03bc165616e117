"""Changes by PATCH (RFC 7644 §3.5.2), as the standard has them and as the large providers send them.

`op` counts in any case. Without a path each member of the value is a path of its own, such as
`name.givenName`. `remove` of an attribute with several values may name in its value which ones go.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final, Literal

import msgspec

from vestibule.wire.scim.documents import member_of, read_value
from vestibule.wire.scim.filter_text import parse_path
from vestibule.wire.scim.filters import Every, Filter, Path, Some, Target, Test, fits
from vestibule.wire.scim.schema import GROUP, MESSAGES, Attribute, Schema
from vestibule.wire.scim.trouble import ScimTrouble

MOST_OPERATIONS: Final = 1000
_PATCH: Final = f"{MESSAGES}PatchOp"
Kind = Literal["add", "replace", "remove"]


class Operation(msgspec.Struct, frozen=True):
    """One change of one thing; a change without a path has become several."""

    kind: Kind
    target: Target
    value: Any = None

    @property
    def attribute(self) -> Attribute:
        assert self.target.path.attribute is not None
        return self.target.path.attribute


class MemberStep(msgspec.Struct, frozen=True):
    """People who come into a group, who go, or (`replace`) who alone are in it then, by id."""

    kind: Kind
    user_ids: tuple[str, ...]


def read_operations(body: Mapping[str, Any], schema: Schema) -> list[Operation]:
    """Return the changes of a request, in order, without those of what is not kept here."""
    schemas = member_of(body, "schemas")
    if not isinstance(schemas, list) or _PATCH not in schemas:
        raise ScimTrouble("invalidSyntax", f"schemas lacks {_PATCH}")
    operations = member_of(body, "Operations")
    if not isinstance(operations, list) or not 1 <= len(operations) <= MOST_OPERATIONS:
        raise ScimTrouble("invalidSyntax", f"Operations are 1 to {MOST_OPERATIONS}")
    return [each for operation in operations for each in _read(operation, schema)]


def patched(document: Mapping[str, Any], operations: list[Operation]) -> dict[str, Any]:
    """Return a document with the changes made; it is read by its schema after that."""
    changed = deepcopy(dict(document))
    for operation in operations:
        match operation.kind:
            case "remove":
                _remove(changed, operation)
            case _:
                _set(changed, operation)
    return changed


def member_steps(operations: list[Operation]) -> list[MemberStep]:
    """Return what becomes of the members of a group, in order."""
    return [_member_step(each) for each in operations if each.attribute.name == "members"]


def _read(operation: Any, schema: Schema) -> list[Operation]:
    if not isinstance(operation, dict):
        raise ScimTrouble("invalidSyntax", "an operation is an object")
    kind, path, value = (member_of(operation, name) for name in ("op", "path", "value"))
    wanted = kind.lower() if isinstance(kind, str) else ""
    if wanted not in ("add", "replace", "remove"):
        raise ScimTrouble("invalidSyntax", "op is add, replace or remove")
    if path not in (None, ""):
        if not isinstance(path, str):
            raise ScimTrouble("invalidPath", "a path is a text")
        if wanted != "remove" and value is None and "value" not in map(str.lower, operation):
            raise ScimTrouble("invalidValue", f"{wanted} needs a value")
        target = parse_path(path, schema)
        found = Operation(wanted, target, value)  # type: ignore[arg-type]  # one of the three, just now
        return [] if target.path.attribute is None else [_allowed(found)]
    if wanted == "remove":
        raise ScimTrouble("noTarget", "remove needs a path")
    if not isinstance(value, dict):
        raise ScimTrouble("invalidValue", "without a path the value is an object")
    return [each for key, inner in value.items() for each in _of_member(wanted, key, inner, schema)]


def _of_member(kind: str, key: str, value: Any, schema: Schema) -> list[Operation]:
    """A member of the value of a change without a path. What a resource shows and nobody sets is read over,
    as in a whole resource."""
    if not any(mark in key for mark in ".[:"):
        attribute = schema.find(key)
        if attribute is None or attribute.is_read_only:
            return []
    target = parse_path(key, schema)
    if target.path.attribute is None:
        return []
    return [_allowed(Operation(kind, target, value))]  # type: ignore[arg-type]  # one of the three


def _allowed(operation: Operation) -> Operation:
    path = operation.target.path
    if operation.attribute.is_read_only or (path.sub is not None and path.sub.is_read_only):
        raise ScimTrouble("mutability", f"{operation.attribute.name} is not the client's to change")
    is_whole = path.sub is None and operation.target.where is None
    is_unset = operation.kind == "remove" or operation.value in (None, "")
    if operation.attribute.required and is_whole and is_unset:
        raise ScimTrouble("mutability", f"{operation.attribute.name} cannot be removed")
    return operation


# --- a user -----------------------------------------------------------------------------------------------


def _set(document: dict[str, Any], operation: Operation) -> None:
    attribute, sub, value = operation.attribute, operation.target.path.sub, operation.value
    if not attribute.multi_valued:
        if attribute.type != "complex":
            document[attribute.name] = value
            return
        parts = {sub.name: value} if sub is not None else read_value(attribute, value)
        document[attribute.name] = {**document.get(attribute.name, {}), **(parts or {})}
        return
    values: list[dict[str, Any]] = document.setdefault(attribute.name, [])
    if operation.target.where is None and sub is None:
        given = read_value(attribute, value)
        document[attribute.name] = given if operation.kind == "replace" else _united(values, given)
        return
    given = {sub.name: value} if sub is not None else _parts(attribute, value)
    chosen = _chosen(values, operation.target.where)
    if not chosen:
        if operation.kind == "replace" and operation.target.where is not None:
            raise ScimTrouble("noTarget", f"none of {attribute.name} is chosen by the path")
        chosen = [dict(_demanded(operation.target.where))]
        values.extend(chosen)
    if given.get("primary") in (True, "True", "true"):
        for each in values:
            each.pop("primary", None)
    for each in chosen:
        each.update(given)


def _remove(document: dict[str, Any], operation: Operation) -> None:
    attribute, sub = operation.attribute, operation.target.path.sub
    if not attribute.multi_valued:
        if sub is None:
            document.pop(attribute.name, None)
        elif isinstance(document.get(attribute.name), dict):
            document[attribute.name].pop(sub.name, None)
        return
    values: list[dict[str, Any]] = document.get(attribute.name, [])
    chosen = _chosen(values, operation.target.where)
    if operation.value is not None and operation.target.where is None and sub is None:
        named = [each.get("value") for each in read_value(attribute, operation.value)]
        chosen = [each for each in values if each.get("value") in named]
    if sub is not None:
        for each in chosen:
            each.pop(sub.name, None)
        return
    document[attribute.name] = [each for each in values if not any(each is gone for gone in chosen)]


def _chosen(values: list[dict[str, Any]], where: Filter | None) -> list[dict[str, Any]]:
    return [each for each in values if where is None or fits(where, each)]


def _parts(attribute: Attribute, value: Any) -> dict[str, Any]:
    given = read_value(attribute, value)
    if len(given) != 1:
        raise ScimTrouble("invalidValue", f"one value of {attribute.name} is needed")
    parts: dict[str, Any] = given[0]
    return parts


def _united(values: list[dict[str, Any]], given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return all values, each once; of the primary ones the new."""
    has_primary = any(each.get("primary") for each in given)
    kept = [{k: v for k, v in each.items() if not (has_primary and k == "primary")} for each in values]
    new = [(each.get("value"), each.get("type")) for each in given]
    return [*(each for each in kept if (each.get("value"), each.get("type")) not in new), *given]


def _demanded(where: Filter | None) -> list[tuple[str, Any]]:
    """Return the parts that a value must have to be chosen by a filter, where these are plain."""
    match where:
        case Test(Path(attribute), "eq", value) if attribute is not None and value is not None:
            return [(attribute.name, value)]
        case Every(parts):
            return [each for part in parts for each in _demanded(part)]
        case None:
            return []
        case _:
            raise ScimTrouble("noTarget", "nothing is chosen by the path")


# --- the members of a group -------------------------------------------------------------------------------


def _member_step(operation: Operation) -> MemberStep:
    target = operation.target
    if target.path.sub is not None or (target.where is not None and operation.kind != "remove"):
        raise ScimTrouble("mutability", "a member is added or removed, and not changed")
    if target.where is not None:
        return MemberStep("remove", _ids_of(target.where))
    if operation.kind == "remove" and operation.value is None:
        return MemberStep("replace", ())
    return MemberStep(operation.kind, member_ids(operation.value))


def member_ids(value: Any) -> tuple[str, ...]:
    """Return the ids of the people whom a list of members names; raises ScimTrouble `invalidValue`."""
    attribute = GROUP.find("members")
    assert attribute is not None
    members = read_value(attribute, value)
    ids = [
        each["value"] for each in members if each.get("type", "User").lower() == "user" and "value" in each
    ]
    if len(ids) < (len(value) if isinstance(value, list) else len(members)):
        raise ScimTrouble("invalidValue", "a member is a user, named by its id in value")
    return tuple(dict.fromkeys(ids))


def _ids_of(where: Filter) -> tuple[str, ...]:
    match where:
        case Test(Path(Attribute(name="value")), "eq", str() as user_id):
            return (user_id,)
        case Some(parts):
            return tuple([each for part in parts for each in _ids_of(part)])
        case _:
            raise ScimTrouble("invalidFilter", 'members are chosen by value eq "…"')
