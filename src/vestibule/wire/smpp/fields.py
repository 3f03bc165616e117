"""The kinds of fields that PDUs are made of (SMPP 3.4 §3.1): integers, C-octet strings, optional parameters.

Reading is lenient where nothing depends on it: strings may be longer than the standard's fields, since
providers give longer names and identifiers. Writing is strict. A reader never reads outside its PDU.
"""

from __future__ import annotations

from vestibule.wire.smpp.messages import Address, Parameter
from vestibule.wire.smpp.numbers import MOST_PARAMETERS


class MalformedField(Exception):
    """The octets break a rule. The text names the rule, never the octets."""


class Reader:
    """Reads the fields of one body in order."""

    __slots__ = ("_body", "_position")

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._position = 0

    @property
    def is_finished(self) -> bool:
        return self._position == len(self._body)

    def octet(self) -> int:
        if self.is_finished:
            raise MalformedField("a field is missing")
        value = self._body[self._position]
        self._position += 1
        return value

    def text(self) -> str:
        """Return a C-octet string. Octets beyond ASCII are kept as Latin-1 has them, so nothing is lost."""
        end = self._body.find(b"\x00", self._position)
        if end < 0:
            raise MalformedField("a string without its NUL")
        value = self._body[self._position : end].decode("latin-1")
        self._position = end + 1
        return value

    def octets(self, count: int) -> bytes:
        value = self._body[self._position : self._position + count]
        if len(value) != count:
            raise MalformedField("a field is longer than the PDU")
        self._position += count
        return value

    def address(self) -> Address:
        return Address(self.octet(), self.octet(), self.text())

    def parameters(self) -> tuple[Parameter, ...]:
        """Return the optional parameters up to the end of the body (§3.2.4.1), known or not."""
        found: list[Parameter] = []
        while not self.is_finished:
            if len(found) == MOST_PARAMETERS:
                raise MalformedField("too many optional parameters")
            tag = int.from_bytes(self.octets(2), "big")
            found.append((tag, self.octets(int.from_bytes(self.octets(2), "big"))))
        return tuple(found)


def c_octets(name: str, value: str, most: int) -> bytes:
    """Return `value` with its NUL. Raises ValueError if it is not ASCII or longer than `most` characters;
    the error names the field only, since it may be the password."""
    if len(value) > most:
        raise ValueError(f"{name} holds more than {most} characters")
    if not value.isascii() or "\x00" in value:
        raise ValueError(f"{name} holds something else than ASCII characters")
    return value.encode() + b"\x00"


def address_octets(name: str, address: Address, most: int = 20) -> bytes:
    return bytes((address.ton, address.npi)) + c_octets(name, address.digits, most)


def parameter_octets(parameters: tuple[Parameter, ...]) -> bytes:
    parts = []
    for tag, value in parameters:
        if len(value) > 0xFFFF:
            raise ValueError(f"optional parameter 0x{tag:04X} holds more than 65,535 octets")
        parts.append(tag.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value)
    return b"".join(parts)
