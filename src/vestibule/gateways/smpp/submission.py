"""A text as requests, and what the answer to one means.

Pure. A text that fits goes in one request, a longer one in several with a header each.
"""

from __future__ import annotations

import re
from typing import Final

from vestibule.gateways.smpp.settings import SmppSettings
from vestibule.gateways.smpp.trouble import Trouble, cause
from vestibule.interfaces.gateway import NotSent, Text
from vestibule.wire.smpp import Pdu
from vestibule.wire.smpp.addresses import international
from vestibule.wire.smpp.coding import encode_text
from vestibule.wire.smpp.messages import Address, SubmitSm, SubmitSmResp
from vestibule.wire.smpp.numbers import (
    HAS_USER_DATA_HEADER,
    INVALID_DESTINATION,
    OK,
    QUEUE_FULL,
    RECEIPT_AT_THE_END,
    THROTTLED,
    status_name,
)
from vestibule.wire.smpp.parts import cut
from vestibule.wire.smpp.times import relative

MOST_PARTS: Final = 10
"""Of one text; each is paid for."""
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")


def requests(text: Text, settings: SmppSettings, reference: int) -> tuple[SubmitSm, ...] | NotSent:
    """Return the requests that carry a text, in order; `reference` names it among long ones."""
    if _E164.fullmatch(text.to) is None:
        return NotSent(cause(Trouble.NOT_A_NUMBER), is_final=True)
    encoded = encode_text(
        text.body.reveal(),
        with_latin_1=settings.latin_1,
        default_is_latin_1=settings.default_alphabet == "latin-1",
    )
    if len(encoded.octets) > MOST_PARTS * encoded.room(7):
        return NotSent(cause(Trouble.TOO_LONG))
    contents = cut(encoded, reference, is_wide=settings.wide_references)
    return tuple(
        SubmitSm(
            service_type=settings.service_type,
            source=settings.source_address,
            destination=_destination(text.to, settings),
            esm_class=HAS_USER_DATA_HEADER if len(contents) > 1 else 0,
            validity=relative(text.valid_seconds),
            registered_delivery=RECEIPT_AT_THE_END if settings.receipts else 0,
            data_coding=encoded.data_coding,
            short_message=content,
        )
        for content in contents
    )


def _destination(number: str, settings: SmppSettings) -> Address:
    return Address(settings.destination_ton, settings.destination_npi, international(number).digits)


def asks_for_a_pause(answer: Pdu) -> bool:
    """Tell whether the same request may be taken a little later."""
    return answer.status in (THROTTLED, QUEUE_FULL)


def taken_as(answer: Pdu) -> str | NotSent:
    """Return the identifier that the network gave, or why it did not take the request."""
    if answer.status == OK and isinstance(answer.operation, SubmitSmResp):
        return answer.operation.message_id
    # Wrong types of numbers, accounts and the like are between us and this network; only a number that
    # does not exist is the same everywhere.
    is_final = answer.status == INVALID_DESTINATION
    return NotSent(cause(Trouble.REFUSED, status_name(answer.status)), is_final=is_final)
