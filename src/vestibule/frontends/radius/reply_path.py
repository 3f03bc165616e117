"""ReplyPath: the way an answer takes, whatever its request came by."""

from __future__ import annotations

from typing import Protocol

from vestibule.frontends.radius.duplicates import RequestKey
from vestibule.wire.radius import Message


class ReplyPath(Protocol):
    @property
    def host(self) -> str:
        """The address of who asks."""
        ...

    @property
    def salt(self) -> bytes:
        """At most 16 octets that tell this way from others where requests have nothing random in them."""
        ...

    def key_of(self, message: Message) -> RequestKey:
        """Return what tells this sender and this request from any other that waits for its answer."""
        ...

    def send(self, packet: bytes, /) -> bool:
        """Send; False if it cannot be sent."""
        ...

    def distrust(self) -> None:
        """Hear that what came was no packet of RADIUS, or one that nobody sends here."""
        ...
