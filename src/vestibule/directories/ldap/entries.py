"""Pure translations for a synchronisation: what is asked for, and what an entry says of a person.

A value that cannot be read, such as a phone number that is none, is named and left out; it never becomes
another value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from vestibule.directories.ldap.people import reference_bytes, reference_text
from vestibule.directories.ldap.settings import LdapSettings
from vestibule.model.directory_difference import Entry
from vestibule.model.phone import read_phone
from vestibule.model.synchronisation import (
    ACTIVE_DIRECTORY,
    OPENLDAP,
    AttributeMap,
    Part,
    SyncItem,
    SyncSettings,
)
from vestibule.wire.ldap.filter_text import read_filter_text
from vestibule.wire.ldap.filters import And, Equality, Extensible, Filter, Or, is_attribute_description
from vestibule.wire.ldap.messages import SearchResultEntry

_LONGEST: Final = 255
_DISABLED_ACCOUNT: Final = 0x2  # ADS_UF_ACCOUNTDISABLE
_LOCKED_FOR_GOOD: Final = b"000001010000Z"  # draft-behera-ldap-password-policy-11 §5.3.3
_IN_CHAIN: Final = "1.2.840.113556.1.4.1941"  # LDAP_MATCHING_RULE_IN_CHAIN: members of members, too
_LANGUAGE: Final = re.compile(r"([A-Za-z]{2,3})(?![A-Za-z])")
_LANGUAGES: Final = ("language", "language_call", "language_text", "language_app", "language_token")
_TRUE: Final = frozenset({b"true", b"1", b"yes"})

GROUP_CLASSES: Final = frozenset({"group", "groupofnames", "groupofuniquenames", "posixgroup"})
_CONTAINER_CLASSES: Final = frozenset(
    {"organizationalunit", "container", "organization", "domain", "dcobject", "builtindomain", "locality"}
)
MEMBER_ATTRIBUTES: Final = ("member", "uniqueMember", "memberUid")


class Questions:
    """The settings of a directory and of its synchronisation as searches. Raises ValueError naming the
    setting that is wrong."""

    def __init__(self, directory: LdapSettings, settings: SyncSettings) -> None:
        self.is_active_directory = directory.reference_attribute.lower() == "objectguid"
        self.map = settings.attributes or (ACTIVE_DIRECTORY if self.is_active_directory else OPENLDAP)
        for name in self.map.names():
            if not is_attribute_description(name):
                raise ValueError(f"attributes: {name!r} cannot be the name of an attribute")
        self.reference = directory.reference_attribute
        self.person = _parsed("person_filter", settings.person_filter) or _people(
            directory, is_active_directory=self.is_active_directory
        )
        self._filters = [_parsed("items", item.filter) for item in settings.items]
        self.reads_members = not self.is_active_directory and any(
            item.part is Part.GROUP for item in settings.items
        )
        """Whether who is in a group is read from the group, so that a person alone does not tell."""

    @property
    def attributes(self) -> tuple[str, ...]:
        return (self.reference, *self.map.names())

    def people(self, number: int, *more: Filter) -> Filter:
        """Return the filter of the people of an item, by its place."""
        own = self._filters[number]
        return And((self.person, *((own,) if own is not None else ()), *more))

    def among(self, references: Iterable[str]) -> Filter:
        return Or(tuple(Equality(self.reference, reference_bytes(self.reference, one)) for one in references))

    def member_of(self, item: SyncItem) -> Filter:
        """Return the filter of the members of a group of Active Directory."""
        rule = _IN_CHAIN if item.is_nested else None
        if rule is None:
            return Equality("memberOf", item.name.encode())
        return Extensible(item.name.encode(), rule, "memberOf")


def _people(directory: LdapSettings, *, is_active_directory: bool) -> Filter:
    if is_active_directory:
        return And((Equality("objectCategory", b"person"), Equality("objectClass", b"user")))
    return Equality("objectClass", (directory.object_class or "person").encode())


def _parsed(setting: str, text: str) -> Filter | None:
    try:
        return read_filter_text(text) if text.strip() else None
    except ValueError as wrong:
        raise ValueError(f"{setting}: {wrong}") from None


def is_group(entry: SearchResultEntry) -> bool:
    return not GROUP_CLASSES.isdisjoint(_classes(entry))


def holds_others(entry: SearchResultEntry) -> bool:
    """Tell whether a change of this entry may change where other entries are, or who is in a group."""
    return not (GROUP_CLASSES | _CONTAINER_CLASSES).isdisjoint(_classes(entry))


def _classes(entry: SearchResultEntry) -> frozenset[str]:
    return frozenset(value.decode(errors="replace").lower() for value in all_values(entry, "objectClass"))


def all_values(entry: SearchResultEntry, attribute: str) -> tuple[bytes, ...]:
    wanted = attribute.lower()
    return next((one.values for one in entry.attributes if one.name.lower() == wanted), ())


def reference_of(reference_attribute: str, entry: SearchResultEntry) -> str:
    """Return the reference of an entry; empty if it has none."""
    value = entry.first(reference_attribute)
    return reference_text(reference_attribute, value) if value else ""


def entry_of(
    attributes: AttributeMap, reference: str, entry: SearchResultEntry, item: int, country_code: str
) -> Entry:
    """Return what an entry says of a person. Numbers without a calling code are of `country_code`."""
    first = {one.name.lower(): one.values[0] for one in entry.attributes if one.values}
    values: dict[str, str] = {}
    unreadable: list[str] = []
    for field in ("given_name", "family_name", "email"):
        raw = first.get(getattr(attributes, field).lower())
        if raw is not None:
            _put(values, unreadable, field, _text(raw))
    for field in _LANGUAGES:
        raw = first.get(getattr(attributes, field).lower())
        found = _LANGUAGE.match(raw.decode(errors="replace").strip()) if raw is not None else None
        if found is not None:
            values[field] = found[1].lower()
    if (typed := _phone(attributes, first)) is not None:
        _put(values, unreadable, "phone", _read_phone(typed, country_code))
    backup: dict[str, str] = {}
    for name in attributes.backup_phones:
        if raw := first.get(name.lower()):
            number = _read_phone(raw.decode(errors="replace"), country_code)
            _put(backup, unreadable, "backup_phone", number)
            break
    return Entry(
        reference=reference,
        usernames=tuple(
            text for name in attributes.usernames if (raw := first.get(name.lower())) and (text := _text(raw))
        ),
        values=values,
        is_disabled=_is_disabled(attributes.disabled.lower(), first),
        item=item,
        backup_phone=backup.get("backup_phone", ""),
        unreadable=tuple(unreadable),
    )


def _put(values: dict[str, str], unreadable: list[str], field: str, value: str) -> None:
    if value:
        values[field] = value
    else:
        unreadable.append(field)


def _text(raw: bytes) -> str:
    """Return a value as text; empty if it is none that can be kept."""
    text = raw.decode(errors="replace").strip()
    return (
        text
        if len(text) <= _LONGEST and text.isprintable() and "\N{REPLACEMENT CHARACTER}" not in text
        else ""
    )


def _phone(attributes: AttributeMap, first: dict[str, bytes]) -> str | None:
    for name in attributes.phones:
        if raw := first.get(name.lower()):
            extension = first.get(attributes.extension.lower(), b"") if name == attributes.phones[0] else b""
            typed = raw.decode(errors="replace")
            return f"{typed} x{extension.decode(errors='replace')}" if extension else typed
    return None


def _read_phone(typed: str, country_code: str) -> str:
    try:
        return str(read_phone(typed, country_code))
    except ValueError:
        return ""


def _is_disabled(attribute: str, first: dict[str, bytes]) -> bool:
    value = first.get(attribute) if attribute else None
    if value is None:
        return False
    if attribute == "useraccountcontrol":
        try:
            return bool(int(value) & _DISABLED_ACCOUNT)
        except ValueError:
            return False
    if attribute == "pwdaccountlockedtime":
        return value == _LOCKED_FOR_GOOD
    return value.lower() in _TRUE
