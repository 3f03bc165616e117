"""Directory: an identity source that can tell whether a password is right.

Kinds are found under `directories/`, each with one constant `DIRECTORY`. A directory that cannot tell
says `unavailable`, and that is never an approval.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

import msgspec

from vestibule.crypto.secret import Secret
from vestibule.model.directory_difference import Entry
from vestibule.model.synchronisation import SyncSettings
from vestibule.model.user import User


class PasswordVerdictKind(StrEnum):
    MATCH = "match"
    MISMATCH = "mismatch"
    """Wrong password, or nobody of that name: the two are one to the outside."""
    EXPIRED = "expired"
    """The password is right or not; the directory says it must be changed first."""
    REFUSED = "refused"
    """The directory refuses this person: disabled, locked, expired."""
    UNAVAILABLE = "unavailable"
    """No answer in time, or none that can be trusted."""


class PasswordVerdict(msgspec.Struct, frozen=True):
    """`detail` is for administrators: a cause and the next step; never a secret."""

    kind: PasswordVerdictKind
    reference: str = ""
    """The directory's immutable identifier of the person, if it told one."""
    detail: str = ""
    is_over: bool = False
    """Of a match: the password has expired, and the directory lets him in a few more times to change it."""
    kept: Secret[bytes] | None = None
    """Of a server that answers the client itself: what the client is given when it is let in."""

    @property
    def is_match(self) -> bool:
        return self.kind is PasswordVerdictKind.MATCH


class PasswordChangeKind(StrEnum):
    CHANGED = "changed"
    OLD_WRONG = "old_wrong"
    """The password that the person has now is another one, or nobody of that name is there."""
    TOO_WEAK = "too_weak"
    """The directory's rules do not take the new one: length, composition, or a rule that it does not name."""
    USED_BEFORE = "used_before"
    TOO_YOUNG = "too_young"
    """The directory does not let the one he has now be changed so soon."""
    UNAVAILABLE = "unavailable"
    """Not changed: no answer that can be trusted, or the directory does not let it be changed."""


class PasswordChange(msgspec.Struct, frozen=True):
    """What came of a change. `detail` is for administrators, as in `PasswordVerdict`."""

    kind: PasswordChangeKind
    detail: str = ""


class DirectoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    reference: str
    username: str
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    phone: str = ""


class Directory(Protocol):
    async def check_password(
        self, user: User | None, claimed_username: str, password: Secret[str]
    ) -> PasswordVerdict:
        """Tell whether `password` is the user's. `user` is None for a name nobody here has: the
        directory then spends the usual time and answers `mismatch`. An empty password is a mismatch
        before anything is sent."""
        ...

    async def find(self, name: str) -> DirectoryEntry | None:
        """Return the one person of that name, or None if there is none or more than one."""
        ...

    async def close(self) -> None:
        """Give back connections and threads."""
        ...


@runtime_checkable
class ChangesPasswords(Protocol):
    """A directory in which people's passwords can be changed from here."""

    @property
    def changes_passwords(self) -> bool:
        """Whether its administrator has allowed it."""
        ...

    async def change_password(self, user: User, old: Secret[str], new: Secret[str]) -> PasswordChange:
        """Put `new` in the place of `old`, which the directory checks."""
        ...

    async def reset_password(self, user: User, new: Secret[str]) -> PasswordChange:
        """Put `new` in the place of whatever it is now; who the person is has been proven elsewhere."""
        ...


class WhatChanged(msgspec.Struct, frozen=True, kw_only=True):
    """What a directory says has changed since it was last asked."""

    token: str = ""
    """What to ask with the next time."""
    references: tuple[str, ...] = ()
    """Entries that are not as they were; they may be nobody's concern."""
    gone: tuple[str, ...] = ()
    is_everything: bool = False
    """It cannot be told, or concerns so many that all are to be read."""


class PeopleRead(msgspec.Struct, frozen=True, kw_only=True):
    entries: tuple[Entry, ...]
    """In the order of items; nobody twice."""
    token: str
    asked: tuple[str, ...] | None = None
    """References of those who were asked for, whether they were found or not; None: everybody."""


@runtime_checkable
class ReadsPeople(Protocol):
    """A directory whose people can be taken over."""

    def check_reading(self, settings: SyncSettings) -> None:
        """Raise ValueError naming the setting that cannot be used here. Asks nobody."""
        ...

    async def read_people(
        self,
        settings: SyncSettings,
        country_code: str,
        token: str,
        told: Callable[[int], None],
        *,
        is_whole: bool,
    ) -> PeopleRead:
        """Return all people of the items; or, unless `is_whole`, those who have changed since `token`, if
        that can be told. `told` hears how many have been read. Raises OSError, the text being a word for the
        cause, unless everything was read to its end."""
        ...


class DirectoryKind(Protocol):
    """The constant `DIRECTORY` of a plug-in: its name and how to open one from its settings."""

    name: str

    def open(self, settings: Mapping[str, Any], secret: Secret[str]) -> Directory:
        """Return a directory ready for use; raise ValueError naming the setting that is wrong.
        Connects to nothing yet."""
        ...


class EntryBehind(msgspec.Struct, frozen=True, kw_only=True):
    """The one entry that a bind name means."""

    bind_name: str
    """Its distinguished name: to bind with this is to bind as this entry and no other."""
    reference: str
    names: tuple[str, ...]
    """What this person may be called here."""


@runtime_checkable
class StandsBehind(Protocol):
    """A directory that a proxy may hand connections on to. Raises ConnectionError where it gives no answer
    that counts."""

    @property
    def answer_seconds(self) -> float:
        """How long an answer to a bind may take."""
        ...

    async def entry_of(self, bind_name: str) -> EntryBehind | None:
        """Return the entry that is meant by a name that somebody would bind with; None if there is none, or
        more than one."""
        ...

    async def open(self, protocol: asyncio.Protocol) -> asyncio.Transport:
        """Return a connection that nobody has used, to the first server that answers; `protocol` reads it."""
        ...

    def nobodys_name(self) -> str:
        """Return a distinguished name that no entry has."""
        ...

    def verdict(self, code: int, diagnostic: str, reference: str) -> PasswordVerdict:
        """Return what the result of a bind says of the password of the entry with `reference`."""
        ...
