"""MS-CHAPv2 as an EAP method: what stands behind the type (draft-kamath-pppext-eap-mschapv2-02 §2).

Each message is an operation, an identifier, its own length, and what the operation has.
"""

from typing import Final

from msgspec import Struct

_CHALLENGE: Final = 1
_RESPONSE: Final = 2
_SUCCESS: Final = 3
_HEADER: Final = 4
_RESPONSE_OCTETS: Final = 49


class MsChapResponse(Struct, frozen=True, gc=False):
    """What a peer proves with: its challenge has 16 octets, the response 24."""

    peer_challenge: bytes
    response: bytes
    name: bytes

    def __repr__(self) -> str:
        return "MsChapResponse(***)"


def challenge(identifier: int, octets: bytes, name: bytes) -> bytes:
    """The data of the request that challenges a peer with 16 octets; `name` is the server's."""
    return _message(_CHALLENGE, identifier, bytes((len(octets),)) + octets + name)


def read_response(data: bytes, identifier: int) -> MsChapResponse | None:
    """The proof in the data of the response to a challenge; None if it is none."""
    value = data[_HEADER + 1 : _HEADER + 1 + _RESPONSE_OCTETS]
    if len(value) != _RESPONSE_OCTETS or data[:2] != bytes((_RESPONSE, identifier)):
        return None
    if data[2:4] != len(data).to_bytes(2, "big") or data[_HEADER] != _RESPONSE_OCTETS:
        return None
    # Challenge of the peer, eight octets that are zero, response, flags.
    return MsChapResponse(value[:16], value[24:48], data[_HEADER + 1 + _RESPONSE_OCTETS :])


def success(identifier: int, words: bytes) -> bytes:
    """The data of the request that shows the peer that its password is known."""
    return _message(_SUCCESS, identifier, words)


def has_agreed(data: bytes) -> bool:
    """Whether a peer has found the password known."""
    return data[:1] == bytes((_SUCCESS,))


def _message(operation: int, identifier: int, content: bytes) -> bytes:
    return bytes((operation, identifier)) + (_HEADER + len(content)).to_bytes(2, "big") + content
