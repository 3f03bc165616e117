"""Who tries to sign in, how often he has failed, and the use of what he holds.

These run at every sign-in: one statement each, by key. Each write is conditional, so the row count alone
decides, whatever other bodies, groups or nodes do meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vestibule.interfaces.store import Subject
from vestibule.model.authenticator import Authenticator
from vestibule.model.throttle import NEVER, Factor, Throttle, ThrottleLimits
from vestibule.stores.rows import AUTHENTICATOR, USER, Row, authenticator_of, json_text, user_of
from vestibule.stores.statement import Statement, check_storable, select
from vestibule.stores.transaction import Requests

# One throttle row per factor at most, so joining them multiplies nothing; one line per authenticator.
_SUBJECT = f"""
    select {select(USER, "u")},
           password.failures, password.locked_until, passcode.failures, passcode.locked_until,
           pin.failures, pin.locked_until,
           {select(AUTHENTICATOR, "a")}
      from {{source}}
      left join throttles password on password.tenant_id = u.tenant_id and password.user_id = u.user_id
                                  and password.factor = 'password'
      left join throttles passcode on passcode.tenant_id = u.tenant_id and passcode.user_id = u.user_id
                                  and passcode.factor = 'passcode'
      left join throttles pin on pin.tenant_id = u.tenant_id and pin.user_id = u.user_id
                             and pin.factor = 'pin'
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

CLEAN_OR_LOCKED = Statement(
    """
    select failures, locked_until from throttles
     where tenant_id = :tenant_id and user_id = :user_id and factor = :factor
       and (failures = 0 and locked_until = 0 or locked_until > :now::bigint)
       for no key update
    """,
    joins=True,
    turn=4,
    key=("tenant_id", "user_id", "factor"),
)

SETTLE_ATTEMPT = Statement(
    f"""
    insert into throttles (tenant_id, user_id, factor, failures, locked_until)
    values (:tenant_id, :user_id, :factor, :first_failures, :first_locked_until)
    on conflict (tenant_id, user_id, factor) do update
       set failures = case when :is_match then 0 else throttles.failures + 1 end,
           locked_until = case when :is_match then 0
                               when throttles.failures + 1 >= :hard_stop then {NEVER}
                               when (throttles.failures + 1) % :threshold = 0 then :lock_until
                               else 0 end
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
           locked_until = case when failures = :hard_stop::bigint then 0
                               when failures % :threshold::bigint = 0 and failures < :hard_stop then 0
                               else locked_until end
     where tenant_id = :tenant_id and user_id = :user_id and factor = :factor and failures > 0
    """,
    joins=True,
    turn=5,
    key=("tenant_id", "user_id", "factor"),
)

CLEAR_THROTTLE = Statement(
    """
    update throttles set failures = 0, locked_until = 0
     where tenant_id = :tenant_id and user_id = :user_id and factor = :factor
    """,
    joins=True,
    turn=5,
    key=("tenant_id", "user_id", "factor"),
)

ADVANCE_AUTHENTICATOR = Statement(
    """
    update authenticators set state = :state, used_at = :used_at::bigint, version = version + 1
     where tenant_id = :tenant_id and authenticator_id = :authenticator_id and version = :version::bigint
       and user_id = :user_id and status = 'active'
    """,
    joins=True,
    turn=6,
    key=("tenant_id", "authenticator_id"),
)

_THROTTLES = len(USER)
# Two columns for each, in this order; spelled out, because it is read at every sign-in.
_FACTORS = (
    (_THROTTLES, Factor.PASSWORD),
    (_THROTTLES + 2, Factor.PASSCODE),
    (_THROTTLES + 4, Factor.PIN),
)
_AUTHENTICATORS = _THROTTLES + 2 * len(_FACTORS)


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
        if is_match:
            # A match changes nothing about a person who is locked or has a clean record, as nearly always. A
            # lock on the row orders this attempt among all others as a write would, and leaves nothing to
            # clean up.
            rows = await self.fetch(CLEAN_OR_LOCKED.of((tenant_id, user_id, str(factor), self.now)))
            if rows:
                found = Throttle(factor, rows[0][0], rows[0][1])
                return None if found.is_locked(self.now) else found
        lock_until = self.now + limits.lock_ms
        first = Throttle(factor, 0, 0) if is_match else _first_failure(factor, lock_until, limits)
        values = (
            tenant_id,
            user_id,
            str(factor),
            first.failures,
            first.locked_until,
            is_match,
            limits.hard_stop,
            limits.threshold,
            lock_until,
            self.now,
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

    async def advance_authenticator(self, authenticator: Authenticator, state: Mapping[str, Any]) -> bool:
        values = (
            json_text(state),
            self.now,
            authenticator.tenant_id,
            authenticator.authenticator_id,
            authenticator.version,
            authenticator.user_id,
        )
        return await self.execute(ADVANCE_AUTHENTICATOR.of(values)) > 0


def _first_failure(factor: Factor, lock_until: int, limits: ThrottleLimits) -> Throttle:
    if limits.hard_stop <= 1:
        return Throttle(factor, 1, NEVER)
    return Throttle(factor, 1, lock_until if limits.threshold == 1 else 0)


def _subject(rows: Sequence[Row]) -> Subject | None:
    if not rows:
        return None
    first = rows[0]
    throttles = {}
    for position, factor in _FACTORS:
        if first[position] is not None:
            throttles[factor] = Throttle(factor, first[position], first[position + 1])
    held = [authenticator_of(row[_AUTHENTICATORS:]) for row in rows if row[_AUTHENTICATORS] is not None]
    if len(held) > 1:
        held.sort(key=lambda each: (each.created_at, each.authenticator_id))
    return Subject(user_of(first), tuple(held), throttles)
