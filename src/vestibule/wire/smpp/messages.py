"""The PDUs of SMPP 3.4 that Vestibule reads and writes (§4), each a frozen value.

Texts and passwords are left out of every representation. Strings of octets hold what was on the wire;
C-octet strings are text without their NUL.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from vestibule.wire.smpp.numbers import (
    HAS_USER_DATA_HEADER,
    MESSAGE_PAYLOAD,
    MESSAGE_TYPE,
    VERSION,
)

Parameter: TypeAlias = tuple[int, bytes]
"""Tag and value of an optional parameter (§5.3.1)."""


def first_parameter(parameters: tuple[Parameter, ...], tag: int) -> bytes | None:
    """Return the first value under `tag`, or None."""
    for found, value in parameters:
        if found == tag:
            return value
    return None


@dataclass(frozen=True, slots=True)
class Address:
    """A number or name with its type (TON, §5.2.5) and its plan (NPI, §5.2.6)."""

    ton: int = 0
    npi: int = 0
    digits: str = ""


@dataclass(frozen=True, slots=True)
class BindTransceiver:
    """§4.1.5: who we are; texts may go both ways afterwards."""

    system_id: str
    password: str = field(repr=False)
    system_type: str = ""
    version: int = VERSION
    addresses: Address = Address()
    """Its digits are the address_range (§5.2.7)."""


@dataclass(frozen=True, slots=True)
class BindTransceiverResp:
    """§4.1.6."""

    system_id: str = ""
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What submit_sm (§4.4.1) and deliver_sm (§4.6.1) have in common: everything."""

    source: Address = Address()
    destination: Address = Address()
    short_message: bytes = field(default=b"", repr=False)
    """Up to 254 octets, the user data header included."""
    service_type: str = ""
    esm_class: int = 0
    protocol_id: int = 0
    priority: int = 0
    schedule: str = ""
    validity: str = ""
    registered_delivery: int = 0
    replace_if_present: int = 0
    data_coding: int = 0
    default_message: int = 0
    parameters: tuple[Parameter, ...] = field(default=(), repr=False)

    @property
    def message_type(self) -> int:
        """The middle bits of esm_class: a text, a receipt, a notification (§5.2.12)."""
        return self.esm_class & MESSAGE_TYPE

    @property
    def has_user_data_header(self) -> bool:
        return bool(self.esm_class & HAS_USER_DATA_HEADER)

    @property
    def content(self) -> bytes:
        """The octets of the text, wherever they are: message_payload takes the place of short_message."""
        payload = first_parameter(self.parameters, MESSAGE_PAYLOAD)
        return self.short_message or payload or b""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitSm(Carried):
    """§4.4.1: a text on its way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverSm(Carried):
    """§4.6.1: a text or a receipt that comes in."""


@dataclass(frozen=True, slots=True)
class SubmitSmResp:
    """§4.4.2. `message_id` is empty when the text was refused."""

    message_id: str = ""
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliverSmResp:
    """§4.6.2: its message_id is not used and always empty."""


@dataclass(frozen=True, slots=True)
class EnquireLink:
    """§4.11.1."""


@dataclass(frozen=True, slots=True)
class EnquireLinkResp:
    """§4.11.2."""


@dataclass(frozen=True, slots=True)
class Unbind:
    """§4.2.1."""


@dataclass(frozen=True, slots=True)
class UnbindResp:
    """§4.2.2."""


@dataclass(frozen=True, slots=True)
class GenericNack:
    """§4.3.1: an answer to something that could not be read."""


@dataclass(frozen=True, slots=True)
class Opaque:
    """A command that is not read: `command` is its number."""

    command: int
    body: bytes = field(default=b"", repr=False)


Operation: TypeAlias = (
    BindTransceiver
    | BindTransceiverResp
    | SubmitSm
    | SubmitSmResp
    | DeliverSm
    | DeliverSmResp
    | EnquireLink
    | EnquireLinkResp
    | Unbind
    | UnbindResp
    | GenericNack
    | Opaque
)


@dataclass(frozen=True, slots=True)
class Pdu:
    """One protocol data unit (§3.2)."""

    operation: Operation
    sequence: int
    status: int = 0


@dataclass(frozen=True, slots=True)
class Malformed:
    """A PDU whose length is right and whose body is not. `reason` names the rule and holds no octet."""

    reason: str
    command: int
    sequence: int
