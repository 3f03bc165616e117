"""Link: the one connection between a server and the service that delivers for it. Both ends look the same.

Each end asks and is asked. What is asked has a kind, and a body that only the two who know that kind can
read. Nothing that is asked is kept here: whoever asks and hears nothing must take it that the other end may
have done it, and asks again with the same id in the body. Whoever is asked does a thing once for each id.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol

import msgspec

MAX_BODY: Final = 1 << 20
"""Octets of what is asked, and of what is answered."""


class Peer(msgspec.Struct, frozen=True):
    """Who has proven himself at the other end; at the server, as whom the service knows this one."""

    tenant_id: str
    provider_id: str
    group_id: str
    server_id: str
    server_name: str = ""


class LinkDown(Exception):
    """No answer: there is no connection, it broke, or the time was over. It may have been done all the
    same."""


class Refused(Exception):
    """The other end has heard it and will not do it. A handler raises it to refuse; nothing else crosses."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind
        """A word of the kind that was asked, or one of the three below."""


UNKNOWN_KIND: Final = "unknown_kind"
"""The other end has no handler for it: it is older."""
TOO_LARGE: Final = "too_large"
FAILED: Final = "failed"
"""The handler has raised something else; its own log says what."""

Handler = Callable[[Peer, bytes], Awaitable[bytes]]
Handlers = Mapping[str, Handler]
"""What an end answers, by kind."""


class Link(Protocol):
    @property
    def is_up(self) -> bool:
        """Whether there is a connection now; the next moment there may be none."""
        ...

    async def ask(self, kind: str, body: bytes, within: float) -> bytes:
        """Return what the other end's handler answers; `within` is in seconds. Raises `LinkDown` or
        `Refused`."""
        ...


class Links(Protocol):
    """The service's end of all links."""

    def to(self, name: str) -> Link:
        """Return the link to a server, or to a replication group: to whichever server of it is connected when
        it is asked. It is down where there is none."""
        ...
