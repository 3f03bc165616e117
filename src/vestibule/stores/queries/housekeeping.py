"""What time does: attempts that run out, rows that nobody needs any more. And facts about the installation.

Each call does a bounded amount of work, oldest first, and passes over rows that another node is at.
"""

from __future__ import annotations

from typing import Final

from vestibule.model.legacy_result import legacy_result
from vestibule.model.verification import TAKE_OVER_MS, ChallengeState, Reason, VerificationState
from vestibule.stores.queries.client_sightings import SWEEP as SWEEP_SIGHTINGS
from vestibule.stores.queries.dispatches import EMPTY as EMPTY_DISPATCHES
from vestibule.stores.queries.dispatches import SWEEP as SWEEP_DISPATCHES
from vestibule.stores.queries.phone_costs import UNTIL as PHONE_COSTS_UNTIL
from vestibule.stores.queries.range_breakers import SWEEP as SWEEP_BREAKERS
from vestibule.stores.queries.report_runs import SWEEP as SWEEP_REPORTS
from vestibule.stores.statement import Statement
from vestibule.stores.transaction import Requests

# The rows are chosen once, in a table of their own: PostgreSQL may run a mere subquery again for each row,
# and then takes and changes more than were asked for.
EXPIRE_VERIFICATIONS: Final = Statement(
    """
    with due as materialized (
        select tenant_id, verification_id from verifications
         where state = 'pending' and expires_at <= :now
         order by expires_at limit :limit for update skip locked)
    update verifications
       set state = :expired, decided_at = :now, version = version + 1,
           reason = case reason when 'text_pending' then 'text_no_reply'
                                when 'text_wrong' then 'text_no_reply'
                                when 'call_pending' then 'call_too_late'
                                when 'app_pending' then 'app_no_answer'
                                when 'app_number_wrong' then 'app_no_answer'
                                when 'app_pin_wrong' then 'app_no_answer' else :reason end,
           legacy_result = case when reason in ('text_pending', 'text_wrong', 'call_pending')
                                then :elsewhere_result
                                when reason in ('app_pending', 'app_number_wrong', 'app_pin_wrong')
                                then :app_result else :legacy_result end
     where state = 'pending'
       and (tenant_id, verification_id) in (select due.tenant_id, due.verification_id from due)
    returning tenant_id, verification_id
    """
)

EXPIRE_CHALLENGES: Final = Statement(
    """
    update challenges set state = :state
     where tenant_id = :tenant_id and verification_id = :verification_id and state = 'open'
    """
)

KEEP_DELIVERIES_MS: Final = 24 * 3_600_000
KEEP_COUNTS_MS: Final = 24 * 3_600_000
KEEP_CREDENTIALS_MS: Final = 30 * 24 * 3_600_000
_COST_IS_KNOWN: Final = f"""
    and expires_at < coalesce((select cast(value as bigint) from notes where key = '{PHONE_COSTS_UNTIL}'),
                               expires_at + 1)
"""  # noqa: S608 - constants
# A closed challenge stays until its time is over: a late answer to it is told why it is refused, and who
# waits for one that was answered in its last moment is let in.
_SWEEPS: Final = tuple(
    Statement(
        f"""
        with old as materialized (
            select tenant_id, {key} from {table} where expires_at <= :now::bigint - {kept_ms} {condition}
             order by expires_at limit :limit for update skip locked)
        delete from {table} where (tenant_id, {key}) in (select old.tenant_id, old.{key} from old)
        returning tenant_id
        """  # noqa: S608 - made of constants
    )
    for table, key, kept_ms, condition in (
        ("sessions", "token_hash", 0, ""),
        ("links", "token_hash", 0, ""),
        ("proposals", "proposal_id", 0, ""),
        ("remembered_browsers", "browser_id", 0, ""),
        ("accounting_records", "record_id", 0, ""),
        ("challenges", "challenge_id", TAKE_OVER_MS, "and state <> 'open'"),
        # They are looked at when something does not arrive, and stay until it is written down what they cost.
        ("deliveries", "delivery_id", KEEP_DELIVERIES_MS, _COST_IS_KNOWN),
        ("activation_credentials", "credentials_id", KEEP_CREDENTIALS_MS, ""),
    )
)

SWEEP_COUNTS: Final = Statement(
    f"""
    with old as materialized (
        select tenant_id, kind, key, began_at from sending_counts
         where ends_at <= :now::bigint - {KEEP_COUNTS_MS}
         order by ends_at limit :limit for update skip locked)
    delete from sending_counts where (tenant_id, kind, key, began_at)
                                  in (select old.tenant_id, old.kind, old.key, old.began_at from old)
    returning tenant_id
    """  # noqa: S608 - made of constants
)

SWEEP_SOURCES: Final = Statement(
    f"""
    with old as materialized (
        select tenant_id, user_id, factor, source from source_throttles
         where failed_at <= :now::bigint - {KEEP_COUNTS_MS} and locked_until <= :now::bigint
         order by failed_at limit :limit for update skip locked)
    delete from source_throttles where (tenant_id, user_id, factor, source)
                                    in (select old.tenant_id, old.user_id, old.factor, old.source from old)
    returning tenant_id
    """  # noqa: S608 - made of constants
)

SWEEP_FAILURES: Final = Statement(
    f"""
    with old as materialized (
        select tenant_id, began_at from failure_counts where began_at <= :now::bigint - {KEEP_COUNTS_MS}
         order by began_at limit :limit for update skip locked)
    delete from failure_counts where (tenant_id, began_at) in (select old.tenant_id, old.began_at from old)
    returning tenant_id
    """  # noqa: S608 - made of constants
)

# What was held for a sign-in goes as soon as nobody can wait for its decision any more.
SWEEP_HELD: Final = Statement(
    f"""
    with old as materialized (
        select tenant_id, verification_id from held_replies
          join verifications using (tenant_id, verification_id)
         where state <> 'pending' and decided_at <= :now::bigint - {TAKE_OVER_MS} limit :limit)
    delete from held_replies where (tenant_id, verification_id)
                                in (select old.tenant_id, old.verification_id from old)
    returning tenant_id
    """  # noqa: S608 - made of constants
)

NOTE: Final = Statement("select value from notes where key = :key", joins=True)
PUT_NOTE: Final = Statement(
    """
    insert into notes (key, value) values (:key, :value)
    on conflict (key) do update set value = excluded.value
    """
)

TOUCH: Final = Statement("update installation set checked_at = :now where id = 1")


class Housekeeping(Requests):
    __slots__ = ()

    async def expire_verifications(self, limit: int) -> int:
        rows = await self.fetch(
            EXPIRE_VERIFICATIONS(
                expired=VerificationState.EXPIRED.value,
                reason=Reason.TIMED_OUT.value,
                legacy_result=legacy_result(Reason.TIMED_OUT),
                elsewhere_result=legacy_result(Reason.TEXT_NO_REPLY),
                app_result=legacy_result(Reason.APP_NO_ANSWER),
                now=self.now,
                limit=limit,
            )
        )
        closed = [(ChallengeState.EXPIRED.value, row[0], row[1]) for row in rows]
        if closed:
            await self.execute_many(EXPIRE_CHALLENGES, closed)
        return len(rows)

    async def sweep(self, limit: int) -> int:
        removed = 0
        for statement in (
            *_SWEEPS,
            SWEEP_COUNTS,
            SWEEP_SOURCES,
            SWEEP_FAILURES,
            SWEEP_HELD,
            SWEEP_SIGHTINGS,
            SWEEP_BREAKERS,
            SWEEP_REPORTS,
            SWEEP_DISPATCHES,
        ):
            if removed < limit:
                removed += len(await self.fetch(statement(now=self.now, limit=limit - removed)))
        await self.execute(EMPTY_DISPATCHES(now=self.now, nothing=b""))
        return removed

    async def note(self, key: str) -> str | None:
        rows = await self.fetch(NOTE(key=key))
        return str(rows[0][0]) if rows else None

    async def put_note(self, key: str, value: str) -> None:
        await self.execute(PUT_NOTE(key=key, value=value))

    async def touch(self) -> None:
        """Write something that changes nothing: if this is committed, a decision would be."""
        await self.execute(TOUCH(now=self.now))
