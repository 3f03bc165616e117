"""Activating: a new phone is proven at its enrollment, by the passcode that was texted to it or in a call.

It is judged in the transaction of whoever brings the answer. Invariants:
- A pending phone becomes active only here, by its own challenge, and once.
- Who has got another authenticator since he began must have proven a second factor when he began (ENR-02).
- What a device began it finishes only while it is active itself (PU-08), and counts.
- What is decided here opens no door: its verification has a reason of its own.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from vestibule.crypto.secret import Secret
from vestibule.interfaces.store import Conflict, Transaction
from vestibule.interfaces.transaction.attempts import VerificationChange
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.actor import self_of
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.throttle import Factor
from vestibule.model.verification import (
    Challenge,
    ChallengeState,
    Reason,
    TraceLine,
    Verification,
    VerificationState,
)
from vestibule.services.attempt import (
    Attempt,
    Ending,
    applied,
    approved,
    denied,
    pending,
    verification_change,
)
from vestibule.services.enrollment import take_away
from vestibule.services.out_of_band import OutOfBand
from vestibule.services.outcome import Progress
from vestibule.services.proving import Prover
from vestibule.services.recording import record


class Began(StrEnum):
    """How a phone came to be tried."""

    PROVEN = "begun_proven"
    """By a session that had proven a second factor."""
    NEWCOMER = "begun_by_newcomer"
    """By one that had proven no more than that nothing was enrolled yet."""
    BESIDE = "begun_beside"
    """By a device with the app, which stays."""
    INSTEAD = "begun_instead"
    """By one whose place the new device takes."""
    TESTED = "tested"
    """By an administrator, while it is active already; nothing comes of it."""


class Case(msgspec.Struct, frozen=True):
    """A new phone that is being proven."""

    attempt: Attempt
    subject: Subject
    verification: Verification
    challenge: Challenge
    phone: Authenticator


class Activating:
    def __init__(self, out_of_band: OutOfBand, prover: Prover) -> None:
        self._out_of_band = out_of_band
        self._prover = prover
        self._methods = prover.methods

    async def answer(
        self, tx: Transaction, attempt: Attempt, challenge: Challenge, passcode: Secret[str] | None
    ) -> Progress | None:
        """Take the passcode that was typed, or the confirmation in the call. None: it is over."""
        case = await self._case(tx, attempt, challenge)
        if case is None:
            return None
        left = await tx.take_try(challenge.tenant_id, challenge.challenge_id)
        if left is None:
            return None
        user = case.subject.user
        typed = passcode.reveal().strip() if passcode is not None else ""
        is_right = passcode is None or self._out_of_band.is_expected(case.challenge, typed)
        throttle = await tx.settle_attempt(
            user.tenant_id, user.user_id, Factor.PASSCODE, is_right, attempt.limits
        )
        if throttle is None:
            return await self._close(tx, case, denied(Reason.LOCKED_OUT, (TraceLine("throttle", "locked"),)))
        if not is_right:
            return await self._wrong(tx, case, left)
        obstacle = self._obstacle(case, tx.now)
        if obstacle is not None:
            return await self._close(tx, case, denied(Reason.METHOD_NOT_ALLOWED, (obstacle,)))
        return await self._activate(tx, case)

    async def fail(
        self, tx: Transaction, attempt: Attempt, challenge: Challenge, reason: Reason
    ) -> Progress | None:
        """Take the failure of the challenge: the text could not be sent, the call was not answered."""
        case = await self._case(tx, attempt, challenge)
        if case is None:
            return None
        line = TraceLine("challenge", "failed", {"method": challenge.method, "why": reason.value})
        return await self._close(tx, case, denied(reason, (line,)))

    async def give_way(self, tx: Transaction, subject: Subject) -> None:
        """End an activation before the next: the person has mistyped, or asks for another call."""
        for challenge in await tx.sent_challenges(subject.user.tenant_id, subject.user.user_id):
            if not challenge.is_activation:
                continue
            tenant_id, verification_id = challenge.tenant_id, challenge.verification_id
            await tx.close_challenge(tenant_id, challenge.challenge_id, ChallengeState.SUPERSEDED)
            change = VerificationChange(
                state=VerificationState.CANCELED, reason=Reason.CHALLENGE_SUPERSEDED, decided_at=tx.now
            )
            if not await tx.change_verification(tenant_id, verification_id, change):
                raise Conflict

    async def _case(self, tx: Transaction, attempt: Attempt, challenge: Challenge) -> Case | None:
        tenant_id = challenge.tenant_id
        current = await tx.challenge(tenant_id, challenge.challenge_id)
        verification = await tx.verification(tenant_id, challenge.verification_id)
        subject = await tx.subject(tenant_id, challenge.user_id)
        if current is None or verification is None or subject is None:
            return None
        is_over = not current.is_open or current.expires_at <= tx.now or not subject.user.may_enter(tx.now)
        if is_over or verification.state is not VerificationState.PENDING:
            return None
        for held in subject.authenticators:
            is_it = held.authenticator_id == current.authenticator_id
            wanted = AuthenticatorStatus.ACTIVE if _is_test(verification) else AuthenticatorStatus.PENDING
            if is_it and held.status is wanted:
                attempt = msgspec.structs.replace(attempt, trace=verification.trace)
                return Case(attempt, subject, verification, current, held)
        return None

    async def _wrong(self, tx: Transaction, case: Case, tries_left: int) -> Progress:
        descriptor = self._methods[case.phone.method].descriptor
        line = TraceLine("passcode", "mismatch")
        if tries_left < 1:
            return await self._close(tx, case, denied(descriptor.spent_reason, (line,)))
        change = verification_change(case.attempt, pending(descriptor.wrong_reason, (line,)), tx.now)
        row = case.verification
        if not await tx.change_verification(row.tenant_id, row.verification_id, change):
            raise Conflict
        return Progress(applied(row, change), msgspec.structs.replace(case.challenge, tries_left=tries_left))

    async def _activate(self, tx: Transaction, case: Case) -> Progress:
        user, phone = case.subject.user, case.phone
        line = TraceLine("activation", "proven", {"method": phone.method})
        if _is_test(case.verification):
            line = TraceLine("activation", "works", {"method": phone.method})
            return await self._close(tx, case, approved(Reason.PHONE_PROVEN, (line,), phone))
        await tx.hold_user(user.tenant_id, user.user_id)
        active = msgspec.structs.replace(phone, status=AuthenticatorStatus.ACTIVE, used_at=tx.now)
        if not await tx.replace_authenticator(active):
            raise Conflict
        actor = self_of(user.tenant_id, user.user_id, user.username)
        began_by = _began_by(case)
        if began_by is not None and Began.INSTEAD in _began(case.verification):
            await take_away(tx, actor, user, began_by)
        facts = {"method": phone.method, "label": phone.label}
        await record(
            tx, actor, user.tenant_id, "authenticator.enrolled", user.user_id, user.username, **facts
        )
        return await self._close(tx, case, approved(Reason.PHONE_PROVEN, (line,), active))

    def _obstacle(self, case: Case, at: int) -> TraceLine | None:
        """Return what has ended the right to begin, None while it stands: a newcomer is one as long as he
        holds nothing, and a device has a say as long as it is active."""
        began = _began(case.verification)
        if Began.BESIDE in began or Began.INSTEAD in began:
            device = _began_by(case)
            is_active = (
                device is not None
                and device.status is AuthenticatorStatus.ACTIVE
                and self._prover.counts(case.subject, device)
            )
            return None if is_active else TraceLine("activation", "device_gone")
        if Began.PROVEN in began or Began.TESTED in began or not self._prover.is_enrolled(case.subject, at):
            return None
        return TraceLine("activation", "enrolled_meanwhile")

    async def _close(self, tx: Transaction, case: Case, ending: Ending) -> Progress:
        is_proven = ending.state is VerificationState.APPROVED
        end = ChallengeState.ANSWERED if is_proven else ChallengeState.FAILED
        row, challenge = case.verification, case.challenge
        closed = await tx.close_challenge(challenge.tenant_id, challenge.challenge_id, end)
        change = verification_change(case.attempt, ending, tx.now)
        if not (closed and await tx.change_verification(row.tenant_id, row.verification_id, change)):
            raise Conflict
        return Progress(applied(row, change), challenge)


def _began_by(case: Case) -> Authenticator | None:
    """Return the device that began, if it was one and is still held."""
    by = {line.facts.get("by", "") for line in case.verification.trace if line.step == "activation"}
    return next((held for held in case.subject.authenticators if held.authenticator_id in by), None)


def _is_test(verification: Verification) -> bool:
    return Began.TESTED in _began(verification)


def _began(verification: Verification) -> list[str]:
    return [line.result for line in verification.trace if line.step == "activation"]
