"""The difference between a directory and what is here: which changes make the second like the first.

Pure, and the same for a dry run and for a run. What holds:
- A person is found again by the reference of his entry alone; a rename or a move keeps the user.
- A name that somebody else has here is reported. Nobody becomes somebody else by being called like him.
- What the directory has not given, it does not take: fields without a value there, groups, a user who was
  disabled by hand.
- Nobody leaves unless the whole directory was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec

from vestibule.model.synchronisation import Bond, Leavers, Problem, SyncItem
from vestibule.model.user import User, UserStatus
from vestibule.model.username import canonical_name

TEXTS: Final = (
    "given_name",
    "family_name",
    "email",
    "phone",
    "language",
    "language_call",
    "language_text",
    "language_app",
    "language_token",
)
"""The fields of a user that a directory may give."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A person as his directory describes him."""

    reference: str
    usernames: tuple[str, ...]
    """How he is called, the first as people see it; an empty one is left out."""
    values: dict[str, str] = {}
    """What the directory says, by names of `TEXTS`; what it does not say is left out."""
    is_disabled: bool = False
    item: int = 0
    """Which item he was found by, the first of them."""
    backup_phone: str = ""
    unreadable: tuple[str, ...] = ()
    """Fields whose values cannot be read, such as a phone number that is none."""


class Kind(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    ENABLED = "enabled"
    DISABLED = "disabled"
    REMOVED = "removed"


LOSSES: Final = frozenset({Kind.DISABLED, Kind.REMOVED})


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done to one person. `bond` is as it will be; None with a removal."""

    kind: Kind
    username: str
    user_id: str = ""
    """Empty: he is not here yet."""
    fields: dict[str, Any] = {}
    """New values by names of the fields of `User`."""
    before: dict[str, Any] = {}
    join: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()
    reference: str = ""
    bond: Bond | None = None
    gives_phones: bool = False
    """What he is given as methods is not as it was."""


class Here(msgspec.Struct, frozen=True):
    """What is known here of a directory's people."""

    bonds: Mapping[str, Bond]
    """By reference."""
    users: Mapping[str, User]
    """All who have a bond, and who bear the reference of an entry, by user id."""
    holders: Mapping[str, str]
    """Who has a name, of the names that the entries ask for: user id by canonical name."""
    groups: frozenset[str]
    """The groups that there are."""


class Difference(msgspec.Struct, frozen=True):
    """Renames come first, so that a name is free when the next one takes it."""

    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]
    unchanged: int

    @property
    def losses(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.kind in LOSSES)


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: str
    directory_id: str
    items: tuple[SyncItem, ...]
    leavers: Leavers = Leavers.DISABLE
    domain: str = ""
    bare_names: bool = True


def names_of(entry: Entry, rules: Rules) -> tuple[str, ...]:
    """Return the canonical names of a person; empty if he can have none. Bare names come first, with the
    domain in front of the first of them and of each other that has no realm."""
    bare = [name for spelled in entry.usernames if (name := canonical_name(spelled))]
    domain = canonical_name(rules.domain) if rules.domain else None
    long = [f"{domain}\\{name}" for name in bare if "@" not in name] if domain else []
    realm = [name for name in bare if "@" in name]
    return tuple(dict.fromkeys((*(bare if rules.bare_names else realm), *long)))


def difference(rules: Rules, entries: Sequence[Entry], here: Here, *, is_whole: bool) -> Difference:
    """Return what to change. `entries` are in the order of items; `is_whole`: they are all there are."""
    work = _Work(rules, here)
    seen: set[str] = set()
    kept: list[Entry] = []
    for entry in entries:
        if entry.reference not in seen:
            seen.add(entry.reference)
            kept.append(entry)
    work.give_names(kept)
    for entry in kept:
        work.judge(entry)
    if is_whole:
        work.judge_leavers(seen)
    return work.result()


def left(rules: Rules, references: Iterable[str], here: Here) -> Difference:
    """Return what to change for those of whom the directory says that they are gone."""
    work = _Work(rules, here)
    gone = set(references)
    work.judge_leavers({reference for reference in here.bonds if reference not in gone})
    return work.result()


class _Work:
    def __init__(self, rules: Rules, here: Here) -> None:
        self._rules = rules
        self._here = here
        self._bound = {bond.user_id for bond in here.bonds.values()}
        self._by_reference = {
            user.directory_reference: user
            for user in here.users.values()
            if user.directory_id in ("", rules.directory_id) and user.user_id not in self._bound
        }
        self._names: dict[str, tuple[str, ...]] = {}
        self._refused: dict[str, str] = {}
        """Who cannot be called as he should be, with the name that somebody else has."""
        self._changes: list[Change] = []
        self._problems: list[Problem] = []
        self._unchanged = 0

    def result(self) -> Difference:
        renames = [change for change in self._changes if change.user_id and "names" in change.fields]
        others = [change for change in self._changes if not (change.user_id and "names" in change.fields)]
        return Difference((*renames, *others), tuple(self._problems), self._unchanged)

    def user_of(self, entry: Entry) -> tuple[Bond | None, User | None]:
        bond = self._here.bonds.get(entry.reference)
        if bond is not None:
            return bond, self._here.users.get(bond.user_id)
        return None, self._by_reference.get(entry.reference)

    def give_names(self, entries: Sequence[Entry]) -> None:
        """Find who cannot be called as he should be. A name is free if nobody has it, or whoever has it gives
        it up in this very run, which he does only if his own new names are free."""
        self._names = {entry.reference: names_of(entry, self._rules) for entry in entries}
        while refused := self._refused_now(entries):
            self._refused |= refused

    def _refused_now(self, entries: Iterable[Entry]) -> dict[str, str]:
        named = [entry for entry in entries if entry.reference not in self._refused]
        freed: set[str] = set()
        for entry in named:
            bond, _ = self.user_of(entry)
            if bond is not None and (wanted := self._names[entry.reference]):
                freed.update(set(bond.names) - set(wanted))
        taken: set[str] = set()
        refused: dict[str, str] = {}
        for entry in named:
            wanted, own = self._names[entry.reference], self._own(entry)
            held = (name for name in wanted if name in taken or not self._is_free(name, own, freed))
            if (name := next(held, None)) is not None:
                refused[entry.reference] = name
            else:
                taken.update(wanted)
        return refused

    def _is_free(self, name: str, own: str, freed: set[str]) -> bool:
        return self._here.holders.get(name, own) == own or name in freed

    def _own(self, entry: Entry) -> str:
        _, user = self.user_of(entry)
        return user.user_id if user is not None else ""

    def judge(self, entry: Entry) -> None:
        names = self._names[entry.reference]
        shown = entry.usernames[0].strip() if entry.usernames else ""
        if not names or not shown:
            self._say("no_name", entry)
            return
        bond, user = self.user_of(entry)
        if entry.reference in self._refused:
            self._say("name_taken", entry, self._refused[entry.reference])
            if user is None or bond is None:
                return
            names, shown = bond.names, user.username
        for field in entry.unreadable:
            self._say(f"unreadable_{field}", entry)
        item = self._rules.items[entry.item]
        if user is None:
            self._add(entry, shown, names, item)
        else:
            self._compare(entry, shown, names, item, bond, user)

    def _add(self, entry: Entry, shown: str, names: tuple[str, ...], item: SyncItem) -> None:
        fields: dict[str, Any] = {
            "username": shown,
            "names": names,
            "requirement": item.requirement,
            "language": item.language,
            "default_method": item.default_method,
            "send_mail": item.send_mail,
            **entry.values,
            "status": UserStatus.DISABLED if entry.is_disabled else UserStatus.ACTIVE,
        }
        groups = self._groups(item)
        bond = self._bond(entry, "", names, item, is_disabled=entry.is_disabled)
        self._changes.append(
            Change(
                kind=Kind.ADDED,
                username=shown,
                fields=fields,
                join=groups,
                reference=entry.reference,
                bond=bond,
                gives_phones=bool(bond.phones),
            )
        )

    def _compare(
        self,
        entry: Entry,
        shown: str,
        names: tuple[str, ...],
        item: SyncItem,
        bond: Bond | None,
        user: User,
    ) -> None:
        given_names = bond.names if bond is not None else ()
        kept = [name for name in user.names if name not in names and name not in given_names]
        wanted: dict[str, Any] = {"username": shown, "names": (*names, *kept), **entry.values}
        wanted["directory_id"] = self._rules.directory_id
        wanted["directory_reference"] = entry.reference
        for field in bond.fields if bond is not None else ():
            if field not in entry.values and field not in entry.unreadable:
                wanted[field] = ""
        kind, is_disabled = Kind.CHANGED, bond is not None and bond.is_disabled
        if entry.is_disabled and user.is_active:
            wanted["status"], kind, is_disabled = UserStatus.DISABLED, Kind.DISABLED, True
        elif not entry.is_disabled and is_disabled:
            if not user.is_active:
                wanted["status"], kind = UserStatus.ACTIVE, Kind.ENABLED
            is_disabled = False
        if kind is Kind.DISABLED and user.is_break_glass:
            self._say("break_glass", entry)
            del wanted["status"]
            kind, is_disabled = Kind.CHANGED, False
        fields = {name: value for name, value in wanted.items() if getattr(user, name) != value}
        given = bond.groups if bond is not None else ()
        groups = self._groups(item)
        after = self._bond(entry, user.user_id, names, item, is_disabled=is_disabled, before=bond)
        if not fields and after == bond:
            self._unchanged += 1
            return
        self._changes.append(
            Change(
                kind=kind,
                username=user.username,
                user_id=user.user_id,
                fields=fields,
                before={name: getattr(user, name) for name in fields},
                join=tuple(each for each in groups if each not in given),
                leave=tuple(each for each in given if each not in groups and each in self._here.groups),
                reference=entry.reference,
                bond=after,
                gives_phones=_phones_of(bond) != _phones_of(after),
            )
        )

    def judge_leavers(self, seen: set[str]) -> None:
        for reference, bond in self._here.bonds.items():
            user = self._here.users.get(bond.user_id)
            if reference in seen or user is None:
                continue
            if user.is_break_glass:
                self._problems.append(Problem("break_glass", reference, user.username))
            elif self._rules.leavers is Leavers.REMOVE:
                self._changes.append(
                    Change(
                        kind=Kind.REMOVED, username=user.username, user_id=user.user_id, reference=reference
                    )
                )
            elif user.is_active:
                fields = {"status": UserStatus.DISABLED}
                self._changes.append(
                    Change(
                        kind=Kind.DISABLED,
                        username=user.username,
                        user_id=user.user_id,
                        fields=fields,
                        before={"status": user.status},
                        reference=reference,
                        bond=msgspec.structs.replace(bond, is_disabled=True),
                    )
                )
            else:
                self._unchanged += 1

    def _groups(self, item: SyncItem) -> tuple[str, ...]:
        return tuple(each for each in item.groups if each in self._here.groups)

    def _bond(
        self,
        entry: Entry,
        user_id: str,
        names: tuple[str, ...],
        item: SyncItem,
        *,
        is_disabled: bool,
        before: Bond | None = None,
    ) -> Bond:
        numbers = (entry.values.get("phone", ""), entry.backup_phone) if item.phone_method else ()
        phones = tuple(dict.fromkeys(number for number in numbers if number))
        if before is not None and before.phone_method == item.phone_method and _hides_phone(entry):
            phones = before.phones
        unread = tuple(field for field in before.fields if field in entry.unreadable) if before else ()
        return Bond(
            tenant_id=self._rules.tenant_id,
            directory_id=self._rules.directory_id,
            reference=entry.reference,
            user_id=user_id,
            names=names,
            fields=tuple(field for field in TEXTS if field in entry.values or field in unread),
            groups=self._groups(item),
            is_disabled=is_disabled,
            phone_method=item.phone_method,
            phones=phones,
        )

    def _say(self, why: str, entry: Entry, key: str = "") -> None:
        name = entry.usernames[0] if entry.usernames else entry.reference
        self._problems.append(Problem(why, entry.reference, name, key))


def _phones_of(bond: Bond | None) -> tuple[str, ...]:
    return (bond.phone_method, *bond.phones) if bond is not None and bond.phones else ()


def _hides_phone(entry: Entry) -> bool:
    return not {"phone", "backup_phone"}.isdisjoint(entry.unreadable)
