"""Asking: a second factor is required, and this is how the person is asked for it.

He is asked for a passcode, or on another road (out_of_band.py); which way comes first is his choice. At a
door where he can type he may change his mind: the verification stays the same, the challenge is another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from vestibule.crypto.tokens import new_id
from vestibule.interfaces.method import Method, Opening
from vestibule.interfaces.store import Conflict, Transaction
from vestibule.interfaces.transaction.attempts import VerificationChange
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.authenticator import Authenticator
from vestibule.model.sending_limit import LimitKind, SendingLimit
from vestibule.model.verification import (
    Challenge,
    ChallengeState,
    Channel,
    Reason,
    TraceLine,
    Verification,
    VerificationState,
)
from vestibule.services.attempt import Attempt, Node, applied, denied, pending, verification_row
from vestibule.services.out_of_band import OutOfBand, is_fresh, origin_of, waiter_of
from vestibule.services.outcome import Progress, added, conclude
from vestibule.services.ways import PASSCODE, Way, ways

OPEN_CHALLENGES_PER_USER = 5
Trace = tuple[TraceLine, ...]


class Asking:
    def __init__(self, out_of_band: OutOfBand, methods: Mapping[str, Method], node: Node) -> None:
        self.out_of_band = out_of_band
        self.methods = methods
        self._node = node

    def choices(self, subject: Subject, usable: Sequence[Authenticator]) -> tuple[Way, ...]:
        """Return the ways to ask a person who may use what is `usable`, the one to begin with first."""
        return ways(subject.user, usable, self.methods)

    def choices_at(
        self, attempt: Attempt, subject: Subject, usable: Sequence[Authenticator]
    ) -> tuple[Way, ...]:
        """Return those of the ways that a door leaves: the one that was asked for there, or, where nothing
        more can be typed, those of its channels."""
        choices, channels = self.choices(subject, usable), attempt.origin.channels
        if attempt.origin.asks_by:
            return tuple(way for way in choices if way.method == attempt.origin.asks_by)
        if Channel.TYPED in channels:
            return choices
        openings = [(way, self.out_of_band.opening(way, attempt, self.methods)) for way in choices]
        return tuple(way for way, opening in openings if opening and opening.channel in channels)

    async def ask(
        self,
        tx: Transaction,
        attempt: Attempt,
        subject: Subject,
        choices: tuple[Way, ...],
        trace: Trace,
        first: int = 0,
    ) -> Progress:
        """Begin a verification by asking on one of `choices`: the `first`, or the next that may be used."""
        way = choices[first]
        opening = self.out_of_band.opening(way, attempt, self.methods)
        if opening is None:
            return await self._ask_for_passcode(tx, attempt, subject, choices, trace)
        if opening.number and not attempt.origin.can_show:
            if not attempt.tenant.settings.app_plain_approval:
                told, reason = (*trace, _cannot_show(way)), Reason.METHOD_NOT_ALLOWED
                return await self._ask_otherwise(tx, attempt, subject, choices, told, first, reason)
            opening, trace = msgspec.structs.replace(opening, number=""), (*trace, _PLAIN)
        repeated = await self._repeated(tx, attempt, subject, way)
        if repeated is not None:
            return msgspec.structs.replace(repeated, choices=choices)
        if opening.is_out_of_band and await self.out_of_band.is_busy(tx, subject):
            ending = denied(Reason.IN_PROGRESS, (*trace, _IN_PROGRESS))
            return await conclude(tx, attempt, subject, ending, self._node)
        refusing = await self.out_of_band.reserve(tx, subject.user, opening)
        if refusing is not None:
            trace = (*trace, _refused(way, refusing))
            unsent = self._method(way).descriptor.unsent_reason
            if refusing.kind is LimitKind.BLOCKED:
                unsent = Reason.USER_BLOCKED
            progress = await self._ask_otherwise(tx, attempt, subject, choices, trace, first, unsent)
            return msgspec.structs.replace(progress, refusing=(refusing, *progress.refusing))
        ending = pending(self._method(way).descriptor.pending_reason, trace)
        row = verification_row(attempt, subject, ending, self._node, tx.now)
        expires_at = tx.now + opening.seconds * 1000
        row = msgspec.structs.replace(row, expires_at=expires_at, phone=opening.address)
        verification = await added(tx, row)
        challenge = await self.out_of_band.ask(tx, attempt, subject, verification, way, opening)
        return Progress(verification, challenge, choices)

    async def _ask_otherwise(
        self,
        tx: Transaction,
        attempt: Attempt,
        subject: Subject,
        choices: tuple[Way, ...],
        trace: Trace,
        not_by: int,
        reason: Reason,
    ) -> Progress:
        """Ask by the way after one that may not be used; deny for `reason` if it was the last."""
        if not_by + 1 < len(choices):
            return await self.ask(tx, attempt, subject, choices, trace, not_by + 1)
        return await conclude(tx, attempt, subject, denied(reason, trace), self._node)

    async def ask_instead(
        self,
        tx: Transaction,
        attempt: Attempt,
        subject: Subject,
        verification: Verification,
        way: Way,
        choices: tuple[Way, ...],
        *,
        waiter: str = "",
    ) -> Progress:
        """Go on with a pending verification by asking on another way; `waiter` waits for it already."""
        opening = self.out_of_band.opening(way, attempt, self.methods)
        line, refusing = _chosen(way), None
        if opening is not None and await self._is_busy_with_another(tx, subject, opening, verification):
            opening, line = None, _IN_PROGRESS
        if opening is not None:
            # Counted before anything of his own is locked, as at the start: so nobody waits for one another.
            refusing = await self.out_of_band.reserve(tx, subject.user, opening)
        for challenge in await tx.open_challenges(verification.tenant_id, verification.verification_id):
            await tx.close_challenge(challenge.tenant_id, challenge.challenge_id, ChallengeState.SUPERSEDED)
        if opening is None or refusing is not None:
            trace = (*verification.trace, _refused_choice(way, refusing) if refusing else line)
            progress = await self.ask_to_type(
                tx, verification, choices, Reason.PASSCODE_PENDING, trace, attempt
            )
            return msgspec.structs.replace(progress, refusing=(refusing,) if refusing else ())
        trace = (*verification.trace, line)
        expires_at = tx.now + opening.seconds * 1000
        reason = self._method(way).descriptor.pending_reason
        moved = await self._moved(tx, verification, reason, trace, expires_at, opening.address)
        challenge = await self.out_of_band.ask(tx, attempt, subject, moved, way, opening, waiter=waiter)
        return Progress(moved, challenge, choices)

    async def _is_busy_with_another(
        self, tx: Transaction, subject: Subject, opening: Opening, verification: Verification
    ) -> bool:
        own = verification.verification_id
        return opening.is_out_of_band and await self.out_of_band.is_busy(tx, subject, besides=own)

    async def ask_to_type(
        self,
        tx: Transaction,
        verification: Verification,
        choices: tuple[Way, ...],
        reason: Reason,
        trace: Trace,
        attempt: Attempt,
    ) -> Progress:
        """Go on with a pending verification by a challenge at the door: a passcode, or another way."""
        seconds = attempt.tenant.settings.challenge_seconds
        moved = await self._moved(tx, verification, reason, trace, tx.now + seconds * 1000)
        challenge = _typed_challenge(tx, attempt, moved)
        await tx.add_challenge(challenge, OPEN_CHALLENGES_PER_USER)
        return Progress(moved, challenge, choices)

    async def _ask_for_passcode(
        self, tx: Transaction, attempt: Attempt, subject: Subject, choices: tuple[Way, ...], trace: Trace
    ) -> Progress:
        row = verification_row(attempt, subject, pending(Reason.PASSCODE_PENDING, trace), self._node, tx.now)
        verification = await added(tx, row)
        challenge = _typed_challenge(tx, attempt, verification)
        await tx.add_challenge(challenge, OPEN_CHALLENGES_PER_USER)
        return Progress(verification, challenge, choices)

    async def _repeated(
        self, tx: Transaction, attempt: Attempt, subject: Subject, way: Way
    ) -> Progress | None:
        """Return where the sign-in stands that this attempt repeats: its client has lost patience, asks
        another node, or never heard of the approval."""
        challenge = await self.out_of_band.joined(tx, attempt, subject, way.method)
        if challenge is None:
            return await self._approved_unheard(tx, attempt, subject)
        verification = await tx.verification(challenge.tenant_id, challenge.verification_id)
        if verification is None or verification.state is not VerificationState.PENDING:
            # Left behind by one that was decided otherwise; it must not stand in his way.
            await tx.close_challenge(challenge.tenant_id, challenge.challenge_id, ChallengeState.SUPERSEDED)
            return None
        return Progress(verification, challenge)

    async def _approved_unheard(self, tx: Transaction, attempt: Attempt, subject: Subject) -> Progress | None:
        user, origin = subject.user, origin_of(attempt)
        for challenge in await tx.untaken_challenges(user.tenant_id, user.user_id):
            verification = await tx.verification(user.tenant_id, challenge.verification_id)
            if challenge.origin != origin or verification is None or not is_fresh(verification, tx.now):
                continue
            if await tx.take_challenge(user.tenant_id, challenge.challenge_id, challenge.waiter):
                return Progress(verification)
        return None

    async def _moved(
        self,
        tx: Transaction,
        verification: Verification,
        reason: Reason,
        trace: Trace,
        expires_at: int,
        phone: str = "",
    ) -> Verification:
        change = VerificationChange(
            state=VerificationState.PENDING,
            reason=reason,
            decided_at=None,
            is_first_factor_proven=verification.is_first_factor_proven,
            trace=trace,
            expires_at=expires_at,
            phone=phone,
        )
        if not await tx.change_verification(verification.tenant_id, verification.verification_id, change):
            raise Conflict
        return applied(verification, change)

    def _method(self, way: Way) -> Method:
        return self.methods[way.method]


_IN_PROGRESS = TraceLine("challenge", "in_progress")
_PLAIN = TraceLine("way", "plain")


def _chosen(way: Way) -> TraceLine:
    return TraceLine("way", "chosen", {"method": way.method})


def _cannot_show(way: Way) -> TraceLine:
    return TraceLine("way", "cannot_show", {"method": way.method})


def _refused_choice(way: Way, refusing: SendingLimit) -> TraceLine:
    return TraceLine("way", "not_allowed", {"method": way.method, "limit": refusing.kind.value})


def _refused(way: Way, refusing: SendingLimit) -> TraceLine:
    return TraceLine("delivery", "not_allowed", {"method": way.method, "limit": refusing.kind.value})


def _typed_challenge(tx: Transaction, attempt: Attempt, verification: Verification) -> Challenge:
    return Challenge(
        tenant_id=verification.tenant_id,
        challenge_id=new_id(),
        verification_id=verification.verification_id,
        user_id=verification.user_id,
        application_id=verification.application_id,
        client_id=verification.client_id,
        method=PASSCODE,
        state=ChallengeState.OPEN,
        tries_left=attempt.tenant.settings.challenge_tries,
        expires_at=verification.expires_at,
        created_at=tx.now,
        origin=origin_of(attempt),
        waiter=waiter_of(attempt),
    )
