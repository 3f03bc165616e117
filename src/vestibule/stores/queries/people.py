"""Users: the row, every name that leads to it, and the words by which a person is searched."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any, Final

from vestibule.interfaces.store import AlreadyExists, Listed, Page, UserFilter
from vestibule.model.user import User
from vestibule.model.username import canonical_name
from vestibule.stores.paging import beginning, keep, listed, position_of_name
from vestibule.stores.queries.groups import IS_MEMBER
from vestibule.stores.rows import USER, storable, user_of, user_values
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests, UniqueTaken

_COLUMNS: Final = (*USER, "sort_name")

ADD_USER: Final = Statement(insert("users", _COLUMNS))
ADD_NAME: Final = Statement(
    insert("user_names", ("tenant_id", "name", "user_id")) + " on conflict do nothing"
)
ADD_TERM: Final = Statement(
    insert("user_terms", ("tenant_id", "term", "user_id")) + " on conflict do nothing"
)

REPLACE_USER: Final = Statement(
    f"""
    update users set {", ".join(f"{name} = :{name}" for name in _COLUMNS[2:] if name != "version")},
           version = version + 1
     where tenant_id = :tenant_id and user_id = :user_id and version = :version
    """  # noqa: S608 - made of constants
)

DROP_NAMES: Final = Statement("delete from user_names where tenant_id = :tenant_id and user_id = :user_id")
DROP_TERMS: Final = Statement("delete from user_terms where tenant_id = :tenant_id and user_id = :user_id")

FREE_TOKENS: Final = Statement(
    """
    update authenticators set user_id = null, version = version + 1
     where tenant_id = :tenant_id and user_id = :user_id and serial is not null
    """
)
DROP_AUTHENTICATORS: Final = Statement(
    "delete from authenticators where tenant_id = :tenant_id and user_id = :user_id and serial is null"
)
# Names, terms, throttles, the PIN and sessions go with the row.
REMOVE_USER: Final = Statement("delete from users where tenant_id = :tenant_id and user_id = :user_id")

COUNT_USERS: Final = Statement("select count(*) from users where tenant_id = :tenant_id")

IDS_BY_NAMES: Final = Statement(
    "select name, user_id from user_names where tenant_id = :tenant_id and name = any(:names)"
)

_BY_TEXT: Final = """
    user_id in (
        select n.user_id from user_names n
         where n.tenant_id = :tenant_id and n.name >= :name and n.name < :name_end
        union
        select t.user_id from user_terms t
         where t.tenant_id = :tenant_id and t.term >= :term and t.term < :term_end)
"""

_HOLDS_METHOD: Final = """
    user_id in (select a.user_id from authenticators a
                 where a.tenant_id = :tenant_id and a.method = :method and a.status = 'active')
"""
_HOLDS_NOTHING: Final = """
    not exists (select 1 from authenticators a
                 where a.tenant_id = users.tenant_id and a.user_id = users.user_id and a.status = 'active')
"""


class People(Requests):
    __slots__ = ()

    async def add_user(self, user: User) -> None:
        try:
            await self.execute(ADD_USER(**dict(zip(_COLUMNS, user_values(user), strict=True))))
        except UniqueTaken:
            raise self.broken(AlreadyExists("user", user.user_id)) from None
        await self._add_names(user)

    async def replace_user(self, user: User) -> bool:
        values = dict(zip(_COLUMNS, user_values(user), strict=True))
        if not await self.execute(REPLACE_USER(**values)):
            return False
        for statement in (DROP_NAMES, DROP_TERMS):
            await self.execute(statement(tenant_id=user.tenant_id, user_id=user.user_id))
        await self._add_names(user)
        return True

    async def _add_names(self, user: User) -> None:
        who = {"tenant_id": user.tenant_id, "user_id": user.user_id}
        for name in dict.fromkeys(user.names):
            if not await self.execute(ADD_NAME(**who, name=name)):
                raise self.broken(AlreadyExists("user", name))
        for term in {_folded(word) for word in (user.given_name, user.family_name, user.email)} - {""}:
            await self.execute(ADD_TERM(**who, term=term))

    async def remove_user(self, tenant_id: str, user_id: str) -> bool:
        who = {"tenant_id": tenant_id, "user_id": user_id}
        await self.execute(FREE_TOKENS(**who))
        await self.execute(DROP_AUTHENTICATORS(**who))
        return await self.execute(REMOVE_USER(**who)) > 0

    async def users(self, tenant_id: str, where: UserFilter, page: Page) -> Listed:
        values: dict[str, Any] = {"tenant_id": tenant_id}
        conditions = ["tenant_id = :tenant_id"]
        if where.status:
            keep(conditions, values, "status = :status", status=where.status)
        if where.role:
            keep(conditions, values, "role = :role", role=where.role)
        if where.requirement:
            keep(conditions, values, "requirement = :requirement", requirement=where.requirement)
        if where.method:
            keep(conditions, values, _HOLDS_METHOD, method=where.method)
        if where.holds_nothing:
            conditions.append(_HOLDS_NOTHING)
        if where.group_id:
            keep(conditions, values, IS_MEMBER, group_id=where.group_id)
        if where.text:
            wanted = storable(where.text)
            name, name_end = beginning(canonical_name(wanted) or wanted.lower())
            term, term_end = beginning(_folded(wanted))
            keep(conditions, values, _BY_TEXT, name=name, name_end=name_end, term=term, term_end=term_end)
        if page.cursor:
            after = position_of_name(page.cursor)
            keep(
                conditions,
                values,
                "(sort_name, user_id) > (:after_name, :after_id)",
                after_name=after[0],
                after_id=after[1],
            )
        rows = await listed(
            self, "users", select(_COLUMNS), conditions, values, "sort_name, user_id", page.limit
        )
        return rows.page(user_of, lambda row: (row[-1], row[1]))

    async def count_users(self, tenant_id: str) -> int:
        return int((await self.fetch(COUNT_USERS(tenant_id=tenant_id)))[0][0])

    async def user_ids_by_names(self, tenant_id: str, names: Sequence[str]) -> dict[str, str]:
        rows = await self.fetch(IDS_BY_NAMES(tenant_id=tenant_id, names=self.texts(names)))
        return {row[0]: row[1] for row in rows}


def _folded(word: str) -> str:
    return unicodedata.normalize("NFKC", word).strip().casefold()
