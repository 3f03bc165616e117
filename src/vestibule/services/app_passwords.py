"""App passwords: a person makes, lists and revokes them; an administrator lists and revokes.

Invariants:
- Only the person makes one, in a session whose second factor he proved a moment ago, and nobody else sees it.
- Only he has any of whom his own state demands a second factor: where an access rule alone demands one, they
  would be a way around the rule.
- A revoked one is gone with the commit: doors read the row in the transaction that lets somebody in.
"""

from __future__ import annotations

import secrets

import msgspec

from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id, token_hash
from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.model.actor import Actor, NotAllowed, Right
from vestibule.model.app_password import LONGEST_NAME, MOST, AppPassword, generated, letters_of, may_have
from vestibule.model.application import Application
from vestibule.model.edition import Feature
from vestibule.model.proposal import Act
from vestibule.model.tenant import Tenant
from vestibule.model.user import User
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.editions import demand
from vestibule.services.guard import Guard
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.sessions import SignedIn


class NewAppPassword(msgspec.Struct, frozen=True):
    """An app password that was made just now; `shown` is the password itself, this one time."""

    app_password: AppPassword
    shown: Secret[str]


class AppPasswords:
    def __init__(self, store: Store, configuration: ConfigurationCache, guard: Guard) -> None:
        self._store = store
        self._guard = guard
        self._configuration = configuration

    def choices(self, user: User) -> tuple[Application, ...]:
        """Return the applications for which this person may make app passwords, by name; none: he may make
        none at all."""
        if _hindrance(self._tenant(user.tenant_id), user) is not None:
            return ()
        found = [
            application
            for application in self._configuration.current.applications.values()
            if application.tenant_id == user.tenant_id and application.is_legacy and application.is_enabled
        ]
        return tuple(sorted(found, key=lambda application: application.name.casefold()))

    def application_names(self, tenant_id: str) -> dict[str, str]:
        """Return what the applications of a tenant are called, by identifier."""
        known = self._configuration.current.applications.values()
        return {each.application_id: each.name for each in known if each.tenant_id == tenant_id}

    async def make(self, signed_in: SignedIn, name: str, applications: tuple[str, ...]) -> NewAppPassword:
        """Make an app password for programs that sign in to `applications` (identifiers).

        Raises `NotAllowed` where this session must prove a second factor first, and `Refused`: switched off,
        not for this person, no name, no such application, or 40 already.
        """
        session = signed_in.session
        if not (session.is_second_factor_proven and signed_in.is_fresh):
            raise NotAllowed("this needs a second factor, proven a moment ago")
        chosen = tuple(dict.fromkeys(applications))
        called = name.strip()
        if not called or len(called) > LONGEST_NAME or not called.isprintable():
            raise Refused(Refusal.APP_PASSWORD_NAME, str(LONGEST_NAME))
        shown = generated(secrets.randbelow)
        letters = letters_of(shown)
        assert letters is not None

        async def body(tx: Transaction) -> AppPassword:
            user = await _held(tx, session.tenant_id, session.user_id)
            self._check(user, chosen)
            await tx.remove_app_passwords(user.tenant_id, user.user_id, made_before=user.void_before)
            if len(await tx.app_passwords(user.tenant_id, user.user_id)) >= MOST:
                raise Refused(Refusal.TOO_MANY, str(MOST))
            made = AppPassword(
                tenant_id=user.tenant_id,
                app_password_id=new_id(),
                user_id=user.user_id,
                name=called,
                applications=chosen,
                token_hash=token_hash(letters.reveal()),
                created_at=tx.now,
            )
            await tx.add_app_password(made)
            if not user.has_made_app_password and not await tx.replace_user(
                msgspec.structs.replace(user, has_made_app_password=True)
            ):
                raise Conflict
            await self._record(tx, signed_in.actor, "app_password.made", user, made)
            return made

        return NewAppPassword(await self._store.transact(body), shown)

    async def list(self, actor: Actor, tenant_id: str, user_id: str) -> tuple[AppPassword, ...]:
        """Return the app passwords of a person that are good, oldest first."""
        await self._guard.admit_reading_or_self(actor, Right.READ_PEOPLE, tenant_id, user_id)

        async def body(tx: Transaction) -> tuple[AppPassword, ...]:
            subject = await tx.subject(tenant_id, user_id)
            if subject is None:
                raise Refused(Refusal.NOT_FOUND, user_id)
            found = await tx.app_passwords(tenant_id, user_id)
            return tuple([each for each in found if each.created_at >= subject.user.void_before])

        return await self._store.read(body)

    async def revoke(self, actor: Actor, tenant_id: str, user_id: str, app_password_id: str) -> AppPassword:
        """Take one away; it opens nothing from now on."""
        await self._guard.admit_or_self(actor, Right.APP_PASSWORDS, tenant_id, user_id, Act.APP_PASSWORDS)

        async def body(tx: Transaction) -> AppPassword:
            user = await _held(tx, tenant_id, user_id)
            found = [
                each
                for each in await tx.app_passwords(tenant_id, user_id)
                if each.app_password_id == app_password_id
            ]
            if not found or not await tx.remove_app_password(tenant_id, user_id, app_password_id):
                raise Refused(Refusal.NOT_FOUND, app_password_id)
            await self._record(tx, actor, "app_password.revoked", user, found[0])
            return found[0]

        return await self._store.transact(body)

    async def revoke_all(self, actor: Actor, tenant_id: str, user_id: str) -> int:
        """Take all of them away (S40); return how many there were."""
        await self._guard.admit_or_self(actor, Right.APP_PASSWORDS, tenant_id, user_id, Act.APP_PASSWORDS)

        async def body(tx: Transaction) -> int:
            user = await _held(tx, tenant_id, user_id)
            count = await tx.remove_app_passwords(tenant_id, user_id, made_before=tx.now + 1)
            if count:
                await record(
                    tx, actor, tenant_id, "app_password.all_revoked", user_id, user.username, count=count
                )
            return count

        return await self._store.transact(body)

    def _check(self, user: User, applications: tuple[str, ...]) -> None:
        demand(self._tenant(user.tenant_id), Feature.APP_PASSWORDS)
        hindrance = _hindrance(self._tenant(user.tenant_id), user)
        if hindrance is not None:
            raise Refused(hindrance)
        known = {application.application_id for application in self.choices(user)}
        if not applications or not known.issuperset(applications):
            raise Refused(Refusal.APP_PASSWORD_APPLICATION)

    def _tenant(self, tenant_id: str) -> Tenant:
        return self._configuration.current.tenants[tenant_id]

    async def _record(
        self, tx: Transaction, actor: Actor, kind: str, user: User, app_password: AppPassword
    ) -> None:
        names = self.application_names(user.tenant_id)
        await record(
            tx,
            actor,
            user.tenant_id,
            kind,
            user.user_id,
            user.username,
            name=app_password.name,
            applications=[names[each] for each in app_password.applications if each in names],
        )


def _hindrance(tenant: Tenant, user: User) -> Refusal | None:
    if not tenant.settings.app_passwords:
        return Refusal.APP_PASSWORDS_OFF
    return None if may_have(user) else Refusal.APP_PASSWORD_NOT_NEEDED


async def _held(tx: Transaction, tenant_id: str, user_id: str) -> User:
    """Return the person, with nobody else adding to what he has or taking from it until this is over."""
    subject = await tx.subject(tenant_id, user_id) if await tx.hold_user(tenant_id, user_id) else None
    if subject is None:
        raise Refused(Refusal.NOT_FOUND, user_id)
    return subject.user
