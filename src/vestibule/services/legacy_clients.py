"""Sign-ins of legacy clients, which can ask for nothing but name and password: an app password first.

Invariants:
- Where the person's own password would not be enough it goes to no directory: a legacy client is no place to
  try passwords, and a forgotten program with an old one locks nobody's account.
- What has the form of an app password is counted in the transaction that judges it; nothing else can be one.
- It is looked up, and marked as used, in the transaction that lets the person in: one that was revoked on any
  node until then opens nothing.
"""

from __future__ import annotations

from typing import Final

import msgspec

from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import token_hash
from vestibule.interfaces.store import Conflict, Transaction
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.app_password import AppPassword, letters_of, may_have
from vestibule.model.tenant import DAY_MS
from vestibule.model.throttle import Factor
from vestibule.model.verification import Reason, TraceLine
from vestibule.policy.decision import Decision, Deny, Permit
from vestibule.policy.evaluate import evaluate
from vestibule.services.attempt import Attempt, Ending, Node, approved, denied, event
from vestibule.services.facts import gathered
from vestibule.services.outcome import Progress, conclude
from vestibule.services.proving import Prover

TOLD_ONCE_MS: Final = DAY_MS
"""In each window of this length the first refusal of a person at a door is an event, and no other."""


class _Judgment(msgspec.Struct, frozen=True):
    """What came of what was typed as an app password. `reason`: why it is refused where only one would do."""

    held: AppPassword | None = None
    reason: Reason = Reason.APP_PASSWORD_REQUIRED
    trace: tuple[TraceLine, ...] = ()


class LegacyClients:
    def __init__(self, prover: Prover, node: Node) -> None:
        self._prover = prover
        self._node = node

    async def decide(self, tx: Transaction, attempt: Attempt, typed: Secret[str]) -> Progress | None:
        """Decide by an app password, or because nothing else would do. None: it depends on the person's own
        password, which is proven as at any other door."""
        subject = await tx.subject_by_names(attempt.tenant.tenant_id, attempt.names)
        if subject is None:
            return None
        judged = await _judged(tx, attempt, subject, typed)
        is_proven = judged.held is not None
        # Asked as if the password were right: whether it is, is of no interest where it would not be enough.
        proven = msgspec.structs.replace(
            attempt, is_first_factor_proven=True, is_app_password_proven=is_proven
        )
        decision = evaluate(
            await gathered(tx, proven, subject, self._prover, self._prover.usable(subject, tx.now))
        )
        ending = await _ending(tx, attempt, subject, judged, decision)
        if ending is None:
            return None
        decided = proven if is_proven else attempt
        return await conclude(tx, decided, subject, ending, self._node)


async def _judged(tx: Transaction, attempt: Attempt, subject: Subject, typed: Secret[str]) -> _Judgment:
    user, letters = subject.user, letters_of(typed)
    if letters is None or not (attempt.tenant.settings.app_passwords and may_have(user)):
        return _Judgment()
    found = await tx.app_password_by_hash(user.tenant_id, user.user_id, token_hash(letters.reveal()))
    application_id = attempt.application.application_id
    is_match = found is not None and found.opens(application_id, user.void_before)
    throttle = await tx.settle_attempt(
        user.tenant_id, user.user_id, Factor.APP_PASSWORD, is_match, attempt.limits
    )
    if throttle is None:
        return _Judgment(reason=Reason.LOCKED_OUT, trace=(TraceLine("throttle", "locked"),))
    if found is not None and is_match:
        return _Judgment(found, trace=(TraceLine("app_password", "match", {"name": found.name}),))
    if throttle.is_locked(tx.now):
        await tx.add_event(event(attempt, subject, "user.locked", tx.now))
    counted = TraceLine("throttle", "counted", {"failures": str(throttle.failures)})
    return _Judgment(reason=Reason.PASSWORD_WRONG, trace=(TraceLine("app_password", "mismatch"), counted))


async def _ending(
    tx: Transaction, attempt: Attempt, subject: Subject, judged: _Judgment, decision: Decision
) -> Ending | None:
    match decision:
        case Permit(reason, trace) if judged.held is not None:
            if not await tx.use_app_password(judged.held.tenant_id, judged.held.app_password_id):
                raise Conflict  # It was revoked just now: judge again.
            return approved(reason, (*judged.trace, *trace))
        case Deny(reason, trace) if judged.held is not None:
            return denied(reason, (*judged.trace, *trace))
        case Deny(Reason.APP_PASSWORD_REQUIRED, trace):
            if judged.reason is Reason.APP_PASSWORD_REQUIRED and not await _is_told(tx, attempt, subject):
                await tx.add_event(event(attempt, subject, "app_password.required", tx.now))
            return denied(judged.reason, (*judged.trace, *trace))
    return None


async def _is_told(tx: Transaction, attempt: Attempt, subject: Subject) -> bool:
    """Tell whether the person was refused for it at this door in this window: a program tries on and on."""
    where = VerificationFilter(
        user_id=subject.user.user_id,
        application_id=attempt.application.application_id,
        reason=Reason.APP_PASSWORD_REQUIRED.value,
        since=tx.now - tx.now % TOLD_ONCE_MS,
    )
    return bool((await tx.verifications(subject.user.tenant_id, where, Page(limit=1))).rows)
