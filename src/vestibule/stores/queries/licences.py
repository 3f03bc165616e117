"""Licences and who has them, now and on days that are over.

A user is configured for verification if he is active and something is required of him, or he holds an active
authenticator. He is licensed on a day if he has a licence that is good on it when the day ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vestibule.interfaces.store import Conflict
from vestibule.model.day import end_of
from vestibule.model.licence import Coverage, Licence, LicenceAssignment, LicenceKind
from vestibule.stores.rows import Row, record_values
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests, UniqueTaken

LICENCE: Final = Licence.__struct_fields__
ASSIGNMENT: Final = LicenceAssignment.__struct_fields__

CONFIGURED: Final = """
    u.tenant_id = :tenant_id and u.status = 'active'
    and (u.requirement <> 'disabled'
         or exists (select 1 from authenticators h
                     where h.tenant_id = u.tenant_id and h.user_id = u.user_id and h.status = 'active'))
"""
_GOOD: Final = "l.first_day <= :day and l.last_day >= :day"
_HELD: Final = "a.assigned_at < :until::bigint and (a.ended_at is null or a.ended_at >= :until::bigint)"
LICENSED: Final = f"""
    exists (select 1 from licence_assignments a
              join licences l on l.tenant_id = a.tenant_id and l.licence_id = a.licence_id
             where a.tenant_id = u.tenant_id and a.user_id = u.user_id and {_HELD} and {_GOOD})
"""  # noqa: S608 - made of constants

ADD: Final = Statement(insert("licences", LICENCE))
REPLACE: Final = Statement(
    """
    update licences set kind = :kind, product = :product, quantity = :quantity, first_day = :first_day,
           last_day = :last_day, version = version + 1
     where tenant_id = :tenant_id and licence_id = :licence_id and version = :version
    """
)
REMOVE: Final = Statement("delete from licences where tenant_id = :tenant_id and licence_id = :licence_id")
OF_TENANT: Final = Statement(
    f"select {select(LICENCE)} from licences where tenant_id = :tenant_id"  # noqa: S608 - constants
    " order by first_day desc, licence_id"
)
ONE: Final = Statement(
    f"select {select(LICENCE)} from licences where tenant_id = :tenant_id and licence_id = :licence_id"  # noqa: S608 - constants
)
# Whoever assigns changes the bundle, so that two who do so at the same time come one after the other.
HOLD: Final = Statement(
    """
    update licences set version = version + 1 where tenant_id = :tenant_id and licence_id = :licence_id
    """
)
ASSIGN: Final = Statement(
    """
    insert into licence_assignments (tenant_id, licence_id, user_id, assigned_at)
    select :tenant_id::text, :licence_id::text, :user_id::text, :now::bigint
     where (select count(*) from licence_assignments a
             where a.tenant_id = :tenant_id::text and a.licence_id = :licence_id::text
               and a.ended_at is null)
         < (select l.quantity from licences l
             where l.tenant_id = :tenant_id::text and l.licence_id = :licence_id::text)
    """
)
END_ASSIGNMENT: Final = Statement(
    """
    update licence_assignments set ended_at = :now
     where tenant_id = :tenant_id and licence_id = :licence_id and user_id = :user_id and ended_at is null
    """
)
COUNT_ASSIGNED: Final = Statement(
    """
    select licence_id, count(*) from licence_assignments
     where tenant_id = :tenant_id and ended_at is null group by licence_id
    """
)
ASSIGNED: Final = Statement(
    f"""
    select {select(ASSIGNMENT)} from licence_assignments
     where tenant_id = :tenant_id and licence_id = :licence_id and ended_at is null and user_id > :after
     order by user_id limit :limit
    """  # noqa: S608 - made of constants
)
OF_USER: Final = Statement(
    f"""
    select {select(LICENCE, "l")} from licence_assignments a
      join licences l on l.tenant_id = a.tenant_id and l.licence_id = a.licence_id
     where a.tenant_id = :tenant_id and a.user_id = :user_id and a.ended_at is null
     order by l.first_day, l.licence_id
    """  # noqa: S608 - made of constants
)
COVERAGE: Final = Statement(
    f"""
    select count(*), coalesce(sum(case when {LICENSED} then 1 else 0 end), 0)
      from users u where {CONFIGURED}
    """  # noqa: S608 - made of constants
)
QUANTITY: Final = Statement(
    f"select coalesce(sum(l.quantity), 0) from licences l where l.tenant_id = :tenant_id and {_GOOD}"  # noqa: S608 - constants
)
WITHOUT: Final = Statement(
    f"""
    select u.user_id from users u where {CONFIGURED} and not {LICENSED}
     order by u.sort_name, u.user_id limit :limit
    """  # noqa: S608 - made of constants
)
TENANTS: Final = Statement("select distinct tenant_id from licences order by tenant_id")


def licence_of(row: Row) -> Licence:
    values = dict(zip(LICENCE, row, strict=True))
    values["kind"] = LicenceKind(values["kind"])
    return Licence(**values)


class Licences(Requests):
    __slots__ = ()

    async def put_licence(self, licence: Licence) -> None:
        values = record_values(licence)
        changed = await self.execute(REPLACE(**{name: values[name] for name in REPLACE.parameters}))
        if changed:
            return
        if licence.version != 1:
            raise self.broken(Conflict())
        try:
            await self.execute(ADD(**values))
        except UniqueTaken:
            raise self.broken(Conflict()) from None

    async def remove_licence(self, tenant_id: str, licence_id: str) -> bool:
        return await self.execute(REMOVE(tenant_id=tenant_id, licence_id=licence_id)) > 0

    async def licences(self, tenant_id: str) -> tuple[Licence, ...]:
        return tuple([licence_of(row) for row in await self.fetch(OF_TENANT(tenant_id=tenant_id))])

    async def licence(self, tenant_id: str, licence_id: str) -> Licence | None:
        rows = await self.fetch(ONE(tenant_id=tenant_id, licence_id=licence_id))
        return licence_of(rows[0]) if rows else None

    async def licensed_tenants(self) -> tuple[str, ...]:
        return tuple([row[0] for row in await self.fetch(TENANTS())])

    async def assign_licence(self, tenant_id: str, licence_id: str, user_id: str) -> bool:
        this = {"tenant_id": tenant_id, "licence_id": licence_id}
        if not await self.execute(HOLD(**this)):
            return False
        try:
            return await self.execute(ASSIGN(**this, user_id=user_id, now=self.now)) > 0
        except UniqueTaken:
            raise self.broken(Conflict()) from None

    async def end_assignment(self, tenant_id: str, licence_id: str, user_id: str) -> bool:
        this = {"tenant_id": tenant_id, "licence_id": licence_id, "user_id": user_id}
        return await self.execute(END_ASSIGNMENT(**this, now=self.now)) > 0

    async def count_assigned(self, tenant_id: str) -> dict[str, int]:
        return {row[0]: int(row[1]) for row in await self.fetch(COUNT_ASSIGNED(tenant_id=tenant_id))}

    async def assigned(
        self, tenant_id: str, licence_id: str, after: str, limit: int
    ) -> Sequence[LicenceAssignment]:
        rows = await self.fetch(
            ASSIGNED(tenant_id=tenant_id, licence_id=licence_id, after=after, limit=limit)
        )
        return [LicenceAssignment(**dict(zip(ASSIGNMENT, row, strict=True))) for row in rows]

    async def licences_of(self, tenant_id: str, user_id: str) -> tuple[Licence, ...]:
        rows = await self.fetch(OF_USER(tenant_id=tenant_id, user_id=user_id))
        return tuple([licence_of(row) for row in rows])

    async def coverage(self, tenant_id: str, day: str) -> Coverage:
        counted = await self.fetch(COVERAGE(tenant_id=tenant_id, day=day, until=end_of(day)))
        bought = await self.fetch(QUANTITY(tenant_id=tenant_id, day=day))
        return Coverage(int(counted[0][0]), int(counted[0][1]), int(bought[0][0]))

    async def unlicensed(self, tenant_id: str, day: str, limit: int) -> tuple[str, ...]:
        rows = await self.fetch(WITHOUT(tenant_id=tenant_id, day=day, until=end_of(day), limit=limit))
        return tuple([row[0] for row in rows])
