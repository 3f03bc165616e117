"""A RADIUS packet as octets and as a value (RFC 2865 §3).

`decode` accepts anything from the network and answers with a Message or with the rule that the octets
break; it never raises, never loops without progress and keeps every attribute, known or not, in its order
and unchanged. It proves nothing about the sender: see secret.py.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import Final, TypeAlias

from msgspec import Struct

from vestibule.wire.radius.numbers import (
    HEADER_SIZE,
    LARGEST_PACKET,
    LARGEST_VALUE,
    MESSAGE_AUTHENTICATOR,
    REPLY_MESSAGE,
    VENDOR_MICROSOFT,
    VENDOR_SPECIFIC,
)

Attribute: TypeAlias = tuple[int, bytes]
"""Number and value; the length octet is not part of it."""

_SIGNATURE_LENGTH: Final = 18
_MICROSOFT: Final = VENDOR_MICROSOFT.to_bytes(4, "big")


class Malformed(Enum):
    """Why octets are no RADIUS packet. All are to be dropped in silence."""

    SHORT_DATAGRAM = "fewer than 20 octets"
    LENGTH_FIELD = "the Length field is below 20 or above 4096"
    TRUNCATED = "the Length field claims more octets than arrived"
    ATTRIBUTE_LENGTH = "an attribute is shorter than 2 octets or runs over the end"
    MESSAGE_AUTHENTICATOR = "Message-Authenticator repeated or not 16 octets long"
    VENDOR_ATTRIBUTE = (
        "a Vendor-Specific attribute without room for a vendor, or of a known vendor with broken lengths"
    )


class Message(Struct, frozen=True, gc=False):
    """One packet. `octets` is exactly what was received or will be sent, cut to its Length field."""

    code: int
    identifier: int
    authenticator: bytes  # 16 octets
    attributes: tuple[Attribute, ...]
    octets: bytes
    signature_at: int  # where the value of Message-Authenticator begins in `octets`; 0 if there is none

    def __repr__(self) -> str:
        return f"Message(code={self.code}, identifier={self.identifier}, {len(self.attributes)} attributes)"

    def values(self, number: int) -> list[bytes]:
        """All values of one attribute, in order."""
        return [value for found, value in self.attributes if found == number]

    def first(self, number: int) -> bytes | None:
        """The first value of one attribute, or None."""
        for found, value in self.attributes:
            if found == number:
                return value
        return None


def decode(datagram: bytes) -> Message | Malformed:
    """Read one datagram. Octets after the Length field are padding and ignored (RFC 2865 §3)."""
    if len(datagram) < HEADER_SIZE:
        return Malformed.SHORT_DATAGRAM
    length = datagram[2] << 8 | datagram[3]
    if not HEADER_SIZE <= length <= LARGEST_PACKET:
        return Malformed.LENGTH_FIELD
    if length > len(datagram):
        return Malformed.TRUNCATED
    octets = datagram if length == len(datagram) else datagram[:length]
    attributes: list[Attribute] = []
    signature_at = 0
    position = HEADER_SIZE
    while position < length:
        if position + 2 > length:
            return Malformed.ATTRIBUTE_LENGTH
        number, size = octets[position], octets[position + 1]
        start = position + 2
        position += size
        # A length of 0 or 1 would stand still or overlap; both ends are checked before anything is sliced.
        if size < 2 or position > length:
            return Malformed.ATTRIBUTE_LENGTH
        value = octets[start:position]
        if number == MESSAGE_AUTHENTICATOR:
            # RFC 3579 §3.2: exactly one, 18 octets long.
            if signature_at or len(value) != _SIGNATURE_LENGTH - 2:
                return Malformed.MESSAGE_AUTHENTICATOR
            signature_at = start
        elif number == VENDOR_SPECIFIC and not _is_vendor_attribute(value):
            return Malformed.VENDOR_ATTRIBUTE
        attributes.append((number, value))
    return Message(datagram[0], datagram[1], datagram[4:20], tuple(attributes), octets, signature_at)


def encode_attributes(attributes: Iterable[Attribute]) -> bytes:
    """Attributes as octets, in the given order. Raises ValueError for a value above 253 octets: the
    caller's mistake.
    """
    parts: list[bytes] = []
    for number, value in attributes:
        if len(value) > LARGEST_VALUE:
            raise ValueError(f"attribute {number} holds {len(value)} octets, at most {LARGEST_VALUE} fit")
        parts.append(bytes((number, len(value) + 2)))
        parts.append(value)
    return b"".join(parts)


def header(code: int, identifier: int, attribute_octets: int) -> bytes:
    """The first four octets. Raises ValueError if the packet would pass 4096 octets."""
    length = HEADER_SIZE + attribute_octets
    if length > LARGEST_PACKET:
        raise ValueError(f"a packet of {length} octets, at most {LARGEST_PACKET} fit")
    return bytes((code, identifier, length >> 8, length & 255))


def vendor_attributes(message: Message, vendor: int) -> Iterator[Attribute]:
    """The sub-attributes of one vendor that uses the layout of RFC 2865 §5.26; a broken rest is left out."""
    prefix = vendor.to_bytes(4, "big")
    for number, value in message.attributes:
        if number != VENDOR_SPECIFIC or value[:4] != prefix:
            continue
        position = 4
        while position + 2 <= len(value):
            end = position + value[position + 1]
            if not position + 2 <= end <= len(value):
                break
            yield value[position], value[position + 2 : end]
            position = end


def reply_messages(text: str) -> Sequence[Attribute]:
    """A text for the user as Reply-Message attributes of at most 253 octets, split between characters (RFC
    2865 §5.18).
    """
    octets = text.encode()
    values: list[Attribute] = []
    while octets:
        size = min(len(octets), LARGEST_VALUE)
        while size < len(octets) and octets[size] & 0xC0 == 0x80:
            size -= 1
        values.append((REPLY_MESSAGE, octets[:size]))
        octets = octets[size:]
    return values


def _is_vendor_attribute(value: bytes) -> bool:
    """RFC 2865 §5.26: a vendor and at least one octet. Inside, only the layout of a vendor that we read is
    checked.

    Other vendors may lay theirs out as they like ("SHOULD" in the same section), so their octets are kept
    as they are.
    """
    if len(value) < 5:
        return False
    if value[:4] != _MICROSOFT:
        return True
    position = 4
    while position < len(value):
        if position + 2 > len(value) or value[position + 1] < 2:
            return False
        position += value[position + 1]
    return position == len(value)
