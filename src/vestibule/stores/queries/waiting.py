"""Challenges whose answer comes on another road, and the requests that wait for it.

Every write is conditional: an answer, a repeat and an end that come at once find out who was first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from vestibule.model.verification import TAKE_OVER_MS, Challenge, ChallengeState
from vestibule.stores.rows import CHALLENGE, challenge_of, json_text
from vestibule.stores.statement import Statement, select
from vestibule.stores.transaction import Requests

_CHALLENGES: Final = f"select {select(CHALLENGE)} from challenges where tenant_id = :tenant_id"  # noqa: S608 - made of constants

SENT: Final = Statement(
    f"""{_CHALLENGES}
       and user_id = :user_id and state = 'open' and (address <> '' or channel = 'app')
       and expires_at > :now::bigint
     order by created_at
    """,
    joins=True,
    turn=2,
)

OPEN_OF_USER: Final = Statement(
    f"""{_CHALLENGES}
       and user_id = :user_id and state = 'open' and expires_at > :now::bigint
     order by created_at, challenge_id
    """
)

# One that was answered in its last moment is taken a little later.
UNTAKEN: Final = Statement(
    f"""{_CHALLENGES}
       and user_id = :user_id and state = 'answered' and taken_at is null
       and expires_at > :now::bigint - :take_over::bigint
     order by created_at desc, challenge_id desc
    """,
    joins=True,
    turn=2,
)

BY_ADDRESS: Final = Statement(
    f"""{_CHALLENGES}
       and address = :address and address <> '' and state = 'open' and channel = 'reply'
       and expires_at > :now::bigint
     order by created_at, challenge_id
    """
)

MOVE_CHALLENGE: Final = Statement(
    """
    update challenges
       set progress = :progress, tries_left = :tries_left::bigint, waiter = :waiter, version = version + 1
     where tenant_id = :tenant_id and challenge_id = :challenge_id and state = :open
       and version = :version::bigint
    """,
    joins=True,
    turn=8,
    key=("tenant_id", "challenge_id"),
)

# By their keys, one by one: of the partial indexes that a statement about one person's open rows could use,
# an uncounted database may choose one that reads everybody's.
SUPERSEDE: Final = Statement(
    """
    update challenges set state = 'superseded'
     where tenant_id = :tenant_id and challenge_id = :challenge_id and state = :open
    """,
    joins=True,
    turn=10,
    key=("tenant_id", "challenge_id"),
)

TAKE_CHALLENGE: Final = Statement(
    """
    update challenges set taken_at = :now::bigint
     where tenant_id = :tenant_id and challenge_id = :challenge_id and state = :answered
       and waiter = :waiter and taken_at is null
    """,
    joins=True,
    turn=8,
    key=("tenant_id", "challenge_id"),
)

IN_APPS: Final = Statement(
    """
    select user_id, challenge_id from challenges
     where tenant_id = :tenant_id and user_id = any(:user_ids) and state = 'open' and channel = 'app'
       and expires_at > :now::bigint
    """
)

VERSIONS: Final = Statement(
    """
    select verification_id, version from verifications
     where tenant_id = :tenant_id and verification_id = any(:verification_ids)
    """
)


class Waiting(Requests):
    __slots__ = ()

    async def sent_challenges(self, tenant_id: str, user_id: str) -> tuple[Challenge, ...]:
        rows = await self.fetch(SENT(tenant_id=tenant_id, user_id=user_id, now=self.now))
        # Sorted here: in the order of its index the database takes no other.
        found = [challenge_of(row) for row in rows]
        return tuple(sorted(found, key=lambda each: (each.created_at, each.challenge_id)))

    async def open_challenges_of(self, tenant_id: str, user_id: str) -> tuple[Challenge, ...]:
        rows = await self.fetch(OPEN_OF_USER(tenant_id=tenant_id, user_id=user_id, now=self.now))
        return tuple([challenge_of(row) for row in rows])

    async def untaken_challenges(self, tenant_id: str, user_id: str) -> tuple[Challenge, ...]:
        rows = await self.fetch(
            UNTAKEN(tenant_id=tenant_id, user_id=user_id, now=self.now, take_over=TAKE_OVER_MS)
        )
        return tuple([challenge_of(row) for row in rows])

    async def challenges_by_address(self, tenant_id: str, address: str) -> tuple[Challenge, ...]:
        rows = await self.fetch(BY_ADDRESS(tenant_id=tenant_id, address=address, now=self.now))
        return tuple([challenge_of(row) for row in rows])

    async def replace_challenge(self, challenge: Challenge) -> bool:
        changed = await self.execute(
            MOVE_CHALLENGE(
                progress=json_text(challenge.progress),
                tries_left=challenge.tries_left,
                waiter=challenge.waiter,
                tenant_id=challenge.tenant_id,
                challenge_id=challenge.challenge_id,
                version=challenge.version,
                open=ChallengeState.OPEN.value,
            )
        )
        return changed > 0

    async def supersede_challenges(self, tenant_id: str, user_id: str, method: str) -> int:
        closed = 0
        for challenge in await self.sent_challenges(tenant_id, user_id):
            if challenge.method == method and not challenge.is_out_of_band:
                key = {"tenant_id": tenant_id, "challenge_id": challenge.challenge_id}
                closed += await self.execute(SUPERSEDE(**key, open=ChallengeState.OPEN.value))
        return closed

    async def take_challenge(self, tenant_id: str, challenge_id: str, waiter: str) -> bool:
        changed = await self.execute(
            TAKE_CHALLENGE(
                tenant_id=tenant_id,
                challenge_id=challenge_id,
                waiter=waiter,
                now=self.now,
                answered=ChallengeState.ANSWERED.value,
            )
        )
        return changed > 0

    async def requests_in_apps(self, tenant_id: str, user_ids: Sequence[str]) -> dict[str, frozenset[str]]:
        request = IN_APPS(tenant_id=tenant_id, user_ids=self.texts(user_ids), now=self.now)
        found: defaultdict[str, set[str]] = defaultdict(set)
        for user_id, challenge_id in await self.fetch(request):
            found[user_id].add(challenge_id)
        return {user_id: frozenset(waiting) for user_id, waiting in found.items()}

    async def versions(self, tenant_id: str, verification_ids: Sequence[str]) -> dict[str, int]:
        request = VERSIONS(tenant_id=tenant_id, verification_ids=self.texts(verification_ids))
        return {row[0]: row[1] for row in await self.fetch(request)}
