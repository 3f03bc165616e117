"""An EAP packet as octets and as a value (RFC 3748 §4)."""

from typing import Final

from msgspec import Struct

REQUEST: Final = 1
RESPONSE: Final = 2
SUCCESS: Final = 3
FAILURE: Final = 4

# Types (RFC 3748 §5; RFC 5281 §16; [MS-PEAP] 2.2).
IDENTITY: Final = 1
NAK: Final = 3
GTC: Final = 6
TTLS: Final = 21
PEAP: Final = 25
MS_CHAP: Final = 26
EXTENSIONS: Final = 33

HEADER: Final = 5
"""Octets before the data of a request or a response."""


class EapResponse(Struct, frozen=True, gc=False):
    """What a peer has answered."""

    identifier: int
    type: int
    data: bytes


def read_response(octets: bytes) -> EapResponse | None:
    """The response that `octets` are; None if they are none. Octets behind Length are padding (§4)."""
    if len(octets) < HEADER or octets[0] != RESPONSE:
        return None
    length = int.from_bytes(octets[2:4], "big")
    if not HEADER <= length <= len(octets):
        return None
    return EapResponse(octets[1], octets[4], octets[HEADER:length])


def request(identifier: int, eap_type: int, data: bytes) -> bytes:
    """A request; raises OverflowError if `data` has more than 65,530 octets."""
    return bytes((REQUEST, identifier)) + (HEADER + len(data)).to_bytes(2, "big") + bytes((eap_type,)) + data


def success(identifier: int) -> bytes:
    """The end of a conversation whose last response had `identifier` (§4.2)."""
    return bytes((SUCCESS, identifier, 0, 4))
