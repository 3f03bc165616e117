"""Push: wakes an app that is closed, through the push service of its browser. It decides nothing, and nobody
waits for it: an app that is not woken shows the same when it is opened.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import msgspec

from vestibule.interfaces.relay import RelayedPush


class PushSubscription(msgspec.Struct, frozen=True):
    """Where a browser is woken (W3C Push API). The endpoint is a capability and `auth` a secret."""

    endpoint: str
    p256dh: str
    auth: str

    def __repr__(self) -> str:
        return "PushSubscription(…)"


class PushResult(StrEnum):
    PUSHED = "pushed"
    GONE = "gone"
    """The subscription is over and is never to be used again."""
    FAILED = "failed"


class Forwarder(Protocol):
    """Hands over what a server has sealed."""

    async def forward(self, message: RelayedPush) -> PushResult:
        """Raises ValueError for what is no endpoint."""
        ...


class Pusher(Protocol):
    @property
    def public_key(self) -> str:
        """What a browser subscribes with (RFC 8292), as base64url."""
        ...

    def check(self, subscription: PushSubscription) -> None:
        """Raise ValueError if it is no subscription, or of a service that nothing is sent to."""
        ...

    async def push(self, subscription: PushSubscription, payload: bytes, seconds: int) -> PushResult:
        """Send one message, which is of no use any more after so many seconds."""
        ...

    async def close(self) -> None: ...
