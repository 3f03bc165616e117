"""A request described by a tree with placeholders, filled and encoded.

A placeholder's value never becomes syntax: the tree is filled first and encoded afterwards by the format
(percent-encoding of forms, WHATWG URL §5.2; JSON, RFC 8259 §7), so that `&to=`, a line break or `%0a` in a
value arrive as the characters they are (SMS-09). A value is never searched for placeholders again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)(:number)?\}")
# RFC 9110 §5.5: visible characters and blanks; what is beyond ASCII has no meaning there that all share.
_HEADER_VALUE: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
# RFC 9110 §5.6.2.
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

# What the alphabet of a plain text can say (3GPP TS 23.038 §6.2.1 and its extension).
_PLAIN: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ!\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà\f^{}\\[~]|€"
)


def is_plain_text(text: str) -> bool:
    """Tell whether a text fits the seven-bit alphabet of phones; any other needs twice the room."""
    return _PLAIN.issuperset(text)


def check_text(template: str, allowed: Collection[str]) -> None:
    """Raise ValueError for a placeholder that is not `allowed`, or a brace that belongs to none."""
    for found in _PLACEHOLDER.finditer(template):
        if found[1] not in allowed:
            raise ValueError(f"there is no placeholder {{{found[1]}}} here")
    if "{" in (rest := _PLACEHOLDER.sub("", template)) or "}" in rest:
        raise ValueError("a brace belongs to a placeholder such as {to}")


def check_tree(tree: Any, allowed: Collection[str], *, is_flat: bool) -> None:
    """Raise ValueError for a tree that cannot be sent. A flat one is names with texts or lists of texts."""
    for leaf in _leaves(tree):
        if isinstance(leaf, str):
            check_text(leaf, allowed)
    if not isinstance(tree, dict) or not all(isinstance(name, str) for name in tree):
        raise ValueError("names with values are needed")
    if is_flat:
        for name, value in tree.items():
            if any(isinstance(part, dict | list) for part in (value if isinstance(value, list) else [value])):
                raise ValueError(f"{name} has a structure, which only JSON can carry")


def check_header(name: str, value: str) -> None:
    """Raise ValueError for a header that could end early and begin another (RFC 9112 §5)."""
    if _HEADER_NAME.fullmatch(name) is None:
        raise ValueError(f"{name!r} is not the name of a header")
    if value and _HEADER_VALUE.fullmatch(value) is None:
        raise ValueError(f"the value of {name} has characters that no header may have")


def fill_text(template: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values[found[1]], template)


def fill_path(template: str, values: Mapping[str, str]) -> str:
    """Fill a URL: no value leaves the place it was given (RFC 3986 §2.1)."""
    return _PLACEHOLDER.sub(lambda found: quote(values[found[1]], safe=""), template)


def fill_tree(tree: Any, values: Mapping[str, str]) -> Any:
    """Fill the leaves. A name whose whole value is one placeholder without content is left out."""
    if isinstance(tree, dict):
        return {name: fill_tree(part, values) for name, part in tree.items() if not _is_empty(part, values)}
    if isinstance(tree, list | tuple):
        return [fill_tree(part, values) for part in tree]
    if not isinstance(tree, str):
        return tree
    whole = _PLACEHOLDER.fullmatch(tree)
    if whole is not None and whole[2]:
        return int(values[whole[1]])
    return fill_text(tree, values)


def encode_form(fields: Mapping[str, Any]) -> bytes:
    """Encode as application/x-www-form-urlencoded; raises UnicodeEncodeError for half a character."""
    return urlencode(
        [(name, _word(part)) for name, value in fields.items() for part in _parts(value)]
    ).encode()


def encode_json(tree: Any) -> bytes:
    """Raises UnicodeEncodeError for half a character."""
    return msgspec.json.encode(tree)


def _parts(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _is_empty(part: Any, values: Mapping[str, str]) -> bool:
    whole = _PLACEHOLDER.fullmatch(part) if isinstance(part, str) else None
    return whole is not None and not values[whole[1]]


def _leaves(tree: Any) -> Iterator[Any]:
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, list | tuple):
        for part in tree:
            yield from _leaves(part)
    else:
        yield tree
