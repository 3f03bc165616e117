"""Users: the row, every name that leads to it, and the words by which a person is searched.

How they are listed and found is people_lists.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vestibule.interfaces.store import AlreadyExists, Conflict
from vestibule.model.user import User
from vestibule.stores.queries.people_lists import COLUMNS, folded
from vestibule.stores.queries.reply_attributes import REMOVE_OF
from vestibule.stores.rows import user_of, user_values
from vestibule.stores.statement import Statement, check_storable, insert, select
from vestibule.stores.transaction import Requests, UniqueTaken

ADD_USER: Final = Statement(insert("users", COLUMNS))
ADD_NAME: Final = Statement(
    insert("user_names", ("tenant_id", "name", "user_id")) + " on conflict do nothing"
)
ADD_TERM: Final = Statement(
    insert("user_terms", ("tenant_id", "term", "user_id")) + " on conflict do nothing"
)

REPLACE_USER: Final = Statement(
    f"""
    update users set {", ".join(f"{name} = :{name}" for name in COLUMNS[2:] if name != "version")},
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

# For many at once, where a name that is taken is an error and no answer.
ADD_NAMES: Final = Statement(insert("user_names", ("tenant_id", "name", "user_id")))
ADD_TERMS: Final = Statement(insert("user_terms", ("tenant_id", "term", "user_id")))
BY_REFERENCES: Final = Statement(
    f"""
    select {select(COLUMNS)} from users
     where tenant_id = :tenant_id and directory_reference <> '' and directory_reference = any(:references)
    """  # noqa: S608 - made of constants
)

IDS_BY_NAMES: Final = Statement(
    "select name, user_id from user_names where tenant_id = :tenant_id and name = any(:names)"
)


class People(Requests):
    __slots__ = ()

    async def add_user(self, user: User) -> None:
        try:
            await self.execute(ADD_USER(**dict(zip(COLUMNS, user_values(user), strict=True))))
        except UniqueTaken:
            raise self.broken(AlreadyExists("user", user.user_id)) from None
        await self._add_names(user)

    async def replace_user(self, user: User) -> bool:
        values = dict(zip(COLUMNS, user_values(user), strict=True))
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
        for term in _terms(user):
            await self.execute(ADD_TERM(**who, term=term))

    async def add_users(self, users: Sequence[User]) -> None:
        rows = [user_values(user) for user in users]
        for row in rows:
            check_storable(row)
        try:
            await self.insert_many(ADD_USER, rows)
            await self._add_words(users)
        except UniqueTaken:
            raise self.broken(AlreadyExists("user")) from None

    async def replace_users(self, users: Sequence[User]) -> None:
        rows = [REPLACE_USER(**dict(zip(COLUMNS, user_values(user), strict=True)))[1] for user in users]
        if await self.execute_many(REPLACE_USER, rows) < len(rows):
            raise self.broken(Conflict())
        who = [(user.tenant_id, user.user_id) for user in users]
        for statement in (DROP_NAMES, DROP_TERMS):
            await self.execute_many(statement, who)
        try:
            await self._add_words(users)
        except UniqueTaken:
            raise self.broken(AlreadyExists("user")) from None

    async def _add_words(self, users: Sequence[User]) -> None:
        names = [(user.tenant_id, name, user.user_id) for user in users for name in dict.fromkeys(user.names)]
        terms = [(user.tenant_id, term, user.user_id) for user in users for term in _terms(user)]
        await self.insert_many(ADD_NAMES, names)
        if terms:
            await self.insert_many(ADD_TERMS, terms)

    async def users_by_reference(self, tenant_id: str, references: Sequence[str]) -> tuple[User, ...]:
        rows = await self.fetch(BY_REFERENCES(tenant_id=tenant_id, references=self.texts(references)))
        return tuple([user_of(row) for row in rows])

    async def remove_user(self, tenant_id: str, user_id: str) -> bool:
        who = {"tenant_id": tenant_id, "user_id": user_id}
        await self.execute(FREE_TOKENS(**who))
        await self.execute(DROP_AUTHENTICATORS(**who))
        await self.execute(REMOVE_OF["user_id"](**who))
        return await self.execute(REMOVE_USER(**who)) > 0

    async def user_ids_by_names(self, tenant_id: str, names: Sequence[str]) -> dict[str, str]:
        rows = await self.fetch(IDS_BY_NAMES(tenant_id=tenant_id, names=self.texts(names)))
        return {row[0]: row[1] for row in rows}


def _terms(user: User) -> set[str]:
    return {folded(word) for word in (user.given_name, user.family_name, user.email)} - {""}
