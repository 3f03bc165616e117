"""One-time bypass: the next sign-in of a person needs no second factor, for some minutes.

It is for one sign-in, whichever comes first on whichever node; it never opens the console and never counts as
a second factor. Its row stays and says what became of it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

USUAL_SECONDS: Final = 300
MOST_SECONDS: Final = 86_400


class BypassState(StrEnum):
    """The texts are in the catalog under `bypass.state.…`."""

    WAITING = "waiting"
    USED = "used"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    """By an administrator, or because another one took its place."""


class Bypass(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: str
    bypass_id: str
    user_id: str
    username: str
    application_id: str = ""
    """Where it holds; empty: at every application but the console."""
    application_name: str = ""
    seconds: int
    reason: str
    phone: str = ""
    """The person's phone number, as it is written in his record."""
    actor: str
    actor_name: str
    made_at: int
    expires_at: int
    state: BypassState = BypassState.WAITING
    ended_at: int | None = None
    verification_id: str = ""
    """The attempt that used it."""

    def state_at(self, at: int) -> BypassState:
        is_over = self.state is BypassState.WAITING and not self.made_at <= at < self.expires_at
        return BypassState.EXPIRED if is_over else self.state
