"""Pure translations between people and LDAP: names to filters, entries to people, results to verdicts.

A name that somebody typed becomes the value of an equality and nothing else. The reference of a person is
text outside the directory and bytes inside it; `reference_text` and `reference_bytes` undo one another.
"""

from __future__ import annotations

import re
import uuid

from vestibule.directories.ldap.settings import LdapSettings
from vestibule.interfaces.directory import (
    DirectoryEntry,
    EntryBehind,
    PasswordChange,
    PasswordChangeKind,
    PasswordVerdict,
    PasswordVerdictKind,
)
from vestibule.model.username import lookup_names
from vestibule.wire.ldap.filters import And, Equality, Filter, Or, Present
from vestibule.wire.ldap.messages import Aliases, Result, ResultCode, Scope, SearchRequest, SearchResultEntry
from vestibule.wire.ldap.password_policy import PasswordPolicy, PolicyError

# Two are enough to know that a name is not one person's.
_ENTRIES = 2

# Active Directory tells why in the diagnostic, as a Windows error in hexadecimal.
_SUBCODE = re.compile(r"AcceptSecurityContext error, data ([0-9a-fA-F]{1,8})\b", re.ASCII)
_SUBCODES = {
    0x530: (PasswordVerdictKind.REFUSED, "not_at_this_time"),
    0x531: (PasswordVerdictKind.REFUSED, "not_from_here"),
    0x532: (PasswordVerdictKind.EXPIRED, "password_expired"),
    0x533: (PasswordVerdictKind.REFUSED, "account_disabled"),
    0x701: (PasswordVerdictKind.REFUSED, "account_expired"),
    0x773: (PasswordVerdictKind.EXPIRED, "must_change_password"),
    0x775: (PasswordVerdictKind.REFUSED, "account_locked"),
}

_GUID_ATTRIBUTES = frozenset(("objectguid",))
_HEXADECIMAL = "hex:"


def search_by_names(
    settings: LdapSettings, names: tuple[str, ...], attributes: tuple[str, ...]
) -> SearchRequest:
    """Return the search for whoever has one of `names` in one of the name attributes."""
    values = dict.fromkeys(name.encode() for name in names)
    options = tuple(Equality(attribute, value) for attribute in settings.name_attributes for value in values)
    return _search(settings, Or(options), attributes)


def search_by_reference(settings: LdapSettings, reference: str, attributes: tuple[str, ...]) -> SearchRequest:
    """Return the search for the entry with this reference."""
    value = reference_bytes(settings.reference_attribute, reference)
    return _search(settings, Equality(settings.reference_attribute, value), attributes)


def _search(settings: LdapSettings, who: Filter, attributes: tuple[str, ...]) -> SearchRequest:
    is_person = (Equality("objectClass", settings.object_class.encode()),) if settings.object_class else ()
    return SearchRequest(
        settings.base_dn,
        Scope.SUBTREE,
        And((*is_person, who)),
        attributes,
        Aliases.NEVER,
        size_limit=_ENTRIES,
        time_limit_seconds=max(1, round(settings.timeout_seconds)),
    )


ROOT = SearchRequest("", Scope.BASE, Present("objectClass"), ("1.1",))
"""The entry that every server has, without its attributes (RFC 4512 §5.1, RFC 4511 §4.5.1.8)."""


def search_by_bind_name(settings: LdapSettings, bind_name: str) -> SearchRequest:
    r"""Return the search for whom a server might take `bind_name`: the entry of that distinguished name, or
    who has this name, or the one behind the domain in `DOMAIN\name`, in a name attribute."""
    attributes = tuple(dict.fromkeys((settings.reference_attribute, *_naming_attributes(settings))))
    if "=" in bind_name:
        return SearchRequest(bind_name, Scope.BASE, Present("objectClass"), attributes, size_limit=_ENTRIES)
    return search_by_names(settings, lookup_names(bind_name, strip_domain_prefix=True), attributes)


def entry_behind(settings: LdapSettings, entry: SearchResultEntry, reference: str) -> EntryBehind:
    """Return whom an entry is of, with every name by which he might be a user here."""
    naming = set(map(str.lower, _naming_attributes(settings)))
    values = [value for each in entry.attributes if each.name.lower() in naming for value in each.values]
    names = dict.fromkeys(value.decode(errors="replace") for value in values)
    return EntryBehind(bind_name=entry.name, reference=reference, names=tuple(names))


def _naming_attributes(settings: LdapSettings) -> tuple[str, ...]:
    return (settings.username_attribute, *settings.name_attributes)


def reference_text(attribute: str, value: bytes) -> str:
    """Return the reference in `value` as text: a GUID as people write it, text as it is, else hexadecimal."""
    if attribute.lower() in _GUID_ATTRIBUTES:
        return str(uuid.UUID(bytes_le=value)) if len(value) == 16 else _HEXADECIMAL + value.hex()
    try:
        written = value.decode()
    except UnicodeDecodeError:
        return _HEXADECIMAL + value.hex()
    is_plain = written.isprintable() and not written.startswith(_HEXADECIMAL)
    return written if is_plain else _HEXADECIMAL + value.hex()


def reference_bytes(attribute: str, reference: str) -> bytes:
    """Return what `reference_text` was made from."""
    try:
        if reference.startswith(_HEXADECIMAL):
            return bytes.fromhex(reference.removeprefix(_HEXADECIMAL))
        if attribute.lower() in _GUID_ATTRIBUTES:
            return uuid.UUID(reference).bytes_le
    except ValueError:
        pass  # not made by us; as a value of its own it finds nobody
    return reference.encode(errors="replace")


def directory_entry(settings: LdapSettings, entry: SearchResultEntry) -> DirectoryEntry | None:
    """Return the person that `entry` describes, or None if it has no reference."""
    value = entry.first(settings.reference_attribute)
    if not value:
        return None

    def shown(attribute: str) -> str:
        content = entry.first(attribute) if attribute else None
        return "" if content is None else content.decode(errors="replace")

    return DirectoryEntry(
        reference=reference_text(settings.reference_attribute, value),
        username=shown(settings.username_attribute),
        given_name=shown(settings.given_name_attribute),
        family_name=shown(settings.family_name_attribute),
        email=shown(settings.email_attribute),
        phone=shown(settings.phone_attribute),
    )


def verdict_of_bind(result: Result, policy: PasswordPolicy, reference: str) -> PasswordVerdict:
    """Return what the result of a person's bind says about the password.

    Only success is a match. Only invalidCredentials says no; Active Directory's further reasons come with
    that code, those of other directories in a control. Everything else is no answer.
    """
    if result.code not in (ResultCode.SUCCESS, ResultCode.INVALID_CREDENTIALS):
        return PasswordVerdict(PasswordVerdictKind.UNAVAILABLE, detail="ldap.trouble.bind_refused")
    if policy.error == PolicyError.CHANGE_AFTER_RESET:
        # He is bound, but the directory lets him do nothing except change it (§8.1.2.1 of the draft).
        kind, why = _SUBCODES[0x773]
        return PasswordVerdict(kind, reference=reference, detail=f"ldap.verdict.{why}")
    if result.code == ResultCode.SUCCESS:
        if policy.grace_left is None:
            return PasswordVerdict(PasswordVerdictKind.MATCH, reference=reference)
        return PasswordVerdict(
            PasswordVerdictKind.MATCH, reference=reference, detail="ldap.verdict.grace_login", is_over=True
        )
    kind, why = _refusal(result, policy)
    return PasswordVerdict(kind, reference=reference, detail=f"ldap.verdict.{why}")


def is_shut_out(result: Result, policy: PasswordPolicy) -> bool:
    """Tell whether a bind was refused only because the password, a right one, has expired."""
    return result.code == ResultCode.INVALID_CREDENTIALS and policy.error == PolicyError.PASSWORD_EXPIRED


def _refusal(result: Result, policy: PasswordPolicy) -> tuple[PasswordVerdictKind, str]:
    if policy.error == PolicyError.PASSWORD_EXPIRED:
        return _SUBCODES[0x532]
    if policy.error == PolicyError.ACCOUNT_LOCKED:
        return _SUBCODES[0x775]
    found = _SUBCODE.search(result.diagnostic)
    wrong = (PasswordVerdictKind.MISMATCH, "wrong_password")
    return wrong if found is None else _SUBCODES.get(int(found[1], 16), wrong)


_INVALID_PASSWORD = "00000056"  # noqa: S105 - ERROR_INVALID_PASSWORD, as Active Directory writes it
_UNTAKEN_PASSWORD = "0000052D"  # noqa: S105 - ERROR_PASSWORD_RESTRICTION
_UNTAKEN = PasswordChange(PasswordChangeKind.TOO_WEAK, "ldap.change.refused_by_rules")
_NO_RIGHT = PasswordChange(PasswordChangeKind.UNAVAILABLE, "ldap.change.no_right")
_BY_POLICY: dict[int, PasswordChange] = {
    PolicyError.PASSWORD_MOD_NOT_ALLOWED: _NO_RIGHT,
    PolicyError.PASSWORD_TOO_YOUNG: PasswordChange(PasswordChangeKind.TOO_YOUNG, "ldap.change.too_young"),
    PolicyError.PASSWORD_IN_HISTORY: PasswordChange(
        PasswordChangeKind.USED_BEFORE, "ldap.change.used_before"
    ),
}


def outcome_of_change(result: Result, policy: PasswordPolicy) -> PasswordChange:
    """Return what the result of a change of password says.

    Active Directory says with one code that the old password is wrong and that the new one is refused; the
    Windows error at the beginning of the diagnostic tells them apart. Which rule refuses it, it does not say.
    """
    diagnostic = result.diagnostic.lstrip()
    match result.code:
        case ResultCode.SUCCESS:
            return PasswordChange(PasswordChangeKind.CHANGED)
        case ResultCode.INVALID_CREDENTIALS:
            return PasswordChange(PasswordChangeKind.OLD_WRONG, "ldap.verdict.wrong_password")
        case ResultCode.CONSTRAINT_VIOLATION if diagnostic.startswith(_INVALID_PASSWORD):
            return PasswordChange(PasswordChangeKind.OLD_WRONG, "ldap.verdict.wrong_password")
        case _ if policy.error in _BY_POLICY:
            return _BY_POLICY[policy.error]
        case ResultCode.CONSTRAINT_VIOLATION:
            return _UNTAKEN
        case ResultCode.UNWILLING_TO_PERFORM if diagnostic.startswith(_UNTAKEN_PASSWORD):
            return _UNTAKEN
        case ResultCode.INSUFFICIENT_ACCESS_RIGHTS:
            return _NO_RIGHT
        case _:
            return PasswordChange(PasswordChangeKind.UNAVAILABLE, "ldap.change.not_done")
