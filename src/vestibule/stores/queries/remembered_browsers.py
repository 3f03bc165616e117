"""Remembered browsers, known by the hash of a token only; and what of a person was proven lately."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vestibule.interfaces.transaction.sessions import RecentProof
from vestibule.model.remembered_browser import RememberedBrowser
from vestibule.stores.rows import REMEMBERED_BROWSER, record_values, remembered_browser_of
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests

ADD_BROWSER: Final = Statement(insert("remembered_browsers", REMEMBERED_BROWSER))
BROWSER_BY_TOKEN: Final = Statement(
    f"""
    select {select(REMEMBERED_BROWSER)} from remembered_browsers
     where token_hash = :token_hash and expires_at > :now::bigint
    """  # noqa: S608 - made of constants
)
BROWSERS_OF: Final = Statement(
    f"""
    select {select(REMEMBERED_BROWSER)} from remembered_browsers
     where tenant_id = :tenant_id and user_id = :user_id and expires_at > :now::bigint
       and proven_at > (select void_before from users u
                          where u.tenant_id = :tenant_id and u.user_id = :user_id)
     order by used_at desc
    """  # noqa: S608 - made of constants
)
USE_BROWSER: Final = Statement(
    """
    update remembered_browsers set used_at = :now::bigint
     where tenant_id = :tenant_id and browser_id = :browser_id
    """
)
FORGET_BROWSER: Final = Statement(
    """
    delete from remembered_browsers
     where tenant_id = :tenant_id and user_id = :user_id and browser_id = :browser_id
    """
)
FORGET_BROWSERS: Final = Statement(
    "delete from remembered_browsers where tenant_id = :tenant_id and user_id = :user_id"
)

# An empty application or address means any.
RECENT_PROOF: Final = Statement(
    """
    select verification_id, started_at from verifications
     where tenant_id = :tenant_id and user_id = :user_id and started_at >= :since::bigint
       and is_authenticated and not (reason = any(:not_proven))
       and (:application_id = '' or (application_id = :application_id and channel = :channel))
       and (:user_address = '' or user_address = :user_address)
     order by started_at desc limit 1
    """
)


class RememberedBrowsers(Requests):
    __slots__ = ()

    async def add_remembered_browser(self, browser: RememberedBrowser) -> None:
        await self.execute(ADD_BROWSER(**record_values(browser)))

    async def remembered_browser(self, token_hash: str) -> RememberedBrowser | None:
        rows = await self.fetch(BROWSER_BY_TOKEN(token_hash=token_hash, now=self.now))
        return remembered_browser_of(rows[0]) if rows else None

    async def remembered_browsers(self, tenant_id: str, user_id: str) -> tuple[RememberedBrowser, ...]:
        rows = await self.fetch(BROWSERS_OF(tenant_id=tenant_id, user_id=user_id, now=self.now))
        return tuple([remembered_browser_of(row) for row in rows])

    async def use_remembered_browser(self, tenant_id: str, browser_id: str) -> None:
        await self.execute(USE_BROWSER(tenant_id=tenant_id, browser_id=browser_id, now=self.now))

    async def forget_browser(self, tenant_id: str, user_id: str, browser_id: str) -> bool:
        forgotten = FORGET_BROWSER(tenant_id=tenant_id, user_id=user_id, browser_id=browser_id)
        return await self.execute(forgotten) > 0

    async def forget_browsers(self, tenant_id: str, user_id: str) -> int:
        return await self.execute(FORGET_BROWSERS(tenant_id=tenant_id, user_id=user_id))

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
        rows = await self.fetch(
            RECENT_PROOF(
                tenant_id=tenant_id,
                user_id=user_id,
                since=since,
                not_proven=self.texts(not_proven),
                application_id=application_id,
                channel=channel,
                user_address=user_address,
            )
        )
        return RecentProof(*rows[0]) if rows else None
