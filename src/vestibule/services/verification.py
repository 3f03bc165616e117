"""Verification: start it, answer its challenge, cancel it. Every door leads here.

Invariants:
- A result is returned only after its commit; what is returned was read from or written by that commit.
- The first factor is proven before anything is said about the second.
- An attempt is counted in the same write that allows it to be judged (passcode), or before it is judged
  (password); parallel guesses never exceed the limit.
- Policy is asked again at the decision, with the person as he is now.
- An unexpected error denies.
- A request that is repeated under its key changes nothing, and only its own recent decision answers it.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable

import msgspec
import structlog

from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import is_id, new_id
from vestibule.interfaces.directory import PasswordVerdict, PasswordVerdictKind
from vestibule.interfaces.store import Conflict, Store, Subject, Transaction, Unavailable, VerificationChange
from vestibule.model.application import FirstFactor
from vestibule.model.throttle import Factor, Throttle
from vestibule.model.username import lookup_names
from vestibule.model.verdict import VerdictKind
from vestibule.model.verification import (
    Challenge,
    ChallengeState,
    Reason,
    TraceLine,
    Verification,
    VerificationState,
)
from vestibule.policy.decision import Deny, Permit, RequirePasscode, RequirePassword
from vestibule.policy.evaluate import evaluate, with_passcode
from vestibule.services.attempt import (
    Attempt,
    Ending,
    Node,
    Origin,
    applied,
    approved,
    as_of,
    denied,
    event,
    facts_of,
    pending,
    refused,
    verification_change,
    verification_row,
)
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.first_factor import REASONS, FirstFactors
from vestibule.services.metrics import Metrics
from vestibule.services.proving import Proof, Prover

log = structlog.get_logger(__name__)

OPEN_CHALLENGES_PER_USER = 5
REPEAT_MS = 5 * 60 * 1000
"""How long a decision answers a repeat of its request."""
PASSCODE = "passcode"
"""The channel of a challenge that any passcode method may answer."""


class Progress(msgspec.Struct, frozen=True):
    """Where a verification stands after a commit: the row, and the challenge if one is open."""

    verification: Verification
    challenge: Challenge | None = None

    @property
    def state(self) -> VerificationState:
        return self.verification.state

    @property
    def reason(self) -> Reason:
        return self.verification.reason

    @property
    def is_approved(self) -> bool:
        return self.verification.state is VerificationState.APPROVED

    @property
    def is_pending(self) -> bool:
        return self.verification.state is VerificationState.PENDING


class _Repeated(Exception):
    """The same request was decided before: that answer stands, and nothing of this run is kept."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self.progress = progress


class Verifications:
    """The service behind every door."""

    def __init__(
        self,
        store: Store,
        configuration: ConfigurationCache,
        prover: Prover,
        first_factors: FirstFactors,
        node: Node,
        metrics: Metrics,
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._prover = prover
        self._first_factors = first_factors
        self._node = node
        self._metrics = metrics

    # --- commands -----------------------------------------------------------------------------------

    async def start(
        self, origin: Origin, password: Secret[str] | None = None, passcode: Secret[str] | None = None
    ) -> Progress:
        """Begin a verification with what the client has: a password, a passcode, both or neither.

        Returns it approved, denied, or pending with an open challenge. Raises `Unavailable` if nothing
        can be decided durably: then nothing has been decided.
        """
        attempt = self._attempt(origin, passcode)
        return await self._guarded(origin, self._start(attempt, password))

    async def answer(self, origin: Origin, challenge_id: str, passcode: Secret[str]) -> Progress:
        """Answer an open challenge of the same client and user.

        Returns it approved, denied, or still pending after a wrong passcode with tries left. A challenge
        that is unknown, over, another client's or another user's is denied as one and the same.
        """
        attempt = self._attempt(origin, passcode)
        return await self._guarded(
            origin, self._store.transact(lambda tx: self._answer(tx, attempt, challenge_id))
        )

    async def cancel(self, tenant_id: str, client_id: str, verification_id: str) -> Verification | None:
        """Cancel a pending verification of this client; return the row as it stands, None if not his."""

        async def body(tx: Transaction) -> Verification | None:
            if not is_id(verification_id):
                return None
            verification = await tx.verification(tenant_id, verification_id)
            if verification is None or verification.client_id != client_id:
                return None
            for challenge in await tx.open_challenges(tenant_id, verification_id):
                await tx.close_challenge(tenant_id, challenge.challenge_id, ChallengeState.SUPERSEDED)
            change = VerificationChange(
                state=VerificationState.CANCELED, reason=Reason.CANCELED, decided_at=tx.now
            )
            await tx.change_verification(tenant_id, verification_id, change)
            return await tx.verification(tenant_id, verification_id)

        return await self._store.transact(body)

    async def find(self, tenant_id: str, client_id: str, verification_id: str) -> Progress | None:
        """Return a verification of this client with its open challenge, None if not his."""

        async def body(tx: Transaction) -> Progress | None:
            if not is_id(verification_id):
                return None
            verification = await tx.verification(tenant_id, verification_id)
            if verification is None or verification.client_id != client_id:
                return None
            return await self._progress(tx, verification)

        return await self._store.read(body)

    async def refuse(self, origin: Origin, reason: Reason) -> Progress:
        """Record a denial that the front end itself must give, e.g. for a protocol that is not spoken."""
        attempt = self._attempt(origin, None)

        async def body(tx: Transaction) -> Progress:
            subject = await tx.subject_by_names(attempt.tenant.tenant_id, attempt.names)
            ending = denied(reason, (TraceLine("front_end", reason.value),))
            return await self._conclude(tx, attempt, subject, ending)

        return await self._guarded(origin, self._store.transact(body))

    # --- starting -----------------------------------------------------------------------------------

    def _attempt(self, origin: Origin, passcode: Secret[str] | None) -> Attempt:
        snapshot = self._configuration.current
        application = origin.peer.application
        tenant = snapshot.tenants[application.tenant_id]
        return Attempt(
            origin=origin,
            tenant=tenant,
            application=application,
            limits=snapshot.limits[application.tenant_id],
            names=lookup_names(
                origin.claimed_username, strip_domain_prefix=tenant.settings.strip_domain_prefix
            ),
            passcode=passcode,
        )

    async def _start(self, attempt: Attempt, password: Secret[str] | None) -> Progress:
        if attempt.application.first_factor is not FirstFactor.CLIENT and password:
            attempt = await self._with_password(attempt, password)
        return await self._store.transact(lambda tx: self._decide(tx, attempt))

    async def _with_password(self, attempt: Attempt, password: Secret[str]) -> Attempt:
        """Reserve the attempt, ask the directory outside any transaction, and note what it said."""
        tenant_id = attempt.tenant.tenant_id

        async def reserve(tx: Transaction) -> tuple[Subject | None, Throttle | None]:
            subject = await tx.subject_by_names(tenant_id, attempt.names)
            if subject is None:
                return None, None
            return subject, await tx.settle_attempt(
                tenant_id, subject.user.user_id, Factor.PASSWORD, False, attempt.limits
            )

        subject, reserved = await self._store.transact(reserve)
        user = subject.user if subject else None
        if subject is not None and reserved is None:
            # Judged as nobody's, for the time it takes: a quick answer would tell that he exists (BF-14).
            await self._first_factors.check(
                attempt.application, None, attempt.origin.claimed_username, password
            )
            return refused(attempt, Reason.LOCKED_OUT, TraceLine("throttle", "locked"))
        began = time.perf_counter()
        verdict = await self._first_factors.check(
            attempt.application, user, attempt.origin.claimed_username, password
        )
        self._metrics.directory_seconds.labels(verdict.kind.value).observe(time.perf_counter() - began)
        line = TraceLine("password", verdict.kind.value, {"detail": verdict.detail} if verdict.detail else {})
        if subject is not None and reserved is not None:
            await self._settle_password(subject, verdict, attempt, reserved)
        if not verdict.is_match or user is None:
            reason = REASONS.get(verdict.kind, Reason.PASSWORD_WRONG)
            return refused(attempt, Reason.UNKNOWN_USER if user is None else reason, line)
        return msgspec.structs.replace(attempt, is_first_factor_proven=True, password_of=user, trace=(line,))

    async def _settle_password(
        self, subject: Subject, verdict: PasswordVerdict, attempt: Attempt, reserved: Throttle
    ) -> None:
        """A match forgives; a directory that gave no answer takes back the reserved attempt; of a failure
        that locks, somebody should hear."""
        user = subject.user

        async def matched(tx: Transaction) -> None:
            await tx.clear_throttle(user.tenant_id, user.user_id, Factor.PASSWORD)
            subject = await tx.subject(user.tenant_id, user.user_id)
            if verdict.reference and subject is not None and not subject.user.directory_reference:
                # From now on he is the entry he was at his first sign-in, whoever gets his name later.
                bound = msgspec.structs.replace(subject.user, directory_reference=verdict.reference)
                if not await tx.replace_user(bound):
                    raise Conflict

        async def unanswered(tx: Transaction) -> None:
            await tx.release_attempt(user.tenant_id, user.user_id, Factor.PASSWORD, attempt.limits)

        async def failed(tx: Transaction) -> None:
            if reserved.is_locked(tx.now):
                await tx.add_event(event(attempt, subject, "user.locked", tx.now))

        if verdict.is_match:
            await self._store.transact(matched)
        elif verdict.kind is PasswordVerdictKind.UNAVAILABLE:
            await self._store.transact(unanswered)
        elif reserved.locked_until:
            await self._store.transact(failed)

    # --- deciding -----------------------------------------------------------------------------------

    async def _decide(self, tx: Transaction, attempt: Attempt) -> Progress:
        subject = await tx.subject_by_names(attempt.tenant.tenant_id, attempt.names)
        attempt = as_of(attempt, subject)
        usable = self._prover.usable(subject, tx.now) if subject else ()
        match evaluate(facts_of(attempt, subject, usable)):
            case Deny(reason, trace):
                return await self._conclude(tx, attempt, subject, denied(reason, trace))
            case Permit(reason, trace):
                return await self._conclude(tx, attempt, subject, approved(reason, trace))
            case RequirePassword(trace):
                ending = denied(attempt.password_reason, trace)
                return await self._conclude(tx, attempt, subject, ending)
            case RequirePasscode() as asked:
                assert subject is not None
                if not attempt.passcode:
                    return await self._challenge(tx, attempt, subject, asked.trace)
                candidates = [held for held in usable if held.method in asked.methods]
                proof = await self._prover.prove(tx, subject, candidates, attempt.passcode, attempt.limits)
                await self._note_proof(tx, attempt, subject, proof)
                return await self._conclude(tx, attempt, subject, _ending(asked, proof))

    async def _challenge(
        self, tx: Transaction, attempt: Attempt, subject: Subject, trace: tuple[TraceLine, ...]
    ) -> Progress:
        settings = attempt.tenant.settings
        ending = pending(Reason.PASSCODE_PENDING, trace)
        row = verification_row(attempt, subject, ending, self._node, tx.now)
        verification = await self._added(tx, row)
        challenge = Challenge(
            tenant_id=verification.tenant_id,
            challenge_id=new_id(),
            verification_id=verification.verification_id,
            user_id=subject.user.user_id,
            application_id=verification.application_id,
            client_id=verification.client_id,
            method=PASSCODE,
            state=ChallengeState.OPEN,
            tries_left=settings.challenge_tries,
            expires_at=verification.expires_at,
            created_at=tx.now,
        )
        await tx.add_challenge(challenge, OPEN_CHALLENGES_PER_USER)
        return Progress(verification, challenge)

    # --- answering ----------------------------------------------------------------------------------

    async def _answer(self, tx: Transaction, attempt: Attempt, challenge_id: str) -> Progress:
        tenant_id = attempt.tenant.tenant_id
        # By the name, as at the start: who has it now must be the one who was asked.
        subject = await tx.subject_by_names(tenant_id, attempt.names)
        challenge = await tx.challenge(tenant_id, challenge_id) if is_id(challenge_id) else None
        verification = await tx.verification(tenant_id, challenge.verification_id) if challenge else None
        if (
            challenge is None
            or verification is None
            or subject is None
            or challenge.user_id != subject.user.user_id
            or challenge.client_id != attempt.origin.peer.client.client_id
            or challenge.application_id != attempt.application.application_id
            or (left := await tx.take_try(tenant_id, challenge_id)) is None
        ):
            ending = denied(Reason.CHALLENGE_UNKNOWN, (TraceLine("challenge", "unknown"),))
            return await self._conclude(tx, attempt, subject, ending)
        # A password that was changed since proves nothing any more. A change that lies in the future is of
        # a clock that was wrong.
        is_changed = challenge.created_at < subject.user.updated_at <= tx.now
        attempt = msgspec.structs.replace(
            attempt,
            is_first_factor_proven=verification.is_first_factor_proven and not is_changed,
            trace=verification.trace,
        )
        challenge = msgspec.structs.replace(challenge, tries_left=left)
        return await self._judge_answer(tx, attempt, subject, verification, challenge)

    async def _judge_answer(
        self,
        tx: Transaction,
        attempt: Attempt,
        subject: Subject,
        verification: Verification,
        challenge: Challenge,
    ) -> Progress:
        usable = self._prover.usable(subject, tx.now)
        decision = evaluate(facts_of(attempt, subject, usable))
        if not isinstance(decision, RequirePasscode) or attempt.passcode is None:
            # He was disabled, lost his authenticator or the door was closed since the challenge.
            reason = decision.reason if isinstance(decision, Deny) else Reason.CHALLENGE_FAILED
            return await self._close(tx, attempt, verification, challenge, denied(reason, decision.trace))
        candidates = [held for held in usable if held.method in decision.methods]
        proof = await self._prover.prove(tx, subject, candidates, attempt.passcode, attempt.limits)
        ending = _ending(decision, proof)
        await self._note_proof(tx, attempt, subject, proof)
        if proof.is_match or proof.is_locked or challenge.tries_left < 1:
            return await self._close(tx, attempt, verification, challenge, ending)
        return await self._remain(tx, attempt, verification, challenge, proof)

    async def _close(
        self,
        tx: Transaction,
        attempt: Attempt,
        verification: Verification,
        challenge: Challenge,
        ending: Ending,
    ) -> Progress:
        is_approved = ending.state is VerificationState.APPROVED
        end = ChallengeState.ANSWERED if is_approved else ChallengeState.FAILED
        closed = await tx.close_challenge(challenge.tenant_id, challenge.challenge_id, end)
        change = verification_change(attempt, ending, tx.now)
        changed = await tx.change_verification(verification.tenant_id, verification.verification_id, change)
        if not (closed and changed):
            raise Conflict  # Decided elsewhere meanwhile: read again and say what stands.
        return Progress(applied(verification, change))

    async def _remain(
        self,
        tx: Transaction,
        attempt: Attempt,
        verification: Verification,
        challenge: Challenge,
        proof: Proof,
    ) -> Progress:
        """A wrong passcode with tries left: still pending, one line more in the trace."""
        change = verification_change(attempt, pending(proof.reason, proof.trace), tx.now)
        if not await tx.change_verification(verification.tenant_id, verification.verification_id, change):
            raise Conflict
        return Progress(applied(verification, change), challenge)

    # --- writing ------------------------------------------------------------------------------------

    async def _conclude(
        self, tx: Transaction, attempt: Attempt, subject: Subject | None, ending: Ending
    ) -> Progress:
        """Insert a verification that begins and ends in this transaction."""
        row = verification_row(attempt, subject, ending, self._node, tx.now)
        return Progress(await self._added(tx, row))

    async def _added(self, tx: Transaction, row: Verification) -> Verification:
        """Insert `row` and return it. Where its request is the repeat of one whose answer stands, raise
        `_Repeated`; where that answer is too old to stand, the row is one of its own, without the key."""
        if await tx.add_verification(row):
            return row
        assert row.idempotency_key is not None
        earlier = await tx.verification_by_key(row.tenant_id, row.idempotency_key)
        if earlier is None:
            raise Conflict
        if _stands(earlier, tx.now):
            raise _Repeated(await self._progress(tx, earlier))
        unkeyed = msgspec.structs.replace(row, idempotency_key=None)
        await tx.add_verification(unkeyed)
        return unkeyed

    async def _progress(self, tx: Transaction, verification: Verification) -> Progress:
        if verification.state is not VerificationState.PENDING:
            return Progress(verification)
        challenges = await tx.open_challenges(verification.tenant_id, verification.verification_id)
        return Progress(verification, challenges[-1] if challenges else None)

    async def _note_proof(self, tx: Transaction, attempt: Attempt, subject: Subject, proof: Proof) -> None:
        """Facts that somebody should hear of: a used passcode tried again, a user locked out."""
        if proof.verdict.kind is VerdictKind.REPLAY:
            await tx.add_event(event(attempt, subject, "authenticator.replayed", tx.now))
        if proof.is_newly_locked:
            await tx.add_event(event(attempt, subject, "user.locked", tx.now))

    # --- around it ----------------------------------------------------------------------------------

    async def _guarded(self, origin: Origin, work: Awaitable[Progress]) -> Progress:
        """Await `work`; count and log what came of it; turn an unexpected error into a denial."""
        began = time.perf_counter()
        try:
            progress = await work
        except _Repeated as repeated:
            progress = repeated.progress
        except Unavailable:
            self._metrics.faults.labels("store").inc()
            raise
        except Exception:
            log.exception("verification failed", channel=origin.channel)
            progress = await self._record_fault(origin)
        verification = progress.verification
        if verification.reason is Reason.FAULT:
            self._metrics.faults.labels("verification").inc()
        seconds = time.perf_counter() - began
        self._metrics.decided(origin.channel, verification.state, verification.reason, seconds)
        return progress

    async def _record_fault(self, origin: Origin) -> Progress:
        attempt = self._attempt(origin, None)
        ending = denied(Reason.FAULT, (TraceLine("fault", "unexpected"),))
        try:
            return await self._store.transact(lambda tx: self._conclude(tx, attempt, None, ending))
        except _Repeated as repeated:
            return repeated.progress


def _stands(earlier: Verification, now: int) -> bool:
    """Tell whether a verification answers a repeat of the request that began it.

    A decision does so for a while, so that nobody gets yesterday's approval. An approval that took a
    passcode after that request never does: the request alone has not earned it.
    """
    if earlier.state is VerificationState.PENDING:
        return True
    was_asked = earlier.expires_at > earlier.started_at
    if was_asked and earlier.state is VerificationState.APPROVED:
        return False
    return earlier.decided_at is not None and now < earlier.decided_at + REPEAT_MS


def _ending(asked: RequirePasscode, proof: Proof) -> Ending:
    """Tell policy what was proven; a match that policy does not accept is a denial."""
    used = proof.authenticator
    if not proof.is_match or used is None:
        return denied(proof.reason, proof.trace, used)
    decision = with_passcode(asked, used.method, proof.reason)
    state = VerificationState.APPROVED if isinstance(decision, Permit) else VerificationState.DENIED
    return Ending(state, decision.reason, (*proof.trace, *decision.trace), used)
