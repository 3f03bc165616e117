"""NtHash: a copy of a local password that MS-CHAPv2 can be checked with."""

from __future__ import annotations

import msgspec


class NtHash(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: str
    user_id: str
    sealed: bytes
    """Bound to the password's own hash: under any other it does not open."""

    def __repr__(self) -> str:
        return f"NtHash({self.tenant_id}, {self.user_id})"
