"""App passwords: looked up by person and hash, gone with the person; one that was removed is used no more."""

from __future__ import annotations

from typing import Final

from vestibule.model.app_password import AppPassword
from vestibule.stores.rows import APP_PASSWORD, app_password_of, record_values
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests

_OF_PERSON: Final = "tenant_id = :tenant_id and user_id = :user_id"
APP_PASSWORDS: Final = Statement(
    f"select {select(APP_PASSWORD)} from app_passwords where {_OF_PERSON}"  # noqa: S608 - constants
    " order by created_at, app_password_id"
)
APP_PASSWORD_BY_HASH: Final = Statement(
    f"select {select(APP_PASSWORD)} from app_passwords where {_OF_PERSON}"  # noqa: S608 - constants
    " and token_hash = :token_hash",
    joins=True,
)
ADD_APP_PASSWORD: Final = Statement(insert("app_passwords", APP_PASSWORD))
USE_APP_PASSWORD: Final = Statement(
    """
    update app_passwords set used_at = :used_at::bigint
     where tenant_id = :tenant_id and app_password_id = :app_password_id
    """,
    joins=True,
    key=("tenant_id", "app_password_id"),
)
REMOVE_APP_PASSWORD: Final = Statement(
    f"delete from app_passwords where {_OF_PERSON} and app_password_id = :app_password_id"  # noqa: S608 - constants
)
REMOVE_APP_PASSWORDS: Final = Statement(
    f"delete from app_passwords where {_OF_PERSON} and created_at < :made_before::bigint"  # noqa: S608 - constants
)


class AppPasswords(Requests):
    __slots__ = ()

    async def app_passwords(self, tenant_id: str, user_id: str) -> tuple[AppPassword, ...]:
        rows = await self.fetch(APP_PASSWORDS(tenant_id=tenant_id, user_id=user_id))
        return tuple([app_password_of(row) for row in rows])

    async def app_password_by_hash(self, tenant_id: str, user_id: str, token_hash: str) -> AppPassword | None:
        rows = await self.fetch(
            APP_PASSWORD_BY_HASH(tenant_id=tenant_id, user_id=user_id, token_hash=token_hash)
        )
        return app_password_of(rows[0]) if rows else None

    async def add_app_password(self, app_password: AppPassword) -> None:
        await self.execute(ADD_APP_PASSWORD(**record_values(app_password)))

    async def use_app_password(self, tenant_id: str, app_password_id: str) -> bool:
        return (
            await self.execute(
                USE_APP_PASSWORD(tenant_id=tenant_id, app_password_id=app_password_id, used_at=self.now)
            )
            > 0
        )

    async def remove_app_password(self, tenant_id: str, user_id: str, app_password_id: str) -> bool:
        return (
            await self.execute(
                REMOVE_APP_PASSWORD(tenant_id=tenant_id, user_id=user_id, app_password_id=app_password_id)
            )
            > 0
        )

    async def remove_app_passwords(self, tenant_id: str, user_id: str, made_before: int) -> int:
        return await self.execute(
            REMOVE_APP_PASSWORDS(tenant_id=tenant_id, user_id=user_id, made_before=made_before)
        )
