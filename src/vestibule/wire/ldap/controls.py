"""Controls of searches that read much: in pages (RFC 2696), and only what has changed (DirSync, [MS-ADTS]
§3.1.1.3.4.1.3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from vestibule.wire.ldap import ber
from vestibule.wire.ldap.messages import Control, Malformed

PAGED_RESULTS_OID: Final = "1.2.840.113556.1.4.319"
DIRSYNC_OID: Final = "1.2.840.113556.1.4.841"
_OBJECT_SECURITY: Final = 1
"""Only of what the account may read."""
_MOST_BYTES: Final = 1024 * 1024
_MOST_COOKIE: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class More:
    """Where the next part begins; an empty cookie of `paged_results` means that there is none."""

    cookie: bytes = field(repr=False)
    has_more: bool


def paged_results(size: int, cookie: bytes = b"") -> Control:
    """Ask for at most `size` entries, from where `cookie` says."""
    content = ber.integer(size) + ber.string(cookie)
    return Control(PAGED_RESULTS_OID, True, ber.element(ber.SEQUENCE, content))


def dirsync(cookie: bytes = b"", *, by_right: bool = False) -> Control:
    """Ask for what has changed since `cookie`; without one, for everything. `by_right`: of the whole domain,
    also of what was deleted; the account needs the right "Replicating Directory Changes"."""
    flags = 0 if by_right else _OBJECT_SECURITY
    content = ber.integer(flags) + ber.integer(_MOST_BYTES) + ber.string(cookie)
    return Control(DIRSYNC_OID, True, ber.element(ber.SEQUENCE, content))


def read_more(controls: Iterable[Control], oid: str) -> More | Malformed | None:
    """Return what the answer says about the next part; None if it says nothing."""
    value = next((control.value for control in controls if control.oid == oid), None)
    if value is None:
        return None
    try:
        reader = ber.Reader(value, 0, len(value), ber.Budget(16)).enter(ber.SEQUENCE)
        first = reader.take_integer()
        if oid == DIRSYNC_OID:
            reader.take_integer()
        cookie = reader.take(ber.OCTET_STRING)
    except ber.MalformedBer as problem:
        return Malformed(str(problem))
    if len(cookie) > _MOST_COOKIE:
        return Malformed("a cookie longer than allowed")
    return More(cookie, first != 0 if oid == DIRSYNC_OID else bool(cookie))
