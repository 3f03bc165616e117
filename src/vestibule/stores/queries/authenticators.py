"""Authenticators one by one, and by the thousand for imports. Every change is on a version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from vestibule.interfaces.store import AlreadyExists, Conflict
from vestibule.interfaces.transaction.held import AuthenticatorFilter
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.model.authenticator import Authenticator, canonical_serial
from vestibule.stores.paging import beginning, keep, listed, position_of_name
from vestibule.stores.rows import AUTHENTICATOR, authenticator_of, authenticator_values, storable
from vestibule.stores.statement import Request, Statement, check_storable, insert, select
from vestibule.stores.transaction import Requests, UniqueTaken

ADD_AUTHENTICATOR: Final = Statement(insert("authenticators", AUTHENTICATOR))

REPLACE_AUTHENTICATOR: Final = Statement(
    f"""
    update authenticators
       set {", ".join(f"{name} = :{name}" for name in AUTHENTICATOR[2:-1])}, version = version + 1
     where tenant_id = :tenant_id and authenticator_id = :authenticator_id and version = :version
    """  # noqa: S608 - made of constants
)

AUTHENTICATOR_BY_ID: Final = Statement(
    f"select {select(AUTHENTICATOR)} from authenticators"  # noqa: S608 - made of constants
    " where tenant_id = :tenant_id and authenticator_id = :authenticator_id",
    joins=True,
)

AUTHENTICATORS_BY_SERIAL: Final = Statement(
    f"select {select(AUTHENTICATOR)} from authenticators"  # noqa: S608 - made of constants
    " where tenant_id = :tenant_id and serial = any(:serials)"
)


class Authenticators(Requests):
    __slots__ = ()

    async def add_authenticator(self, authenticator: Authenticator) -> None:
        try:
            await self.execute(_bound(ADD_AUTHENTICATOR, authenticator))
        except UniqueTaken:
            raise self.broken(_taken(authenticator)) from None

    async def replace_authenticator(self, authenticator: Authenticator) -> bool:
        try:
            return await self.execute(_bound(REPLACE_AUTHENTICATOR, authenticator)) > 0
        except UniqueTaken:
            raise self.broken(_taken(authenticator)) from None

    async def authenticator(self, tenant_id: str, authenticator_id: str) -> Authenticator | None:
        rows = await self.fetch(AUTHENTICATOR_BY_ID(tenant_id=tenant_id, authenticator_id=authenticator_id))
        return authenticator_of(rows[0]) if rows else None

    async def authenticators(self, tenant_id: str, where: AuthenticatorFilter, page: Page) -> Listed:
        if where.is_hardware is False:
            return Listed(())
        values: dict[str, Any] = {"tenant_id": tenant_id}
        conditions = ["tenant_id = :tenant_id", "serial is not null"]
        if where.status:
            keep(conditions, values, "status = :status", status=where.status)
        else:
            keep(conditions, values, "status <> 'revoked'")
        if where.is_assigned is not None:
            keep(conditions, values, f"user_id is {'not ' if where.is_assigned else ''}null")
        if where.text:
            serial, serial_end = beginning(canonical_serial(storable(where.text)))
            keep(
                conditions,
                values,
                "serial >= :serial and serial < :serial_end",
                serial=serial,
                serial_end=serial_end,
            )
        if page.cursor:
            keep(conditions, values, "serial > :after", after=position_of_name(page.cursor)[0])
        rows = await listed(
            self, "authenticators", select(AUTHENTICATOR), conditions, values, "serial", page.limit
        )
        return rows.page(authenticator_of, lambda row: (row[5], row[1]))

    async def authenticators_by_serial(
        self, tenant_id: str, serials: Sequence[str]
    ) -> dict[str, Authenticator]:
        rows = await self.fetch(AUTHENTICATORS_BY_SERIAL(tenant_id=tenant_id, serials=self.texts(serials)))
        found = [authenticator_of(row) for row in rows]
        return {each.serial: each for each in found if each.serial is not None}

    async def add_authenticators(self, authenticators: Sequence[Authenticator]) -> None:
        rows = [authenticator_values(each) for each in authenticators]
        for row in rows:
            check_storable(row)
        try:
            await self.insert_many(ADD_AUTHENTICATOR, rows)
        except UniqueTaken:
            raise self.broken(await self._first_taken(authenticators)) from None

    async def _first_taken(self, authenticators: Sequence[Authenticator]) -> AlreadyExists:
        stored: dict[str, Authenticator] = {}
        for tenant_id in {each.tenant_id for each in authenticators}:
            serials = [each.serial for each in authenticators if each.serial is not None]
            stored |= await self.authenticators_by_serial(tenant_id, serials)
        for each in authenticators:
            owner = stored.get(each.serial or "")
            if owner is not None and owner.authenticator_id != each.authenticator_id:
                return _taken(each)
        return AlreadyExists("authenticator")

    async def replace_authenticators(self, authenticators: Sequence[Authenticator]) -> None:
        rows = [_bound(REPLACE_AUTHENTICATOR, each)[1] for each in authenticators]
        try:
            changed = await self.execute_many(REPLACE_AUTHENTICATOR, rows)
        except UniqueTaken:
            raise self.broken(AlreadyExists("authenticator")) from None
        if changed < len(rows):
            raise self.broken(Conflict())


def _bound(statement: Statement, authenticator: Authenticator) -> Request:
    return statement(**dict(zip(AUTHENTICATOR, authenticator_values(authenticator), strict=True)))


def _taken(authenticator: Authenticator) -> AlreadyExists:
    return AlreadyExists("authenticator", authenticator.serial or authenticator.authenticator_id)
