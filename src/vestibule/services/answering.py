"""Answering: what a person types, texts back or presses is judged, counted, and decides.

One road for all of it: the challenge must be open and his, the try is taken, the answer is judged, policy is
asked again with the person as he is now, and the verification leaves `pending` once. Answers that race each
other find out who was first, and everybody is told the same.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

import msgspec

from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import is_id
from vestibule.interfaces.store import Conflict, Transaction
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.app_check import AppCheck
from vestibule.model.application import PORTAL_APPLICATION, RESET_APPLICATION
from vestibule.model.authenticator import Authenticator
from vestibule.model.block import BlockCause
from vestibule.model.pin import PinState
from vestibule.model.sending_limit import app_limit
from vestibule.model.throttle import Factor
from vestibule.model.verdict import MISMATCH, Verdict, VerdictKind
from vestibule.model.verification import (
    Challenge,
    ChallengeState,
    Channel,
    Reason,
    TraceLine,
    Verification,
    VerificationState,
)
from vestibule.policy.decision import Deny, RequirePasscode
from vestibule.policy.evaluate import evaluate
from vestibule.services.activating import Activating
from vestibule.services.asking import Asking
from vestibule.services.attempt import (
    Attempt,
    Ending,
    Node,
    applied,
    approved,
    denied,
    event,
    pending,
    told,
    verification_change,
)
from vestibule.services.blocking import block_himself
from vestibule.services.facts import gathered
from vestibule.services.out_of_band import is_fresh, waiter_of
from vestibule.services.outcome import (
    Progress,
    asked_in_his_language,
    conclude,
    ending_of,
    note_proof,
    with_grants,
)
from vestibule.services.proving import LOCKED, Proof, Prover
from vestibule.services.throttling import Counted, count_attempt
from vestibule.services.ways import Way, named

MATCH = Verdict(VerdictKind.MATCH)


class Case(msgspec.Struct, frozen=True):
    """A challenge that is being answered, with all that decides about the answer."""

    attempt: Attempt
    subject: Subject
    verification: Verification
    challenge: Challenge
    usable: tuple[Authenticator, ...]
    asked: RequirePasscode

    @property
    def allowed(self) -> tuple[Authenticator, ...]:
        return tuple([held for held in self.usable if held.method in self.asked.methods])


class Answering:
    def __init__(self, prover: Prover, asking: Asking, node: Node) -> None:
        self._prover = prover
        self._asking = asking
        self._node = node
        self._activating = Activating(asking.out_of_band, prover)

    # --- at the door ----------------------------------------------------------------------------------

    async def at_the_door(self, tx: Transaction, attempt: Attempt, challenge_id: str) -> Progress:
        """Take what was typed as the answer to an open challenge of the same client and user."""
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
            or challenge.is_activation
        ):
            return await self._unknown(tx, attempt, subject)
        if not attempt.passcode and await self._was_answered_meanwhile(tx, verification, challenge):
            return Progress(verification)
        attempt = _as_of_start(attempt, subject, verification, tx.now)
        case = await self._case(tx, attempt, subject, verification, challenge)
        if isinstance(case, Case):
            other = (
                await self._instead_of_an_answer(tx, case)
                if challenge.is_open
                else await self._going_on(tx, case)
            )
            if other is not None:
                return asked_in_his_language(other, attempt, subject.user)
        if attempt.way:  # It is no answer, so it costs no try.
            return await self._unknown(tx, attempt, subject)
        left = await tx.take_try(tenant_id, challenge_id)
        if left is None:
            return await self._unknown(tx, attempt, subject)
        challenge = msgspec.structs.replace(challenge, tries_left=left)
        if isinstance(case, Ending):
            return await self._close(tx, attempt, verification, challenge, case)
        progress = await self._judge(tx, msgspec.structs.replace(case, challenge=challenge))
        if progress.is_approved:
            # This request is let in by it, and so no other: a repeat has the answer of its own packet.
            await tx.take_challenge(tenant_id, challenge_id, challenge.waiter)
        return asked_in_his_language(progress, attempt, subject.user)

    async def by_questions(
        self, tx: Transaction, attempt: Attempt, challenge_id: str, user_id: str
    ) -> Progress:
        """Approve a pending sign-in to the portal whose person has answered his security questions; deny one
        that was begun by another, elsewhere, or is over."""
        subject = await tx.subject_by_names(attempt.tenant.tenant_id, attempt.names)
        found = await tx.challenge(attempt.tenant.tenant_id, challenge_id) if is_id(challenge_id) else None
        verification = await tx.verification(found.tenant_id, found.verification_id) if found else None
        if (
            found is None
            or verification is None
            or subject is None
            or not found.is_open
            or found.is_activation
            or subject.user.user_id != user_id
            or found.user_id != user_id
            or found.client_id != attempt.origin.peer.client.client_id
            or attempt.application.application_id != PORTAL_APPLICATION
            or found.application_id != PORTAL_APPLICATION
        ):
            return await self._unknown(tx, attempt, subject)
        attempt = _as_of_start(attempt, subject, verification, tx.now)
        if found.expires_at <= tx.now:
            late = denied(Reason.QUESTIONS_TIMED_OUT, (TraceLine("questions", "too_late"),))
            return await self._close(tx, attempt, verification, found, late)
        case = await self._case(tx, attempt, subject, verification, found)
        if isinstance(case, Ending):
            return await self._close(tx, attempt, verification, found, case)
        right = approved(Reason.QUESTIONS_ANSWERED, (TraceLine("questions", "right"),))
        return await self._close(tx, attempt, verification, found, right)

    async def _was_answered_meanwhile(
        self, tx: Transaction, verification: Verification, challenge: Challenge
    ) -> bool:
        """Tell whether the answer came while nobody waited, and let this request in by it, once: the person
        was asked to go on as soon as he has answered."""
        is_approved = verification.state is VerificationState.APPROVED and challenge.is_out_of_band
        return is_approved and await tx.take_challenge(
            challenge.tenant_id, challenge.challenge_id, challenge.waiter
        )

    async def _instead_of_an_answer(self, tx: Transaction, case: Case) -> Progress | None:
        """Another way may be named where an answer is asked for; nothing typed, where the answer comes on
        another road, is going on to wait for it."""
        attempt, challenge, verification = case.attempt, case.challenge, case.verification
        if verification.state is not VerificationState.PENDING or challenge.expires_at <= tx.now:
            return None
        choices = self._asking.choices(case.subject, case.allowed)
        if attempt.way:
            chosen = next((way for way in choices if way.key == attempt.way), None)
            if chosen is None:
                return Progress(verification, challenge, choices)
            return await self._asking.ask_instead(tx, attempt, case.subject, verification, chosen, choices)
        typed = attempt.passcode.reveal() if attempt.passcode else ""
        if not typed and challenge.is_out_of_band:
            waiting = msgspec.structs.replace(challenge, waiter=waiter_of(attempt))
            if not await tx.replace_challenge(waiting):
                raise Conflict
            return Progress(verification, waiting, choices)
        way = named(typed, choices) if len(choices) > 1 or challenge.address else None
        if way is None or (way.authenticator is None and not challenge.address):
            return None
        return await self._asking.ask_instead(tx, attempt, case.subject, verification, way, choices)

    async def _going_on(self, tx: Transaction, case: Case) -> Progress | None:
        """Nothing typed, and what he was asked to wait for is over: he answered his phone first and is let
        in, if nobody was; or it is another phone of his that is called now."""
        attempt, challenge, verification = case.attempt, case.challenge, case.verification
        if attempt.passcode or not challenge.is_out_of_band:
            return None
        user = case.subject.user
        if is_fresh(verification, tx.now):
            for answered in await tx.untaken_challenges(user.tenant_id, user.user_id):
                is_its = answered.verification_id == verification.verification_id
                if is_its and await tx.take_challenge(user.tenant_id, answered.challenge_id, answered.waiter):
                    return Progress(verification)
            return None
        for newer in await tx.open_challenges(user.tenant_id, verification.verification_id):
            if newer.is_out_of_band:
                return await self._instead_of_an_answer(tx, msgspec.structs.replace(case, challenge=newer))
        return None

    async def _judge(self, tx: Transaction, case: Case) -> Progress:
        attempt, challenge, subject = case.attempt, case.challenge, case.subject
        if attempt.passcode is None:
            ending = denied(Reason.CHALLENGE_FAILED, case.asked.trace)
            return await self._close(tx, attempt, case.verification, challenge, ending)
        proof = await self._proof(tx, case, attempt.passcode)
        ending = ending_of(case.asked, proof)
        await note_proof(tx, attempt, subject, proof)
        if proof.is_match or proof.is_locked or challenge.tries_left < 1:
            return await self._close(tx, attempt, case.verification, challenge, self._spent(case, ending))
        choices = self._asking.choices(subject, case.allowed)
        progress = await self._remain(tx, attempt, case.verification, challenge, proof)
        return msgspec.structs.replace(progress, choices=choices)

    async def _proof(self, tx: Transaction, case: Case, passcode: Secret[str]) -> Proof:
        """Judge a passcode that was sent, or one that any of his authenticators shows; count one attempt."""
        subject, limits = case.subject, case.attempt.limits
        typed = passcode.reveal().strip()
        sent_to = _sent_to(case)
        if sent_to is not None and self._asking.out_of_band.is_expected(case.challenge, typed):
            if case.challenge.digits_before_pin and case.attempt.pin is not PinState.RIGHT:
                return await self._pin_refused(tx, case)
            return await self._proof_of_sent(tx, case, sent_to)
        candidates = self._prover.take_passcodes(case.allowed)
        source = case.attempt.source
        proof = await self._prover.prove(tx, subject, candidates, passcode, limits, source)
        if sent_to is not None and not proof.is_match and not proof.is_locked:
            wrong = self._prover.methods[sent_to.method].descriptor.wrong_reason
            return msgspec.structs.replace(proof, reason=wrong)
        return proof

    async def _proof_of_sent(self, tx: Transaction, case: Case, used: Authenticator) -> Proof:
        # A call that he has answered is nothing that anybody could have guessed: no lock is for it (BF-09).
        is_call = case.challenge.channel is Channel.CALL
        if not is_call and await self._counted(tx, case, is_match=True) is None:
            return LOCKED
        reason = self._prover.methods[used.method].descriptor.verified_reason
        held = {"method": used.method, "label": used.label}
        by = case.challenge.channel
        line = TraceLine(
            "call" if by is Channel.CALL else "app" if by is Channel.APP else "passcode", "match", held
        )
        return Proof(MATCH, reason, False, used, (line,))

    async def _counted(self, tx: Transaction, case: Case, *, is_match: bool) -> Counted | None:
        """Count an answer where it could have been guessed. Numbers in the app have a count of their own, so
        that guesses at passcodes do not lock out whoever approves there (BF-09)."""
        user, attempt = case.subject.user, case.attempt
        factor = Factor.APP if case.challenge.channel is Channel.APP else Factor.PASSCODE
        return await count_attempt(
            tx, user.tenant_id, user.user_id, factor, attempt.limits, attempt.source, is_match=is_match
        )

    async def _pin_refused(self, tx: Transaction, case: Case) -> Proof:
        """The passcode or number was right and the PIN with it was not, or is to be changed first."""
        counted = await self._counted(tx, case, is_match=False)
        if counted is None:
            return LOCKED
        found = case.attempt.pin or PinState.WRONG
        reason = Reason.TEXT_PIN_EXPIRED if found.is_proven else Reason.TEXT_PIN_WRONG
        if case.challenge.channel is Channel.APP:
            reason = Reason.APP_PIN_WRONG
        return _wrong(reason, TraceLine("pin", found.value), counted, tx.now)

    def _spent(self, case: Case, ending: Ending) -> Ending:
        """Say that the tries are over where that has a name of its own."""
        sent_to = _sent_to(case)
        if sent_to is None or ending.state is VerificationState.APPROVED or case.challenge.tries_left > 0:
            return ending
        descriptor = self._prover.methods[sent_to.method].descriptor
        if ending.reason is not descriptor.wrong_reason:
            return ending
        return msgspec.structs.replace(ending, reason=descriptor.spent_reason)

    # --- from elsewhere -------------------------------------------------------------------------------

    async def from_elsewhere(
        self,
        tx: Transaction,
        attempt: Attempt,
        challenge: Challenge,
        passcode: Secret[str] | None,
        reason: Reason,
    ) -> Progress | None:
        """Take an answer that came on the challenge's own road: a passcode, or the proof itself with its
        reason. None: the challenge is over, the answer has no effect."""
        if challenge.is_activation:
            return await self._activating.answer(tx, attempt, challenge, passcode)
        found = await self._found(tx, attempt, challenge)
        if found is None:
            return None
        attempt, _, verification, challenge, case = found
        left = await tx.take_try(challenge.tenant_id, challenge.challenge_id)
        if left is None:
            return None
        challenge = msgspec.structs.replace(challenge, tries_left=left)
        if isinstance(case, Ending):
            return await self._close(tx, attempt, verification, challenge, case)
        case = msgspec.structs.replace(case, challenge=challenge)
        if passcode is not None:
            return await self._judge(
                tx, msgspec.structs.replace(case, attempt=msgspec.structs.replace(attempt, passcode=passcode))
            )
        used = _sent_to(case)
        if used is None:
            return None
        proof = msgspec.structs.replace(await self._proof_of_sent(tx, case, used), reason=reason)
        return await self._close(tx, attempt, verification, challenge, ending_of(case.asked, proof))

    async def from_app(
        self, tx: Transaction, attempt: Attempt, challenge: Challenge, number: str, by: str
    ) -> Progress | None:
        """Take an approval that an app has signed, with the number that the person typed in it; `by` is the
        authenticator of its device. None: the request is over, or this device has no say in it."""
        is_right = is_number_of(challenge, number)
        if challenge.is_activation:
            return await self._activating.answer(tx, attempt, challenge, None if is_right else Secret(""))
        found = await self._found(tx, attempt, challenge)
        if found is None:
            return None
        attempt, subject, verification, challenge, case = found
        left = await tx.take_try(challenge.tenant_id, challenge.challenge_id)
        if left is None:
            return None
        challenge = msgspec.structs.replace(challenge, tries_left=left, authenticator_id=by)
        if isinstance(case, Ending):
            return await self._close(tx, attempt, verification, challenge, case)
        case = msgspec.structs.replace(case, challenge=challenge)
        used = _sent_to(case)
        if used is None:
            return None
        proof = await self._proof_in_app(tx, case, used, is_right=is_right)
        await note_proof(tx, attempt, subject, proof)
        ending = ending_of(case.asked, proof)
        if not (proof.is_match or proof.is_locked or left < 1):
            return await self._remain(tx, attempt, verification, challenge, proof)
        if proof.is_match:
            await tx.give_back_sending(
                challenge.tenant_id, app_limit(attempt.tenant.settings, challenge.user_id), 0
            )
        ending = _decided_on(used, self._spent(case, ending))
        return await self._close(tx, attempt, verification, challenge, ending)

    async def _proof_in_app(
        self, tx: Transaction, case: Case, used: Authenticator, *, is_right: bool
    ) -> Proof:
        if not is_right:
            return await self._number_wrong(tx, case)
        if case.challenge.app_check is AppCheck.PIN and case.attempt.pin is not PinState.RIGHT:
            return await self._pin_refused(tx, case)
        return await self._proof_of_sent(tx, case, used)

    async def _number_wrong(self, tx: Transaction, case: Case) -> Proof:
        """Count it: whoever guesses numbers has no more guesses than one who guesses passcodes (PU-04)."""
        counted = await self._counted(tx, case, is_match=False)
        if counted is None:
            return LOCKED
        return _wrong(Reason.APP_NUMBER_WRONG, TraceLine("app", "number_wrong"), counted, tx.now)

    async def failed_elsewhere(
        self,
        tx: Transaction,
        attempt: Attempt,
        challenge: Challenge,
        reason: Reason,
        *,
        may_go_on: bool,
        said: str = "",
        by: str = "",
    ) -> Progress | None:
        """Take the failure of a challenge: the call was not answered, the text could not be sent. Where
        the person can still type something and has another way, he is asked for it; else he is denied.
        `said` is the network's or gateway's own word for it; `by` is the authenticator of the device on
        which the person has denied it."""
        if challenge.is_activation:
            return await self._activating.fail(tx, attempt, challenge, reason)
        found = await self._found(tx, attempt, challenge)
        if found is None:
            return None
        attempt, subject, verification, challenge, case = found
        why = {"method": challenge.method, "detail": f"reason.{reason}"}
        trace = (*told(said), TraceLine("challenge", "failed", why))
        if isinstance(case, Ending):
            return await self._close(tx, attempt, verification, challenge, case)
        choices = self._asking.choices(subject, case.allowed)
        backup = _backup(choices, challenge) if may_go_on else None
        if backup is not None:
            moved = msgspec.structs.replace(verification, trace=(*verification.trace, *trace))
            return await self._asking.ask_instead(
                tx, attempt, subject, moved, backup, choices, waiter=challenge.waiter
            )
        others = [way for way in choices if way.method != challenge.method]
        if not (may_go_on and others):
            ending = denied(reason, trace)
            device = next((held for held in case.allowed if held.authenticator_id == by), None)
            if device is not None:
                ending = _decided_on(device, ending)
            return await self._close(tx, attempt, verification, challenge, ending)
        if not await tx.close_challenge(challenge.tenant_id, challenge.challenge_id, ChallengeState.FAILED):
            raise Conflict
        return await self._asking.ask_to_type(
            tx, verification, choices, reason, (*verification.trace, *trace), attempt
        )

    async def fraud(
        self, tx: Transaction, attempt: Attempt, challenge: Challenge, *, blocks: bool, by: str = ""
    ) -> Progress | None:
        """Deny because the person says that it is not he who signs in. Only who is being asked can say so, on
        the road on which he is asked (FRA-02)."""
        progress = await self.failed_elsewhere(
            tx, attempt, challenge, Reason.FRAUD_REPORTED, may_go_on=False, by=by
        )
        subject = await tx.subject(challenge.tenant_id, challenge.user_id)
        if progress is None or subject is None:
            return progress
        # Behind this door somebody asks who knows no more than a name: he must not have anybody blocked.
        blocks = blocks and challenge.application_id != RESET_APPLICATION
        blocks = blocks and not subject.user.is_blocked(tx.now)
        action = "blocked" if blocks else "none"
        await tx.add_event(event(attempt, subject, "user.fraud_reported", tx.now, action=action))
        if blocks:
            await block_himself(tx, attempt.tenant, subject.user, BlockCause.FRAUD, progress.verification)
        return progress

    async def _found(
        self, tx: Transaction, attempt: Attempt, challenge: Challenge
    ) -> tuple[Attempt, Subject, Verification, Challenge, Case | Ending] | None:
        tenant_id = challenge.tenant_id
        current = await tx.challenge(tenant_id, challenge.challenge_id)
        verification = await tx.verification(tenant_id, challenge.verification_id)
        subject = await tx.subject(tenant_id, challenge.user_id)
        if (
            current is None
            or subject is None
            or verification is None
            or not current.is_open
            or current.expires_at <= tx.now
            or verification.state is not VerificationState.PENDING
        ):
            return None
        attempt = _as_of_start(attempt, subject, verification, tx.now)
        attempt = msgspec.structs.replace(attempt, waiter=current.waiter)
        return (
            attempt,
            subject,
            verification,
            current,
            await self._case(tx, attempt, subject, verification, current),
        )

    async def with_choices(
        self, tx: Transaction, attempt: Attempt, subject: Subject, progress: Progress
    ) -> Progress:
        """Return a pending verification with the ways on which the person may be asked instead."""
        challenge = progress.challenge
        if challenge is None or not progress.is_pending:
            return progress
        attempt = _as_of_start(attempt, subject, progress.verification, tx.now)
        case = await self._case(tx, attempt, subject, progress.verification, challenge)
        if not isinstance(case, Case):
            return progress
        return msgspec.structs.replace(progress, choices=self._asking.choices(subject, case.allowed))

    # --- parts ----------------------------------------------------------------------------------------

    async def _case(
        self,
        tx: Transaction,
        attempt: Attempt,
        subject: Subject,
        verification: Verification,
        challenge: Challenge,
    ) -> Case | Ending:
        """Ask policy with the person as he is now; an Ending if nothing he could answer would do."""
        usable = self._prover.usable_at(attempt.application, subject, tx.now)
        decision = evaluate(await gathered(tx, attempt, subject, self._prover, usable, may_skip=False))
        if isinstance(decision, RequirePasscode):
            return Case(attempt, subject, verification, challenge, usable, decision)
        # He was disabled, lost his authenticator or the door was closed since the challenge.
        reason = decision.reason if isinstance(decision, Deny) else Reason.CHALLENGE_FAILED
        return denied(reason, decision.trace)

    async def _unknown(self, tx: Transaction, attempt: Attempt, subject: Subject | None) -> Progress:
        ending = denied(Reason.CHALLENGE_UNKNOWN, (TraceLine("challenge", "unknown"),))
        return await conclude(tx, attempt, subject, ending, self._node)

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
        # Who types the answer is let in by it; where it comes from elsewhere, the request that waits is.
        is_taken = is_approved and attempt.waiter is None
        closed = await tx.close_challenge(challenge.tenant_id, challenge.challenge_id, end, is_taken=is_taken)
        ending = await with_grants(tx, attempt, verification.user_id, ending)
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
        waiting = msgspec.structs.replace(challenge, waiter=waiter_of(attempt))
        if challenge.is_out_of_band and waiting != challenge and not await tx.replace_challenge(waiting):
            raise Conflict
        return Progress(applied(verification, change), waiting)


def is_number_of(challenge: Challenge, number: str) -> bool:
    """Tell whether this is the number that the door shows; none, only where it can show none."""
    is_asked = bool(challenge.number) or challenge.is_plain
    return is_asked and hmac.compare_digest(number.encode(), challenge.number.encode())


def _wrong(reason: Reason, line: TraceLine, counted: Counted, now: int) -> Proof:
    return Proof(
        MISMATCH,
        reason,
        False,
        None,
        (line,),
        is_newly_locked=counted.locks(now),
        is_source_newly_locked=counted.stops_source(now),
    )


def _decided_on(device: Authenticator, ending: Ending) -> Ending:
    """Say on which device of the person's a sign-in was approved or denied (S7)."""
    return msgspec.structs.replace(ending, used=device, device=device.device)


def _as_of_start(attempt: Attempt, subject: Subject, verification: Verification, now: int) -> Attempt:
    """Return the attempt with what its verification knows: a password that was changed since proves nothing
    any more. A change that lies in the future is of a clock that was wrong."""
    is_changed = verification.started_at < subject.user.updated_at <= now
    return msgspec.structs.replace(
        attempt,
        is_first_factor_proven=verification.is_first_factor_proven and not is_changed,
        trace=verification.trace,
    )


def _backup(choices: tuple[Way, ...], challenge: Challenge) -> Way | None:
    """Return the person's next phone of the same method: the backup of the one that has failed."""
    same = [way for way in choices if way.authenticator is not None and way.method == challenge.method]
    places = [way.authenticator.authenticator_id for way in same if way.authenticator is not None]
    if challenge.authenticator_id not in places:
        return None
    place = places.index(challenge.authenticator_id) + 1
    return same[place] if place < len(same) else None


def _sent_to(case: Case) -> Authenticator | None:
    """Return whose answer is awaited, if he still holds it and may use it here."""
    wanted = case.challenge.authenticator_id
    found: Sequence[Authenticator] = [held for held in case.allowed if held.authenticator_id == wanted]
    return found[0] if wanted and found else None
