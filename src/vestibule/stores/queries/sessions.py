"""Sessions of the portal and the console, and one-time links; both known by the hash of a token only."""

from __future__ import annotations

from typing import Final

from vestibule.model.session import Link, Session
from vestibule.stores.rows import LINK, SESSION, link_of, record_values, session_of
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests

ADD_SESSION: Final = Statement(insert("sessions", SESSION), joins=True, key=("tenant_id", "token_hash"))

# Only while it is there: a session that was ended meanwhile does not come back.
REPLACE_SESSION: Final = Statement(
    f"""
    update sessions set {", ".join(f"{name} = :{name}" for name in SESSION[2:])}
     where tenant_id = :tenant_id and token_hash = :token_hash
    """  # noqa: S608 - made of constants
)

SESSION_BY_TOKEN: Final = Statement(
    f"select {select(SESSION)} from sessions where token_hash = :token_hash",  # noqa: S608 - constants
    joins=True,
)

SESSIONS_OF: Final = Statement(
    f"""
    select {select(SESSION)} from sessions
     where tenant_id = :tenant_id and user_id = :user_id
     order by seen_at desc limit 50
    """  # noqa: S608 - made of constants
)

END_SESSION: Final = Statement(
    "delete from sessions where token_hash = :token_hash", joins=True, key=("token_hash",)
)

END_SESSIONS_OF: Final = Statement(
    """
    delete from sessions
     where tenant_id = :tenant_id and user_id = :user_id and token_hash <> :except_hash
    """
)

ADD_LINK: Final = Statement(insert("links", LINK))

_IS_GOOD: Final = (
    "token_hash = :token_hash and purpose = :purpose and used_at is null and expires_at > :now::bigint"
)

SPEND_LINK: Final = Statement(
    f"update links set used_at = :now::bigint where {_IS_GOOD} returning {select(LINK)}",  # noqa: S608 - constants
    joins=True,
    key=("token_hash",),
)
LINK_BY_TOKEN: Final = Statement(
    f"select {select(LINK)} from links where {_IS_GOOD}",  # noqa: S608 - constants
    joins=True,
)


class Sessions(Requests):
    __slots__ = ()

    async def add_session(self, session: Session) -> None:
        await self.execute(ADD_SESSION(**record_values(session)))

    async def replace_session(self, session: Session) -> bool:
        return await self.execute(REPLACE_SESSION(**record_values(session))) > 0

    async def session(self, token_hash: str) -> Session | None:
        rows = await self.fetch(SESSION_BY_TOKEN(token_hash=token_hash))
        return session_of(rows[0]) if rows else None

    async def sessions_of(self, tenant_id: str, user_id: str) -> list[Session]:
        return [
            session_of(row) for row in await self.fetch(SESSIONS_OF(tenant_id=tenant_id, user_id=user_id))
        ]

    async def end_session(self, token_hash: str) -> bool:
        return await self.execute(END_SESSION(token_hash=token_hash)) > 0

    async def end_sessions_of(self, tenant_id: str, user_id: str, except_hash: str = "") -> int:
        return await self.execute(
            END_SESSIONS_OF(tenant_id=tenant_id, user_id=user_id, except_hash=except_hash)
        )

    async def add_link(self, link: Link) -> None:
        await self.execute(ADD_LINK(**record_values(link)))

    async def spend_link(self, token_hash: str, purpose: str) -> Link | None:
        rows = await self.fetch(SPEND_LINK(token_hash=token_hash, purpose=purpose, now=self.now))
        return link_of(rows[0]) if rows else None

    async def link(self, token_hash: str, purpose: str) -> Link | None:
        rows = await self.fetch(LINK_BY_TOKEN(token_hash=token_hash, purpose=purpose, now=self.now))
        return link_of(rows[0]) if rows else None
