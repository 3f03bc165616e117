"""Remembered browsers: kept after a second factor was proven, listed, and forgotten one by one or all."""

from __future__ import annotations

from typing import Final

from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id, new_token, token_hash
from vestibule.interfaces.store import Store, Transaction
from vestibule.model.actor import Actor, Right
from vestibule.model.proposal import Act
from vestibule.model.remembered_browser import RememberedBrowser
from vestibule.model.verification import SECOND_FACTOR_NOT_PROVEN, Verification, VerificationState
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.guard import Guard
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused

_DAY_MS: Final = 86_400_000
_LONGEST_LABEL: Final = 64


class RememberedBrowsers:
    def __init__(self, store: Store, configuration: ConfigurationCache, guard: Guard) -> None:
        self._store = store
        self._guard = guard
        self._configuration = configuration

    def days(self, tenant_id: str, application_id: str) -> int:
        """Return for how many days a browser may be remembered at an application; 0: not at all."""
        application = self._configuration.current.applications.get((tenant_id, application_id))
        return application.remember_days if application else 0

    async def remember(self, verification: Verification, label: str) -> Secret[str] | None:
        """Remember the browser in which a verification was just approved by a second factor; return its
        token, or None where that is not possible."""
        days = self.days(verification.tenant_id, verification.application_id)
        is_proven = verification.reason not in SECOND_FACTOR_NOT_PROVEN
        if not days or verification.state is not VerificationState.APPROVED or not is_proven:
            return None
        token = new_token(32)

        async def body(tx: Transaction) -> None:
            await tx.add_remembered_browser(
                RememberedBrowser(
                    tenant_id=verification.tenant_id,
                    browser_id=new_id(),
                    token_hash=token_hash(token),
                    user_id=verification.user_id,
                    application_id=verification.application_id,
                    label=label[:_LONGEST_LABEL],
                    proven_at=verification.decided_at or tx.now,
                    used_at=tx.now,
                    expires_at=tx.now + days * _DAY_MS,
                )
            )

        await self._store.transact(body)
        return Secret(token)

    async def list(self, actor: Actor, tenant_id: str, user_id: str) -> tuple[RememberedBrowser, ...]:
        await self._guard.admit_reading_or_self(actor, Right.READ_PEOPLE, tenant_id, user_id)

        async def body(tx: Transaction) -> tuple[RememberedBrowser, ...]:
            if await tx.subject(tenant_id, user_id) is None:
                raise Refused(Refusal.NOT_FOUND, user_id)
            return await tx.remembered_browsers(tenant_id, user_id)

        return await self._store.read(body)

    async def forget(self, actor: Actor, tenant_id: str, user_id: str, browser_id: str) -> None:
        """Ask for a second factor in that browser from now on; `Refused` if it is none of his."""
        await self._guard.admit_or_self(actor, Right.AUTHENTICATORS, tenant_id, user_id, Act.FORGET_BROWSERS)

        async def body(tx: Transaction) -> None:
            if not await tx.forget_browser(tenant_id, user_id, browser_id):
                raise Refused(Refusal.NOT_FOUND, browser_id)
            await _record(tx, actor, tenant_id, user_id, 1)

        await self._store.transact(body)

    async def forget_all(self, actor: Actor, tenant_id: str, user_id: str) -> int:
        """Ask for a second factor in every browser from now on; return how many were remembered."""
        await self._guard.admit_or_self(actor, Right.AUTHENTICATORS, tenant_id, user_id, Act.FORGET_BROWSERS)

        async def body(tx: Transaction) -> int:
            count = await tx.forget_browsers(tenant_id, user_id)
            if count:
                await _record(tx, actor, tenant_id, user_id, count)
            return count

        return await self._store.transact(body)


async def _record(tx: Transaction, actor: Actor, tenant_id: str, user_id: str, count: int) -> None:
    subject = await tx.subject(tenant_id, user_id)
    if subject is not None:
        name = subject.user.username
        await record(tx, actor, tenant_id, "browsers.forgotten", user_id, name, count=str(count))
