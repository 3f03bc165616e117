"""What header fields are made of: lists, parameters, quoted text, and Via (RFC 3261 §7.3, §20.42, §25.1).

Everything returns None for what it cannot read and never raises; every loop moves forward.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import msgspec

Parameter = tuple[str, str]
"""Name in lower case and value without quotes; an empty value where there is none."""

_MOST: Final = 64
_PARAMETER: Final = re.compile(
    r"\s*;\s*(?P<name>[^\s;=,\"<>]+)"
    r"(?:\s*=\s*(?:(?P<plain>[^\s;,\"<>]+)|\"(?P<quoted>(?:[^\"\\]|\\.)*)\"))?\s*"
)
_VIA: Final = re.compile(
    r"SIP\s*/\s*2\.0\s*/\s*(?P<transport>[A-Za-z0-9-]+)\s+"
    r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?:\s*:\s*(?P<port>[0-9]{1,5}))?(?P<rest>\s*(?:;.*)?)",
    re.IGNORECASE,
)


class Via(msgspec.Struct, frozen=True):
    transport: str
    """In upper case."""
    sent_by: str
    """Host and port as they are written, in lower case."""
    parameters: tuple[Parameter, ...] = ()

    @property
    def branch(self) -> str:
        return parameter(self.parameters, "branch") or ""


def parameter(parameters: Iterable[Parameter], name: str) -> str | None:
    """The value of the first parameter of that name; None if there is none."""
    for found, value in parameters:
        if found == name:
            return value
    return None


def read_parameters(text: str) -> tuple[Parameter, ...] | None:
    """Read `;name=value;name="quoted"`."""
    parameters: list[Parameter] = []
    position = 0
    while position < len(text):
        found = _PARAMETER.match(text, position)
        if found is None or len(parameters) >= _MOST:
            return None
        quoted = found["quoted"]
        value = (found["plain"] or "") if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        parameters.append((found["name"].lower(), value))
        position = found.end()
    return tuple(parameters)


def split(values: Iterable[str]) -> list[str]:
    """Return the elements of fields that may hold several, split at commas outside of quotes and brackets."""
    elements: list[str] = []
    for value in values:
        begin, is_quoted, is_escaped, depth = 0, False, False, 0
        for at, character in enumerate(value):
            if is_escaped:
                is_escaped = False
            elif is_quoted:
                is_escaped = character == "\\"
                is_quoted = character != '"'
            elif character == '"':
                is_quoted = True
            elif character in "<>":
                depth = 1 if character == "<" else 0
            elif character == "," and not depth:
                elements.append(value[begin:at].strip())
                begin = at + 1
        elements.append(value[begin:].strip())
    return [element for element in elements if element]


def unquoted(text: str) -> str | None:
    """Return a display name without its quotes, None if they do not close."""
    text = text.strip()
    if '"' not in text:
        return text
    found = re.fullmatch(r'"((?:[^"\\]|\\.)*)"', text)
    return None if found is None else re.sub(r"\\(.)", r"\1", found[1])


def read_via(text: str) -> Via | None:
    """Read one element of Via."""
    found = _VIA.fullmatch(text.strip())
    if found is None:
        return None
    parameters = read_parameters(found["rest"].strip())
    if parameters is None:
        return None
    host = found["host"].lower()
    sent_by = f"{host}:{found['port']}" if found["port"] else host
    return Via(found["transport"].upper(), sent_by, parameters)
