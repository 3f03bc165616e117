"""Attributes of a reply that only its receiver may read: opened under one secret, hidden again under another.

A proxy stands between two secrets, and what one of them hides no other opens. Opened, an attribute keeps its
place, number, tag and vendor; only the hidden part is replaced by what it says. Hidden are Tunnel-Password
(RFC 2868 §3.5), MS-MPPE-Send-Key, MS-MPPE-Recv-Key and MS-CHAP-MPPE-Keys (RFC 2548 §2.4). All others pass
unchanged.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from vestibule.wire.radius.message import Attribute
from vestibule.wire.radius.numbers import (
    MS_CHAP_MPPE_KEYS,
    MS_MPPE_RECV_KEY,
    MS_MPPE_SEND_KEY,
    TUNNEL_PASSWORD,
    VENDOR_MICROSOFT,
    VENDOR_SPECIFIC,
)
from vestibule.wire.radius.secret import SharedSecret

_MICROSOFT: Final = VENDOR_MICROSOFT.to_bytes(4, "big")
_SALTED: Final = {MS_MPPE_SEND_KEY, MS_MPPE_RECV_KEY}
_SALT: Final = 2
_LARGEST_SALT: Final = 0x7FFF
_LONGEST_HIDDEN: Final = 253


class NotHidden(Exception):
    """What should be hidden is not made as its RFC says. Raised and caught in this file."""


def open_attributes(
    attributes: Iterable[Attribute], secret: SharedSecret, authenticator: bytes
) -> tuple[Attribute, ...] | None:
    """Attributes of a reply with what was hidden in them under `secret` and the `authenticator` of its
    request; None if it was not hidden as it must be.
    """
    if not secret.signs:
        return tuple(attributes)

    def open_value(number: int, value: bytes) -> bytes:
        if number == MS_CHAP_MPPE_KEYS:
            return secret.unmask(_whole_blocks(value), authenticator)
        salt, hidden = value[:_SALT], _whole_blocks(value[_SALT:])
        plain = secret.unmask(hidden, authenticator + salt)
        if plain[0] >= len(plain):
            raise NotHidden
        return plain[1 : 1 + plain[0]]

    try:
        return tuple(_rewritten(attributes, open_value))
    except NotHidden:
        return None


def hide_attributes(
    attributes: Iterable[Attribute], secret: SharedSecret, authenticator: bytes, salt: int
) -> tuple[Attribute, ...]:
    """Opened attributes as they travel to who knows `secret` and sent the request of `authenticator`. The
    salts count on from `salt`, a random number: each is used once in a packet (RFC 2868 §3.5).
    """
    if not secret.signs:
        return tuple(attributes)
    number_of_salt = salt

    def hide_value(number: int, value: bytes) -> bytes:
        nonlocal number_of_salt
        if number == MS_CHAP_MPPE_KEYS:
            return secret.mask(value, authenticator)
        number_of_salt += 1
        salt_octets = (0x8000 | (number_of_salt & _LARGEST_SALT)).to_bytes(_SALT, "big")
        plain = bytes((len(value),)) + value
        padded = plain.ljust(-len(plain) % 16 + len(plain), b"\0")
        return salt_octets + secret.mask(padded, authenticator + salt_octets)

    return tuple(_rewritten(attributes, hide_value))


def _rewritten(
    attributes: Iterable[Attribute], rewrite: Callable[[int, bytes], bytes]
) -> Iterator[Attribute]:
    for number, value in attributes:
        if number == TUNNEL_PASSWORD and value:
            yield number, value[:1] + rewrite(number, value[1:])
        elif number == VENDOR_SPECIFIC and value[:4] == _MICROSOFT:
            yield number, _MICROSOFT + b"".join(_rewritten_parts(value[4:], rewrite))
        else:
            yield number, value


def _rewritten_parts(octets: bytes, rewrite: Callable[[int, bytes], bytes]) -> Iterator[bytes]:
    """The attributes inside one of Microsoft, whose lengths `decode` has checked (RFC 2865 §5.26)."""
    while octets:
        number, size = octets[0], octets[1]
        value, octets = octets[2:size], octets[size:]
        if number in _SALTED or number == MS_CHAP_MPPE_KEYS:
            value = rewrite(number, value)
        yield bytes((number, len(value) + 2)) + value


def _whole_blocks(octets: bytes) -> bytes:
    if not octets or len(octets) % 16 or len(octets) > _LONGEST_HIDDEN:
        raise NotHidden
    return octets
