"""Sessions, links that work once, remembered browsers and recent proofs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from vestibule.model.remembered_browser import RememberedBrowser
from vestibule.model.session import Link, Session


class RecentProof(msgspec.Struct, frozen=True):
    """An attempt in which a second factor was proven, and when it began (epoch ms)."""

    verification_id: str
    at: int


class SessionRecords(Protocol):
    """A part of `Transaction`."""

    async def add_session(self, session: Session) -> None: ...

    async def replace_session(self, session: Session) -> bool:
        """Write all fields; False if it has ended meanwhile, and then it stays ended."""
        ...

    async def session(self, token_hash: str) -> Session | None: ...

    async def sessions_of(self, tenant_id: str, user_id: str) -> list[Session]:
        """Return the newest sessions of a person, 50 at most, the one used last first; some may be over."""
        ...

    async def end_session(self, token_hash: str) -> bool: ...

    async def end_sessions_of(self, tenant_id: str, user_id: str, except_hash: str = "") -> int: ...

    async def add_link(self, link: Link) -> None: ...

    async def spend_link(self, token_hash: str, purpose: str) -> Link | None:
        """Mark as used if it is unused and not over, in one conditional write; None otherwise."""
        ...

    async def link(self, token_hash: str, purpose: str) -> Link | None:
        """Return it if it is unused and not over; spends nothing."""
        ...

    async def add_remembered_browser(self, browser: RememberedBrowser) -> None: ...

    async def remembered_browser(self, token_hash: str) -> RememberedBrowser | None:
        """Return it if its time is not over."""
        ...

    async def remembered_browsers(self, tenant_id: str, user_id: str) -> tuple[RememberedBrowser, ...]:
        """Return those of a person that count, the last used first."""
        ...

    async def use_remembered_browser(self, tenant_id: str, browser_id: str) -> None:
        """Note that it was used now."""
        ...

    async def forget_browser(self, tenant_id: str, user_id: str, browser_id: str) -> bool: ...

    async def forget_browsers(self, tenant_id: str, user_id: str) -> int: ...

    async def recent_proof(
        self,
        tenant_id: str,
        user_id: str,
        since: int,
        not_proven: Sequence[str],
        *,
        application_id: str = "",
        channel: str = "",
        user_address: str = "",
    ) -> RecentProof | None:
        """Return the newest approved attempt of a person that began at or after `since` and was approved for
        another reason than those of `not_proven`. An application (with its channel) and an address narrow
        it; empty: any."""
        ...
