"""Names of users in a list, one a line: read, not looked up. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from vestibule.services.refusal import Refusal, Refused

MOST_NAMES: Final = 5000
"""Of one list: few enough that a sign-in does not wait for them."""
MOST_FILE_BYTES: Final = 2 * 1024 * 1024


class NamedLine(msgspec.Struct, frozen=True):
    """A name and the line on which it stands, counted from 1."""

    line: int
    name: str


def named_lines(text: str) -> tuple[NamedLine, ...]:
    """Return the names of a list, one a line; blank lines and those that begin with # are passed over."""
    return tuple(_named(text))


def _named(text: str) -> Iterator[NamedLine]:
    for number, line in enumerate(text.splitlines(), start=1):
        name = line.strip()
        if name and not name.startswith("#"):
            yield NamedLine(number, name)


def decoded_list(content: bytes) -> str:
    """Return the text of a file of names; raises `Refused` if it is too large or not UTF-8."""
    if len(content) > MOST_FILE_BYTES:
        raise Refused(Refusal.LIST_TOO_LONG, str(MOST_NAMES))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(Refusal.NOT_TEXT) from None
