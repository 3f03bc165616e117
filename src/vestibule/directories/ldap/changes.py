"""What has changed in a directory since it was last read: asked of DirSync where there is one, else by time.

Nobody's data is taken from here. What has changed is only named; it is then read by the same searches as
always, so a wrong answer here delays a change until the next full reading and makes none. A change of a unit
or a group may concern anybody below or within it, so then everything is read.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Final

from vestibule.directories.ldap.entries import Questions, all_values, holds_others, reference_of
from vestibule.directories.ldap.link import Link
from vestibule.directories.ldap.reading import PAGE_SECONDS, Reader
from vestibule.interfaces.directory import WhatChanged
from vestibule.wire.ldap.controls import DIRSYNC_OID, More, dirsync, read_more
from vestibule.wire.ldap.filters import GreaterOrEqual, Present
from vestibule.wire.ldap.messages import Aliases, ResultCode, Scope, SearchRequest, SearchResultEntry

_MARGIN: Final = timedelta(minutes=10)
"""Clocks differ, and a replica may bring a change late."""
_MOST_ANSWERS: Final = 1_000_000
_DIRSYNC, _TIME = "dirsync:", "time:"
_EVERYTHING: Final = WhatChanged(is_everything=True)
_MARKS: Final = ("entryCSN", "uSNChanged", "modifyTimestamp")


async def what_changed(
    link: Link, reader: Reader, questions: Questions, base: str, token: str
) -> WhatChanged:
    """Return what has changed since `token`, and the token for the next time; raises LinkFailure."""
    if questions.is_active_directory and not token.startswith(_TIME):
        found = await _by_dirsync(link, reader, questions, base, token)
        if found is not None:
            return found
    return await _by_time(reader, questions, base, token if token.startswith(_TIME) else "")


async def _by_dirsync(
    link: Link, reader: Reader, questions: Questions, base: str, token: str
) -> WhatChanged | None:
    """Ask the domain controller itself; None if it does not tell this account.

    An account with the right to it is told of deleted entries, too. Of those that have changed only what has
    changed is told, so what kind of entry each is has to be asked.
    """
    root = await _naming_context(link)
    if root is None:
        return None
    for by_right in (True, False):
        told = await _told(link, questions, root, token, by_right=by_right)
        if told is not None:
            break
    else:
        return None
    entries, new_token = told
    if not token:
        return WhatChanged(token=new_token, is_everything=True)
    gone = _references(questions, [entry for entry in entries if _is_deleted(entry)])
    there = _references(questions, [entry for entry in entries if not _is_deleted(entry)])
    kinds = [entry async for entry in reader.among(there, ("objectClass",))] if there else []
    return WhatChanged(
        token=new_token, references=there, gone=gone, is_everything=any(map(holds_others, kinds))
    )


async def _told(
    link: Link, questions: Questions, root: str, token: str, *, by_right: bool
) -> tuple[list[SearchResultEntry], str] | None:
    attributes = (questions.reference, "isDeleted", "member", "name", *questions.map.names())
    request = SearchRequest(root, Scope.SUBTREE, Present("objectClass"), attributes, Aliases.NEVER)
    cookie, has_more = _cookie(token), True
    entries: list[SearchResultEntry] = []
    while has_more:
        async with asyncio.timeout(PAGE_SECONDS):
            found = await link.search(request, dirsync(cookie, by_right=by_right), most_answers=_MOST_ANSWERS)
        more = read_more(found.controls, DIRSYNC_OID)
        if found.result.code != ResultCode.SUCCESS or not isinstance(more, More):
            return None
        if token:
            entries += found.entries
        cookie, has_more = more.cookie, more.has_more
    return entries, _DIRSYNC + base64.b64encode(cookie).decode()


async def _naming_context(link: Link) -> str | None:
    request = SearchRequest("", Scope.BASE, Present("objectClass"), ("defaultNamingContext",), Aliases.NEVER)
    async with asyncio.timeout(PAGE_SECONDS):
        found = await link.search(request)
    value = found.entries[0].first("defaultNamingContext") if found.entries else None
    return value.decode(errors="replace") if value else None


def _cookie(token: str) -> bytes:
    try:
        return base64.b64decode(token.removeprefix(_DIRSYNC), validate=True)
    except binascii.Error:
        return b""


def _is_deleted(entry: SearchResultEntry) -> bool:
    return all_values(entry, "isDeleted") == (b"TRUE",)


def _references(questions: Questions, entries: list[SearchResultEntry]) -> tuple[str, ...]:
    found = (reference_of(questions.reference, entry) for entry in entries)
    return tuple(reference for reference in found if reference)


async def _by_time(reader: Reader, questions: Questions, base: str, token: str) -> WhatChanged:
    """Ask for what was modified of late. Who was deleted is not among it: a full reading finds that."""
    now = datetime.now(UTC)
    since, _, known = token.removeprefix(_TIME).partition(":")
    begin = since or _written(now - _MARGIN)
    stamp = "whenChanged" if questions.is_active_directory else "modifyTimestamp"
    ending = "Z" if not questions.is_active_directory else ".0Z"
    wanted = GreaterOrEqual(stamp, f"{begin}{ending}".encode())
    attributes = (questions.reference, "objectClass", *_MARKS)
    entries = [entry async for entry in reader.pages(base, Scope.SUBTREE, wanted, attributes)]
    if since and _digest(entries) == known:
        return WhatChanged(token=token)
    # The next window begins where this one is sure to have seen everything.
    later = _written(now - _MARGIN)
    recent = [entry for entry in entries if _stamp(entry) >= later] if since else entries
    return WhatChanged(
        token=f"{_TIME}{later}:{_digest(recent)}",
        references=_references(questions, entries),
        is_everything=not since or any(map(holds_others, entries)),
    )


def _written(at: datetime) -> str:
    return at.strftime("%Y%m%d%H%M%S")


def _stamp(entry: SearchResultEntry) -> str:
    value = entry.first("modifyTimestamp") or b""
    return value.decode(errors="replace")[:14]


def _digest(entries: list[SearchResultEntry]) -> str:
    """Return a digest of which entries there are, as they are now, in whatever order they came."""
    total = 0
    for entry in entries:
        marks = b"\0".join(entry.first(name) or b"" for name in _MARKS)
        total += int.from_bytes(hashlib.sha256(entry.name.encode() + b"\0" + marks).digest()[:16])
    return f"{len(entries)}-{total % 2**128:x}"
