"""What PEAP of version 0 says inside TLS: EAP again, most of it without its header ([MS-PEAP] 3.1.5.6).

A response of a peer may have its header all the same: some write it, some leave it out. The end is told with
an extension of its own, the Result TLV, which always has one.
"""

from typing import Final

from msgspec import Struct

from vestibule.wire.eap.packet import EXTENSIONS, RESPONSE, read_response, request

_RESULT_SUCCESS: Final = b"\x80\x03\x00\x02\x00\x01"
"""Mandatory, type 3, two octets: 1, which is success ([MS-PEAP] 2.2.8.1.1)."""


class InnerResponse(Struct, frozen=True, gc=False):
    """What a peer has answered inside TLS."""

    type: int
    data: bytes


def read_inner_response(octets: bytes) -> InnerResponse | None:
    """The response inside TLS, with or without its header; None if there is none."""
    if not octets:
        return None
    if octets[0] == RESPONSE and int.from_bytes(octets[2:4], "big") == len(octets):
        whole = read_response(octets)
        return None if whole is None else InnerResponse(whole.type, whole.data)
    return InnerResponse(octets[0], octets[1:])


def inner_request(eap_type: int, data: bytes = b"") -> bytes:
    """A request as it stands inside TLS."""
    return bytes((eap_type,)) + data


def result_request(identifier: int) -> bytes:
    """The request that tells of success and has the peer confirm it."""
    return request(identifier, EXTENSIONS, _RESULT_SUCCESS)


def has_confirmed(response: InnerResponse) -> bool:
    """Whether a peer agrees that this is a success. Other TLVs may stand around it."""
    if response.type != EXTENSIONS:
        return False
    position, data = 0, response.data
    while position + 4 <= len(data):
        end = position + 4 + int.from_bytes(data[position + 2 : position + 4], "big")
        if data[position:end] in (_RESULT_SUCCESS, b"\0" + _RESULT_SUCCESS[1:]):
            return True
        position = end
    return False
