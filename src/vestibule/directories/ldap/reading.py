"""Reading the people of a synchronisation, on one connection from the beginning to the end.

Everything is read or nothing: what a server withholds, for a limit or for want of a right, must not look as
if it were not there, or people would lose their accounts for it. So a unit or group that is missing is a
failure, and so is any answer but success.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from vestibule.directories.ldap.entries import (
    MEMBER_ATTRIBUTES,
    Questions,
    all_values,
    entry_of,
    is_group,
    reference_of,
)
from vestibule.directories.ldap.link import Link
from vestibule.directories.ldap.trouble import LinkFailure, Trouble
from vestibule.model.directory_difference import Entry
from vestibule.model.synchronisation import Part, SyncItem, SyncSettings
from vestibule.wire.ldap import Limits
from vestibule.wire.ldap.controls import PAGED_RESULTS_OID, More, paged_results, read_more
from vestibule.wire.ldap.filters import Equality, Filter, Or, Present
from vestibule.wire.ldap.messages import Aliases, Result, ResultCode, Scope, SearchRequest, SearchResultEntry

LIMITS: Final = Limits(max_message_bytes=64 * 1024 * 1024, max_elements=2_000_000)
"""A group is one message, however many members it has."""
PAGE_SECONDS: Final = 60.0
_SLACK: Final = 1000
"""Referrals that may come with a page."""
_AT_ONCE: Final = 50
"""People who are asked for by their references in one search."""
_ANYTHING: Final = Present("objectClass")
_LIMITED: Final = frozenset(
    {ResultCode.SIZE_LIMIT_EXCEEDED, ResultCode.TIME_LIMIT_EXCEEDED, ResultCode.ADMIN_LIMIT_EXCEEDED}
)

Told = Callable[[int], None]


class Reader:
    """Reads for one synchronisation. Raises LinkFailure when it cannot be read to the end."""

    def __init__(
        self, link: Link, questions: Questions, settings: SyncSettings, base: str, country_code: str
    ) -> None:
        self._link = link
        self._questions = questions
        self._settings = settings
        self._base = base
        self._country_code = country_code

    async def everybody(self, told: Told) -> list[Entry]:
        """Return the people of all items, in the order of items; `told` hears how many there are so far."""
        return await self._read(None, told)

    async def those(self, references: Sequence[str]) -> list[Entry]:
        """Return those of these people who are in an item."""
        found: list[Entry] = []
        for start in range(0, len(references), _AT_ONCE):
            some = references[start : start + _AT_ONCE]
            found += await self._read(self._questions.among(some), lambda _: None)
        return found

    async def among(
        self, references: Sequence[str], attributes: tuple[str, ...]
    ) -> AsyncIterator[SearchResultEntry]:
        """Yield the entries of these references, whatever they are."""
        for start in range(0, len(references), _AT_ONCE):
            wanted = self._questions.among(references[start : start + _AT_ONCE])
            async for entry in self.pages(self._base, Scope.SUBTREE, wanted, attributes):
                yield entry

    async def _read(self, among: Filter | None, told: Told) -> list[Entry]:
        found: dict[str, Entry] = {}
        more = () if among is None else (among,)
        for number, item in enumerate(self._settings.items):
            async for entry in self._of(number, item, more):
                reference = reference_of(self._questions.reference, entry)
                if not reference:
                    raise LinkFailure(Trouble.NO_REFERENCE)
                if reference not in found:
                    found[reference] = entry_of(
                        self._questions.map, reference, entry, number, self._country_code
                    )
                    told(len(found))
        return list(found.values())

    def _of(self, number: int, item: SyncItem, more: tuple[Filter, ...]) -> AsyncIterator[SearchResultEntry]:
        questions = self._questions
        if item.part is Part.UNIT:
            scope = Scope.SUBTREE if item.is_nested else Scope.ONE_LEVEL
            return self.pages(item.name, scope, questions.people(number, *more), questions.attributes)
        if questions.is_active_directory:
            return self._members_by_filter(number, item, more)
        return self._members(number, item, more)

    async def _members_by_filter(
        self, number: int, item: SyncItem, more: tuple[Filter, ...]
    ) -> AsyncIterator[SearchResultEntry]:
        """Yield the members of a group of Active Directory, which resolves groups in groups itself."""
        await self._one(item.name, _ANYTHING, (self._questions.reference,), is_needed=True)
        wanted = self._questions.people(number, self._questions.member_of(item), *more)
        async for entry in self.pages(self._base, Scope.SUBTREE, wanted, self._questions.attributes):
            yield entry

    async def _members(
        self, number: int, item: SyncItem, more: tuple[Filter, ...]
    ) -> AsyncIterator[SearchResultEntry]:
        """Yield the members of a group, read one by one: only the server knows which names are the same."""
        attributes = ("objectClass", *MEMBER_ATTRIBUTES)
        person = self._questions.people(number, *more)
        waiting, seen = [item.name], {item.name}
        while waiting:
            group = await self._one(waiting.pop(), _ANYTHING, attributes, is_needed=len(seen) == 1)
            if group is None:
                continue
            uids = [Equality("uid", value) for value in all_values(group, "memberUid")]
            for start in range(0, len(uids), _AT_ONCE):
                named = self._questions.people(number, Or(tuple(uids[start : start + _AT_ONCE])), *more)
                async for entry in self.pages(self._base, Scope.SUBTREE, named, self._questions.attributes):
                    yield entry
            for value in (*all_values(group, "member"), *all_values(group, "uniqueMember")):
                name = value.decode(errors="replace")
                if name in seen or not name:
                    continue
                seen.add(name)
                found = await self._one(name, person, (*self._questions.attributes, "objectClass"))
                if found is not None:
                    yield found
                elif item.is_nested and await self._is_group(name):
                    waiting.append(name)

    async def _is_group(self, name: str) -> bool:
        entry = await self._one(name, _ANYTHING, ("objectClass",))
        return entry is not None and is_group(entry)

    async def _one(
        self, name: str, wanted: Filter, attributes: tuple[str, ...], *, is_needed: bool = False
    ) -> SearchResultEntry | None:
        """Return the entry of this very name if the filter finds it."""
        request = _request(name, Scope.BASE, wanted, attributes)
        async with asyncio.timeout(PAGE_SECONDS):
            found = await self._link.search(request)
        if found.result.code == ResultCode.NO_SUCH_OBJECT or (is_needed and not found.entries):
            if is_needed:
                raise LinkFailure(Trouble.NO_SUCH_ENTRY, name)
            return None
        if found.result.code == ResultCode.INVALID_DN_SYNTAX and not is_needed:
            return None
        _demand_success(found.result, name)
        return found.entries[0] if found.entries else None

    async def pages(
        self, base: str, scope: Scope, wanted: Filter, attributes: tuple[str, ...]
    ) -> AsyncIterator[SearchResultEntry]:
        """Yield all that a search finds, a page at a time (RFC 2696)."""
        request = _request(base, scope, wanted, attributes)
        size, cookie = self._settings.page_size, b""
        while True:
            async with asyncio.timeout(PAGE_SECONDS):
                found = await self._link.search(
                    request, paged_results(size, cookie), most_answers=size + _SLACK
                )
            _demand_success(found.result, base)
            for entry in found.entries:
                yield entry
            more = read_more(found.controls, PAGED_RESULTS_OID)
            if not isinstance(more, More):
                # Who does not know the control refuses it, for it is critical.
                raise LinkFailure(Trouble.GARBLED)
            if not more.has_more:
                return
            cookie = more.cookie


def _request(base: str, scope: Scope, wanted: Filter, attributes: tuple[str, ...]) -> SearchRequest:
    return SearchRequest(base, scope, wanted, attributes, Aliases.NEVER)


def _demand_success(result: Result, name: str) -> None:
    match result.code:
        case ResultCode.SUCCESS:
            return
        case ResultCode.NO_SUCH_OBJECT | ResultCode.INVALID_DN_SYNTAX:
            raise LinkFailure(Trouble.NO_SUCH_ENTRY, name)
        case ResultCode.BUSY | ResultCode.UNAVAILABLE:
            raise LinkFailure(Trouble.BUSY)
        case _ if result.code in _LIMITED:
            raise LinkFailure(Trouble.INCOMPLETE)
        case _:
            raise LinkFailure(Trouble.SEARCH_REFUSED)
