"""Delivery: one text or call on its way to a phone. The row is the truth, a gateway only carries it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

SENT_DIGITS: Final = 6
"""How many digits a passcode has that is sent."""


class Carries(StrEnum):
    """What a gateway carries: texts and calls to phones, and what is no `Delivery` but a `Dispatch`."""

    TEXT = "text"
    CALL = "call"
    MAIL = "mail"
    WEBHOOK = "webhook"


TO_PHONES: Final = frozenset({Carries.TEXT, Carries.CALL})
"""What costs money, goes to a country and falls under the limits of sending."""


class DeliveryState(StrEnum):
    WAITING = "waiting"
    """Nobody has it; due from `due_at` on."""
    TAKEN = "taken"
    """A node is handing it over; if it is silent until `due_at`, another may take it."""
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    DROPPED = "dropped"
    """Its challenge was over before it left."""


DELIVERY_TRANSITIONS: dict[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.WAITING: frozenset({DeliveryState.TAKEN, DeliveryState.DROPPED}),
    DeliveryState.TAKEN: frozenset(
        {DeliveryState.TAKEN, DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.DROPPED}
    ),
    DeliveryState.SENT: frozenset({DeliveryState.DELIVERED, DeliveryState.FAILED}),
    DeliveryState.DELIVERED: frozenset(),
    DeliveryState.FAILED: frozenset(),
    DeliveryState.DROPPED: frozenset(),
}


class Owed(StrEnum):
    """What a server is still to be told of a delivery that it has asked for."""

    NOTHING = ""
    ARRIVED = "arrived"
    FAILED = "failed"
    NO_SUCH_NUMBER = "no_such_number"


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: str
    delivery_id: str
    verification_id: str
    challenge_id: str
    user_id: str
    carries: Carries
    address: str
    """E.164."""
    sealed_body: bytes = b""
    """Sealed text; emptied as soon as it is sent or will not be."""
    state: DeliveryState = DeliveryState.WAITING
    gateway_id: str = ""
    """Who has it, or had it last."""
    tried: tuple[str, ...] = ()
    """Gateways that would not or could not."""
    reference: str = ""
    """The gateway's name for it."""
    node: str = ""
    cause: str = ""
    """Why it failed, in the gateway's words; never a secret."""
    tries: int = 0
    due_at: int
    expires_at: int
    created_at: int
    sent_at: int | None = None
    """When it was sent; while it is being handed over: set if it may have been sent once already."""
    version: int = 1
    group_id: str = ""
    """The replication group whose server has asked for it: then no verification and no user is named."""
    relayed_name: str = ""
    """What that server calls it."""
    owed: Owed = Owed.NOTHING
    attempt_id: str = ""
    """What that server calls the attempt for which a text is sent, where it has said so."""

    @property
    def is_relayed(self) -> bool:
        return bool(self.group_id)

    def __repr__(self) -> str:
        return f"Delivery({self.tenant_id}/{self.delivery_id} {self.carries} {self.state})"
