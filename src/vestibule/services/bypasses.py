"""One-time bypasses: made by an administrator, or by the person himself where his tenant allows it.

Invariants:
- A bypass stands for one second factor, once, on whichever node and door; never for the first, never at the
  console, and never for the right to change what somebody signs in with.
- A person has one that waits; a new one takes its place.
- Nobody makes one without saying why, and a person only right after a second factor.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from vestibule.crypto.tokens import new_ordered_id
from vestibule.interfaces.store import Store, Transaction
from vestibule.interfaces.transaction.blocks import BypassFilter
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.model.actor import Actor, Right
from vestibule.model.application import CONSOLE_APPLICATION
from vestibule.model.bypass import MOST_SECONDS, USUAL_SECONDS, Bypass
from vestibule.model.edition import Feature
from vestibule.model.proposal import Act
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.editions import demand
from vestibule.services.guard import Guard
from vestibule.services.proposals import NOT_NEEDED, Agreement
from vestibule.services.reasons import needed_reason
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.sessions import SignedIn


class NewBypass(msgspec.Struct, frozen=True, kw_only=True):
    reason: str
    seconds: int = USUAL_SECONDS
    application_id: str = ""
    """Where it holds; empty: at every application but the console."""


class Bypasses:
    def __init__(self, store: Store, configuration: ConfigurationCache, guard: Guard) -> None:
        self._store = store
        self._configuration = configuration
        self._guard = guard

    async def make(self, actor: Actor, tenant_id: str, user_id: str, wanted: NewBypass) -> Bypass:
        """Let the next sign-in of a person need no second factor, from now on. Raises `Refused`."""
        facts = {"seconds": wanted.seconds, "application": wanted.application_id}
        agreed = await self._guard.admit(actor, Right.BYPASSES, tenant_id, user_id, Act.BYPASS, facts)
        return await self._make(actor, tenant_id, user_id, wanted, agreed)

    async def make_own(self, signed_in: SignedIn, wanted: NewBypass) -> Bypass:
        """The same by the person himself, who has proven a second factor in this session a moment ago."""
        user = signed_in.user
        settings = self._configuration.current.tenants[user.tenant_id].settings
        may = signed_in.is_fresh and signed_in.session.is_second_factor_proven
        if not (settings.own_bypass and may):
            raise Refused(Refusal.NOT_POSSIBLE)
        return await self._make(signed_in.actor, user.tenant_id, user.user_id, wanted, NOT_NEEDED)

    async def _make(
        self, actor: Actor, tenant_id: str, user_id: str, wanted: NewBypass, agreed: Agreement
    ) -> Bypass:
        demand(self._configuration.current.tenants[tenant_id], Feature.BYPASS)
        reason = needed_reason(wanted.reason)
        if not 1 <= wanted.seconds <= MOST_SECONDS:
            raise Refused(Refusal.OUT_OF_BOUNDS, f"seconds: 1–{MOST_SECONDS}")
        application_name = self._application_name(tenant_id, wanted.application_id)

        async def body(tx: Transaction) -> Bypass:
            await agreed.use(tx)
            subject = await tx.subject(tenant_id, user_id)
            if subject is None:
                raise Refused(Refusal.NOT_FOUND, user_id)
            user = subject.user
            if user.is_blocked(tx.now):
                raise Refused(Refusal.USER_BLOCKED)
            made = Bypass(
                tenant_id=tenant_id,
                bypass_id=new_ordered_id(tx.now),
                user_id=user_id,
                username=user.username,
                application_id=wanted.application_id,
                application_name=application_name,
                seconds=wanted.seconds,
                reason=reason,
                phone=user.phone,
                actor=actor.actor_id,
                actor_name=actor.name,
                made_at=tx.now,
                expires_at=tx.now + wanted.seconds * 1000,
            )
            await tx.end_bypass(tenant_id, user_id)
            await tx.add_bypass(made)
            await record(
                tx,
                actor,
                tenant_id,
                "bypass.made",
                user_id,
                user.username,
                seconds=wanted.seconds,
                application=application_name,
                reason=reason,
            )
            return made

        return await self._store.transact(body)

    async def withdraw(self, actor: Actor, tenant_id: str, user_id: str) -> None:
        """Take the bypass of a person away that nobody has used yet; raises `Refused` if there is none."""
        agreed = await self._guard.admit_or_self(actor, Right.BYPASSES, tenant_id, user_id, Act.BYPASS)

        async def body(tx: Transaction) -> None:
            await agreed.use(tx)
            withdrawn = await tx.end_bypass(tenant_id, user_id)
            if withdrawn is None:
                raise Refused(Refusal.NO_BYPASS)
            await record(tx, actor, tenant_id, "bypass.withdrawn", user_id, withdrawn.username)

        await self._store.transact(body)

    async def of(self, actor: Actor, tenant_id: str, user_id: str) -> Bypass | None:
        """Return the bypass of a person that his next sign-in may use."""
        await self._guard.admit_reading_or_self(actor, Right.READ_PEOPLE, tenant_id, user_id)
        return await self._store.read(lambda tx: tx.waiting_bypass(tenant_id, user_id))

    async def list(self, actor: Actor, tenant_id: str, where: BypassFilter, page: Page) -> Listed:
        """Return one page of bypasses, newest first, with what became of them."""
        seen = replace(where, within=tuple(actor.limit(Right.READ_PEOPLE, tenant_id)))
        return await self._store.read(lambda tx: tx.bypasses(tenant_id, seen, page))

    def _application_name(self, tenant_id: str, application_id: str) -> str:
        if not application_id:
            return ""
        application = self._configuration.current.applications.get((tenant_id, application_id))
        if application is None or application_id == CONSOLE_APPLICATION:
            raise Refused(Refusal.NOT_FOUND, application_id)
        return application.name
