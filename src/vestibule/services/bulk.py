"""Bulk: one act for many people, tried first.

Everybody is changed in a transaction of his own, so that one who cannot be changed keeps nobody else from it.
A trial runs the very same bodies and takes each back at its end: what it says is what would happen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Final, TypeAlias

import msgspec
from msgspec.structs import replace

from vestibule.interfaces.store import Store, Transaction
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.interfaces.transaction.people import UserFilter
from vestibule.model.actor import Actor, NotAllowed, Right
from vestibule.model.user import User
from vestibule.services.guard import Guard
from vestibule.services.refusal import Refusal, Refused

MOST_PEOPLE: Final = 10_000
_AT_ONCE: Final = 50
_ROWS: Final = 500

Apply: TypeAlias = Callable[[Transaction, Actor, User, str], Awaitable[bool]]


class BulkAct(msgspec.Struct, frozen=True, kw_only=True):
    """What can be done to many. Its texts are `bulk.act.<name>` and `bulk.done.<name>`."""

    name: str
    right: Right
    """What it takes over everybody to whom it is done."""
    apply: Apply
    """Do it to one person in this transaction and record it; False: nothing to change. The last argument is
    what was chosen with it, such as a group. Raises `Refused` if it cannot be."""
    choice: str = ""
    """What is chosen with it: `group`, or nothing."""


class LeftOut(msgspec.Struct, frozen=True):
    """Somebody who was not changed, and why (`why` is empty where the actor may not do it to him)."""

    user_id: str
    username: str
    why: str
    key: str = ""


class BulkReport(msgspec.Struct, frozen=True, kw_only=True):
    is_dry_run: bool
    chosen: int
    changed: int
    unchanged: int
    left_out: tuple[LeftOut, ...] = ()


Chosen: TypeAlias = Sequence[str] | UserFilter
"""People by their identifiers, or all that a filter finds."""


class Bulk:
    def __init__(self, store: Store, guard: Guard, acts: Iterable[BulkAct]) -> None:
        self._store = store
        self._guard = guard
        self.acts = {act.name: act for act in acts}
        """By name, in the order in which they are offered."""

    async def run(
        self,
        actor: Actor,
        tenant_id: str,
        act: str,
        chosen: Chosen,
        choice: str = "",
        *,
        is_dry_run: bool = False,
    ) -> BulkReport:
        """Do `act` to everybody who is chosen. Raises `Refused` if there is no such act, or for too many."""
        if act not in self.acts:
            raise Refused(Refusal.NOT_FOUND, act)
        wanted = self.acts[act]
        actor.limit(wanted.right, tenant_id)
        user_ids = await self._user_ids(actor, tenant_id, chosen)
        results: list[bool | LeftOut | None] = []
        for start in range(0, len(user_ids), _AT_ONCE):
            some = user_ids[start : start + _AT_ONCE]
            results += await asyncio.gather(
                *(self._one(actor, tenant_id, user_id, wanted, choice, is_dry_run) for user_id in some)
            )
        return BulkReport(
            is_dry_run=is_dry_run,
            chosen=len(user_ids),
            changed=results.count(True),
            unchanged=results.count(False),
            left_out=tuple(result for result in results if isinstance(result, LeftOut)),
        )

    async def _user_ids(self, actor: Actor, tenant_id: str, chosen: Chosen) -> list[str]:
        if not isinstance(chosen, UserFilter):
            user_ids = list(dict.fromkeys(chosen))
        else:
            within = tuple(actor.limit(Right.READ_PEOPLE, tenant_id))
            user_ids = await self._found(tenant_id, replace(chosen, within=within))
        if len(user_ids) > MOST_PEOPLE:
            raise Refused(Refusal.LIST_TOO_LONG, str(MOST_PEOPLE))
        return user_ids

    async def _found(self, tenant_id: str, where: UserFilter) -> list[str]:
        found: list[str] = []
        cursor = ""
        while len(found) <= MOST_PEOPLE:
            page = Page(_ROWS, cursor)
            listed = await self._store.read(partial(_users, tenant_id, where, page))
            found += [user.user_id for user in listed.rows]
            cursor = listed.next_cursor
            if not cursor:
                break
        return found

    async def _one(
        self, actor: Actor, tenant_id: str, user_id: str, act: BulkAct, choice: str, is_dry_run: bool
    ) -> bool | LeftOut | None:
        """Return whether he was changed, or why not; None if he is not there any more."""
        name = ""

        async def body(tx: Transaction) -> bool | None:
            nonlocal name
            subject = await tx.subject(tenant_id, user_id)
            if subject is None:
                return None
            name = subject.user.username
            await self._guard.admit_one_of_many(tx, actor, act.right, subject.user)
            is_changed = await act.apply(tx, actor, subject.user, choice)
            if is_dry_run:
                raise _TakenBack(is_changed)
            return is_changed

        try:
            return await self._store.transact(body)
        except _TakenBack as tried:
            return tried.is_changed
        except Refused as refused:
            return LeftOut(user_id, name, refused.why.value, refused.key)
        except NotAllowed:
            return LeftOut(user_id, name, "")


async def _users(tenant_id: str, where: UserFilter, page: Page, tx: Transaction) -> Listed:
    return await tx.users(tenant_id, where, page)


class _TakenBack(Exception):
    """The end of a trial: whoever raises in a transaction leaves no trace."""

    def __init__(self, is_changed: bool) -> None:
        super().__init__()
        self.is_changed = is_changed
