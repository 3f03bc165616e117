"""Upstream: a directory that takes a whole sign-in, as its client sent it, and answers in the same protocol.

Such a directory can stand behind a door that speaks its protocol: what the client sent is carried there, and
what comes back is carried to the client.
"""

from __future__ import annotations

from typing import Protocol, TypeGuard, runtime_checkable

import msgspec

from vestibule.crypto.secret import Secret
from vestibule.interfaces.directory import Directory

Attributes = tuple[tuple[int, bytes], ...]
"""Numbers and values of RADIUS, in order."""


class Carried(msgspec.Struct, frozen=True):
    """What a server has answered. Not to be shown: opened attributes hold keys."""

    code: int
    attributes: Attributes
    """All but those of the connection, in order; what was hidden under the server's secret is opened."""
    server: str
    """Which of the servers has answered."""
    discarded: int = 0
    """How many datagrams came in its name that were forged, or not signed."""

    def __repr__(self) -> str:
        return f"Carried(code={self.code}, {len(self.attributes)} attributes, server={self.server!r})"


class Silent(msgspec.Struct, frozen=True):
    """No server has given an answer that can be trusted; `detail` is a catalog key that says why."""

    detail: str
    server: str = ""
    """The last that was asked."""
    discarded: int = 0


@runtime_checkable
class Upstream(Directory, Protocol):
    @property
    def servers(self) -> tuple[str, ...]:
        """The names of the servers, as they are asked now."""
        ...

    @property
    def takes_accounting(self) -> bool:
        """Whether the administrator lets accounting be passed on to it."""
        ...

    async def account(self, attributes: Attributes) -> bool:
        """Pass on an Accounting-Request; False: no server has confirmed it."""
        ...

    async def carry(
        self, attributes: Attributes, password: Secret[bytes] | None, server: str = ""
    ) -> Carried | Silent:
        """Ask with the attributes of a client's request; `password` is what its User-Password hides. `server`
        is the one that a conversation was begun with: only that one is asked."""
        ...

    async def carry_nobody(self, attributes: Attributes) -> Carried | Silent:
        """The same for nobody's name and password, so that the time does not tell who exists; whatever
        proves the client's person is left out."""
        ...


_kinds: dict[type, bool] = {}


def is_upstream(directory: object) -> TypeGuard[Upstream]:
    """Tell whether a directory takes whole sign-ins: asked for each request, and `isinstance` looks at every
    member of a protocol each time."""
    kind = type(directory)
    if kind not in _kinds:
        _kinds[kind] = isinstance(directory, Upstream)
    return _kinds[kind]
