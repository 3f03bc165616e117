"""Where a verification stands after a commit, and the rows that say so.

Invariants: a row is inserted once for a request and its repeats; a decision of another run is never
overwritten; what is returned was written or read by this transaction.
"""

from __future__ import annotations

import msgspec

from vestibule.interfaces.store import Conflict, Transaction
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.language import language_for, medium_of
from vestibule.model.sending_limit import SendingLimit
from vestibule.model.user import User
from vestibule.model.verdict import VerdictKind
from vestibule.model.verification import Challenge, Reason, Verification, VerificationState
from vestibule.policy.decision import Permit, RequirePasscode
from vestibule.policy.evaluate import with_passcode
from vestibule.services.attempt import Attempt, Ending, Node, denied, event, verification_row
from vestibule.services.granting import told
from vestibule.services.proving import Proof
from vestibule.services.ways import Way

REPEAT_MS = 5 * 60 * 1000
"""How long a decision answers a repeat of its request."""


class Progress(msgspec.Struct, frozen=True):
    """Where a verification stands after a commit: the row, the challenge if one is open, and the ways on
    which the person may be asked instead."""

    verification: Verification
    challenge: Challenge | None = None
    choices: tuple[Way, ...] = ()
    language: str = ""
    """In which the person is asked; empty where nobody has said."""
    refusing: tuple[SendingLimit, ...] = ()
    """The limits that refused to send something in this transaction."""

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

    @property
    def is_answered_elsewhere(self) -> bool:
        """Whether there is nothing to type: the answer comes on another road."""
        return self.is_pending and self.challenge is not None and self.challenge.is_out_of_band


def asked_in_his_language(progress: Progress, attempt: Attempt, user: User) -> Progress:
    """Return a question with the language of the place where it is answered."""
    if progress.challenge is None or not progress.is_pending:
        return progress
    medium = medium_of(progress.challenge)
    language = language_for(user, medium, attempt.tenant.settings.language)
    return msgspec.structs.replace(progress, language=language)


class Repeated(Exception):
    """The same request was decided before: that answer stands, and nothing of this run is kept."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self.progress = progress


async def conclude(
    tx: Transaction, attempt: Attempt, subject: Subject | None, ending: Ending, node: Node
) -> Progress:
    """Insert a verification that begins and ends in this transaction."""
    ending = await with_grants(tx, attempt, subject.user.user_id if subject else "", ending)
    row = verification_row(attempt, subject, ending, node, tx.now)
    return Progress(await added(tx, row))


async def with_grants(tx: Transaction, attempt: Attempt, user_id: str, ending: Ending) -> Ending:
    """Return an approval with the names of the attributes that go with it, for its why-trace."""
    if ending.state is not VerificationState.APPROVED or not attempt.replies:
        return ending
    given = await told(tx, attempt.replies, attempt.origin.peer.client, user_id)
    return msgspec.structs.replace(ending, trace=(*ending.trace, *given))


async def added(tx: Transaction, row: Verification) -> Verification:
    """Insert `row` and return it. Where its request is the repeat of one whose answer stands, raise
    `Repeated`; where that answer is too old to stand, the row is one of its own, without the key."""
    if await tx.add_verification(row):
        return row
    assert row.idempotency_key is not None
    earlier = await tx.verification_by_key(row.tenant_id, row.idempotency_key)
    if earlier is None:
        raise Conflict
    if _stands(earlier, tx.now):
        raise Repeated(await progress_of(tx, earlier))
    unkeyed = msgspec.structs.replace(row, idempotency_key=None)
    await tx.add_verification(unkeyed)
    return unkeyed


async def progress_of(tx: Transaction, verification: Verification) -> Progress:
    if verification.state is not VerificationState.PENDING:
        return Progress(verification)
    challenges = await tx.open_challenges(verification.tenant_id, verification.verification_id)
    return Progress(verification, challenges[-1] if challenges else None)


async def note_proof(tx: Transaction, attempt: Attempt, subject: Subject, proof: Proof) -> None:
    """Facts that somebody should hear of: a used passcode tried again, a user locked out."""
    if proof.verdict.kind is VerdictKind.REPLAY:
        await tx.add_event(event(attempt, subject, "authenticator.replayed", tx.now))
    if proof.is_newly_locked:
        await tx.add_event(event(attempt, subject, "user.locked", tx.now))
    if proof.is_source_newly_locked:
        await tx.add_event(event(attempt, subject, "user.source_locked", tx.now))


def ending_of(asked: RequirePasscode, proof: Proof) -> Ending:
    """Tell policy what was proven; a match that policy does not accept is a denial."""
    used = proof.authenticator
    if not proof.is_match or used is None:
        return denied(proof.reason, proof.trace, used)
    decision = with_passcode(asked, used.method, proof.reason)
    state = VerificationState.APPROVED if isinstance(decision, Permit) else VerificationState.DENIED
    return Ending(state, decision.reason, (*proof.trace, *decision.trace), used)


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
