"""The first administrator: one link, one page, one transaction.

The link is made at the first start and printed once. The page shows a QR code and asks for a name, a
password and a live passcode; all of it is written, and the link spent, in one transaction. What the
page must remember meanwhile (the new authenticator) travels sealed in the form, bound to the link.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from typing import Any

import msgspec

from vestibule.crypto.sealing import CannotUnseal, Sealer, context
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id, token_hash
from vestibule.interfaces.method import NewAuthenticator
from vestibule.interfaces.store import AlreadyExists, Store, Transaction
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.people import UserFilter
from vestibule.model.actor import SYSTEM
from vestibule.model.application import (
    CONSOLE_APPLICATION,
    PORTAL_APPLICATION,
    Application,
    Client,
    ClientKind,
    SecondFactor,
)
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.role import EVERYTHING, Grant
from vestibule.model.session import Link
from vestibule.model.tenant import SYSTEM_TENANT, Tenant, TenantSettings
from vestibule.model.user import Role, User
from vestibule.model.username import canonical_name
from vestibule.model.verdict import Verdict
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.proposals import NOT_NEEDED, Agreement
from vestibule.services.proving import Prover
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.sessions import Sessions
from vestibule.services.users import Users

PURPOSE = "setup"
FIRST = "first"
"""Subject of a link that was made while there was no administrator: void once there is one. That of any other
says which roles it gives."""
LINK_SECONDS = 24 * 3600


class Prepared(msgspec.Struct, frozen=True):
    """`sealed` goes into the form and comes back; `shown` is the URI for the QR code, then the secret."""

    sealed: str
    shown: tuple[Secret[str], ...]


class Setup:
    def __init__(
        self,
        store: Store,
        configuration: ConfigurationCache,
        prover: Prover,
        sealer: Sealer,
        sessions: Sessions,
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._prover = prover
        self._sealer = sealer
        self._sessions = sessions

    async def ensure_system(self) -> None:
        """Make the system tenant with the console, if this installation has none yet."""

        async def body(tx: Transaction) -> None:
            loaded = await tx.configuration()
            if any(tenant.tenant_id == SYSTEM_TENANT for tenant in loaded.tenants):
                return
            settings = TenantSettings(issuer="Vestibule Console")
            await tx.put(
                Tenant(tenant_id=SYSTEM_TENANT, name="Vestibule", settings=settings, created_at=tx.now)
            )
            await put_built_in(tx, SYSTEM_TENANT, CONSOLE_APPLICATION, SecondFactor.ALWAYS)

        await self._store.transact(body)
        await self._configuration.refresh()

    async def ensure_portal(self, tenant_id: str) -> None:
        """Make the portal of a tenant, if it has none yet."""
        if (tenant_id, PORTAL_APPLICATION) not in self._configuration.current.applications:
            await self._store.transact(
                lambda tx: put_built_in(tx, tenant_id, PORTAL_APPLICATION, SecondFactor.IF_ENROLLED)
            )
            await self._configuration.refresh()

    async def has_administrator(self) -> bool:
        where = UserFilter(role=Role.ADMINISTRATOR.value)
        found = await self._store.read(lambda tx: tx.users(SYSTEM_TENANT, where, Page(limit=1)))
        return bool(found.rows)

    async def make_link(
        self, grants: Sequence[Grant] = (EVERYTHING,), agreed: Agreement = NOT_NEEDED
    ) -> Secret[str]:
        """Return a new one-time token for the set-up page, good for a day: whoever uses it has these roles.

        Of the links for the first administrator, of which each start prints one, the first that is used ends
        all others.
        """
        subject = msgspec.json.encode(grants).decode() if await self.has_administrator() else FIRST
        return await self._sessions.make_link(SYSTEM_TENANT, PURPOSE, subject, LINK_SECONDS, agreed)

    async def prepare(self, token: str, username: str) -> Prepared | None:
        """Make a new authenticator for whoever holds the link; None if the link is spent or over."""
        link = await self._sessions.link(token, PURPOSE)
        if link is None or (link.subject == FIRST and await self.has_administrator()):
            return None
        tenant = self._configuration.current.tenants[SYSTEM_TENANT]
        options = {"issuer": tenant.settings.issuer, "account": username or "administrator"}
        name = self._method_name()
        new = self._prover.methods[name].enroll(options, os.urandom)
        sealed = self._sealer.seal(msgspec.json.encode((name, new)), _context(token))
        return Prepared(base64.urlsafe_b64encode(sealed).decode(), tuple(Secret(text) for text in new.shown))

    async def complete(
        self, token: str, sealed: str, username: str, password: Secret[str], passcode: Secret[str]
    ) -> User:
        """Make the administrator and spend the link; raises `Refused` and changes nothing otherwise."""
        canonical = canonical_name(username)
        if canonical is None:
            raise Refused(Refusal.NAME_INVALID, username)
        name, new = self._opened(token, sealed)
        hashed = await Users.hash_password(password, username, Role.ADMINISTRATOR)

        async def body(tx: Transaction) -> User:
            verdict = self._prover.methods[name].verify(
                new.parameters, new.secret, new.state, passcode.reveal(), tx.now
            )
            if not verdict.is_match:
                raise Refused(Refusal.PASSCODE_WRONG)
            link = await tx.spend_link(token_hash(token), PURPOSE)
            if link is None or (link.subject == FIRST and not await _is_first(tx)):
                raise Refused(Refusal.NOT_FOUND)
            grants = _grants_of(link)
            is_limited = EVERYTHING not in grants
            user = User(
                tenant_id=SYSTEM_TENANT,
                user_id=new_id(),
                username=username.strip(),
                names=(canonical,),
                password_hash=hashed,
                role=Role.LIMITED if is_limited else Role.ADMINISTRATOR,
                created_at=tx.now,
                updated_at=tx.now,
            )
            await tx.add_user(user)
            if is_limited:
                await tx.replace_grants(SYSTEM_TENANT, user.user_id, grants)
            await tx.add_authenticator(self._authenticator(user, name, new, verdict))
            await record(tx, SYSTEM, SYSTEM_TENANT, "administrator.added", user.user_id, user.username)
            return user

        try:
            return await self._store.transact(body)
        except AlreadyExists as taken:
            raise Refused(Refusal.NAME_TAKEN, taken.key) from None

    def _method_name(self) -> str:
        methods = self._prover.methods
        return next(name for name in sorted(methods) if methods[name].descriptor.self_enrolled)

    def _opened(self, token: str, sealed: str) -> tuple[str, NewAuthenticator]:
        try:
            content = self._sealer.unseal(base64.urlsafe_b64decode(sealed), _context(token))
        except (CannotUnseal, ValueError):
            raise Refused(Refusal.NOT_FOUND) from None
        return msgspec.json.decode(content, type=tuple[str, NewAuthenticator])

    def _authenticator(self, user: User, name: str, new: NewAuthenticator, verdict: Verdict) -> Authenticator:
        state: dict[str, Any] = verdict.state or {}
        bare = Authenticator(
            tenant_id=user.tenant_id,
            authenticator_id=new_id(),
            user_id=user.user_id,
            method=name,
            parameters=new.parameters,
            state=state,
            status=AuthenticatorStatus.ACTIVE,
            created_at=user.created_at,
            used_at=user.created_at,
        )
        return self._prover.sealed(bare, new.secret)


def _grants_of(link: Link) -> tuple[Grant, ...]:
    """Return the roles that a link gives; one without any word of them is from before there were roles."""
    if link.subject in ("", FIRST):
        return (EVERYTHING,)
    return msgspec.json.decode(link.subject, type=tuple[Grant, ...])


async def _is_first(tx: Transaction) -> bool:
    """Tell whether there is no administrator yet. The note that is written holds up whoever asks at the
    same time with another link, until this is committed."""
    await tx.put_note("administrators_changed", str(tx.now))
    found = await tx.users(SYSTEM_TENANT, UserFilter(role=Role.ADMINISTRATOR.value), Page(limit=1))
    return not found.rows


async def put_built_in(
    tx: Transaction, tenant_id: str, application_id: str, second_factor: SecondFactor
) -> None:
    """Insert the portal or the console as an application with itself as its only client."""
    await tx.put(
        Application(
            tenant_id=tenant_id,
            application_id=application_id,
            name=application_id.capitalize(),
            second_factor=second_factor,
            created_at=tx.now,
        )
    )
    await tx.put(
        Client(
            tenant_id=tenant_id,
            client_id=built_in_client_id(tenant_id, application_id),
            application_id=application_id,
            kind=ClientKind.BUILT_IN,
            name=application_id.capitalize(),
            created_at=tx.now,
        )
    )


def built_in_client_id(tenant_id: str, application_id: str) -> str:
    """Return the identifier under which a built-in door is found in the configuration snapshot."""
    return f"{application_id}@{tenant_id}"


def _context(token: str) -> bytes:
    return context(SYSTEM_TENANT, PURPOSE, token_hash(token))
