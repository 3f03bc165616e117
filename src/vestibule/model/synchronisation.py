"""Synchronisation: who of a directory is a user here, what is taken over of him, and how a run went.

Pure. A person is known by the directory's immutable identifier of his entry (`reference`), never by a name.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Self

import msgspec

from vestibule.model.user import Requirement

MINUTE_MS: Final = 60_000
DAY_MINUTES: Final = 1440
MOST_ITEMS: Final = 200
MOST_APPROVAL: Final = 999
LONGEST_TEXT: Final = 1000

_TEXT = f"of at most {LONGEST_TEXT} characters"


class Part(StrEnum):
    """What an item of a synchronisation names in the directory."""

    UNIT = "unit"
    """Everybody below an entry: an organizational unit, a container, the base itself."""
    GROUP = "group"
    """The members of a group."""


class Leavers(StrEnum):
    """What becomes of a user whose entry is gone, or in none of the items any more."""

    DISABLE = "disable"
    REMOVE = "remove"


class SyncItem(msgspec.Struct, frozen=True, kw_only=True):
    """Some people of a directory, and what they are given when they are added here."""

    part: Part
    name: str
    """The distinguished name of the unit or the group."""
    filter: str = ""
    """Only people whom this filter (RFC 4515) finds; empty: all."""
    is_nested: bool = True
    """Also what is below the unit's own level, or in groups of the group."""
    requirement: Requirement = Requirement.DISABLED
    language: str = ""
    default_method: str = ""
    groups: tuple[str, ...] = ()
    """Groups here that they are in, by identifier."""
    phone_method: str = ""
    """`sms` or `voice`: the phones of the directory are methods of this kind at once. Empty: they are not."""
    send_mail: bool = True
    """Whether welcomes and courtesies are sent to those who are added."""


class AttributeMap(msgspec.Struct, frozen=True, kw_only=True):
    """Where a person's fields stand in his entry. What is empty is not taken over and stays as it is here.

    Of several attributes the first that has a value counts, but each of `usernames` is a name of the person.
    """

    usernames: tuple[str, ...]
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    phones: tuple[str, ...] = ()
    """A number may bear an extension behind an `x`."""
    extension: str = ""
    """The extension of the first of `phones`, in an attribute of its own."""
    backup_phones: tuple[str, ...] = ()
    """Asked when the phone is not answered, where phones of the directory are methods."""
    language: str = ""
    language_call: str = ""
    language_text: str = ""
    language_app: str = ""
    language_token: str = ""
    disabled: str = ""
    """`userAccountControl`, `pwdAccountLockedTime`, or an attribute that says TRUE of who is disabled."""

    def names(self) -> tuple[str, ...]:
        """Return all attributes that are read, each once."""
        named = (
            *self.usernames,
            *self.phones,
            *self.backup_phones,
            *(getattr(self, name) for name in _SINGLE),
        )
        return tuple(dict.fromkeys(name for name in named if name))


SEVERAL: Final = ("usernames", "phones", "backup_phones")
"""The fields of a map that name several attributes."""
_SINGLE: Final = tuple(name for name in AttributeMap.__struct_fields__ if name not in SEVERAL)
PHONE_METHODS: Final = ("", "sms", "voice")

OPENLDAP: Final = AttributeMap(
    usernames=("uid",),
    given_name="givenName",
    family_name="sn",
    email="mail",
    phones=("mobile", "telephoneNumber"),
    language="preferredLanguage",
    disabled="pwdAccountLockedTime",
)
ACTIVE_DIRECTORY: Final = AttributeMap(
    usernames=("sAMAccountName", "userPrincipalName"),
    given_name="givenName",
    family_name="sn",
    email="mail",
    phones=("mobile", "telephoneNumber"),
    language="preferredLanguage",
    disabled="userAccountControl",
)


class SyncSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What an administrator says about the synchronisation of one directory."""

    items: tuple[SyncItem, ...] = ()
    """In order: the first that a person is in is his."""
    is_enabled: bool = False
    """Whether it runs by itself."""
    interval_minutes: int = 60
    """From the start of a run to the start of the next."""
    full_minutes: int = 1440
    """After so many minutes a run reads everything, and sees who has left. In between only what has changed
    is read, where the directory can tell."""
    leavers: Leavers = Leavers.DISABLE
    approval_above: int = 5
    """If more people than this would be disabled or removed at once, an administrator has to agree."""
    attributes: AttributeMap | None = None
    """None: what suits the kind of directory."""
    person_filter: str = ""
    """Who of the entries is a person (RFC 4515); empty: what suits the kind of directory."""
    domain: str = ""
    """The domain in front of names, such as CORP: people are known as `CORP\\\\name`, too."""
    bare_names: bool = True
    """People are known without the domain as well."""
    page_size: int = 500
    """Entries that are asked for at a time (RFC 2696)."""

    def problem(self) -> str:
        """Return what is wrong, as `setting: why`; empty if it can be used."""
        if not 1 <= self.interval_minutes <= DAY_MINUTES:
            return f"interval_minutes: 1 to {DAY_MINUTES}"
        if not 1 <= self.full_minutes <= 7 * DAY_MINUTES:
            return f"full_minutes: 1 to {7 * DAY_MINUTES}"
        if not 1 <= self.approval_above <= MOST_APPROVAL:
            return f"approval_above: 1 to {MOST_APPROVAL}"
        if not 10 <= self.page_size <= 1000:
            return "page_size: 10 to 1000"
        if not self.bare_names and not self.domain:
            return "bare_names: without a domain there would be no names"
        if "\\" in self.domain or len(self.domain) > 64:
            return "domain: the name in front of the backslash, without it"
        if len(self.items) > MOST_ITEMS:
            return f"items: at most {MOST_ITEMS}"
        if self.is_enabled and not self.items:
            return "items: nobody would be found"
        if self.attributes is not None and not self.attributes.usernames:
            return "attributes: usernames are needed"
        if any(item.phone_method not in PHONE_METHODS for item in self.items):
            return "items: phone_method is sms or voice"
        texts = [self.person_filter, *(text for item in self.items for text in (item.name, item.filter))]
        if any(len(text) > LONGEST_TEXT or "\0" in text for text in texts):
            return f"items: names and filters {_TEXT}"
        return ""


class Synchronisation(msgspec.Struct, frozen=True, kw_only=True):
    """The synchronisation of one directory: its settings, and who runs it until when.

    `fence` rises each time a node takes it. What is written under an older one is refused.
    """

    tenant_id: str
    directory_id: str
    settings: SyncSettings = SyncSettings()
    node: str = ""
    fence: int = 0
    lease_until: int = 0
    due_at: int = 0
    token: str = ""
    """From where the directory is asked what has changed; empty: everything is read."""
    full_at: int = 0
    """When everything was last read to the end."""
    created_at: int
    version: int = 1


class Bond(msgspec.Struct, frozen=True, kw_only=True):
    """That a user is somebody in a directory, and what of him the directory has given.

    What it gives it may take back: what it has never given, such as a phone that was typed here, stays.
    """

    tenant_id: str
    directory_id: str
    reference: str
    user_id: str
    names: tuple[str, ...] = ()
    """Canonical; others that he has here were given to him here."""
    fields: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    is_disabled: bool = False
    """He was disabled by the synchronisation, which therefore may enable him again."""
    phone_method: str = ""
    phones: tuple[str, ...] = ()
    """The numbers that the directory has given him as methods, the preferred one first."""


class RunState(StrEnum):
    READING = "reading"
    APPLYING = "applying"
    DONE = "done"
    WAITING = "waiting"
    """More people would be lost than may be without somebody's consent; everything else is done."""
    FAILED = "failed"
    """The directory could not be read to the end, or somebody else has taken over: nothing more was done."""


ENDED: Final = frozenset({RunState.DONE, RunState.WAITING, RunState.FAILED})


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many people, by what became of them."""

    read: int = 0
    added: int = 0
    changed: int = 0
    enabled: int = 0
    disabled: int = 0
    removed: int = 0
    unchanged: int = 0
    problems: int = 0
    withheld: int = 0
    """Who would have been disabled or removed, and was not for want of consent."""

    def plus(self, **more: int) -> Self:
        return msgspec.structs.replace(self, **{name: getattr(self, name) + more[name] for name in more})


class Problem(msgspec.Struct, frozen=True):
    """Somebody in the directory who is not taken over, or not wholly. The texts are `sync.problem.<why>`."""

    why: str
    reference: str
    name: str
    key: str = ""


class SyncRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run. The first people of whom there is something to say stand in `problems` and `leavers`."""

    tenant_id: str
    run_id: str
    directory_id: str
    is_full: bool
    started_by: str
    """Who wanted it; empty: it was due."""
    node: str
    state: RunState = RunState.READING
    started_at: int
    moved_at: int
    ended_at: int = 0
    cause: str = ""
    """Of a run that failed: a word of the directory's plug-in, or `lost`."""
    counts: Counts = Counts()
    total: int = 0
    """Changes to be made, once that is known."""
    done: int = 0
    problems: tuple[Problem, ...] = ()
    leavers: tuple[str, ...] = ()
    """Of a run that waits: all whom it would disable or remove, by identifier of the user."""
    approved_by: str = ""
    """Who has agreed that they are."""


SHOWN_PROBLEMS: Final = 200
