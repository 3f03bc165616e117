"""Attributes that are given to a client: read from names and values, and laid out as their dictionary says.

What is hidden on its way (RFC 2868 §3.5, RFC 2865 §5.2) is laid out anew for each reply, under the secret of
who receives it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from vestibule.wire.radius.attribute_values import ValueType, parse_value
from vestibule.wire.radius.dictionary_file import Definition, Hiding
from vestibule.wire.radius.message import Attribute
from vestibule.wire.radius.numbers import LARGEST_VALUE, VENDOR_SPECIFIC
from vestibule.wire.radius.secret import SharedSecret

LARGEST_TAG: Final = 0x1F
_LARGEST_TAGGED: Final = 0xFF_FFFF
_LARGEST_SALT: Final = 0x7FFF
_OTHER_HALF: Final = 0x4000
_VENDOR: Final = 4
_INNER: Final = 2
"""Octets before the value of an attribute inside another."""
_NOT_GIVEN: Final = frozenset(
    {
        *("User-Password", "CHAP-Password", "CHAP-Challenge", "State", "Proxy-State", "Vendor-Specific"),
        *("EAP-Message", "Message-Authenticator", "Prompt", "Called-Station-Id", "Calling-Station-Id"),
        *("NAS-IP-Address", "NAS-IPv6-Address", "NAS-Identifier", "NAS-Port", "NAS-Port-Id", "NAS-Port-Type"),
        *("Acct-Status-Type", "Acct-Delay-Time", "Acct-Input-Octets", "Acct-Output-Octets"),
        *("Acct-Session-Id", "Acct-Session-Time", "Acct-Input-Packets", "Acct-Output-Packets"),
        *(
            "Acct-Terminate-Cause",
            "Event-Timestamp",
            "MS-CHAP-Response",
            "MS-CHAP-Error",
            "MS-CHAP-Challenge",
        ),
        *("MS-CHAP-MPPE-Keys", "MS-MPPE-Send-Key", "MS-MPPE-Recv-Key", "MS-CHAP2-Response"),
        *("MS-CHAP2-Success", "MS-RAS-Client-Name", "MS-RAS-Client-Version", "MS-Network-Access-Server-Type"),
    }
)
"""What the protocol itself writes, and what only requests have (RFC 2865 §5.44, RFC 2869 §5.19)."""


class Unfit(Enum):
    """Why a value cannot be given; texts are in the catalog under `reply.unfit.…`."""

    NOT_GIVEN = "not_given"
    CONTAINER = "container"
    TAG = "tag"
    VALUE = "value"
    LENGTH = "length"


@dataclass(frozen=True, slots=True)
class Placed:
    """One attribute, ready to be laid out. `value` is what `hiding` hides; `head` stands before it, open."""

    path: tuple[int, ...]
    value: bytes = field(repr=False)
    head: bytes = b""
    vendor: int = 0
    layout: tuple[int, int] = (1, 1)
    hiding: Hiding = Hiding.NONE


def place(definition: Definition, tag: int, text: str) -> Placed | Unfit:
    """Return an attribute from its value as a person writes it; `tag` is 0 where there is none."""
    if definition.name in _NOT_GIVEN:
        return Unfit.NOT_GIVEN
    if definition.type is ValueType.TLV:
        return Unfit.CONTAINER
    if tag and (not definition.has_tag or tag > LARGEST_TAG):
        return Unfit.TAG
    value = parse_value(definition.type, text, definition.values)
    if not value or (definition.length and len(value) != definition.length):
        return Unfit.VALUE
    head = b""
    if definition.has_tag and definition.type is ValueType.INTEGER:
        # RFC 2868 §3.1: the tag takes the place of the highest octet.
        if int.from_bytes(value, "big") > _LARGEST_TAGGED:
            return Unfit.VALUE
        head, value = bytes((tag,)), value[1:]
    elif definition.has_tag and (tag or definition.hiding is Hiding.SALTED):
        head = bytes((tag,))
    placed = Placed(definition.path, value, head, definition.vendor, definition.layout, definition.hiding)
    return placed if _size(placed) <= LARGEST_VALUE else Unfit.LENGTH


def lay_out(
    placed: Iterable[Placed], secret: SharedSecret, authenticator: bytes, salt: int
) -> Iterator[Attribute]:
    """Attributes as they travel to who knows `secret` and sent the request of `authenticator`. The salts come
    from the half of all that `hide_attributes` does not reach from the same `salt`: each is used once in a
    packet (RFC 2868 §3.5)."""
    for number, each in enumerate(placed, start=salt ^ _OTHER_HALF):
        yield _laid_out(each, _hidden(each, secret, authenticator, number))


def without(attributes: Iterable[Attribute], taken: Collection[Placed]) -> Iterator[Attribute]:
    """Attributes without those that `taken` stand for, whatever their values and tags."""
    own = {each.path[0] for each in taken if not each.vendor}
    vendors: dict[int, list[Placed]] = {}
    for each in taken:
        if each.vendor and len(each.path) == 1:
            vendors.setdefault(each.vendor, []).append(each)
    for number, value in attributes:
        of_vendor = vendors.get(int.from_bytes(value[:4], "big")) if number == VENDOR_SPECIFIC else None
        if of_vendor:
            left = b"".join(_left(value[4:], of_vendor[0].layout, {each.path[0] for each in of_vendor}))
            if left:
                yield number, value[:4] + left
        elif number not in own:
            yield number, value


def _left(octets: bytes, layout: tuple[int, int], numbers: Collection[int]) -> Iterator[bytes]:
    """The parts of one vendor's attribute that have none of the `numbers`; a broken rest is one part."""
    head = sum(layout)
    while octets:
        size = int.from_bytes(octets[layout[0] : head], "big") if layout[1] else len(octets)
        if not head <= size <= len(octets):
            yield octets
            return
        if int.from_bytes(octets[: layout[0]], "big") not in numbers:
            yield octets[:size]
        octets = octets[size:]


def _laid_out(placed: Placed, hidden: bytes) -> Attribute:
    value = placed.head + hidden
    for inner in reversed(placed.path[1:]):
        value = bytes((inner, len(value) + 2)) + value
    outer = placed.path[0]
    if not placed.vendor:
        return outer, value
    of_number, of_length = placed.layout
    size = of_number + of_length + len(value)
    length = size.to_bytes(of_length, "big") if of_length else b""
    return VENDOR_SPECIFIC, placed.vendor.to_bytes(4, "big") + outer.to_bytes(
        of_number, "big"
    ) + length + value


def _hidden(placed: Placed, secret: SharedSecret, authenticator: bytes, salt: int) -> bytes:
    match placed.hiding if secret.signs else Hiding.NONE:
        case Hiding.NONE:
            return placed.value
        case Hiding.PASSWORD:
            return secret.mask(placed.value.ljust(_padded(len(placed.value)), b"\0"), authenticator)
        case Hiding.SALTED:
            octets = (0x8000 | (salt & _LARGEST_SALT)).to_bytes(2, "big")
            plain = bytes((len(placed.value),)) + placed.value
            return octets + secret.mask(plain.ljust(_padded(len(plain)), b"\0"), authenticator + octets)


def _size(placed: Placed) -> int:
    around = len(placed.head) + _INNER * (len(placed.path) - 1)
    return around + _hidden_size(placed) + (_VENDOR + sum(placed.layout) if placed.vendor else 0)


def _hidden_size(placed: Placed) -> int:
    match placed.hiding:
        case Hiding.NONE:
            return len(placed.value)
        case Hiding.PASSWORD:
            return _padded(len(placed.value))
        case Hiding.SALTED:
            return 2 + _padded(1 + len(placed.value))


def _padded(size: int) -> int:
    return -(-size // 16) * 16
