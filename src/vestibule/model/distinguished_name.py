r"""Distinguished names as people write them (RFC 4514), made equal where they mean the same.

Pure. Only what is needed to tell whether two spellings are one name: types and values without regard to
case and to spaces around them, escapes undone, the parts of a multi-valued RDN in order. What is not surely a
distinguished name is none.
"""

from __future__ import annotations

import re
from typing import TypeAlias

NormalizedName: TypeAlias = tuple[tuple[tuple[str, str], ...], ...]
"""RDNs, each with its pairs of type and value."""

_MOST_CHARACTERS = 4096
# Type, value with its escapes, and what ends it. A value in quotes (RFC 2253) is none that we compare.
_PAIR = re.compile(
    r'\s*([A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)*)\s*=((?:\\.|[^\\,+;"<>\x00])*)([,+]|\Z)',
    re.ASCII | re.DOTALL,
)
_ESCAPE = re.compile(r'((?:\\[0-9A-Fa-f]{2})+)|\\([ "#+,;<=>\\])')


def normalized_name(written: str) -> NormalizedName | None:
    """Return what `written` means, or None if it is no distinguished name or one that is not compared."""
    if len(written) > _MOST_CHARACTERS:
        return None
    rdns: list[list[tuple[str, str]]] = [[]]
    position, end = 0, ","
    while end:
        found = _PAIR.match(written, position)
        if found is None:
            return None
        value = _value(found[2])
        if value is None:
            return None
        rdns[-1].append((found[1].lower(), value))
        position, end = found.end(), found[3]
        if end == ",":
            rdns.append([])
    return tuple(tuple(sorted(rdn)) for rdn in rdns)


def _value(written: str) -> str | None:
    if written.lstrip().startswith("#"):
        return None  # BER in hexadecimal
    bare = written.lstrip()
    # A space that is escaped at the end belongs to the value.
    stripped = bare.rstrip()
    bare = stripped + " " if stripped.endswith("\\") and len(stripped) < len(bare) else stripped
    try:
        value = _ESCAPE.sub(_unescaped, bare)
    except UnicodeDecodeError:
        return None
    if "\\" in _ESCAPE.sub("", bare):
        return None
    return value.casefold()


def _unescaped(found: re.Match[str]) -> str:
    if found[2]:
        return found[2]
    return bytes.fromhex(found[1].replace("\\", "")).decode()
