"""An Access-Request read as a sign-in: who, from where, with which kind of proof.

Reading decides nothing and reveals no password. It enforces how often an attribute may occur (RFC 2865
§5.44), because a second User-Name or State that one reader sees and another does not is how one user's
proof becomes another's.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from msgspec import Struct

from vestibule.wire.radius.message import Message, vendor_attributes
from vestibule.wire.radius.numbers import (
    CALLING_STATION_ID,
    CHAP_PASSWORD,
    EAP_MESSAGE,
    MS_CHAP2_RESPONSE,
    MS_CHAP_RESPONSE,
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


class Proof(Enum):
    """The kind of proof a request carries."""

    NONE = auto()
    PASSWORD = auto()
    CHAP = auto()
    MS_CHAP = auto()
    EAP = auto()
    SEVERAL = auto()


class Unusable(Enum):
    """Why a well-formed packet is no usable Access-Request. The sender may be told so with an
    Access-Reject.
    """

    REPEATED_ATTRIBUTE = "an attribute that may occur once occurs again"
    USER_NAME = "User-Name is missing, empty, not UTF-8 or holds a NUL"
    PROXY_STATE = "more Proxy-State than a reply could return"


class AccessRequest(Struct, frozen=True, gc=False):
    """What a sign-in needs of the packet; texts that are not UTF-8 are empty, the packet keeps their
    octets.
    """

    user_name: str
    hidden_password: bytes | None
    state: bytes | None
    proof: Proof
    proxy_states: tuple[bytes, ...]
    calling_station: str
    nas_identifier: str
    nas_address: bytes  # 4 or 16 octets, or none

    def __repr__(self) -> str:
        return f"AccessRequest(proof={self.proof.name}, state={self.state is not None})"


# A reply returns every Proxy-State; this much leaves room for State and the message to the user (RFC 2865
# §5.33).
_MOST_PROXY_STATE: Final = 3000
_ONCE: Final = {
    USER_NAME,
    USER_PASSWORD,
    CHAP_PASSWORD,
    NAS_IP_ADDRESS,
    NAS_IPV6_ADDRESS,
    STATE,
    CALLING_STATION_ID,
    NAS_IDENTIFIER,
}
_PROOFS: Final = (
    (USER_PASSWORD, Proof.PASSWORD),
    (CHAP_PASSWORD, Proof.CHAP),
    (EAP_MESSAGE, Proof.EAP),
)
_UNUSUAL: Final = frozenset({CHAP_PASSWORD, EAP_MESSAGE, VENDOR_SPECIFIC})
_MS_CHAP: Final = {MS_CHAP_RESPONSE, MS_CHAP2_RESPONSE}


def read_access_request(message: Message) -> AccessRequest | Unusable:
    """The sign-in inside an Access-Request."""
    # The last value wins in `values`; _is_repeated sees to it that there was no other where that matters.
    values = dict(message.attributes)
    if len(values) != len(message.attributes) and _is_repeated(message):
        return Unusable.REPEATED_ATTRIBUTE
    proxy_states = tuple(message.values(PROXY_STATE)) if PROXY_STATE in values else ()
    if proxy_states and sum(map(len, proxy_states)) + 2 * len(proxy_states) > _MOST_PROXY_STATE:
        return Unusable.PROXY_STATE
    user_name = _text(values.get(USER_NAME))
    if not user_name or "\0" in user_name:
        return Unusable.USER_NAME
    return AccessRequest(
        user_name,
        values.get(USER_PASSWORD),
        values.get(STATE),
        _proof(message, values),
        proxy_states,
        _text(values.get(CALLING_STATION_ID)),
        _text(values.get(NAS_IDENTIFIER)),
        values.get(NAS_IP_ADDRESS) or values.get(NAS_IPV6_ADDRESS) or b"",
    )


def _is_repeated(message: Message) -> bool:
    numbers = [number for number, _ in message.attributes if number in _ONCE]
    return len(numbers) != len(set(numbers))


def _proof(message: Message, values: Mapping[int, bytes]) -> Proof:
    if _UNUSUAL.isdisjoint(values):
        return Proof.PASSWORD if USER_PASSWORD in values else Proof.NONE
    kinds = [proof for number, proof in _PROOFS if number in values]
    if VENDOR_SPECIFIC in values and any(
        number in _MS_CHAP for number, _ in vendor_attributes(message, VENDOR_MICROSOFT)
    ):
        kinds.append(Proof.MS_CHAP)
    if not kinds:
        return Proof.NONE
    return kinds[0] if len(kinds) == 1 else Proof.SEVERAL


def _text(octets: bytes | None) -> str:
    try:
        return octets.decode() if octets else ""
    except UnicodeDecodeError:
        return ""
