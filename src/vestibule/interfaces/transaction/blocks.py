"""Blocks and bypasses."""

from __future__ import annotations

from typing import Protocol

import msgspec

from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.model.block import Block
from vestibule.model.bypass import Bypass


class BlockFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of the list of blocks; empty means any. Newest first."""

    text: str = ""
    """Beginning of the user name."""
    user_id: str = ""
    user_ids: tuple[str, ...] = ()
    """Of any of these people."""
    phones: tuple[str, ...] = ()
    """Of any of these numbers (E.164)."""
    is_active: bool = False
    """Only those that hold now."""
    since: int | None = None
    """Begun then or later (epoch ms)."""
    until: int | None = None
    within: tuple[str, ...] = ()
    """Only what is about people in one of these groups."""


class BypassFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of the list of one-time bypasses; empty means any. Newest first."""

    text: str = ""
    """Beginning of the user name."""
    user_id: str = ""
    user_ids: tuple[str, ...] = ()
    """Of any of these people."""
    phones: tuple[str, ...] = ()
    """Of any of these numbers (E.164)."""
    since: int | None = None
    """Made then or later (epoch ms)."""
    until: int | None = None
    within: tuple[str, ...] = ()
    """Only what is about people in one of these groups."""


class BlockRecords(Protocol):
    """A part of `Transaction`."""

    async def add_block(self, block: Block) -> None:
        """Insert, and write its end into the user; raise `AlreadyExists("block", user_id)` if he is
        blocked."""
        ...

    async def block_of(self, tenant_id: str, user_id: str) -> Block | None:
        """Return the block that holds now."""
        ...

    async def lift_block(
        self, tenant_id: str, user_id: str, ended_by: str, ended_by_name: str, end_reason: str
    ) -> Block | None:
        """End the block that holds now, in the user too; None if he is not blocked."""
        ...

    async def is_number_blocked(self, tenant_id: str, number: str) -> bool:
        """Tell whether a block that holds now holds for this phone number as well."""
        ...

    async def blocks(self, tenant_id: str, where: BlockFilter, page: Page) -> Listed:
        """Rows are `Block`."""
        ...

    async def add_bypass(self, bypass: Bypass) -> None:
        """Insert, and write its end into the user. `Conflict` if one of his waits: `end_bypass` comes
        first."""
        ...

    async def waiting_bypass(self, tenant_id: str, user_id: str) -> Bypass | None:
        """Return the bypass that a sign-in of this user may consume now."""
        ...

    async def consume_bypass(self, tenant_id: str, user_id: str, application_id: str) -> Bypass | None:
        """Consume the user's bypass that holds for this application now, once in the world. None: there is
        none, or somebody else was first."""
        ...

    async def note_bypass_used(self, tenant_id: str, user_id: str, verification_id: str) -> None:
        """Write which attempt has used the bypass that this very body has consumed."""
        ...

    async def end_bypass(self, tenant_id: str, user_id: str) -> Bypass | None:
        """Withdraw the bypass of a user that waits, or write that its time is over; None: he has none."""
        ...

    async def expire_bypasses(self, limit: int) -> int:
        """Write of bypasses that their time is over, at most `limit`; return how many."""
        ...

    async def bypasses(self, tenant_id: str, where: BypassFilter, page: Page) -> Listed:
        """Rows are `Bypass`."""
        ...
