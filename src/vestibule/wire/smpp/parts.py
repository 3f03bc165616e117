"""Long texts: cut into parts on the way out, recognized as parts on the way in.

Parts bear a user data header with a reference, the number of parts and their own number (3GPP TS 23.040
§9.2.3.24.1 with 8 bits, §9.2.3.24.8 with 16). Incoming ones may say the same in the sar_* parameters (SMPP
3.4 §5.3.2.22 to §5.3.2.24). A pair of units that makes one character is never cut.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from vestibule.wire.smpp.alphabet import ESCAPE
from vestibule.wire.smpp.coding import DataCoding, Encoded
from vestibule.wire.smpp.messages import Carried, first_parameter
from vestibule.wire.smpp.numbers import SAR_NUMBER, SAR_REFERENCE, SAR_TOTAL

MOST_PARTS: Final = 255
_CONCATENATED_8: Final = 0x00
_CONCATENATED_16: Final = 0x08


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a text; `total` is 1 for one that is whole."""

    octets: bytes = field(repr=False)
    data_coding: int
    reference: int = 0
    number: int = 1
    total: int = 1


def cut(encoded: Encoded, reference: int, *, is_wide: bool = False) -> tuple[bytes, ...]:
    """Return the short messages that carry a text: one without a header if it fits, else parts with theirs.

    `is_wide`: references of 16 bits. Raises ValueError for a text of more than 255 parts.
    """
    octets = encoded.octets
    if len(octets) <= encoded.room(0):
        return (octets,)
    pieces = _pieces(encoded, encoded.room(7 if is_wide else 6))
    if len(pieces) > MOST_PARTS:
        raise ValueError(f"a text of {len(pieces)} parts; at most {MOST_PARTS} are possible")
    if is_wide:
        start = bytes((6, _CONCATENATED_16, 4)) + (reference & 0xFFFF).to_bytes(2, "big")
    else:
        start = bytes((5, _CONCATENATED_8, 3, reference & 0xFF))
    return tuple(start + bytes((len(pieces), number)) + piece for number, piece in enumerate(pieces, start=1))


def _pieces(encoded: Encoded, room: int) -> list[bytes]:
    octets, pieces, start = encoded.octets, [], 0
    while start < len(octets):
        end = min(start + room, len(octets))
        if end < len(octets) and _is_amid_a_pair(encoded, end):
            end -= encoded.unit
        pieces.append(octets[start:end])
        start = end
    return pieces


def _is_amid_a_pair(encoded: Encoded, position: int) -> bool:
    if encoded.data_coding is DataCoding.UCS_2:
        return 0xDC <= encoded.octets[position] <= 0xDF  # the second half of a surrogate pair
    return encoded.is_escaping and encoded.octets[position - 1] == ESCAPE


def part_of(message: Carried) -> Part:
    """Return what a message carries, without its user data header. A header that is broken or says nothing
    of parts leaves a text that is whole."""
    content = message.content
    said = None
    if message.has_user_data_header and content and content[0] < len(content):
        header, content = content[1 : content[0] + 1], content[content[0] + 1 :]
        said = _said_by_header(header)
    said = said or _said_by_parameters(message)
    if said is None:
        return Part(content, message.data_coding)
    return Part(content, message.data_coding, *said)


def _said_by_header(header: bytes) -> tuple[int, int, int] | None:
    """Return (reference, number, total) of the first right element of concatenation, or None."""
    position = 0
    while position + 2 <= len(header):
        kind, size = header[position], header[position + 1]
        value = header[position + 2 : position + 2 + size]
        position += 2 + size
        if len(value) != size or (kind, size) not in ((_CONCATENATED_8, 3), (_CONCATENATED_16, 4)):
            continue
        # References of 8 and of 16 bits are not the same names: the wider ones begin above the others.
        wide = 0x10000 if kind == _CONCATENATED_16 else 0
        if _is_possible(value[-1], value[-2]):
            return wide + int.from_bytes(value[:-2], "big"), value[-1], value[-2]
    return None


def _said_by_parameters(message: Carried) -> tuple[int, int, int] | None:
    found = [first_parameter(message.parameters, tag) for tag in (SAR_REFERENCE, SAR_NUMBER, SAR_TOTAL)]
    if any(value is None for value in found):
        return None
    reference, number, total = (int.from_bytes(value or b"", "big") for value in found)
    if reference > 0xFFFF or total > MOST_PARTS or not _is_possible(number, total):
        return None
    return 0x20000 + reference, number, total


def _is_possible(number: int, total: int) -> bool:
    """3GPP TS 23.040 §9.2.3.24.1: an element with a number of zero or above the total is to be ignored."""
    return 1 <= number <= total and total > 1
