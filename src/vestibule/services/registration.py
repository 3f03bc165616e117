"""Registration: whether a person is asked to register, what is missing yet, and the moment at which he has.

Invariants:
- Who finishes has proven as many methods as the tenant asks for and holds recovery codes.
- To be enabled becomes to be enforced in the transaction that finishes, and by nothing else of the person's.
- What was registered before a demand to register anew is gone when that registration is finished.
"""

from __future__ import annotations

from typing import Final

import msgspec

from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.actor import Actor, self_of
from vestibule.model.application import PORTAL_APPLICATION
from vestibule.model.authenticator import Authenticator
from vestibule.model.networks import parse_address
from vestibule.model.requirement import after_registration
from vestibule.model.tenant import DAY_MS, Tenant
from vestibule.model.user import User
from vestibule.model.verification import Reason
from vestibule.model.voucher import Vouch
from vestibule.policy.access import NO_RULES, AccessFacts
from vestibule.policy.registration import (
    Asked,
    Opened,
    RegistrationFacts,
    asked_to_register,
    needs_second_factor,
    policy_days,
)
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.enrollment import Enrollments
from vestibule.services.password_reset import may_reset
from vestibule.services.proving import Prover
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.registration_time import note_asked
from vestibule.services.sessions import SignedIn
from vestibule.services.vouching import Vouching

_REFUSED_FOR_MS: Final = DAY_MS
"""How long it is remembered that a door has sent somebody here."""


class Standing(msgspec.Struct, frozen=True):
    """How far the registration of a person is. `asked`: why he must register now, if he must."""

    asked: Asked | None
    registered: tuple[Authenticator, ...]
    methods_needed: int
    has_recovery_codes: bool
    is_enrolled: bool
    """He holds something that counts, and proves that before he adds more."""
    can_prove_old: bool
    """He holds something that counts no more but shows passcodes, and may prove it to be vouched for."""
    vouched_by: Vouch | None

    @property
    def is_finished(self) -> bool:
        return len(self.registered) >= self.methods_needed and self.has_recovery_codes

    @property
    def must_register(self) -> bool:
        return self.asked is not None


class Registrations:
    def __init__(
        self,
        store: Store,
        configuration: ConfigurationCache,
        prover: Prover,
        enrollments: Enrollments,
        vouching: Vouching,
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._prover = prover
        self._enrollments = enrollments
        self._vouching = vouching

    async def standing(self, signed_in: SignedIn) -> Standing:
        """Return how far the registration of who is signed in is. Who is asked for the first time has that
        noted: from then on his time is counted."""
        session = signed_in.session

        async def body(tx: Transaction) -> tuple[Standing, bool]:
            subject = await _subject(tx, session.tenant_id, session.user_id)
            standing = await self._standing(tx, signed_in, subject)
            return standing, standing.must_register and not subject.user.registering_since

        standing, is_first = await self._store.read(body)
        if is_first:
            await self._store.transact(lambda tx: _first_asked(tx, session.tenant_id, session.user_id))
        return standing

    async def finish(self, signed_in: SignedIn, default_method: str) -> User:
        """End a registration; raises `Refused` if something is missing yet, or the method is not his."""
        tenant_id, user_id = signed_in.user.tenant_id, signed_in.user.user_id
        actor = self_of(tenant_id, user_id, signed_in.user.username)

        async def body(tx: Transaction) -> User:
            await tx.hold_user(tenant_id, user_id)
            subject = await _subject(tx, tenant_id, user_id)
            standing = await self._standing(tx, signed_in, subject)
            if not standing.is_finished:
                raise Refused(Refusal.REGISTRATION_UNFINISHED)
            usable = self._prover.usable(subject, tx.now)
            if default_method not in {held.method for held in usable}:
                raise Refused(Refusal.METHOD_NOT_HELD, default_method)
            before = subject.user
            after = msgspec.structs.replace(
                before,
                default_method=default_method,
                requirement=after_registration(before.requirement),
                must_register=False,
                registering_since=0,
            )
            if not await tx.replace_user(after):
                raise Conflict
            await self._take_old(tx, actor, subject)
            await tx.remove_vouchers(tenant_id, user_id)
            facts = {"method": default_method, "requirement": after.requirement.value}
            await record(tx, actor, tenant_id, "registration.finished", user_id, after.username, **facts)
            return after

        return await self._store.transact(body)

    async def _take_old(self, tx: Transaction, actor: Actor, subject: Subject) -> None:
        """Take away what was registered before a new registration was demanded."""
        for held in subject.authenticators:
            if held.created_at < subject.user.methods_since:
                await self._enrollments.take(tx, actor, subject.user, held)

    # --- parts ----------------------------------------------------------------------------------------

    async def _standing(self, tx: Transaction, signed_in: SignedIn, subject: Subject) -> Standing:
        session, user = signed_in.session, subject.user
        tenant = self._tenant(user)
        registered = self._prover.registered(subject)
        standing = Standing(
            asked=None,
            registered=registered,
            methods_needed=tenant.settings.registration_methods,
            has_recovery_codes=self._enrollments.recovery_codes_left(subject) > 0,
            is_enrolled=self._prover.is_enrolled(subject, tx.now),
            can_prove_old=bool(self._prover.take_passcodes(self._prover.usable_once(subject, tx.now))),
            vouched_by=await self._vouching.way_of(tx, session, subject, signed_in.address),
        )
        groups = await tx.groups_of(user.tenant_id, user.user_id)
        facts = RegistrationFacts(
            user=user,
            now=tx.now,
            is_registered=bool(registered),
            chosen_is_off=self._prover.chosen_is_off(subject),
            resets_password=await may_reset(tx, tenant, user),
            policy_days=policy_days(tenant.settings, groups),
            opened=await self._opened(tx, user, groups, signed_in.address) if not registered else (),
        )
        return msgspec.structs.replace(standing, asked=asked_to_register(facts))

    async def _opened(
        self, tx: Transaction, user: User, groups: frozenset[str], address: str
    ) -> tuple[Opened, ...]:
        """Return the applications that he wanted to open: this one, and the last one that sent him here."""
        where = VerificationFilter(
            user_id=user.user_id, reason=Reason.REGISTRATION_REQUIRED.value, since=tx.now - _REFUSED_FOR_MS
        )
        sent = await tx.verifications(user.tenant_id, where, Page(limit=1))
        wanted = [PORTAL_APPLICATION, *[attempt.application_id for attempt in sent.rows]]
        snapshot = self._configuration.current
        rules = snapshot.access.get(user.tenant_id, NO_RULES)
        place = parse_address(address) if address else None
        opened = []
        for application_id in wanted:
            application = snapshot.applications.get((user.tenant_id, application_id))
            if application is not None:
                rule = rules.first(AccessFacts(user.user_id, groups, application_id, place), [])
                opened.append(Opened(application, needs_second_factor(application, rule)))
        return tuple(opened)

    def _tenant(self, user: User) -> Tenant:
        return self._configuration.current.tenants[user.tenant_id]


async def _first_asked(tx: Transaction, tenant_id: str, user_id: str) -> None:
    await note_asked(tx, (await _subject(tx, tenant_id, user_id)).user)


async def _subject(tx: Transaction, tenant_id: str, user_id: str) -> Subject:
    subject = await tx.subject(tenant_id, user_id)
    if subject is None:
        raise Refused(Refusal.NOT_FOUND, user_id)
    return subject
