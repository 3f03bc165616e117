"""People: add, edit, find, disable, unlock, remove.

A name is taken by exactly one person of a tenant, in every spelling. Passwords of local users are
hashed off the event loop; a changed password or a disabled user ends his sessions at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from vestibule.crypto.passwords import MAX_PASSWORD_BYTES, hash_password
from vestibule.crypto.sealing import CannotUnseal
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id
from vestibule.interfaces.store import AlreadyExists, Conflict, Store, Transaction
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.interfaces.transaction.people import UserFilter
from vestibule.interfaces.transaction.sign_in import Person, Subject
from vestibule.model.actor import Actor, Right
from vestibule.model.edition import Feature
from vestibule.model.language import Medium
from vestibule.model.proposal import Act
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.throttle import Factor
from vestibule.model.user import Role, User, UserStatus
from vestibule.model.username import canonical_name
from vestibule.services.bulk import Apply, BulkAct
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.editions import demand
from vestibule.services.guard import Guard
from vestibule.services.notices import Notices
from vestibule.services.nt_hashes import NtHashes
from vestibule.services.proposals import Agreement
from vestibule.services.proving import Prover
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused

LANGUAGES_ELSEWHERE = tuple(f"language_{medium}" for medium in Medium)
"""The fields that say how a person is spoken to beside pages."""
MIN_PASSWORD_CHARACTERS = 8
MIN_ADMINISTRATOR_PASSWORD_CHARACTERS = 15


class UserFields(msgspec.Struct, frozen=True, kw_only=True):
    """What a person or a front end may set of a user; unset fields stay as they are."""

    username: str | msgspec.UnsetType = msgspec.UNSET
    other_names: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    given_name: str | msgspec.UnsetType = msgspec.UNSET
    family_name: str | msgspec.UnsetType = msgspec.UNSET
    email: str | msgspec.UnsetType = msgspec.UNSET
    phone: str | msgspec.UnsetType = msgspec.UNSET
    language: str | msgspec.UnsetType = msgspec.UNSET
    language_call: str | msgspec.UnsetType = msgspec.UNSET
    language_text: str | msgspec.UnsetType = msgspec.UNSET
    language_app: str | msgspec.UnsetType = msgspec.UNSET
    language_token: str | msgspec.UnsetType = msgspec.UNSET
    status: UserStatus | msgspec.UnsetType = msgspec.UNSET
    send_mail: bool | msgspec.UnsetType = msgspec.UNSET


class Users:
    def __init__(
        self,
        store: Store,
        configuration: ConfigurationCache,
        prover: Prover,
        notices: Notices,
        guard: Guard,
        nt_hashes: NtHashes,
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._prover = prover
        self._notices = notices
        self._guard = guard
        self._nt_hashes = nt_hashes

    async def list(self, actor: Actor, tenant_id: str, where: UserFilter, page: Page) -> Listed:
        """Return one page of the people whom the actor may see, by name."""
        seen = replace(where, within=tuple(actor.limit(Right.READ_PEOPLE, tenant_id)))
        return await self._store.read(lambda tx: tx.users(tenant_id, seen, page))

    async def by_id(self, actor: Actor, tenant_id: str, user_ids: Sequence[str]) -> dict[str, User]:
        """Return those of these people who are there, by identifier."""
        actor.demand(Right.READ_PEOPLE, tenant_id)
        return await self._store.read(lambda tx: tx.users_by_id(tenant_id, user_ids))

    async def count(self, actor: Actor, tenant_id: str) -> int:
        actor.demand(Right.READ_PEOPLE, tenant_id)
        return await self._store.read(lambda tx: tx.count_users(tenant_id))

    async def find(self, actor: Actor, tenant_id: str, user_id: str) -> Person | None:
        """Return the person with authenticators and throttles."""
        groups = actor.limit(Right.READ_PEOPLE, tenant_id)
        return await self._found(lambda tx: tx.subject(tenant_id, user_id), groups)

    async def find_by_name(self, actor: Actor, tenant_id: str, name: str) -> Person | None:
        groups = actor.limit(Right.READ_PEOPLE, tenant_id)
        canonical = canonical_name(name)
        if canonical is None:
            return None
        return await self._found(lambda tx: tx.subject_by_names(tenant_id, (canonical,)), groups)

    async def _found(
        self, look: Callable[[Transaction], Awaitable[Subject | None]], within: frozenset[str]
    ) -> Person | None:
        """Return a person; who is in none of the groups to which the asker is limited is not there."""

        async def body(tx: Transaction) -> Person | None:
            found = await look(tx)
            if found is None:
                return None
            tenant_id, user_id = found.user.tenant_id, found.user.user_id
            if within and within.isdisjoint(await tx.groups_of(tenant_id, user_id)):
                return None
            throttles = await tx.throttles(tenant_id, user_id)
            sources = await tx.source_throttles(tenant_id, user_id)
            return Person(found.user, found.authenticators, throttles, sources)

        return await self._store.read(body)

    async def add(
        self,
        actor: Actor,
        tenant_id: str,
        fields: UserFields,
        password: Secret[str] | None = None,
    ) -> User:
        """Add a person; raises `Refused` if a name is taken or a field is not acceptable."""
        actor.demand(Right.CHANGE_PEOPLE, tenant_id)
        if tenant_id == SYSTEM_TENANT:
            actor.demand(Right.ADMINISTRATORS, SYSTEM_TENANT)
        else:
            demand(self._configuration.current.tenants[tenant_id], Feature.SUITE_SERVICES)
        username = _set(fields.username, "")
        names = _names(username, _set(fields.other_names, ()))
        hashed = await self.hash_password(password, username) if password else ""
        user = User(
            tenant_id=tenant_id,
            user_id=new_id(),
            username=username.strip(),
            names=names,
            password_hash=hashed,
            created_at=0,
            updated_at=0,
            **_plain(fields),
        )

        async def body(tx: Transaction) -> User:
            added = msgspec.structs.replace(user, created_at=tx.now, updated_at=tx.now)
            await tx.add_user(added)
            if password:
                await self._nt_hashes.keep(tx, added, password)
            await record(tx, actor, tenant_id, "user.added", user.user_id, user.username)
            return added

        try:
            return await self._store.transact(body)
        except AlreadyExists as taken:
            raise Refused(Refusal.NAME_TAKEN, taken.key) from None

    async def edit(
        self,
        actor: Actor,
        tenant_id: str,
        user_id: str,
        fields: UserFields,
        password: Secret[str] | None = None,
        version: int | None = None,
    ) -> User:
        """Change a person; with `version`, only if nobody else has changed him since."""
        agreed = await self._admit_editing(
            actor, tenant_id, user_id, fields, has_password=password is not None
        )
        return await self._edited(actor, tenant_id, user_id, fields, password, version, agreed)

    async def set_own_password(self, actor: Actor, password: Secret[str]) -> None:
        """Set the password of who acts on himself and has proven who he is a moment ago."""
        actor.demand(Right.SELF, actor.tenant_id)
        await self._edited(actor, actor.tenant_id, actor.actor_id, UserFields(), password, None, ())

    async def _edited(
        self,
        actor: Actor,
        tenant_id: str,
        user_id: str,
        fields: UserFields,
        password: Secret[str] | None,
        version: int | None,
        agreed: Sequence[Agreement],
    ) -> User:
        current = await self._store.read(lambda tx: tx.subject(tenant_id, user_id))
        if current is None:
            raise Refused(Refusal.NOT_FOUND, user_id)
        username = _set(fields.username, current.user.username)
        hashed = await self.hash_password(password, username, current.user.role) if password else None

        async def body(tx: Transaction) -> User:
            for each in agreed:
                await each.use(tx)
            subject = await tx.subject(tenant_id, user_id)
            if subject is None:
                raise Refused(Refusal.NOT_FOUND, user_id)
            if version is not None and subject.user.version != version:
                raise Refused(Refusal.CHANGED_MEANWHILE, subject.user.username)
            edited = _edited(subject.user, fields, hashed, tx.now)
            if password:
                await self._nt_hashes.keep(tx, edited, password)
            return await self.write(tx, actor, subject.user, edited)

        try:
            return await self._store.transact(body)
        except AlreadyExists as taken:
            raise Refused(Refusal.NAME_TAKEN, taken.key) from None

    async def _admit_editing(
        self, actor: Actor, tenant_id: str, user_id: str, fields: UserFields, *, has_password: bool
    ) -> Sequence[Agreement]:
        agreed = []
        given = {name for name in UserFields.__struct_fields__ if getattr(fields, name) is not msgspec.UNSET}
        if has_password:
            agreed.append(await self._guard.admit(actor, Right.PASSWORDS, tenant_id, user_id, Act.PASSWORD))
        if not given:
            return agreed
        act = Act.EDIT
        if given == {"status"}:
            act = Act.ENABLE if fields.status is UserStatus.ACTIVE else Act.DISABLE
        told = (
            {}
            if act is not Act.EDIT
            else {name: msgspec.to_builtins(getattr(fields, name)) for name in given}
        )
        agreed.append(await self._guard.admit(actor, Right.CHANGE_PEOPLE, tenant_id, user_id, act, told))
        return agreed

    async def write(self, tx: Transaction, actor: Actor, before: User, after: User) -> User:
        """Change a person in a transaction of the caller's, who has asked whether it may be done."""
        await keep_an_administrator(tx, before, after)
        if not await tx.replace_user(after):
            raise Conflict
        if after.password_hash != before.password_hash or not after.is_active:
            await tx.end_sessions_of(after.tenant_id, after.user_id)
        if before.email and after.email != before.email:
            await self._notices.tell_old_address(tx, actor, before)
        fields = changed_fields(before, after)
        await record(tx, actor, after.tenant_id, "user.changed", after.user_id, after.username, fields=fields)
        return msgspec.structs.replace(after, version=after.version + 1)

    @property
    def bulk_acts(self) -> tuple[BulkAct, ...]:
        """What can be done to many people at once."""

        def setting(**wanted: Any) -> Apply:
            async def apply(tx: Transaction, actor: Actor, user: User, _choice: str) -> bool:
                changed = replace(user, **wanted)
                if changed == user:
                    return False
                await self.write(tx, actor, user, replace(changed, updated_at=tx.now))
                return True

            return apply

        return tuple(
            BulkAct(name=name, right=Right.CHANGE_PEOPLE, apply=setting(**wanted))
            for name, wanted in (
                ("enable", {"status": UserStatus.ACTIVE}),
                ("disable", {"status": UserStatus.DISABLED}),
                ("mail_on", {"send_mail": True}),
                ("mail_off", {"send_mail": False}),
            )
        )

    async def unlock(self, actor: Actor, tenant_id: str, user_id: str) -> None:
        """Let a locked user try again, with every factor."""
        agreed = await self._guard.admit(actor, Right.BLOCKS, tenant_id, user_id, Act.UNLOCK)

        async def body(tx: Transaction) -> None:
            await agreed.use(tx)
            subject = await tx.subject(tenant_id, user_id)
            if subject is None:
                raise Refused(Refusal.NOT_FOUND, user_id)
            for factor in Factor:
                await tx.clear_throttle(tenant_id, user_id, factor)
            await tx.clear_sources(tenant_id, user_id)
            await record(tx, actor, tenant_id, "user.unlocked", user_id, subject.user.username)

        await self._store.transact(body)

    async def remove(self, actor: Actor, tenant_id: str, user_id: str) -> None:
        """Remove a person and what he holds; his attempts stay in the list."""
        agreed = await self._guard.admit(actor, Right.CHANGE_PEOPLE, tenant_id, user_id, Act.REMOVE)

        async def body(tx: Transaction) -> None:
            await agreed.use(tx)
            subject = await tx.subject(tenant_id, user_id)
            if subject is None:
                raise Refused(Refusal.NOT_FOUND, user_id)
            await self.take_away(tx, actor, subject)

        await self._store.transact(body)

    async def take_away(self, tx: Transaction, actor: Actor, subject: Subject) -> None:
        """Remove a person in a transaction of the caller's, who has asked whether it may be done."""
        user = subject.user
        gone = msgspec.structs.replace(user, status=UserStatus.DISABLED)
        await keep_an_administrator(tx, user, gone)
        await self._free_tokens(tx, subject)
        await tx.remove_user(user.tenant_id, user.user_id)
        await record(tx, actor, user.tenant_id, "user.removed", user.user_id, user.username)

    async def set_default_method(self, actor: Actor, tenant_id: str, user_id: str, method: str) -> None:
        """Choose by which method a person is asked first; empty: as the rules of the house prefer. One that
        he does not hold is refused."""
        agreed = await self._guard.admit_or_self(actor, Right.AUTHENTICATORS, tenant_id, user_id, Act.EDIT)

        async def body(tx: Transaction) -> None:
            await agreed.use(tx)
            subject = await tx.subject(tenant_id, user_id)
            if subject is None:
                raise Refused(Refusal.NOT_FOUND, user_id)
            if method and method not in {held.method for held in self._prover.usable(subject, tx.now)}:
                raise Refused(Refusal.METHOD_NOT_HELD, method)
            if subject.user.default_method == method:
                return
            # Not `updated_at`: it would void sign-ins that are under way, as a new password does.
            if not await tx.replace_user(msgspec.structs.replace(subject.user, default_method=method)):
                raise Conflict
            await record(
                tx, actor, tenant_id, "user.default_method", user_id, subject.user.username, method=method
            )

        await self._store.transact(body)

    async def set_languages(self, tenant_id: str, user_id: str, chosen: Mapping[str, str]) -> None:
        """A person chooses his own languages, by the names of the fields."""
        if not chosen.keys() <= {"language", *LANGUAGES_ELSEWHERE}:
            raise ValueError("not the names of languages of a user")

        async def body(tx: Transaction) -> None:
            subject = await tx.subject(tenant_id, user_id)
            if subject is None:
                return
            # Not `updated_at`: it would void sign-ins that are under way, as a new password does.
            if not await tx.replace_user(msgspec.structs.replace(subject.user, **chosen)):
                raise Conflict

        await self._store.transact(body)

    @staticmethod
    async def hash_password(password: Secret[str], username: str, role: Role = Role.NONE) -> str:
        """Check the password against the rules and return its hash, computed off the event loop."""
        check_password_rules(password, username, role)
        return await asyncio.to_thread(hash_password, password.reveal())

    async def _free_tokens(self, tx: Transaction, subject: Subject) -> None:
        """Take hardware tokens from who is to be removed. Their secrets are sealed to him, and would be lost
        with him."""
        for held in subject.authenticators:
            if not held.is_hardware:
                continue
            try:
                free = self._prover.held_by(held, "")
            except CannotUnseal:
                continue  # It was tampered with, and opens nothing whoever holds it.
            if not await tx.replace_authenticator(free):
                raise Conflict


async def keep_an_administrator(tx: Transaction, before: User, after: User) -> None:
    """Raise `Refused` if `after` would leave nobody who may do everything and can come in."""
    if after.role is Role.ADMINISTRATOR and after.may_enter(tx.now):
        return
    if await is_last_administrator(tx, before):
        raise Refused(Refusal.LAST_ADMINISTRATOR, before.username)


async def is_last_administrator(tx: Transaction, user: User) -> bool:
    """Tell whether a person is the only one who may do everything and can come in."""
    if user.role is not Role.ADMINISTRATOR or not user.may_enter(tx.now):
        return False
    # What is written holds up whoever takes another administrator away at the same time, until this is
    # committed: two who each saw the other would leave none.
    await tx.put_note("administrators_changed", str(tx.now))
    where = UserFilter(role=Role.ADMINISTRATOR.value, status=UserStatus.ACTIVE.value)
    listed = await tx.users(user.tenant_id, where, Page(limit=100))
    return len([each for each in listed.rows if each.may_enter(tx.now)]) < 2


def check_password_rules(password: Secret[str], username: str, role: Role) -> None:
    """Length only, and not the name itself; no composition rules (NIST SP 800-63B-4 §3.1.1.2)."""
    revealed = password.reveal()
    least = MIN_ADMINISTRATOR_PASSWORD_CHARACTERS if role is not Role.NONE else MIN_PASSWORD_CHARACTERS
    if len(revealed) < least:
        raise Refused(Refusal.PASSWORD_TOO_SHORT, str(least))
    if len(revealed.encode()) > MAX_PASSWORD_BYTES:
        raise Refused(Refusal.PASSWORD_TOO_LONG, str(MAX_PASSWORD_BYTES))
    if username and username.casefold() in revealed.casefold() and len(revealed) < 2 * len(username):
        raise Refused(Refusal.PASSWORD_CONTAINS_NAME)


def _names(username: str, other_names: tuple[str, ...]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for spelled in (username, *other_names):
        name = canonical_name(spelled)
        if name is None:
            raise Refused(Refusal.NAME_INVALID, spelled)
        names[name] = None
    return tuple(names)


_PLAIN = (
    "given_name",
    "family_name",
    "email",
    "phone",
    "language",
    *LANGUAGES_ELSEWHERE,
    "status",
    "send_mail",
)


def _plain(fields: UserFields) -> dict[str, Any]:
    given = {name: getattr(fields, name) for name in _PLAIN}
    return {name: value for name, value in given.items() if value is not msgspec.UNSET}


Value = TypeVar("Value")


def _set(value: Value | msgspec.UnsetType, otherwise: Value) -> Value:
    return otherwise if isinstance(value, msgspec.UnsetType) else value


def _edited(user: User, fields: UserFields, hashed: str | None, now: int) -> User:
    username = _set(fields.username, user.username)
    others = _set(fields.other_names, user.names[1:])
    return msgspec.structs.replace(
        user,
        username=username.strip(),
        names=_names(username, others),
        password_hash=user.password_hash if hashed is None else hashed,
        void_before=user.void_before if hashed is None else now,
        updated_at=now,
        **_plain(fields),
    )


def changed_fields(before: User, after: User) -> list[str]:
    """Return the names of what differs, never the values."""
    ignored = {"updated_at", "version"}
    return [
        field
        for field in before.__struct_fields__
        if field not in ignored and getattr(before, field) != getattr(after, field)
    ]
