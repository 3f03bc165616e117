"""Proving a first factor outside any transaction: reserve the attempt, have it judged, settle the count.

Invariants:
- The attempt is counted before anybody judges it, so parallel guesses never exceed the limit.
- Whoever is locked or unknown waits as long as everybody else: the time tells nothing.
- A match forgives what was counted in the transaction that decides, before that looks at the person.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec

from vestibule.crypto.secret import Secret
from vestibule.interfaces.directory import PasswordVerdict, PasswordVerdictKind
from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.throttle import Factor
from vestibule.model.user import User
from vestibule.model.verification import Reason, TraceLine
from vestibule.services.attempt import Attempt, event, refused
from vestibule.services.fair_share import FairShare
from vestibule.services.first_factor import REASONS, FirstFactors
from vestibule.services.metrics import Metrics
from vestibule.services.throttling import Counted, count_attempt, forgive, release

Judge: TypeAlias = Callable[[User | None], Awaitable[PasswordVerdict]]
"""Tells whether this person has proven the first factor; asked for nobody, it spends the usual time and says
`mismatch`. A proxy's hands on what the client sent."""


class PasswordProver:
    """Takes the first factor of an attempt."""

    def __init__(self, store: Store, first_factors: FirstFactors, metrics: Metrics, share: FairShare) -> None:
        self._store = store
        self._share = share
        self._first_factors = first_factors
        self._metrics = metrics

    async def prove(self, attempt: Attempt, password: Secret[str]) -> Attempt:
        """Return `attempt` with what the directory said of `password`."""
        return await self.judged(attempt, self._directory_says(attempt, password))

    async def judged(self, attempt: Attempt, judge: Judge, stranger: Judge | None = None) -> Attempt:
        """Return `attempt` with what `judge` said of it; or, of a name that nobody here has, what `stranger`
        said, if there is one."""
        tenant_id = attempt.tenant.tenant_id

        async def reserve(tx: Transaction) -> tuple[Subject | None, Counted | None]:
            subject = await tx.subject_by_names(tenant_id, attempt.names)
            if subject is None:
                return None, None
            user_id, limits = subject.user.user_id, attempt.limits
            return subject, await count_attempt(
                tx, tenant_id, user_id, Factor.PASSWORD, limits, attempt.source, is_match=False
            )

        subject, reserved = await self._share.run(tenant_id, self._store.transact(reserve, tenant_id))
        user = subject.user if subject else None
        if subject is not None and reserved is None:
            await judge(None)
            return refused(attempt, Reason.LOCKED_OUT, TraceLine("throttle", "locked"))
        began = time.perf_counter()
        verdict = await (judge if user is not None or stranger is None else stranger)(user)
        self._metrics.directory_seconds.labels(verdict.kind.value).observe(time.perf_counter() - began)
        line = TraceLine("password", verdict.kind.value, {"detail": verdict.detail} if verdict.detail else {})
        if subject is not None and reserved is not None and not verdict.is_match:
            await self._share.run(tenant_id, self._settle(subject, verdict, attempt, reserved))
        if user is None and stranger is not None and verdict.is_match:
            accepted = msgspec.structs.replace(attempt, is_stranger_accepted=True, kept=verdict.kept)
            return msgspec.structs.replace(accepted, is_first_factor_proven=True, trace=(line,))
        if not verdict.is_match or user is None:
            reason = REASONS.get(verdict.kind, Reason.PASSWORD_WRONG)
            return refused(attempt, Reason.UNKNOWN_USER if user is None else reason, line)
        return msgspec.structs.replace(
            attempt,
            is_first_factor_proven=True,
            password_of=user,
            found_reference=verdict.reference,
            kept=verdict.kept,
            trace=(line,),
        )

    async def judge_as_nobodys(self, attempt: Attempt, password: Secret[str]) -> None:
        """Ask the directory for the time it takes: a quick refusal would tell that he exists (BF-14)."""
        await self._directory_says(attempt, password)(None)

    def _directory_says(self, attempt: Attempt, password: Secret[str]) -> Judge:
        return lambda user: self._first_factors.check(
            attempt.application, user, attempt.origin.claimed_username, password
        )

    async def _settle(
        self, subject: Subject, verdict: PasswordVerdict, attempt: Attempt, reserved: Counted
    ) -> None:
        """A directory that gave no answer takes back the reserved attempt; of a failure that locks, somebody
        should hear."""
        user = subject.user

        async def unanswered(tx: Transaction) -> None:
            limits, source = attempt.limits, attempt.source
            await release(tx, user.tenant_id, user.user_id, Factor.PASSWORD, limits, source)

        async def failed(tx: Transaction) -> None:
            if reserved.locks(tx.now):
                await tx.add_event(event(attempt, subject, "user.locked", tx.now))
            if reserved.stops_source(tx.now):
                await tx.add_event(event(attempt, subject, "user.source_locked", tx.now))

        if verdict.kind is PasswordVerdictKind.UNAVAILABLE:
            await self._store.transact(unanswered, user.tenant_id)
        elif reserved.throttle.locked_until or (reserved.source and reserved.source.locked_until):
            await self._store.transact(failed, user.tenant_id)


async def forgive_match(tx: Transaction, attempt: Attempt) -> None:
    """Forget the failures that an attempt has counted whose password was found right; and remember the entry
    by which it was, if this is the first. Raises `Conflict` if the person is changed at the same moment."""
    user = attempt.password_of
    if user is None:
        return
    await forgive(tx, user.tenant_id, user.user_id, Factor.PASSWORD, attempt.source)
    if not attempt.found_reference or user.directory_reference:
        return
    subject = await tx.subject(user.tenant_id, user.user_id)
    if subject is not None and not subject.user.directory_reference:
        # From now on he is the entry he was at his first sign-in, whoever gets his name later.
        bound = msgspec.structs.replace(subject.user, directory_reference=attempt.found_reference)
        if not await tx.replace_user(bound):
            raise Conflict
