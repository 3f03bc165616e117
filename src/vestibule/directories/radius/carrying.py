"""What changes in a sign-in that is carried to another server, and in the answer on its way back. Pure.

Everything the client sent goes there in its order, but what belongs to the connection: Message-Authenticator
is made anew, User-Password is hidden again, and a Proxy-State of ours stands at the end (RFC 2865 §2.3). CHAP
without a challenge of its own has the authenticator of the client's request as its challenge, which the
caller must have put beside it.
"""

from __future__ import annotations

from typing import Final

from vestibule.interfaces.upstream import Attributes
from vestibule.wire.radius.numbers import (
    CHAP_CHALLENGE,
    CHAP_PASSWORD,
    EAP_MESSAGE,
    MESSAGE_AUTHENTICATOR,
    NAS_IDENTIFIER,
    NAS_IP_ADDRESS,
    NAS_IPV6_ADDRESS,
    PROXY_STATE,
    STATE,
    USER_NAME,
    USER_PASSWORD,
    VENDOR_MICROSOFT,
    VENDOR_SPECIFIC,
)

_WHO_ASKS: Final = {NAS_IP_ADDRESS, NAS_IPV6_ADDRESS, NAS_IDENTIFIER}
_PROOFS: Final = {USER_PASSWORD, CHAP_PASSWORD, CHAP_CHALLENGE, EAP_MESSAGE, STATE}
_OF_THE_CONNECTION: Final = {MESSAGE_AUTHENTICATOR, PROXY_STATE}
_MICROSOFT: Final = VENDOR_MICROSOFT.to_bytes(4, "big")


def to_server(
    attributes: Attributes, hidden_password: bytes | None, nas_identifier: str, proxy_state: bytes
) -> Attributes:
    """Return the attributes of the request to the server. RFC 2865 §4.1: it says which device asks, and where
    the client does not, we do."""
    carried: list[tuple[int, bytes]] = []
    for number, value in attributes:
        if number == USER_PASSWORD and hidden_password is not None:
            carried.append((number, hidden_password))
        elif number not in (USER_PASSWORD, MESSAGE_AUTHENTICATOR):
            carried.append((number, value))
    if _WHO_ASKS.isdisjoint(number for number, _ in carried):
        carried.append((NAS_IDENTIFIER, nas_identifier.encode()))
    return (*carried, (PROXY_STATE, proxy_state))


def to_client(attributes: Attributes) -> Attributes:
    """Return the attributes of the server's answer that are not of its connection with us."""
    return tuple([each for each in attributes if each[0] not in _OF_THE_CONNECTION])


def of_nobody(attributes: Attributes, name: str) -> Attributes:
    """Return the attributes of a request with another name and without anything that proves who it is."""
    without = [
        each
        for each in attributes
        if each[0] not in _PROOFS
        and each[0] != USER_NAME
        and not (each[0] == VENDOR_SPECIFIC and each[1][:4] == _MICROSOFT)
    ]
    return ((USER_NAME, name.encode()), (USER_PASSWORD, b""), *without)
