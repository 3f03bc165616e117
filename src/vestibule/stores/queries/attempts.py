"""Verifications and challenges: each is opened once and closed once, by a conditional write."""

from __future__ import annotations

from typing import Final

from vestibule.interfaces.store import AlreadyExists
from vestibule.interfaces.transaction.attempts import VerificationChange
from vestibule.model.verification import Challenge, ChallengeState, Verification, VerificationState
from vestibule.stores.rows import (
    CHALLENGE,
    VERIFICATION,
    challenge_of,
    json_text,
    record_values,
    verification_of,
    verification_values,
)
from vestibule.stores.statement import Statement, check_storable, insert, select
from vestibule.stores.transaction import Requests, UniqueTaken

# Where a row is named by its key these are parameters, not words of the statement: a plan that is made for
# any value cannot use an index of the rows that are open or pending, and read all of them to find one.
_OPEN: Final = ChallengeState.OPEN.value
_PENDING: Final = VerificationState.PENDING.value

_VERIFICATION_TYPES: Final = {
    **dict.fromkeys(("started_at", "decided_at", "expires_at", "version"), "bigint"),
    **dict.fromkeys(("is_first_factor_proven", "is_authenticated"), "boolean"),
}
ADD_VERIFICATION: Final = Statement(
    insert("verifications", VERIFICATION, _VERIFICATION_TYPES)
    + " on conflict (tenant_id, idempotency_key) where idempotency_key is not null do nothing",
    joins=True,
    turn=7,
    key=("tenant_id", "idempotency_key"),
    identity="verification_id",
)

VERIFICATION_BY_ID: Final = Statement(
    f"select {select(VERIFICATION)} from verifications"  # noqa: S608 - made of constants
    " where tenant_id = :tenant_id and verification_id = :verification_id",
    joins=True,
    turn=0,
)

VERIFICATION_BY_KEY: Final = Statement(
    f"select {select(VERIFICATION)} from verifications"  # noqa: S608 - made of constants
    " where tenant_id = :tenant_id and idempotency_key = :idempotency_key",
    joins=True,
    turn=0,
)

CHANGE_VERIFICATION: Final = Statement(
    """
    update verifications
       set state = :state, reason = :reason, decided_at = :decided_at::bigint, method = :method,
           authenticator_id = :authenticator_id, authenticator_label = :authenticator_label,
           legacy_result = :legacy_result, is_first_factor_proven = :is_first_factor_proven::boolean,
           is_authenticated = :is_authenticated::boolean, trace = :trace,
           expires_at = coalesce(:expires_at::bigint, expires_at),
           phone = coalesce(nullif(:phone, ''), phone), device = :device, version = version + 1
     where tenant_id = :tenant_id and verification_id = :verification_id and state = :pending
    """,
    joins=True,
    turn=9,
    key=("tenant_id", "verification_id"),
)

# Two sign-ins of one person that start at once on two nodes would each count only their own challenge; the
# lock on the person's row puts them in order.
_HOLD_USER: Final = (
    "select user_id from users where tenant_id = :tenant_id and user_id = :user_id for no key update"
)
HOLD_USER: Final = Statement(_HOLD_USER, joins=True, turn=10, key=("tenant_id", "user_id"))
# Bodies of one group hold nothing against one another, so who counts on being alone must not join.
HOLD_USER_ALONE: Final = Statement(_HOLD_USER)

_CHALLENGE_TYPES: Final = {"expected": "bytea"} | dict.fromkeys(
    ("tries_left", "expires_at", "created_at", "taken_at", "version"), "bigint"
)
ADD_CHALLENGE: Final = Statement(
    insert("challenges", CHALLENGE, _CHALLENGE_TYPES),
    joins=True,
    turn=11,
    key=("tenant_id", "challenge_id"),
    identity="challenge_id",
)

# One phone rings for one sign-in. Who began at the same moment is waited for at the lock on the person's row,
# and is seen here: a statement sees what was committed, or done in this transaction, before it. The order
# leads an uncounted database to the index of this person's rows.
_VALUES: Final = ", ".join(f":{name}::{_CHALLENGE_TYPES.get(name, 'text')}" for name in CHALLENGE)
ADD_ONLY_CHALLENGE: Final = Statement(
    f"""
    insert into challenges ({select(CHALLENGE)}) select {_VALUES}
     where (select count(*) from (
        select created_at from challenges others
         where others.tenant_id = :tenant_id::text and others.user_id = :user_id::text
           and others.state = 'open' and others.channel <> 'typed' and others.expires_at > :now::bigint
         order by others.created_at limit 1) found) = 0
    """,  # noqa: S608 - made of constants
    joins=True,
    turn=11,
    key=("tenant_id", "user_id"),
)

SURPLUS_CHALLENGES: Final = Statement(
    """
    select challenge_id from challenges
     where tenant_id = :tenant_id and user_id = :user_id and state = 'open'
     order by created_at desc
     limit 1000 offset :keep_open::bigint
    """,
    joins=True,
    turn=12,
)

# One that is being answered just now is left alone: waiting for it here could be waiting in a circle.
HOLD_CHALLENGE: Final = Statement(
    """
    select challenge_id from challenges
     where tenant_id = :tenant_id and challenge_id = :challenge_id and state = :open
       for update skip locked
    """,
    joins=True,
    turn=13,
    key=("tenant_id", "challenge_id"),
)

CHALLENGE_BY_ID: Final = Statement(
    f"select {select(CHALLENGE)} from challenges"  # noqa: S608 - made of constants
    " where tenant_id = :tenant_id and challenge_id = :challenge_id",
    joins=True,
    turn=0,
)

OPEN_CHALLENGES: Final = Statement(
    f"""
    select {select(CHALLENGE)} from challenges
     where tenant_id = :tenant_id and verification_id = :verification_id
       and state = 'open' and expires_at > :now::bigint
     order by created_at, challenge_id
    """,  # noqa: S608 - made of constants
    joins=True,
    turn=0,
)

TAKE_TRY: Final = Statement(
    """
    update challenges set tries_left = tries_left - 1
     where tenant_id = :tenant_id and challenge_id = :challenge_id
       and state = :open and tries_left > 0 and expires_at > :now::bigint
    returning tries_left
    """,
    joins=True,
    turn=3,
    key=("tenant_id", "challenge_id"),
)

CLOSE_CHALLENGE: Final = Statement(
    """
    update challenges set state = :state, taken_at = :taken_at::bigint
     where tenant_id = :tenant_id and challenge_id = :challenge_id and state = :open
    """,
    joins=True,
    turn=8,
    key=("tenant_id", "challenge_id"),
)


class Attempts(Requests):
    __slots__ = ()

    async def hold_user(self, tenant_id: str, user_id: str) -> bool:
        return bool(await self.fetch(HOLD_USER_ALONE(tenant_id=tenant_id, user_id=user_id)))

    async def add_verification(self, verification: Verification) -> bool:
        values = verification_values(verification)
        check_storable(values)
        try:
            return await self.execute(ADD_VERIFICATION.of(values)) > 0
        except UniqueTaken:
            raise self.broken(AlreadyExists("verification", verification.verification_id)) from None

    async def verification(self, tenant_id: str, verification_id: str) -> Verification | None:
        rows = await self.fetch(VERIFICATION_BY_ID(tenant_id=tenant_id, verification_id=verification_id))
        return verification_of(rows[0]) if rows else None

    async def verification_by_key(self, tenant_id: str, idempotency_key: str) -> Verification | None:
        rows = await self.fetch(VERIFICATION_BY_KEY(tenant_id=tenant_id, idempotency_key=idempotency_key))
        return verification_of(rows[0]) if rows else None

    async def change_verification(
        self, tenant_id: str, verification_id: str, change: VerificationChange
    ) -> bool:
        values = record_values(change)
        values["trace"] = json_text(change.trace)
        changed = await self.execute(
            CHANGE_VERIFICATION(
                tenant_id=tenant_id, verification_id=verification_id, pending=_PENDING, **values
            )
        )
        return changed > 0

    async def add_challenge(self, challenge: Challenge, keep_open: int) -> bool:
        tenant_id, user_id = challenge.tenant_id, challenge.user_id
        await self.fetch(HOLD_USER(tenant_id=tenant_id, user_id=user_id))
        values = record_values(challenge)
        if challenge.is_out_of_band:
            adding = ADD_ONLY_CHALLENGE(now=self.now, **values)
        else:
            adding = ADD_CHALLENGE(**values)
        try:
            is_added = await self.execute(adding) > 0
        except UniqueTaken:
            raise self.broken(AlreadyExists("challenge", challenge.challenge_id)) from None
        if not is_added:
            return False
        surplus = SURPLUS_CHALLENGES(tenant_id=tenant_id, user_id=user_id, keep_open=keep_open)
        for (challenge_id,) in await self.fetch(surplus):
            if await self.fetch(HOLD_CHALLENGE(tenant_id=tenant_id, challenge_id=challenge_id, open=_OPEN)):
                await self.close_challenge(tenant_id, challenge_id, ChallengeState.SUPERSEDED)
        return True

    async def challenge(self, tenant_id: str, challenge_id: str) -> Challenge | None:
        rows = await self.fetch(CHALLENGE_BY_ID(tenant_id=tenant_id, challenge_id=challenge_id))
        return challenge_of(rows[0]) if rows else None

    async def open_challenges(self, tenant_id: str, verification_id: str) -> tuple[Challenge, ...]:
        rows = await self.fetch(
            OPEN_CHALLENGES(tenant_id=tenant_id, verification_id=verification_id, now=self.now)
        )
        return tuple([challenge_of(row) for row in rows])

    async def take_try(self, tenant_id: str, challenge_id: str) -> int | None:
        rows = await self.fetch(
            TAKE_TRY(tenant_id=tenant_id, challenge_id=challenge_id, now=self.now, open=_OPEN)
        )
        return int(rows[0][0]) if rows else None

    async def close_challenge(
        self, tenant_id: str, challenge_id: str, state: ChallengeState, *, is_taken: bool = False
    ) -> bool:
        changed = await self.execute(
            CLOSE_CHALLENGE(
                tenant_id=tenant_id,
                challenge_id=challenge_id,
                state=state.value,
                taken_at=self.now if is_taken else None,
                open=_OPEN,
            )
        )
        return changed > 0
