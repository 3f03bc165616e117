"""Dispatch: one e-mail, or one call of a webhook, on its way. It belongs to no challenge, as a delivery does,
and has time: what cannot be sent now is tried again, for a day as a rule."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from vestibule.model.delivery import Carries

MINUTE_MS: Final = 60_000
LIFE_MS: Final = 24 * 60 * MINUTE_MS
"""How long a dispatch is tried, unless its content is over sooner."""
KEPT_MS: Final = 7 * LIFE_MS
"""How long it is listed after its time is over."""
_PAUSES_MS: Final = tuple(minutes * MINUTE_MS for minutes in (1, 5, 15, 30, 60))
"""After the first try, the second, …; the last one again and again. Who greylists wants some minutes."""


class DispatchState(StrEnum):
    WAITING = "waiting"
    """Nobody has it; due from `due_at` on."""
    TAKEN = "taken"
    """A node is handing it over; if it is silent until `due_at`, another may take it."""
    SENT = "sent"
    FAILED = "failed"


class Dispatch(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: str
    dispatch_id: str
    carries: Carries
    """Mail or webhook."""
    kind: str
    """The template of a mail, or the kind of event that a webhook is told."""
    address: str
    """Of a mail: whom it is for. Of a webhook: the identifier of its gateway."""
    user_id: str = ""
    """Whom it is about, if it is about a person."""
    sealed_body: bytes = b""
    """Emptied as soon as it is sent, or its time is over."""
    state: DispatchState = DispatchState.WAITING
    gateway_id: str = ""
    """Who has it, or had it last."""
    node: str = ""
    cause: str = ""
    """Why the last try failed, in the gateway's words; never a secret."""
    tries: int = 0
    due_at: int
    expires_at: int
    created_at: int
    sent_at: int | None = None
    version: int = 1

    @property
    def is_lasting(self) -> bool:
        """What it says is of use later, too, so that it can be sent again after its time."""
        return self.expires_at - self.created_at >= LIFE_MS

    def __repr__(self) -> str:
        return f"Dispatch({self.tenant_id}/{self.dispatch_id} {self.carries} {self.kind} {self.state})"


def pause_after(tries: int) -> int:
    """Return the milliseconds to wait after so many tries, one or more."""
    return _PAUSES_MS[min(tries, len(_PAUSES_MS)) - 1]
