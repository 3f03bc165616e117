"""MS-CHAPv2 inside RADIUS (RFC 2548 §2.1.2, §2.3): what a request proves with, and what answers it."""

from msgspec import Struct

from vestibule.wire.radius.message import Attribute, Message, vendor_attributes
from vestibule.wire.radius.numbers import (
    MS_CHAP2_RESPONSE,
    MS_CHAP2_SUCCESS,
    MS_CHAP_CHALLENGE,
    MS_CHAP_ERROR,
    MS_CHAP_RESPONSE,
    VENDOR_MICROSOFT,
    VENDOR_SPECIFIC,
)

_CHALLENGE = 16
_RESPONSE = 50


class MsChap2(Struct, frozen=True, gc=False):
    """A proof with both challenges, 16 octets each; the response has 24."""

    identifier: int
    authenticator_challenge: bytes
    peer_challenge: bytes
    response: bytes

    def __repr__(self) -> str:
        return "MsChap2(***)"


def read_ms_chap2(message: Message) -> MsChap2 | None:
    """The proof in a request; None if there is not exactly one, or if it is of version 1."""
    found = list(vendor_attributes(message, VENDOR_MICROSOFT))
    challenges = [value for number, value in found if number == MS_CHAP_CHALLENGE]
    responses = [value for number, value in found if number == MS_CHAP2_RESPONSE]
    if [len(each) for each in challenges] != [_CHALLENGE] or [len(each) for each in responses] != [_RESPONSE]:
        return None
    if any(number == MS_CHAP_RESPONSE for number, _ in found):
        return None
    (response,) = responses
    # Identifier, flags, challenge of the peer, eight that are zero, response (§2.3.2).
    return MsChap2(response[0], challenges[0], response[2:18], response[26:])


def ms_chap2_success(identifier: int, words: bytes) -> Attribute:
    """MS-CHAP2-Success (§2.3.3)."""
    return microsoft(MS_CHAP2_SUCCESS, bytes((identifier,)) + words)


def ms_chap_error(identifier: int, challenge: bytes) -> Attribute:
    """MS-CHAP-Error (§2.1.5): 691 is a wrong name or proof, and it is not to be tried again with `challenge`,
    16 octets that must be told all the same (RFC 2759 §6)."""
    words = f"E=691 R=0 C={challenge.hex().upper()} V=3"
    return microsoft(MS_CHAP_ERROR, bytes((identifier,)) + words.encode())


def microsoft(number: int, value: bytes) -> Attribute:
    """One attribute of Microsoft's (RFC 2548 §1)."""
    inside = bytes((number, len(value) + 2)) + value
    return VENDOR_SPECIFIC, VENDOR_MICROSOFT.to_bytes(4, "big") + inside
