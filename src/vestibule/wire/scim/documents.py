"""Resources as they arrive, read by their schema: names in one spelling, values of the right types.

What a client may not set, or what is not kept here, is left out (RFC 7644 §3.3, §3.5.1). Two liberties beyond
the standard, because the large providers need them: `"True"` and `"False"` count as truth values, and one
value may stand where several may.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from vestibule.wire.scim.schema import Attribute, Schema
from vestibule.wire.scim.trouble import ScimTrouble

LONGEST_TEXT: Final = 1000
MOST_VALUES: Final = 100
"""Of one attribute of a user."""
MOST_MEMBERS: Final = 10_000
"""Named in one request."""
_TRUTHS: Final = {"true": True, "false": False}


def decode(body: bytes) -> dict[str, Any]:
    """Return a body as an object; raises ScimTrouble `invalidSyntax`."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise ScimTrouble("invalidSyntax", "the body is not JSON") from None
    if not isinstance(found, dict):
        raise ScimTrouble("invalidSyntax", "the body is not an object")
    return found


def member_of(document: Mapping[str, Any], name: str) -> Any:
    """Return what stands under a name in any spelling; None if nothing does."""
    return next((value for key, value in document.items() if key.lower() == name.lower()), None)


def read_document(document: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """Return what a client says of a resource, by the names of the schema; raises ScimTrouble."""
    said: dict[str, Any] = {}
    for key, value in document.items():
        attribute = schema.find(_bare(key, schema))
        if attribute is None or attribute.is_read_only:
            continue
        if attribute.name in said:
            raise ScimTrouble("invalidSyntax", f"{attribute.name} stands there twice")
        found = read_value(attribute, value)
        if found not in (None, [], {}):
            said[attribute.name] = found
    return said


def read_value(attribute: Attribute, value: Any) -> Any:
    """Return a value of an attribute; None or nothing if it is not assigned."""
    if not attribute.multi_valued:
        return _one(attribute, value)
    several = [] if value is None else value if isinstance(value, list) else [value]
    most = MOST_MEMBERS if attribute.name == "members" else MOST_VALUES
    if len(several) > most:
        raise ScimTrouble("tooMany", f"{attribute.name} may have {most} values in one request")
    found = [each for each in (_one(attribute, each) for each in several) if each]
    if sum(bool(isinstance(each, dict) and each.get("primary")) for each in found) > 1:
        raise ScimTrouble("invalidValue", f"one of {attribute.name} can be the primary one")
    return found


def _one(attribute: Attribute, value: Any) -> Any:
    if value is None:
        return None
    match attribute.type:
        case "complex":
            return _complex(attribute, value)
        case "boolean":
            return _truth(attribute, value)
        case _:
            return _text(attribute, value)


def _complex(attribute: Attribute, value: Any) -> dict[str, Any]:
    if isinstance(value, str) and attribute.sub("value") is not None:
        value = {"value": value}
    if not isinstance(value, dict):
        raise ScimTrouble("invalidValue", f"{attribute.name} has parts")
    found: dict[str, Any] = {}
    for key, part in value.items():
        sub = attribute.sub(key)
        if sub is None or sub.is_read_only:
            continue
        read = _one(sub, part)
        if read not in (None, ""):
            found[sub.name] = read
    return found


def _truth(attribute: Attribute, value: Any) -> bool:
    found = _TRUTHS.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise ScimTrouble("invalidValue", f"{attribute.name} is true or false")
    return found


def _text(attribute: Attribute, value: Any) -> str:
    if not isinstance(value, str):
        raise ScimTrouble("invalidValue", f"{attribute.name} is a text")
    text = value.strip()
    if len(text) > LONGEST_TEXT or not text.isprintable():
        raise ScimTrouble(
            "invalidValue", f"{attribute.name} is one line of at most {LONGEST_TEXT} characters"
        )
    return text


def _bare(key: str, schema: Schema) -> str:
    prefix = f"{schema.id.lower()}:"
    return key[len(prefix) :] if key.lower().startswith(prefix) else key
