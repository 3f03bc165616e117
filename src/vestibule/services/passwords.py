"""Passwords, as their people change them: with the old one, which whoever checks it at the portal checks.

Invariants:
- The old password is counted before it is judged, in the count of every sign-in, so this is no better place
  to guess. Whoever is unknown or locked waits as long as everybody else.
- A new password ends the other sessions of its person. What was remembered of him or made under the old one
  ends with it if he wants: he knows whether somebody else may have known it.
- A password of our own is written only where the one that was proven still stands.
"""

from __future__ import annotations

import asyncio

import msgspec

from vestibule.crypto.passwords import hash_password
from vestibule.crypto.secret import Secret
from vestibule.interfaces.directory import ChangesPasswords, PasswordChangeKind, PasswordVerdictKind
from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.actor import self_of
from vestibule.model.application import PORTAL_APPLICATION, Application, FirstFactor
from vestibule.model.throttle import Factor
from vestibule.model.user import Role, User
from vestibule.model.username import lookup_names
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.first_factor import FirstFactors, can_change
from vestibule.services.nt_hashes import NtHashes
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.sessions import SignedIn
from vestibule.services.users import check_password_rules

REFUSALS = {
    PasswordChangeKind.OLD_WRONG: Refusal.PASSWORD_WRONG,
    PasswordChangeKind.TOO_WEAK: Refusal.PASSWORD_UNFIT,
    PasswordChangeKind.USED_BEFORE: Refusal.PASSWORD_USED_BEFORE,
    PasswordChangeKind.TOO_YOUNG: Refusal.PASSWORD_TOO_YOUNG,
    PasswordChangeKind.UNAVAILABLE: Refusal.DIRECTORY_SILENT,
}


class NewPassword(msgspec.Struct, frozen=True):
    """A new password as it was typed, twice."""

    wanted: Secret[str]
    again: Secret[str]


class _Ends(msgspec.Struct, frozen=True):
    """What ends with the old password: all sessions but one's own, and, `begins_anew`, what was proven,
    remembered or made before."""

    own_session: str = ""
    begins_anew: bool = False


def check_new(new: NewPassword, username: str, role: Role, *, is_ours: bool) -> None:
    """Raise `Refused` for a new password that was typed in two ways, or that breaks the rules of those that
    are kept here; a directory has rules of its own."""
    if new.wanted != new.again:
        raise Refused(Refusal.PASSWORDS_DIFFER)
    if is_ours:
        check_password_rules(new.wanted, username, role)
    elif not new.wanted:
        raise Refused(Refusal.PASSWORD_UNFIT)


class Passwords:
    def __init__(
        self,
        store: Store,
        configuration: ConfigurationCache,
        first_factors: FirstFactors,
        nt_hashes: NtHashes,
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._first_factors = first_factors
        self.nt_hashes = nt_hashes

    async def directory(self, tenant_id: str) -> ChangesPasswords | None:
        """Return the directory in which people of the tenant's portal change their passwords, if one does."""
        portal = self._portal(tenant_id)
        if portal is None or portal.first_factor is not FirstFactor.DIRECTORY:
            return None
        try:
            found: object = await self._first_factors.directory(tenant_id, portal.directory_id)
        except ValueError:  # Its settings cannot be used just now; the sign-in says so in the log.
            return None
        return found if can_change(found) else None

    async def can_change(self, user: User) -> bool:
        """Tell whether this person has a password that can be changed here."""
        portal = self._portal(user.tenant_id)
        if portal is not None and portal.first_factor is FirstFactor.LOCAL:
            return bool(user.password_hash)
        return await self.directory(user.tenant_id) is not None

    async def change(
        self, signed_in: SignedIn, old: Secret[str], new: NewPassword, *, begins_anew: bool
    ) -> None:
        """Change one's own password; raises `Refused`. `begins_anew`: what he proved before, remembered
        browsers and app passwords count no more."""
        user = signed_in.user
        if not await self.can_change(user):
            raise Refused(Refusal.NOT_POSSIBLE)
        directory = await self.directory(user.tenant_id)
        check_new(new, user.username, user.role, is_ours=directory is None)
        ends = _Ends(signed_in.session.token_hash, begins_anew)
        reserved = user if await self._reserved(user) else None
        if directory is not None:
            await self._change_there(directory, user.tenant_id, reserved, user.username, old, new, ends)
            return
        await self._check(user.tenant_id, reserved, user.username, old)
        hashed = await asyncio.to_thread(hash_password, new.wanted.reveal())

        async def body(tx: Transaction) -> None:
            await self._changed(tx, user, hashed, ends)
            await self.nt_hashes.keep(tx, msgspec.structs.replace(user, password_hash=hashed), new.wanted)

        await self._store.transact(body)

    async def change_expired(
        self, tenant_id: str, claimed_username: str, old: Secret[str], new: NewPassword
    ) -> None:
        """Change a password that is over in a directory, before the sign-in; raises `Refused`. Nobody learns
        who exists."""
        directory = await self.directory(tenant_id)
        if directory is None:
            raise Refused(Refusal.NOT_FOUND)
        check_new(new, claimed_username, Role.NONE, is_ours=False)
        tenant = self._configuration.current.tenants[tenant_id]
        names = lookup_names(claimed_username, strip_domain_prefix=tenant.settings.strip_domain_prefix)

        async def reserve(tx: Transaction) -> User | None:
            subject = await tx.subject_by_names(tenant_id, names)
            if subject is None or not subject.user.is_active:
                return None
            return subject.user if await self._counted(tx, subject.user) else None

        reserved = await self._store.transact(reserve)
        await self._change_there(directory, tenant_id, reserved, claimed_username, old, new, _Ends())

    async def _change_there(
        self,
        directory: ChangesPasswords,
        tenant_id: str,
        reserved: User | None,
        claimed: str,
        old: Secret[str],
        new: NewPassword,
        ends: _Ends,
    ) -> None:
        if reserved is None:
            await self._check(tenant_id, None, claimed, old)
            return
        outcome = await directory.change_password(reserved, old, new.wanted)
        if outcome.kind is PasswordChangeKind.UNAVAILABLE:
            await self._release(reserved)
        if outcome.kind is not PasswordChangeKind.CHANGED:
            raise Refused(REFUSALS[outcome.kind])
        await self._store.transact(lambda tx: self._changed(tx, reserved, None, ends))

    async def _check(self, tenant_id: str, reserved: User | None, claimed: str, old: Secret[str]) -> None:
        """Let whoever checks passwords at the portal judge the old one; raises `Refused` unless it is right,
        and for who is unknown or locked, judged as nobody's for the time it takes (BF-14)."""
        portal = self._configuration.current.applications[tenant_id, PORTAL_APPLICATION]
        verdict = await self._first_factors.check(portal, reserved, claimed, old)
        if reserved is not None and verdict.kind is PasswordVerdictKind.UNAVAILABLE:
            await self._release(reserved)
            raise Refused(Refusal.DIRECTORY_SILENT)
        if reserved is None or not verdict.is_match:
            raise Refused(Refusal.PASSWORD_WRONG)

    async def _reserved(self, user: User) -> bool:
        """Count an attempt; False if the person is locked."""
        return await self._store.transact(lambda tx: self._counted(tx, user))

    async def _counted(self, tx: Transaction, user: User) -> bool:
        limits = self._configuration.current.limits[user.tenant_id]
        throttle = await tx.settle_attempt(user.tenant_id, user.user_id, Factor.PASSWORD, False, limits)
        return throttle is not None

    async def _release(self, user: User) -> None:
        limits = self._configuration.current.limits[user.tenant_id]
        await self._store.transact(
            lambda tx: tx.release_attempt(user.tenant_id, user.user_id, Factor.PASSWORD, limits)
        )

    async def _changed(self, tx: Transaction, user: User, hashed: str | None, ends: _Ends) -> None:
        """Write down that a password was changed, and end what ends with it."""
        before = (await _unchanged(tx, user)).user
        after = msgspec.structs.replace(
            before,
            password_hash=before.password_hash if hashed is None else hashed,
            void_before=tx.now if ends.begins_anew else before.void_before,
            updated_at=tx.now,
        )
        if not await tx.replace_user(after):
            raise Conflict
        await tx.clear_throttle(user.tenant_id, user.user_id, Factor.PASSWORD)
        await tx.end_sessions_of(user.tenant_id, user.user_id, ends.own_session)
        actor = self_of(user.tenant_id, user.user_id, user.username)
        facts = {"begins_anew": ends.begins_anew}
        await record(tx, actor, user.tenant_id, "user.password_changed", user.user_id, user.username, **facts)

    def _portal(self, tenant_id: str) -> Application | None:
        return self._configuration.current.applications.get((tenant_id, PORTAL_APPLICATION))


async def _unchanged(tx: Transaction, user: User) -> Subject:
    """Return the person as he is now; raises `Refused` if his password is another one meanwhile."""
    subject = await tx.subject(user.tenant_id, user.user_id)
    if subject is None or subject.user.password_hash != user.password_hash:
        raise Refused(Refusal.CHANGED_MEANWHILE, user.username)
    return subject
