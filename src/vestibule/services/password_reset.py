"""Resetting a forgotten password, by what the person has registered; off unless the tenant allows it.

He proves it by passcodes that he can read: of an app, a hardware token, or a recovery code. Who holds two
such methods proves both, one each. Nothing is sent here; texts, calls and the app are in reset_by_phone.py.

Invariants:
- There is one refusal for all: whether a name exists, may be reset, is locked or was only not proven is
  never told, and takes the same time (BF-15). Rules of passwords are told to who has proven himself, or
  before anybody is looked for.
- Passcodes are judged, counted and spent as at any sign-in.
- With the new password all sessions end, and nothing that was proven or remembered before stands: app
  passwords and browsers with it (APP-03).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import msgspec

from vestibule.crypto.passwords import hash_password
from vestibule.crypto.secret import Secret
from vestibule.interfaces.directory import PasswordChangeKind
from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.actor import self_of
from vestibule.model.authenticator import Authenticator
from vestibule.model.self_service import PasswordReset
from vestibule.model.tenant import Tenant
from vestibule.model.throttle import Factor
from vestibule.model.user import Role, User
from vestibule.model.username import lookup_names
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.passwords import REFUSALS, NewPassword, Passwords, check_new
from vestibule.services.proving import Prover
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.spraying import Spraying

MOST_PROOFS = 2


class PasswordResets:
    def __init__(
        self,
        store: Store,
        configuration: ConfigurationCache,
        prover: Prover,
        passwords: Passwords,
        spraying: Spraying,
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._prover = prover
        self._passwords = passwords
        self._spraying = spraying

    def is_offered(self, tenant_id: str) -> bool:
        tenant = self._configuration.current.tenants.get(tenant_id)
        return tenant is not None and tenant.settings.password_reset is not PasswordReset.OFF

    async def reset(
        self,
        tenant_id: str,
        claimed_username: str,
        passcodes: tuple[Secret[str], Secret[str]],
        new: NewPassword,
    ) -> None:
        """Reset the password of who proves himself; raises `Refused` with NOT_PROVEN for everybody else. The
        second passcode is empty for who holds one method only."""
        if not self.is_offered(tenant_id):
            raise Refused(Refusal.NOT_FOUND)
        directory = await self._passwords.directory(tenant_id)
        check_new(new, claimed_username, Role.NONE, is_ours=directory is None)
        # Hashed before anybody is looked for, so that everybody waits for it.
        hashed = await asyncio.to_thread(hash_password, new.wanted.reveal())
        tenant = self._configuration.current.tenants[tenant_id]
        names = lookup_names(claimed_username, strip_domain_prefix=tenant.settings.strip_domain_prefix)

        async def prove(tx: Transaction) -> User | None:
            subject = await tx.subject_by_names(tenant_id, names)
            if subject is None or not (directory or subject.user.password_hash):
                return None
            if not await may_reset(tx, tenant, subject.user):
                return None
            is_proven = await self._is_proven(tx, subject, passcodes)
            if not is_proven:
                await note_refusal(tx, subject.user)
            return subject.user if is_proven else None

        if self._spraying.slows(tenant_id):
            await self._spraying.wait(tenant_id, "")
        user = await self._store.transact(prove)
        if user is None:
            self._spraying.failed(tenant_id)
            raise Refused(Refusal.NOT_PROVEN)
        await self.put(user, new, hashed)

    async def put(self, user: User, new: NewPassword, hashed: str) -> None:
        """Put a new password, and `hashed` of it, in the place of that of who has proven himself; raises
        `Refused`."""
        directory = await self._passwords.directory(user.tenant_id)
        if directory is None:
            check_new(new, user.username, user.role, is_ours=True)
        else:
            outcome = await directory.reset_password(user, new.wanted)
            if outcome.kind is not PasswordChangeKind.CHANGED:
                silent = outcome.kind is PasswordChangeKind.OLD_WRONG
                raise Refused(Refusal.DIRECTORY_SILENT if silent else REFUSALS[outcome.kind])
        kept = hashed if directory is None else user.password_hash

        async def body(tx: Transaction) -> None:
            await _written(tx, user, kept)
            if directory is None:
                renewed = msgspec.structs.replace(user, password_hash=hashed)
                await self._passwords.nt_hashes.keep(tx, renewed, new.wanted)

        await self._store.transact(body)

    async def _is_proven(self, tx: Transaction, subject: Subject, passcodes: Iterable[Secret[str]]) -> bool:
        """Tell whether the passcodes are of as many methods as are asked of this person."""
        left = self._prover.take_passcodes(self._prover.usable(subject, tx.now))
        needed = min(MOST_PROOFS, len({held.method for held in left}))
        limits = self._configuration.current.limits[subject.user.tenant_id]
        proven = 0
        for passcode in passcodes:
            if proven == needed:
                break
            proof = await self._prover.prove(tx, subject, left, passcode, limits)
            if not proof.is_match or proof.authenticator is None:
                return False
            proven += 1
            left = _of_other_methods(left, proof.authenticator)
        return 0 < needed == proven


async def may_reset(tx: Transaction, tenant: Tenant, user: User) -> bool:
    """Tell whether a person may reset a forgotten password, if he can prove himself."""
    if not user.is_active or user.blocked_until > tx.now:
        return False
    settings = tenant.settings
    if settings.password_reset is PasswordReset.ALL:
        return True
    groups = await tx.groups_of(user.tenant_id, user.user_id)
    return not groups.isdisjoint(settings.password_reset_groups)


def _of_other_methods(held: Iterable[Authenticator], used: Authenticator) -> list[Authenticator]:
    return [one for one in held if one.method != used.method]


async def _written(tx: Transaction, user: User, hashed: str) -> None:
    subject = await tx.subject(user.tenant_id, user.user_id)
    if subject is None or not subject.user.is_active:
        raise Refused(Refusal.NOT_PROVEN)
    renewed = msgspec.structs.replace(
        subject.user, password_hash=hashed, void_before=tx.now, updated_at=tx.now
    )
    if not await tx.replace_user(renewed):
        raise Conflict
    await tx.clear_throttle(user.tenant_id, user.user_id, Factor.PASSWORD)
    await tx.end_sessions_of(user.tenant_id, user.user_id)
    await _note(tx, user, "user.password_reset")


async def note_refusal(tx: Transaction, user: User) -> None:
    """Write down that who wanted to reset this person's password has not proven himself."""
    await _note(tx, user, "user.password_reset_refused")


async def _note(tx: Transaction, user: User, kind: str) -> None:
    actor = self_of(user.tenant_id, user.user_id, user.username)
    await record(tx, actor, user.tenant_id, kind, user.user_id, user.username)
