"""Lists of people, by name, and who is called so.

No page reads all people of a large tenant. Names and other words have an index, and so have the few who are
not active or have a role; the members of a group are looked up if they are few. Whatever else is sought is
looked for in a part of the list at a time.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.interfaces.transaction.people import UserFilter
from vestibule.model.user import User, UserStatus
from vestibule.model.username import canonical_name
from vestibule.stores.paging import (
    Order,
    Where,
    beginning,
    cursor_of,
    listed,
    of_people_within,
    position_of_name,
    searched,
)
from vestibule.stores.rows import USER, storable, user_of
from vestibule.stores.statement import Statement, select
from vestibule.stores.transaction import Requests

COLUMNS: Final = (*USER, "sort_name")

COUNT_USERS: Final = Statement("select count(*) from users where tenant_id = :tenant_id")

USERS_BY_ID: Final = Statement(
    f"select {select(COLUMNS)} from users"  # noqa: S608 - made of constants
    " where tenant_id = :tenant_id and user_id = any(:user_ids)"
)

# These are counts over what one person has: for `exists` with the range among the conditions, planners would
# read all words in it.
_NAMES: Final = """
    (select count(case when b.name >= :name and b.name < {end} then 1 end) from user_names b
      where b.tenant_id = {person}.tenant_id and b.user_id = {person}.user_id)
"""
_TERMS: Final = """
    (select count(case when b.term >= :term and b.term < {end} then 1 end) from user_terms b
      where b.tenant_id = {person}.tenant_id and b.user_id = {person}.user_id)
"""

# Each person once: at the first of his names that match, else at the first of his other words.
BY_NAMES: Final = Statement(
    f"""
    select n.name, n.user_id from user_names n
     where n.tenant_id = :tenant_id and n.name >= :name and n.name < :name_end
       and (n.name, n.user_id) > (:after_word, :after_id)
       and 0 = {_NAMES.format(person="n", end="n.name")}
     order by n.name, n.user_id limit :limit
    """  # noqa: S608 - made of constants
)
BY_TERMS: Final = Statement(
    f"""
    select n.term, n.user_id from user_terms n
     where n.tenant_id = :tenant_id and n.term >= :term and n.term < :term_end
       and (n.term, n.user_id) > (:after_word, :after_id)
       and 0 = {_NAMES.format(person="n", end=":name_end")} + {_TERMS.format(person="n", end="n.term")}
     order by n.term, n.user_id limit :limit
    """  # noqa: S608 - made of constants
)
_IS_CALLED: Final = (
    f"0 < {_NAMES.format(person='users', end=':name_end')} + {_TERMS.format(person='users', end=':term_end')}"
)
_HOLDS_METHOD: Final = """
    0 < (select count(case when a.method = :method then 1 end) from authenticators a
          where a.tenant_id = users.tenant_id and a.user_id = users.user_id and a.status = 'active')
"""
_HOLDS_NOTHING: Final = """
    0 = (select count(*) from authenticators a
          where a.tenant_id = users.tenant_id and a.user_id = users.user_id and a.status = 'active')
"""
_IS_MEMBER: Final = """
    0 < (select count(*) from group_members m
          where m.tenant_id = users.tenant_id and m.group_id = :group_id and m.user_id = users.user_id)
"""
_IS_WITHIN: Final = of_people_within("users")
MEMBERS: Final = Statement(
    "select user_id from group_members where tenant_id = :tenant_id and group_id = :group_id limit :limit"
)

_IN_NAMES, _IN_TERMS = "n", "t"
"""Where a page of a search has ended."""
_BY_NAME: Final = Order("users", select(COLUMNS), "sort_name", "user_id")
# An expression, so that no planner goes through all names to find the few in order.
_FEW_BY_NAME: Final = replace(_BY_NAME, first="(sort_name || '')")
_MOST_FEW: Final = 2000
"""Members of a group that are looked up one by one."""
_SIFTED: Final = 500
"""How many who are called so are looked at for whatever else is sought."""


class PeopleLists(Requests):
    __slots__ = ()

    async def users(self, tenant_id: str, where: UserFilter, page: Page) -> Listed:
        known, sought = Where(), _sought(where)
        known.keep("tenant_id = :tenant_id", tenant_id=tenant_id)
        if where.within:
            sought.look_up(_IS_WITHIN, within=self.texts(where.within))
        if where.role or where.status not in ("", UserStatus.ACTIVE):
            _keep_few(where, known)
            if where.text:
                known.keep(_IS_CALLED, **_bounds(where.text))
            return await self._by_name(_BY_NAME, known.both(sought), Where(), page)
        if where.text:
            return await self._called(known, sought, where.text, page)
        members = await self._few_members(tenant_id, where.group_id) if where.group_id else None
        if members is not None:
            known.keep("user_id = any(:members)", members=self.texts(members))
            return await self._by_name(_FEW_BY_NAME, known.both(sought), Where(), page)
        return await self._by_name(_BY_NAME, known, sought, page)

    async def _by_name(self, order: Order, known: Where, sought: Where, page: Page) -> Listed:
        if page.cursor:
            condition, values = order.after(*position_of_name(page.cursor))
            known.keep(condition, **values)
        rows = await searched(self, order, known, sought, page.limit)
        return rows.page(user_of, lambda row: (row[-1], row[1]))

    async def _few_members(self, tenant_id: str, group_id: str) -> list[str] | None:
        """Return the members of a group, if they are few."""
        rows = await self.fetch(MEMBERS(tenant_id=tenant_id, group_id=group_id, limit=_MOST_FEW + 1))
        return [row[0] for row in rows] if len(rows) <= _MOST_FEW else None

    async def _called(self, known: Where, sought: Where, text: str, page: Page) -> Listed:
        """Return those of the people who are called so that are sought: first whose names match, then whose
        other words do. The rows of a page are in the order of names."""
        limit = max(1, page.limit)
        most = _SIFTED if sought.conditions else limit
        places = await self._places(known.values["tenant_id"], text, page, most + 1)
        is_last = len(places) <= most
        places = dict(list(places.items())[:most])
        sought.keep("user_id = any(:user_ids)", user_ids=self.texts(list(places)))
        both = known.both(sought)
        rows = (
            await listed(self, "users", select(COLUMNS), both.conditions, both.values, "user_id", most)
        ).rows
        found = sorted(rows, key=lambda row: places[row[1]])
        users = tuple([user_of(row) for row in sorted(found[:limit], key=lambda row: (row[-1], row[1]))])
        if len(found) > limit:
            return Listed(users, cursor_of(places[found[limit - 1][1]]))
        if is_last:
            return Listed(users)
        end = list(places.values())[-1]
        return Listed(users, cursor_of(end), end[0][1:] if sought else None)

    async def _places(self, tenant_id: str, text: str, page: Page, most: int) -> dict[str, tuple[str, str]]:
        """Return who is called so, in order, each with his place in the search."""
        at, last = position_of_name(page.cursor) if page.cursor else (_IN_NAMES, "")
        bounds = {"tenant_id": tenant_id, **_bounds(text)}
        found: list[tuple[str, str]] = []
        if at.startswith(_IN_NAMES):
            names = {name: value for name, value in bounds.items() if not name.startswith("term")}
            # PostgreSQL looks from here on, whatever else is said of the first.
            after = at[1:] or bounds["name"]
            rows = await self.fetch(BY_NAMES(**names, after_word=after, after_id=last, limit=most))
            found = [(_IN_NAMES + row[0], row[1]) for row in rows]
            at = last = ""
        if len(found) < most:
            after, left = at[1:] or bounds["term"], most - len(found)
            rows = await self.fetch(BY_TERMS(**bounds, after_word=after, after_id=last, limit=left))
            found += [(_IN_TERMS + row[0], row[1]) for row in rows]
        return {place[1]: place for place in found}

    async def users_by_id(self, tenant_id: str, user_ids: Sequence[str]) -> dict[str, User]:
        rows = await self.fetch(USERS_BY_ID(tenant_id=tenant_id, user_ids=self.texts(user_ids)))
        return {row[1]: user_of(row) for row in rows}

    async def count_users(self, tenant_id: str) -> int:
        return int((await self.fetch(COUNT_USERS(tenant_id=tenant_id)))[0][0])


def _sought(where: UserFilter) -> Where:
    sought = Where()
    if where.status:
        sought.keep("status = :status", status=where.status)
    if where.role:
        sought.keep("role = :role", role=where.role)
    if where.requirement:
        sought.keep("requirement = :requirement", requirement=where.requirement)
    if where.method:
        sought.look_up(_HOLDS_METHOD, method=where.method)
    if where.holds_nothing:
        sought.look_up(_HOLDS_NOTHING)
    if where.group_id:
        sought.look_up(_IS_MEMBER, group_id=where.group_id)
    return sought


def _keep_few(where: UserFilter, known: Where) -> None:
    """Say what the indexes of the few are on."""
    if where.role:
        known.keep("role <> ''")
    if where.status not in ("", UserStatus.ACTIVE):
        known.keep("status <> 'active'")


def _bounds(text: str) -> dict[str, str]:
    """Return between what the names and the other words are that begin with `text`."""
    wanted = storable(text)
    name, name_end = beginning(canonical_name(wanted) or wanted.lower())
    term, term_end = beginning(folded(wanted))
    return {"name": name, "name_end": name_end, "term": term, "term_end": term_end}


def folded(word: str) -> str:
    """Return a word as it is found by."""
    return unicodedata.normalize("NFKC", word).strip().casefold()
