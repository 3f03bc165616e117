"""What became of a text: delivery receipts (SMPP 3.4 §5.2.12, §5.2.28, Appendix B).

The optional parameters say it exactly; the text of Appendix B is each network's own, so it is read
leniently, and only where esm_class or a parameter says that it is a receipt: a person may write
`id:1 stat:DELIVRD`, too, and proves nothing by it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from vestibule.wire.smpp.coding import DataCoding
from vestibule.wire.smpp.messages import DeliverSm, first_parameter
from vestibule.wire.smpp.numbers import (
    DELIVERY_RECEIPT,
    INTERMEDIATE_NOTIFICATION,
    MESSAGE_STATE,
    RECEIPTED_MESSAGE_ID,
)

STATES: Final = {
    0: "SCHEDLD",  # of version 5.0, sent by some that say they speak 3.4
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
    9: "SKIPPED",
}
_FAILED: Final = frozenset({"EXPIRED", "DELETED", "UNDELIV", "REJECTD", "SKIPPED"})
_FIELDS: Final = re.compile(r"(?<![^\s])(id|stat|err):\s*([^\s\x00]{1,64})", re.IGNORECASE)
_TEXT_FIELD: Final = re.compile(r"(?<![^\s])text:", re.IGNORECASE)
_LONGEST_LOOKED_AT: Final = 512


@dataclass(frozen=True, slots=True)
class DeliveryReceipt:
    """`state` is one of `STATES` or the network's own word, `error` its number for the cause."""

    message_id: str
    state: str
    error: str = ""
    is_intermediate: bool = False

    @property
    def is_delivered(self) -> bool:
        return self.state == "DELIVRD"

    @property
    def is_final(self) -> bool:
        """ACCEPTD is used for "taken by the next network" and UNKNOWN says nothing: neither is an end."""
        return not self.is_intermediate and (self.is_delivered or self.state in _FAILED)


def is_receipt(message: DeliverSm) -> bool:
    """Tell whether this is a receipt and not a text that somebody wrote."""
    if message.message_type in (DELIVERY_RECEIPT, INTERMEDIATE_NOTIFICATION):
        return True
    # Some networks leave esm_class at 0; no handset can set these parameters.
    return all(
        first_parameter(message.parameters, tag) is not None for tag in (RECEIPTED_MESSAGE_ID, MESSAGE_STATE)
    )


def read_receipt(message: DeliverSm) -> DeliveryReceipt | None:
    """Return what a receipt says, or None if it does not say of which text, or nothing of its state."""
    # Most send plain ASCII whatever they call it, so septets are not looked up: an underscore is one.
    words = _words(message.content, "utf-16-be" if message.data_coding == DataCoding.UCS_2 else "latin-1")
    state_octet = first_parameter(message.parameters, MESSAGE_STATE) or b""
    state = STATES.get(state_octet[0], f"STATE {state_octet[0]}") if state_octet else words.get("stat", "")
    named = first_parameter(message.parameters, RECEIPTED_MESSAGE_ID) or b""
    message_id = named.partition(b"\x00")[0].decode("latin-1") or words.get("id", "")
    if not message_id or not state:
        return None
    is_intermediate = message.message_type == INTERMEDIATE_NOTIFICATION
    return DeliveryReceipt(message_id, state.upper(), words.get("err", ""), is_intermediate)


def _words(content: bytes, charset: str) -> dict[str, str]:
    text = content[:_LONGEST_LOOKED_AT].decode(charset, "replace")
    # Behind `text:` stands the beginning of the text itself, which may say anything.
    end = _TEXT_FIELD.search(text)
    found: dict[str, str] = {}
    for name, value in _FIELDS.findall(text[: end.start()] if end else text):
        found.setdefault(name.lower(), value)
    return found
