"""Who tries to sign in, how often he has failed, and the use of what he holds.

These run at every sign-in: one statement each, by key. Each write is conditional, so the row count alone
decides, whatever other bodies, groups or nodes do meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.authenticator import Authenticator
from vestibule.model.throttle import NEVER, Factor, Throttle, ThrottleLimits
from vestibule.stores.rows import (
    AUTHENTICATOR,
    USER,
    Row,
    Values,
    authenticator_of,
    json_text,
    storable,
    user_of,
)
from vestibule.stores.statement import Statement, check_storable, select
from vestibule.stores.transaction import Requests

# One line per authenticator.
_SUBJECT = f"""
    select {select(USER, "u")}, {select(AUTHENTICATOR, "a")}
      from {{source}}
      left join authenticators a on a.tenant_id = u.tenant_id and a.user_id = u.user_id
                                and a.status <> 'revoked'
"""  # noqa: S608 - made of constants

SUBJECT_BY_NAME = Statement(
    _SUBJECT.format(source="user_names n join users u on u.tenant_id = n.tenant_id and u.user_id = n.user_id")
    + "where n.tenant_id = :tenant_id and n.name = :name",
    joins=True,
    turn=1,
)

SUBJECT = Statement(
    _SUBJECT.format(source="users u") + "where u.tenant_id = :tenant_id and u.user_id = :user_id",
    joins=True,
    turn=2,
)

THROTTLES = Statement(
    """
    select factor, failures, locked_until from throttles
     where tenant_id = :tenant_id and user_id = :user_id
    """,
    joins=True,
    turn=3,
)

# Towards a lock count the `recent` failures, which are not forgotten; towards the hard stop all in a row.
_RECENT = "case when throttles.failed_at <= :forgotten then 1 else throttles.recent + 1 end"
SETTLE_ATTEMPT = Statement(
    f"""
    insert into throttles (tenant_id, user_id, factor, failures, locked_until, recent, failed_at)
    values (:tenant_id, :user_id, :factor, :first_failures, :first_locked_until, :first_failures, :now)
    on conflict (tenant_id, user_id, factor) do update
       set failures = case when :is_match then 0 else throttles.failures + 1 end,
           locked_until = case when :is_match then 0
                               when throttles.failures + 1 >= :hard_stop then {NEVER}
                               when ({_RECENT}) % :threshold = 0 then :lock_until
                               else 0 end,
           recent = case when :is_match then 0 else {_RECENT} end,
           failed_at = :now
     where throttles.locked_until <= :now
    returning failures, locked_until
    """,  # noqa: S608 - made of constants
    joins=True,
    turn=5,
    key=("tenant_id", "user_id", "factor"),
)

RELEASE_ATTEMPT = Statement(
    """
    update throttles
       set failures = failures - 1,
           recent = case when recent > 0 then recent - 1 else 0 end,
           locked_until = case when failures = :hard_stop::bigint then 0
                               when recent % :threshold::bigint = 0 and failures < :hard_stop then 0
                               else locked_until end
     where tenant_id = :tenant_id and user_id = :user_id and factor = :factor and failures > 0
    """,
    joins=True,
    turn=5,
    key=("tenant_id", "user_id", "factor"),
)

CLEAR_THROTTLE = Statement(
    """
    update throttles set failures = 0, locked_until = 0, recent = 0
     where tenant_id = :tenant_id and user_id = :user_id and factor = :factor
    """,
    joins=True,
    turn=5,
    key=("tenant_id", "user_id", "factor"),
)

_ADVANCE = """
    update authenticators set state = :state, used_at = :used_at::bigint, version = version + 1
     where tenant_id = :tenant_id and authenticator_id = :authenticator_id and version = :version::bigint
       and user_id = :user_id and status = 'active'
"""
ADVANCE_AUTHENTICATOR = Statement(
    _ADVANCE, joins=True, turn=6, key=("tenant_id", "user_id", "authenticator_id")
)

# A lock on the record orders this attempt among all others as a write to it would, and leaves nothing to
# clean up. In a group it comes after the wrong passcodes are counted, so none of them counts as later.
SPEND_ON_CLEAN_RECORD = Statement(
    _ADVANCE  # noqa: S608 - made of constants
    + """
       and exists (select 1 from throttles record
                    where record.tenant_id = :tenant_id and record.user_id = :user_id
                      and record.factor = 'passcode' and record.failures = 0 and record.locked_until = 0
                      for no key update)
       and not exists (select 1 from source_throttles place
                        where place.tenant_id = :tenant_id and place.user_id = :user_id
                          and place.factor = 'passcode' and place.source = :source
                          and place.locked_until > :used_at::bigint)
    """,
    joins=True,
    turn=6,
    key=("tenant_id", "user_id", "authenticator_id"),
)

_AUTHENTICATORS = len(USER)


class Subjects(Requests):
    __slots__ = ()

    async def subject_by_names(self, tenant_id: str, names: Sequence[str]) -> Subject | None:
        check_storable(names)
        for name in names:
            found = _subject(await self.fetch(SUBJECT_BY_NAME.of((tenant_id, name))))
            if found is not None:
                return found
        return None

    async def subject(self, tenant_id: str, user_id: str) -> Subject | None:
        return _subject(await self.fetch(SUBJECT.of((tenant_id, user_id))))

    async def settle_attempt(
        self, tenant_id: str, user_id: str, factor: Factor, is_match: bool, limits: ThrottleLimits
    ) -> Throttle | None:
        lock_until = self.now + limits.lock_ms
        first = Throttle(factor, 0, 0) if is_match else _first_failure(factor, lock_until, limits)
        values = (
            tenant_id,
            user_id,
            str(factor),
            first.failures,
            first.locked_until,
            self.now,
            is_match,
            limits.hard_stop,
            limits.forgotten_at(self.now),
            limits.threshold,
            lock_until,
        )
        rows = await self.fetch(SETTLE_ATTEMPT.of(values))
        return Throttle(factor, rows[0][0], rows[0][1]) if rows else None

    async def release_attempt(
        self, tenant_id: str, user_id: str, factor: Factor, limits: ThrottleLimits
    ) -> None:
        await self.execute(
            RELEASE_ATTEMPT(
                tenant_id=tenant_id,
                user_id=user_id,
                factor=factor.value,
                threshold=limits.threshold,
                hard_stop=limits.hard_stop,
            )
        )

    async def clear_throttle(self, tenant_id: str, user_id: str, factor: Factor) -> None:
        await self.execute(CLEAR_THROTTLE(tenant_id=tenant_id, user_id=user_id, factor=factor.value))

    async def throttles(self, tenant_id: str, user_id: str) -> dict[Factor, Throttle]:
        rows = await self.fetch(THROTTLES(tenant_id=tenant_id, user_id=user_id))
        found = [Throttle(Factor(row[0]), row[1], row[2]) for row in rows]
        return {throttle.factor: throttle for throttle in sorted(found, key=lambda each: each.factor)}

    async def advance_authenticator(self, authenticator: Authenticator, state: Mapping[str, Any]) -> bool:
        return await self.execute(ADVANCE_AUTHENTICATOR.of(self._spent(authenticator, state))) > 0

    async def spend_on_clean_record(
        self, authenticator: Authenticator, state: Mapping[str, Any], source: str = ""
    ) -> bool:
        values = (*self._spent(authenticator, state), storable(source))
        return await self.execute(SPEND_ON_CLEAN_RECORD.of(values)) > 0

    def _spent(self, authenticator: Authenticator, state: Mapping[str, Any]) -> Values:
        return (
            json_text(state),
            self.now,
            authenticator.tenant_id,
            authenticator.authenticator_id,
            authenticator.version,
            authenticator.user_id,
        )


def _first_failure(factor: Factor, lock_until: int, limits: ThrottleLimits) -> Throttle:
    if limits.hard_stop <= 1:
        return Throttle(factor, 1, NEVER)
    return Throttle(factor, 1, lock_until if limits.threshold == 1 else 0)


def _subject(rows: Sequence[Row]) -> Subject | None:
    if not rows:
        return None
    held = [authenticator_of(row[_AUTHENTICATORS:]) for row in rows if row[_AUTHENTICATORS] is not None]
    if len(held) > 1:
        held.sort(key=lambda each: (each.created_at, each.authenticator_id))
    return Subject(user_of(rows[0]), tuple(held))
