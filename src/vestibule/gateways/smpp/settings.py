"""What an administrator says about a connection to a message center, checked before anything connects.

A ValueError reads `setting: why`. The password is a `Secret` and never part of these settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from vestibule.crypto.secret import Secret
from vestibule.interfaces.plugin_settings import values_of
from vestibule.wire.smpp.addresses import sender
from vestibule.wire.smpp.messages import Address

MessageIds = Literal["same", "hex_then_decimal", "decimal_then_hex"]

_LONGEST_PASSWORD = 64


class SmppSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one connection. Only `host` and `system_id` have no default."""

    host: Annotated[str, Meta(max_length=255, pattern=r"^[\w.:%-]+\Z")]
    """Name or address of the message center."""
    port: Annotated[int, Meta(ge=1, le=65535)] = 2775
    system_id: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+\Z")]
    """The name of the account there."""
    system_type: Annotated[str, Meta(max_length=12, pattern=r"^[\x20-\x7e]*\Z")] = ""
    """Empty unless the provider names one."""
    service_type: Annotated[str, Meta(max_length=5, pattern=r"^[\x21-\x7e]*\Z")] = ""
    """Empty unless the provider names one."""
    tls: bool = True
    """Protect the connection by TLS. Without it the password and all texts cross the network in the clear."""
    ca_file: str = ""
    """PEM file of the authorities to trust for the certificate; empty: the system's."""
    source: Annotated[str, Meta(max_length=20, pattern=r"^(\+?[0-9]+|[\x20-\x2a\x2c-\x7e]{0,11})\Z")] = ""
    """Who sends: `+49…`, a short code, or up to eleven letters. Empty: what the provider puts there."""
    source_ton: Annotated[int, Meta(ge=0, le=255)] | None = None
    """Type of number of `source`; empty: by its form."""
    source_npi: Annotated[int, Meta(ge=0, le=255)] | None = None
    """Numbering plan of `source`; empty: by its form."""
    destination_ton: Annotated[int, Meta(ge=0, le=255)] = 1
    """Type of number of recipients: 1 is international."""
    destination_npi: Annotated[int, Meta(ge=0, le=255)] = 1
    """Numbering plan of recipients: 1 is that of telephony."""
    bare_numbers_are_international: bool = False
    """Incoming numbers of unknown type are international ones without their plus sign."""
    window: Annotated[int, Meta(ge=1, le=1000)] = 10
    """Requests that may be unanswered at the same time; the provider says how many it allows."""
    per_second: Annotated[float, Meta(ge=0, le=100_000)] = 50.0
    """Parts of texts sent in a second at most; 0: as many as there are."""
    default_alphabet: Literal["gsm", "latin-1"] = "gsm"
    """What the provider means by data coding 0."""
    latin_1: bool = False
    """The provider also takes data coding 3; texts in it may be shorter than in UCS-2."""
    wide_references: bool = False
    """Number long texts with 16 bits instead of 8, of which a few old phones know nothing."""
    receipts: bool = True
    """Ask for delivery receipts."""
    message_ids: MessageIds = "same"
    """How receipts spell the identifier of a text: as it was given, or given in hexadecimal and told in
    decimal, or the other way round."""
    enquire_seconds: Annotated[float, Meta(ge=1, le=3600)] = 30.0
    """How long the connection may be silent before it is tested."""
    answer_seconds: Annotated[float, Meta(gt=0, le=9)] = 5.0
    """How long to wait for an answer. A text without one is neither sent nor unsent."""
    reconnect_seconds: Annotated[float, Meta(gt=0, le=60)] = 1.0
    """The first pause before connecting again; it doubles up to a minute."""

    @property
    def source_address(self) -> Address:
        told = sender(self.source)
        ton = told.ton if self.source_ton is None else self.source_ton
        npi = told.npi if self.source_npi is None else self.source_npi
        return Address(ton, npi, told.digits)


def from_mapping(settings: Mapping[str, Any], secret: Secret[str]) -> SmppSettings:
    """Return the settings in `settings`; `secret` is looked at but not kept.

    Raises ValueError for a setting that is unknown, missing, of the wrong type or wrong.
    """
    given = values_of(SmppSettings, settings, needed=("host", "system_id"))
    if len(secret) > _LONGEST_PASSWORD or not _is_printable(secret):
        raise ValueError(f"secret: at most {_LONGEST_PASSWORD} printable ASCII characters")
    return SmppSettings(**given)


def _is_printable(secret: Secret[str]) -> bool:
    return all(" " <= character <= "~" for character in secret.reveal())
