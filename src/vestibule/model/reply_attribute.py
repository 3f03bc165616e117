"""ReplyAttribute: what a RADIUS client is told of somebody whom it may let in. RadiusDictionary: a file that
names such attributes.

Policy gives them, never a request (RA-19). What they look like in a packet was read from a dictionary when
they were added, and stays as it was.
"""

from __future__ import annotations

from typing import Final

import msgspec

MOST_SHARED: Final = 1000
"""Of one tenant, besides those of single people."""
MOST_OF_USER: Final = 50
MOST_DICTIONARIES: Final = 20
"""Of one tenant."""
MOST_DICTIONARY_BYTES: Final = 256 * 1024


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """How an attribute is laid out. Only directories, front ends and what reads dictionaries know more."""

    path: tuple[int, ...]
    """Its numbers, from the outermost to its own."""
    vendor: int = 0
    """0: an attribute of RADIUS itself."""
    layout: tuple[int, int] = (1, 1)
    """Octets of the number and of the length of the vendor's attributes."""
    hiding: int = 0
    """How the value is hidden on its way: the number of the flag `encrypt`."""
    head: str = ""
    """What stands before the value, in hexadecimal."""
    is_secret: bool = False
    """Never shown to anybody; stored sealed."""

    @property
    def place(self) -> tuple[int, tuple[int, ...]]:
        return self.vendor, self.path


class ReplyAttribute(msgspec.Struct, frozen=True, kw_only=True):
    """One attribute and whom it is for: everybody of whom all that is named here is true."""

    tenant_id: str
    reply_id: str
    user_id: str = ""
    group_id: str = ""
    client_id: str = ""
    application_id: str = ""
    attribute: str
    """Its name, with a colon and the tag behind it if it has one."""
    value: str = ""
    """As it was typed; empty if it is secret."""
    adds: bool = False
    """Sent besides what others say of the same attribute, and not instead of it."""
    shape: Shape
    content: bytes = b""
    """Octets of the value; sealed if it is secret."""
    created_at: int
    version: int = 1

    @property
    def is_secret(self) -> bool:
        return self.shape.is_secret

    def __repr__(self) -> str:
        return f"ReplyAttribute({self.tenant_id}/{self.reply_id} {self.attribute})"


class RadiusDictionary(msgspec.Struct, frozen=True, kw_only=True):
    """A file of attributes. Its text is kept beside it."""

    tenant_id: str
    name: str
    attributes: int
    """How many it names."""
    left_out: int
    """How many more it names that cannot be sent."""
    size: int
    """Octets."""
    created_at: int
