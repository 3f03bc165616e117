"""AttributeReader: reads dictionaries of RADIUS attributes, and values by them. Pure; slow on large files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from vestibule.crypto.secret import Secret
from vestibule.model.reply_attribute import Shape


class ReadDictionary(msgspec.Struct, frozen=True):
    """What a dictionary names: attributes that can be sent, and others."""

    attributes: tuple[str, ...]
    left_out: tuple[str, ...]


class BadLine(msgspec.Struct, frozen=True):
    """The first line that cannot be read; `cause` is the end of a key of the catalog,
    `refusal.dictionary_…`."""

    line: int
    cause: str
    word: str


class ReadAttribute(msgspec.Struct, frozen=True):
    attribute: str
    """The name as its dictionary spells it, with the tag."""
    shape: Shape
    octets: Secret[bytes]


class Unfit(msgspec.Struct, frozen=True):
    """Why there is no such attribute; `cause` is the end of a key of the catalog, `refusal.reply_…`."""

    cause: str


class AttributeReader(Protocol):
    def dictionary(self, text: str) -> ReadDictionary | BadLine: ...

    def attribute(self, name: str, value: Secret[str], dictionaries: Sequence[str]) -> ReadAttribute | Unfit:
        """Read `name`, with a colon and a tag where it has one, and a value as a person writes it. Names come
        from Vestibule's own dictionary first, then from the texts of `dictionaries` in their order."""
        ...
