"""Blocking a person inside a transaction: everything of his that is under way ends with it.

Invariants:
- The block, its mark on the user, the end of his sessions and of his pending sign-ins are one commit.
- Nothing that waits to be sent to him is sent; a call that rings is ended, as any whose challenge is over.
"""

from __future__ import annotations

from vestibule.crypto.tokens import new_ordered_id
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.attempts import VerificationChange
from vestibule.model.actor import Actor, self_of
from vestibule.model.block import DAY_MS, Block, BlockCause
from vestibule.model.legacy_result import legacy_result
from vestibule.model.tenant import Tenant
from vestibule.model.user import User
from vestibule.model.verification import (
    Challenge,
    ChallengeState,
    Reason,
    TraceLine,
    Verification,
    VerificationState,
)
from vestibule.services.recording import record

_LINE = TraceLine("user", "blocked")


async def block_person(tx: Transaction, block: Block) -> list[str]:
    """Write a block; return the verifications that it has ended, to be woken after the commit. Raises
    `AlreadyExists` if he is blocked."""
    tenant_id, user_id = block.tenant_id, block.user_id
    await tx.add_block(block)
    await tx.end_sessions_of(tenant_id, user_id)
    await tx.end_bypass(tenant_id, user_id)
    ended = dict.fromkeys(
        [await _ended(tx, challenge) for challenge in await tx.open_challenges_of(tenant_id, user_id)]
    )
    return list(ended)


async def block_himself(
    tx: Transaction, tenant: Tenant, user: User, cause: BlockCause, attempt: Verification
) -> list[str]:
    """Block a person in his own name, because an attempt was not his; return what is to be woken."""
    actor = self_of(user.tenant_id, user.user_id, user.username)
    block = Block(
        tenant_id=user.tenant_id,
        block_id=new_ordered_id(tx.now),
        user_id=user.user_id,
        username=user.username,
        language=user.language,
        cause=cause,
        reason="",
        verification_id=attempt.verification_id,
        actor=actor.actor_id,
        actor_name=actor.name,
        begun_at=tx.now,
        until=tx.now + tenant.settings.block_days * DAY_MS,
    )
    ended = await block_person(tx, block)
    await record_block(tx, actor, block)
    return ended


async def record_block(tx: Transaction, actor: Actor, block: Block) -> None:
    await record(
        tx,
        actor,
        block.tenant_id,
        "user.blocked",
        block.user_id,
        block.username,
        cause=block.cause.value,
        reason=block.reason,
        until=block.until,
    )


async def _ended(tx: Transaction, challenge: Challenge) -> str:
    """End one pending sign-in of his, with what was to be sent for it."""
    tenant_id, verification_id = challenge.tenant_id, challenge.verification_id
    await tx.close_challenge(tenant_id, challenge.challenge_id, ChallengeState.SUPERSEDED)
    await tx.drop_deliveries_of(tenant_id, challenge.challenge_id)
    verification = await tx.verification(tenant_id, verification_id)
    if verification is not None and verification.state is VerificationState.PENDING:
        change = VerificationChange(
            state=VerificationState.DENIED,
            reason=Reason.USER_BLOCKED,
            decided_at=tx.now,
            legacy_result=legacy_result(Reason.USER_BLOCKED),
            is_first_factor_proven=verification.is_first_factor_proven,
            trace=(*verification.trace, _LINE),
        )
        await tx.change_verification(tenant_id, verification_id, change)
    return verification_id
