"""Which octets a text becomes, and which text octets are (SMPP 3.4 §5.2.19).

A part of a text has 140 octets on the air (3GPP TS 23.040 §9.2.3.24): 160 septets, 140 octets of Latin-1 or
70 code units of UTF-16. An emoji is two code units, `€` two septets: units are counted, not characters.
What a coding cannot say it never says wrongly: such a text goes in another coding.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from vestibule.wire.smpp import alphabet

ON_THE_AIR: Final = 140
"""Octets of one part, header included."""


class DataCoding(IntEnum):
    """Values of data_coding that are written."""

    DEFAULT = 0
    """The network's own alphabet: GSM 03.38, unless the provider says otherwise."""
    LATIN_1 = 3
    UCS_2 = 8


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text as octets. `unit` is how many octets one unit has in SMPP, `bits` how many bits on the air."""

    data_coding: DataCoding
    octets: bytes = field(repr=False)
    unit: int = 1
    bits: int = 8

    def room(self, header: int) -> int:
        """How many octets of this coding fit into one part beside a user data header of `header` octets."""
        return (ON_THE_AIR - header) * 8 // self.bits * self.unit

    @property
    def is_escaping(self) -> bool:
        """Whether an octet may be the first half of a pair that must stay together."""
        return self.bits == 7


def encode_text(text: str, *, with_latin_1: bool = False, default_is_latin_1: bool = False) -> Encoded:
    """Return a text in the coding that needs the least room on the air.

    `with_latin_1`: the network also takes data_coding 3. `default_is_latin_1`: its own alphabet, data_coding
    0, is Latin-1 and not GSM 03.38.
    """
    candidates = []
    septets = None if default_is_latin_1 else alphabet.encode(text)
    if septets is not None:
        candidates.append(Encoded(DataCoding.DEFAULT, septets, bits=7))
    if (with_latin_1 or default_is_latin_1) and _is_latin_1(text):
        coding = DataCoding.DEFAULT if default_is_latin_1 else DataCoding.LATIN_1
        candidates.append(Encoded(coding, text.encode("latin-1")))
    if not candidates:
        # A half of a pair cannot be sent; it becomes a question mark.
        return Encoded(DataCoding.UCS_2, text.encode("utf-16-be", "replace"), unit=2, bits=16)
    return min(candidates, key=lambda encoded: len(encoded.octets) // encoded.unit * encoded.bits)


def _is_latin_1(text: str) -> bool:
    return all(ord(character) < 0x100 for character in text)


_CHARSETS: Final = {1: "ascii", 2: "latin-1", 3: "latin-1", 4: "latin-1", 6: "iso8859_5", 7: "iso8859_8"}


def decode_text(octets: bytes, data_coding: int, *, default_is_latin_1: bool = False) -> str:
    """Return the text that came in; what cannot be read becomes U+FFFD, so this never raises."""
    if _is_ucs_2(data_coding):
        return octets.decode("utf-16-be", "replace").removeprefix("\ufeff")
    charset = _CHARSETS.get(data_coding)
    if charset is None and default_is_latin_1:
        charset = "latin-1"
    if charset is None:
        return alphabet.decode(octets)
    return octets.decode(charset, "replace")


def _is_ucs_2(data_coding: int) -> bool:
    # §5.2.19 and 3GPP TS 23.038 §4: 0001xxxx to 0011xxxx say in bits 3 and 2 which alphabet it is.
    is_general = 0x10 <= data_coding < 0x40
    return data_coding == DataCoding.UCS_2 or (is_general and data_coding & 0x0C == 0x08)
