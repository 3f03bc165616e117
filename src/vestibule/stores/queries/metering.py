"""Usage: counted by the database, written once.

Who counts is kept as spans of days, so that the numbers of a day can be told by name for ever and a day on
which nothing changes writes nothing. `count_usage` is the whole counting; no attempt travels to the program.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec.structs import astuple, replace

from vestibule.model.day import end_of
from vestibule.model.provider import Provider, UsageModel
from vestibule.model.usage import OPEN, Meter, MeteredUser, Usage
from vestibule.stores.queries.licences import CONFIGURED, LICENSED
from vestibule.stores.queries.server_records import USERS as SERVER_USERS
from vestibule.stores.rows import Row, record_values
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests

_USAGE: Final = Usage.__struct_fields__
_METERED_USER: Final = MeteredUser.__struct_fields__
_METER: Final = Meter.__struct_fields__
_OF_PROVIDER: Final = "tenant_id = :tenant_id and provider_id = :provider_id"

METERS: Final = Statement(f"select {select(_METER)} from meters")  # noqa: S608 - constants
METERS_OF: Final = Statement(
    f"select {select(_METER)} from meters where tenant_id = :tenant_id"  # noqa: S608 - constants
)
OPEN_METER: Final = Statement(
    insert("meters", _METER) + " on conflict (tenant_id, provider_id) do nothing",
)
NOTE_LOOK: Final = Statement(
    f"update meters set looked_day = :day where {_OF_PROVIDER} and looked_day < :day"  # noqa: S608 - constants
)
MOVE_METER: Final = Statement(
    f"update meters set next_day = :next_day where {_OF_PROVIDER} and next_day = :day"  # noqa: S608 - constants
)

# `LICENSED` looks at the end of :day, which is :until.
UNMETERED: Final = Statement(
    f"""
    select found.user_id, found.username, found.is_licensed from (
        select u.user_id, u.username, case when {LICENSED} then 1 else 0 end as is_licensed
          from users u where {CONFIGURED}) found
      left join metered_users m
        on m.tenant_id = :tenant_id and m.provider_id = :provider_id and m.user_id = found.user_id
       and m.until_day = '{OPEN}'
     where m.user_id is null or (case when m.is_licensed then 1 else 0 end) <> found.is_licensed
     limit :limit
    """  # noqa: S608 - made of constants
)
OVERMETERED: Final = Statement(
    f"""
    select {select(_METERED_USER, "m")} from metered_users m
      left join (select u.user_id from users u where {CONFIGURED}) there on there.user_id = m.user_id
     where m.tenant_id = :tenant_id and m.provider_id = :provider_id and m.until_day = '{OPEN}'
       and there.user_id is null
     limit :limit
    """  # noqa: S608 - made of constants
)
# Spans of one person never overlap: an earlier one ends where this begins, and one that began on the same day
# is as it is now.
END_OTHER_SPAN: Final = Statement(
    f"""
    update metered_users set until_day = :from_day
     where {_OF_PROVIDER} and user_id = :user_id and until_day > :from_day and from_day < :from_day
    """  # noqa: S608 - made of constants
)
BEGIN_SPAN: Final = Statement(
    insert("metered_users", _METERED_USER)
    + f"""
    on conflict (tenant_id, provider_id, user_id, from_day) do update
       set until_day = '{OPEN}', is_licensed = excluded.is_licensed
    """  # noqa: S608 - made of constants
)
END_SPAN: Final = Statement(
    f"""
    update metered_users set until_day = :until_day
     where {_OF_PROVIDER} and user_id = :user_id and from_day = :from_day and until_day = '{OPEN}'
    """  # noqa: S608 - made of constants
)
_ON_DAY: Final = f"{_OF_PROVIDER} and from_day <= :day and until_day > :day"
USERS_OF_DAY: Final = Statement(
    f"""
    select {select(_METERED_USER)} from metered_users where {_ON_DAY} and user_id > :after
     order by user_id, from_day limit :limit
    """  # noqa: S608 - made of constants
)

COUNT: Final = Statement(
    f"""
    select (select count(distinct user_id) from metered_users where {_ON_DAY}),
           (select count(distinct user_id) from metered_users where {_ON_DAY} and is_licensed),
           (select count(*) from synchronisations where tenant_id = :tenant_id),
           (select count(*) from verifications
             where tenant_id = :tenant_id and started_at >= :since::bigint and started_at < :until::bigint),
           (select count(*) from server_attempts
             where {_OF_PROVIDER} and received_at >= :since::bigint and received_at < :until::bigint)
    """  # noqa: S608 - made of constants
)
ADD_USAGE: Final = Statement(insert("usage_days", _USAGE))
USAGE: Final = Statement(
    f"""
    select {select(_USAGE)} from usage_days
     where tenant_id = :tenant_id and day >= :first and day <= :last order by day, provider_id
    """  # noqa: S608 - made of constants
)


class Metering(Requests):
    __slots__ = ()

    async def meters(self) -> Mapping[str, Meter]:
        return _by_provider(await self.fetch(METERS()))

    async def meters_of(self, tenant_id: str) -> Mapping[str, Meter]:
        return _by_provider(await self.fetch(METERS_OF(tenant_id=tenant_id)))

    async def open_meter(self, meter: Meter) -> bool:
        return await self.execute(OPEN_METER(**record_values(meter))) > 0

    async def note_look(self, tenant_id: str, provider_id: str, day: str) -> None:
        await self.execute(NOTE_LOOK(tenant_id=tenant_id, provider_id=provider_id, day=day))

    async def unmetered_users(self, provider: Provider, day: str, limit: int) -> tuple[MeteredUser, ...]:
        of = {"tenant_id": provider.tenant_id, "provider_id": provider.provider_id}
        rows = await self.fetch(UNMETERED(**of, day=day, until=end_of(day), limit=limit))
        return tuple(
            MeteredUser(
                **of,
                user_id=user_id,
                from_day=day,
                until_day=OPEN,
                username=username,
                is_licensed=bool(is_licensed),
            )
            for user_id, username, is_licensed in rows
        )

    async def overmetered_users(self, provider: Provider, limit: int) -> tuple[MeteredUser, ...]:
        asked = OVERMETERED(tenant_id=provider.tenant_id, provider_id=provider.provider_id, limit=limit)
        return tuple([_metered_user_of(row) for row in await self.fetch(asked)])

    async def count_users_from(self, users: Sequence[MeteredUser]) -> None:
        ordered = sorted(users, key=lambda each: each.user_id)
        await self.execute_many(END_OTHER_SPAN, [_named(END_OTHER_SPAN, each) for each in ordered])
        await self.execute_many(BEGIN_SPAN, [astuple(each) for each in ordered])

    async def count_users_until(self, users: Sequence[MeteredUser]) -> int:
        ordered = sorted(users, key=lambda each: each.user_id)
        return await self.execute_many(END_SPAN, [_named(END_SPAN, each) for each in ordered])

    async def count_usage(self, provider: Provider, day: str, since: int, until: int) -> Usage:
        of = {"tenant_id": provider.tenant_id, "provider_id": provider.provider_id}
        (row,) = await self.fetch(COUNT(**of, day=day, since=since, until=until))
        users, licensed, synchronised, service_attempts, server_attempts = map(int, row)
        is_per_user = provider.usage_model is UsageModel.PER_USER
        told = await self.fetch(SERVER_USERS(**of, day=day)) if is_per_user else ()
        return Usage(
            **of,
            day=day,
            usage_model=provider.usage_model,
            service_users=users,
            server_users=sum(int(row[-1]) for row in told),
            # What is not linked bills everybody, wherever else he has a licence.
            licensed=licensed if provider.is_linked else 0,
            is_synchronised=bool(synchronised),
            service_attempts=service_attempts,
            server_attempts=server_attempts,
            metered_at=self.now,
        )

    async def add_usage(self, usage: Usage, next_day: str) -> bool:
        of = {"tenant_id": usage.tenant_id, "provider_id": usage.provider_id}
        # First, so that of two who count the same day one waits here for the other and then finds it done.
        if not await self.execute(MOVE_METER(**of, day=usage.day, next_day=next_day)):
            return False
        await self.execute(ADD_USAGE(**record_values(replace(usage, metered_at=self.now))))
        return True

    async def usage(self, tenant_id: str, first: str, last: str) -> tuple[Usage, ...]:
        rows = await self.fetch(USAGE(tenant_id=tenant_id, first=first, last=last))
        return tuple([_usage_of(row) for row in rows])

    async def metered_users(
        self, tenant_id: str, provider_id: str, day: str, after: str, limit: int
    ) -> tuple[MeteredUser, ...]:
        of = {"tenant_id": tenant_id, "provider_id": provider_id}
        rows = await self.fetch(USERS_OF_DAY(**of, day=day, after=after, limit=limit))
        return tuple([_metered_user_of(row) for row in rows])


def _by_provider(rows: Sequence[Row]) -> dict[str, Meter]:
    found = [Meter(**dict(zip(_METER, row, strict=True))) for row in rows]
    return {meter.provider_id: meter for meter in found}


def _named(statement: Statement, user: MeteredUser) -> tuple[Any, ...]:
    return tuple([getattr(user, name) for name in statement.parameters])


def _metered_user_of(row: Row) -> MeteredUser:
    values = dict(zip(_METERED_USER, row, strict=True))
    values["is_licensed"] = bool(values["is_licensed"])
    return MeteredUser(**values)


def _usage_of(row: Row) -> Usage:
    values = dict(zip(_USAGE, row, strict=True))
    values["usage_model"] = UsageModel(values["usage_model"])
    values["is_synchronised"] = bool(values["is_synchronised"])
    return Usage(**values)
