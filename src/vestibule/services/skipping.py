"""What stands for a second factor that was required, in the open: a remembered browser, a proof of a moment
ago, a one-time bypass.

Invariants: the first factor is proven before any of it is looked at; what is older than the person's
`void_before` counts for nothing; what can be used once is consumed by one conditional write in the deciding
transaction; nothing of it opens the console.
"""

from __future__ import annotations

from typing import Final

import msgspec

from vestibule.crypto.tokens import token_hash
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.application import CONSOLE_APPLICATION, Caching
from vestibule.model.user import User
from vestibule.model.verification import SECOND_FACTOR_NOT_PROVEN, Reason, TraceLine
from vestibule.policy.decision import Bypass, Permit, RequirePasscode, Settled
from vestibule.policy.evaluate import Facts, evaluate
from vestibule.services.attempt import Attempt, event

_NOT_PROVEN: Final = tuple(sorted({*SECOND_FACTOR_NOT_PROVEN, Reason.PHONE_PROVEN}))
_CACHED: Final = {
    Caching.USER: Reason.CACHED_FOR_USER,
    Caching.APPLICATION: Reason.CACHED_FOR_APPLICATION,
    Caching.ADDRESS: Reason.CACHED_FOR_ADDRESS,
}
_DAY_MS: Final = 86_400_000


async def decided(tx: Transaction, attempt: Attempt, subject: Subject | None, facts: Facts) -> Settled:
    """Return what the rules say of `facts`, with what stands for a second factor if one is required."""
    if subject is not None and 0 < subject.user.bypass_until <= tx.now:
        # Once seen to be over it stays so, whatever the clock does (BYP-05).
        await tx.end_bypass(subject.user.tenant_id, subject.user.user_id)
    decision = evaluate(facts)
    if isinstance(decision, Bypass):
        assert subject is not None
        bypassed = await _bypassed(tx, attempt, subject, decision)
        if bypassed is not None:
            return bypassed
        decision = _without_bypass(facts)
    if (
        subject is None
        or not isinstance(decision, RequirePasscode)
        or attempt.application.application_id == CONSOLE_APPLICATION
    ):
        return decision
    found = await _remembered(tx, attempt, subject.user, decision)
    return found or await _cached(tx, attempt, subject.user, decision) or decision


async def _bypassed(tx: Transaction, attempt: Attempt, subject: Subject, asked: Bypass) -> Permit | None:
    user = subject.user
    application_id = attempt.application.application_id
    if await tx.consume_bypass(user.tenant_id, user.user_id, application_id) is None:
        return None
    await tx.add_event(event(attempt, subject, "bypass.used", tx.now))
    return Permit(Reason.BYPASSED, (*asked.trace, TraceLine("second_factor", "bypassed")))


def _without_bypass(facts: Facts) -> Settled:
    assert facts.user is not None
    user = msgspec.structs.replace(facts.user, bypass_until=0)
    decision = evaluate(msgspec.structs.replace(facts, user=user))
    assert not isinstance(decision, Bypass)
    return decision


async def _remembered(tx: Transaction, attempt: Attempt, user: User, asked: RequirePasscode) -> Permit | None:
    days, token = attempt.application.remember_days, attempt.origin.browser
    if not days or not token:
        return None
    browser = await tx.remembered_browser(token_hash(token.reveal()))
    if (
        browser is None
        or (browser.tenant_id, browser.user_id) != (user.tenant_id, user.user_id)
        or browser.application_id != attempt.application.application_id
        or browser.proven_at < _since(tx, user, asked, days * _DAY_MS)
    ):
        return None
    await tx.use_remembered_browser(browser.tenant_id, browser.browser_id)
    return _stands(asked, Reason.REMEMBERED_BROWSER)


async def _cached(tx: Transaction, attempt: Attempt, user: User, asked: RequirePasscode) -> Permit | None:
    application, origin = attempt.application, attempt.origin
    kind, seconds = application.caching, application.caching_seconds
    if kind is Caching.OFF or not seconds or (kind is Caching.ADDRESS and not origin.user_address):
        return None
    found = await tx.recent_proof(
        user.tenant_id,
        user.user_id,
        _since(tx, user, asked, seconds * 1000),
        _NOT_PROVEN,
        application_id="" if kind is Caching.USER else application.application_id,
        channel="" if kind is Caching.USER else origin.channel,
        user_address=origin.user_address if kind is Caching.ADDRESS else "",
    )
    if found is None:
        return None
    seconds_ago = str((tx.now - found.at) // 1000)
    return _stands(asked, _CACHED[kind], {"attempt": found.verification_id, "seconds": seconds_ago})


def _since(tx: Transaction, user: User, asked: RequirePasscode, most_ms: int) -> int:
    """Return since when a proof must have been made to stand for one now (epoch ms)."""
    within_ms = most_ms if asked.within_ms is None else min(most_ms, asked.within_ms)
    return max(tx.now - within_ms, user.void_before + 1)


def _stands(asked: RequirePasscode, reason: Reason, facts: dict[str, str] | None = None) -> Permit:
    return Permit(reason, (*asked.trace[:-1], TraceLine("skipped", reason.value, facts or {})))
