"""A value that must not be seen: it masks itself in every representation.

A `Secret` reaches its reader only through `reveal()`, so a search for that word finds every place where
a password, passcode, seed or shared secret is looked at.
"""

from __future__ import annotations

import hmac
from typing import Generic, NoReturn, TypeVar

Content = TypeVar("Content", str, bytes)

MASK = "••••••"


class Secret(Generic[Content]):
    """Holds text or bytes; `str()`, `repr()` and `format()` show a mask, pickling is refused."""

    __slots__ = ("_content",)

    def __init__(self, content: Content) -> None:
        self._content: Content = content

    def reveal(self) -> Content:
        """Return the content. Call this as late and as seldom as possible."""
        return self._content

    def __bool__(self) -> bool:
        return bool(self._content)

    def __len__(self) -> int:
        return len(self._content)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_as_bytes(self._content), _as_bytes(other._content))

    def __hash__(self) -> int:
        raise TypeError("a Secret is not a dictionary key")

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, specification: str) -> str:
        return MASK

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled")


def _as_bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content
