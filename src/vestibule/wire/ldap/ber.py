"""The part of the Basic Encoding Rules (X.690) that LDAP uses (RFC 4511 §5.1).

A tag is one byte, a length is definite and at most four bytes long, a string is primitive. Everything else
is refused: indefinite lengths, constructed strings, high tag numbers. Lengths need not be minimal, because
RFC 4511 asks for BER, not DER, and Active Directory always writes the four-byte form.

Must never do I/O or recurse by itself. Invariants: a reader never reads outside the element it was opened
on, and all readers of one message share one `Budget`, so a message costs time in proportion to its bytes
and no more memory than its budget allows.
"""

from __future__ import annotations

from dataclasses import dataclass

BOOLEAN = 0x01
INTEGER = 0x02
OCTET_STRING = 0x04
ENUMERATED = 0x0A
SEQUENCE = 0x30
SET = 0x31

_CONSTRUCTED = 0x20
_HIGH_TAG_NUMBER = 0x1F
_LONG_FORM = 0x80
_MAX_LENGTH_BYTES = 4


class MalformedBer(Exception):
    """The bytes break a rule of BER or of LDAP's use of it. The text names the rule, never the bytes."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one message may cost. `max_elements` counts tags, at any depth."""

    max_message_bytes: int = 1024 * 1024
    max_elements: int = 20_000
    max_filter_depth: int = 50


DEFAULT_LIMITS = Limits()


class Budget:
    """How many elements the message being read may still hold."""

    __slots__ = ("_left",)

    def __init__(self, elements: int) -> None:
        self._left = elements

    def spend(self) -> None:
        """Count one element; raises `MalformedBer` when none is left."""
        self._left -= 1
        if self._left < 0:
            raise MalformedBer("too many elements in one message")


def read_header(data: bytes | bytearray, position: int, end: int) -> tuple[int, int, int] | None:
    """Return (tag, start of content, length of content), or None when `data` ends within the header.

    The content itself may lie beyond `end`. Raises `MalformedBer` for forms LDAP does not use.
    """
    if position + 2 > end:
        return None
    tag = data[position]
    if tag & _HIGH_TAG_NUMBER == _HIGH_TAG_NUMBER:
        raise MalformedBer("a tag number above 30")
    first = data[position + 1]
    start = position + 2
    if first < _LONG_FORM:
        return tag, start, first
    count = first & 0x7F
    if count == 0:
        raise MalformedBer("an indefinite length")
    if count > _MAX_LENGTH_BYTES:
        raise MalformedBer("a length of more than four bytes")
    if start + count > end:
        return None
    return tag, start + count, int.from_bytes(data[start : start + count], "big")


class Reader:
    """Reads the elements inside one constructed element, in order."""

    __slots__ = ("_budget", "_data", "_end", "_position")

    def __init__(self, data: bytes, start: int, end: int, budget: Budget) -> None:
        self._data = data
        self._position = start
        self._end = end
        self._budget = budget

    @property
    def is_finished(self) -> bool:
        """Whether no element is left."""
        return self._position == self._end

    def next_tag(self) -> int | None:
        """Return the tag of the next element without taking it, or None at the end."""
        return None if self.is_finished else self._data[self._position]

    def _advance(self) -> tuple[int, int, int]:
        """Step over the next element and return its (tag, start, end)."""
        data, position = self._data, self._position
        start = position + 2
        # Almost every element has a short length; the general way gives the same result.
        if start <= self._end and data[position + 1] < _LONG_FORM and data[position] & _HIGH_TAG_NUMBER < 31:
            tag, end = data[position], start + data[position + 1]
        else:
            header = read_header(data, position, self._end)
            if header is None:
                raise MalformedBer("an element is missing or cut short")
            tag, start, length = header
            end = start + length
        if end > self._end:
            raise MalformedBer("an element is longer than what holds it")
        self._budget.spend()
        self._position = end
        return tag, start, end

    def take_any(self) -> tuple[int, bytes]:
        """Return (tag, content) of the next element, whatever it is."""
        tag, start, end = self._advance()
        return tag, self._data[start:end]

    def take(self, tag: int) -> bytes:
        """Return the content of the next element, which must bear the tag `tag`."""
        found, start, end = self._advance()
        if found != tag:
            raise MalformedBer(f"tag 0x{found:02x} where 0x{tag:02x} belongs")
        return self._data[start:end]

    def take_if(self, tag: int) -> bytes | None:
        """Return the content of the next element if it bears the tag `tag`, else None."""
        return self.take(tag) if self.next_tag() == tag else None

    def enter(self, tag: int) -> Reader:
        """Return a reader over the content of the next element, which must bear the tag `tag`."""
        found, start, end = self._advance()
        if found != tag:
            raise MalformedBer(f"tag 0x{found:02x} where 0x{tag:02x} belongs")
        return Reader(self._data, start, end, self._budget)

    def enter_any(self) -> tuple[int, Reader]:
        """Return the tag of the next element and a reader over its content."""
        tag, start, end = self._advance()
        return tag, Reader(self._data, start, end, self._budget)

    def take_integer(self, tag: int = INTEGER) -> int:
        """Return the next element as a signed integer of at most 32 bits, in minimal form (X.690 §8.3.2)."""
        content = self.take(tag)
        if not 1 <= len(content) <= 4:
            raise MalformedBer("an integer that is empty or longer than 32 bits")
        if len(content) > 1 and content[0] in (0x00, 0xFF) and (content[0] ^ content[1]) < 0x80:
            raise MalformedBer("an integer with needless leading bytes")
        return int.from_bytes(content, "big", signed=True)

    def take_boolean(self, tag: int = BOOLEAN) -> bool:
        """Return the next element as a truth value.

        RFC 4511 §5.1 writes true as FF. Any byte but 00 is read as true, as X.690 §8.2.2 has it: a flag
        such as the criticality of a control must not be lost over its spelling.
        """
        content = self.take(tag)
        if len(content) != 1:
            raise MalformedBer("a boolean that is not one byte")
        return content[0] != 0

    def take_text(self, tag: int = OCTET_STRING) -> str:
        """Return the next element as UTF-8 text."""
        return text(self.take(tag))

    def finish(self, *known: int) -> None:
        """Step over trailing elements, which RFC 4511 §4 tells to ignore when their tag is not known.

        Raises `MalformedBer` for one that bears a tag in `known`: a second password would be read by one
        program and skipped by another.
        """
        while not self.is_finished:
            tag, _, _ = self._advance()
            if tag in known:
                raise MalformedBer(f"tag 0x{tag:02x} appears twice or out of place")


def text(content: bytes) -> str:
    """Return `content` as text; raises `MalformedBer` unless it is UTF-8."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        # The original error carries the bytes, so it is not chained.
        raise MalformedBer("text that is not UTF-8") from None


def element(tag: int, content: bytes) -> bytes:
    """Return one encoded element with the shortest length form."""
    length = len(content)
    if length < _LONG_FORM:
        return bytes((tag, length)) + content
    size = (length.bit_length() + 7) // 8
    if size > _MAX_LENGTH_BYTES:
        raise ValueError("the content is too long for LDAP")
    return bytes((tag, _LONG_FORM | size)) + length.to_bytes(size, "big") + content


def integer(value: int, tag: int = INTEGER) -> bytes:
    """Return `value` as a minimally encoded integer (or, with that tag, an enumerated value)."""
    size = value.bit_length() // 8 + 1 if value >= 0 else (value + 1).bit_length() // 8 + 1
    return element(tag, value.to_bytes(size, "big", signed=True))


def boolean(value: bool, tag: int = BOOLEAN) -> bytes:
    """Return `value` as a boolean; true is FF (RFC 4511 §5.1)."""
    return element(tag, b"\xff" if value else b"\x00")


def string(value: str | bytes, tag: int = OCTET_STRING) -> bytes:
    """Return `value` as an octet string; text becomes UTF-8."""
    return element(tag, value.encode() if isinstance(value, str) else value)
