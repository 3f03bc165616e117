"""Temporary access passes: an administrator hands one to a person who has lost what he signs in with.

A pass is typed like any passcode, at any door, and is as good as one: with it the person comes into the
portal and registers something new. It is shown once, to who made it, and ends by itself. A new one takes the
place of the one before.
"""

from __future__ import annotations

import os

import msgspec

from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id
from vestibule.interfaces.store import Store, Transaction
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.actor import Actor, Right
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.proposal import Act
from vestibule.services.enrollment import Enrolled, take_away
from vestibule.services.guard import Guard
from vestibule.services.proving import Prover
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused

USUAL_MINUTES = 60
LEAST_MINUTES, MOST_MINUTES = 10, 480


class Passes:
    def __init__(self, store: Store, prover: Prover, guard: Guard) -> None:
        self._store = store
        self._prover = prover
        self._guard = guard

    @property
    def method(self) -> str:
        """The name of the method that makes passes; empty if there is none."""
        methods = self._prover.methods
        return next((name for name in methods if methods[name].descriptor.is_temporary), "")

    async def make(
        self,
        actor: Actor,
        tenant_id: str,
        user_id: str,
        minutes: int = USUAL_MINUTES,
        *,
        is_reusable: bool = False,
    ) -> Enrolled:
        """Make a pass that is good from now on for `minutes`, for one sign-in or, `is_reusable`, for several.
        What is `shown` is shown this one time. Raises `Refused`."""
        facts = {"minutes": minutes}
        agreed = await self._guard.admit(actor, Right.BYPASSES, tenant_id, user_id, Act.TEMPORARY_PASS, facts)
        if not self.method:
            raise Refused(Refusal.NOT_POSSIBLE)
        if not LEAST_MINUTES <= minutes <= MOST_MINUTES:
            raise Refused(Refusal.OUT_OF_BOUNDS, f"minutes: {LEAST_MINUTES}–{MOST_MINUTES}")
        new = self._prover.methods[self.method].enroll({"is_reusable": is_reusable}, os.urandom)
        bare = Authenticator(
            tenant_id=tenant_id,
            authenticator_id=new_id(),
            user_id=user_id,
            method=self.method,
            parameters=new.parameters,
            state=new.state,
            status=AuthenticatorStatus.ACTIVE,
            created_at=0,
        )
        sealed = self._prover.sealed(bare, new.secret)

        async def body(tx: Transaction) -> Authenticator:
            await agreed.use(tx)
            await tx.hold_user(tenant_id, user_id)
            subject = await _subject(tx, tenant_id, user_id)
            if subject.user.is_blocked(tx.now):
                raise Refused(Refusal.USER_BLOCKED)
            for old in self._of(subject):
                await take_away(tx, actor, subject.user, old)
            made = msgspec.structs.replace(
                sealed, created_at=tx.now, not_before=tx.now, not_after=tx.now + minutes * 60_000
            )
            await tx.add_authenticator(made)
            await record(
                tx,
                actor,
                tenant_id,
                "pass.made",
                user_id,
                subject.user.username,
                minutes=minutes,
                uses="several" if is_reusable else "one",
            )
            return made

        return Enrolled(await self._store.transact(body), tuple(Secret(text) for text in new.shown))

    async def withdraw(self, actor: Actor, tenant_id: str, user_id: str) -> None:
        """Make the pass of a person void at once; raises `Refused` if he has none."""
        agreed = await self._guard.admit(actor, Right.BYPASSES, tenant_id, user_id, Act.REMOVE_FACTOR)

        async def body(tx: Transaction) -> None:
            await agreed.use(tx)
            await tx.hold_user(tenant_id, user_id)
            subject = await _subject(tx, tenant_id, user_id)
            held = self._of(subject)
            if not held:
                raise Refused(Refusal.NO_PASS)
            for each in held:
                await take_away(tx, actor, subject.user, each)

        await self._store.transact(body)

    def of(self, subject: Subject, at: int) -> Authenticator | None:
        """Return the pass with which a person can sign in at `at`."""
        return next((held for held in self._of(subject) if held.is_usable(at)), None)

    def _of(self, subject: Subject) -> list[Authenticator]:
        return [held for held in subject.authenticators if held.method == self.method]


async def _subject(tx: Transaction, tenant_id: str, user_id: str) -> Subject:
    subject = await tx.subject(tenant_id, user_id)
    if subject is None:
        raise Refused(Refusal.NOT_FOUND, user_id)
    return subject
