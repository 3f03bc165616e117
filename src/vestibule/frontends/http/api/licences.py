"""Licences: bundles that the operator adds to a tenant, and who of its users has one."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType

from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.listing import USUAL_LIMIT
from vestibule.frontends.http.api.provider_records import (
    AssignedRecord,
    CoverageRecord,
    LicenceRecord,
    bundle_record,
    coverage_record,
    licence_record,
)
from vestibule.frontends.http.api.records.listing import Listing, whole
from vestibule.frontends.http.api.records.people import UserRecord, user_record
from vestibule.frontends.http.api.request import Discreet
from vestibule.frontends.http.api.values import Cursor, Limit, PathId
from vestibule.frontends.http.rights import needs, needs_over_everybody
from vestibule.model.actor import Right
from vestibule.model.licence import LicenceKind
from vestibule.services.licences import LONGEST_PRODUCT, MOST_LICENCES

Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Quantity = Annotated[int, Meta(ge=1, le=MOST_LICENCES)]


class NewLicence(Discreet):
    quantity: Quantity
    first_day: Day
    last_day: Day
    """Both are days on which the licences are good."""
    kind: LicenceKind = LicenceKind.OWN
    product: Annotated[str, Meta(max_length=LONGEST_PRODUCT)] = ""
    """Of which product a `bundle` is a part."""


class LicenceChange(Discreet):
    quantity: Quantity | UnsetType = UNSET
    """Never fewer than are assigned."""
    last_day: Day | UnsetType = UNSET


class Licences(Controller):
    tags = ("Providers and licences",)

    @get("/licences", responses=problems(404), opt=needs(Right.READ_BILLING))
    async def list_licences(self, caller: NamedDependency[Caller]) -> Listing[LicenceRecord]:
        """List the bundles of the tenant, the latest period first."""
        found = await caller.services.licences.list(caller.actor, caller.tenant_id)
        return whole(bundle_record(bundle) for bundle in found)

    @get("/licence-coverage", responses=problems(404), opt=needs(Right.READ_BILLING))
    async def read_coverage(self, caller: NamedDependency[Caller]) -> CoverageRecord:
        """Count today's users and licences of the tenant."""
        return coverage_record(await caller.services.licences.coverage(caller.actor, caller.tenant_id))

    @post("/licences", responses=problems(404, 422), opt=needs(Right.BILLING))
    async def add_licence(self, caller: NamedDependency[Caller], data: JSONBody[NewLicence]) -> LicenceRecord:
        """Add a bundle. For keys of the system tenant."""
        added = await caller.services.licences.add(
            caller.actor,
            caller.tenant_id,
            data.kind,
            data.quantity,
            data.first_day,
            data.last_day,
            data.product,
        )
        return licence_record(added, 0)

    @patch("/licences/{licence_id:str}", responses=problems(404, 409, 422), opt=needs(Right.BILLING))
    async def change_licence(
        self, caller: NamedDependency[Caller], licence_id: PathId, data: JSONBody[LicenceChange]
    ) -> LicenceRecord:
        """Let a bundle have more or fewer licences, or another end. For keys of the system tenant."""
        licences = caller.services.licences
        before = await licences.find(caller.actor, caller.tenant_id, licence_id)
        await licences.change(
            caller.actor,
            caller.tenant_id,
            licence_id,
            before.quantity if data.quantity is UNSET else data.quantity,
            before.last_day if data.last_day is UNSET else data.last_day,
        )
        found = await licences.list(caller.actor, caller.tenant_id)
        return next(bundle_record(each) for each in found if each.licence.licence_id == licence_id)

    @delete("/licences/{licence_id:str}", responses=problems(404, 409), opt=needs(Right.BILLING))
    async def end_licence(self, caller: NamedDependency[Caller], licence_id: PathId) -> None:
        """Let a bundle end today; one that has not begun is deleted. For keys of the system tenant."""
        await caller.services.licences.end(caller.actor, caller.tenant_id, licence_id)

    @get(
        "/licences/{licence_id:str}/users",
        responses=problems(404),
        opt=needs_over_everybody(Right.READ_BILLING),
    )
    async def list_holders(
        self,
        caller: NamedDependency[Caller],
        licence_id: PathId,
        limit: Limit = USUAL_LIMIT,
        cursor: Cursor = "",
    ) -> Listing[UserRecord]:
        """List who has one of a bundle, by identifier."""
        licences = caller.services.licences
        await licences.find(caller.actor, caller.tenant_id, licence_id)
        found = await licences.holders(caller.actor, caller.tenant_id, licence_id, cursor, limit)
        next_cursor = found[-1].user_id if len(found) == limit else ""
        return Listing([user_record(user) for user in found], next_cursor)

    @post(
        "/licences/{licence_id:str}/users",
        status_code=200,
        responses=problems(404, 409),
        opt=needs(Right.CHANGE_PEOPLE),
    )
    async def assign_to_everybody(
        self, caller: NamedDependency[Caller], licence_id: PathId
    ) -> AssignedRecord:
        """Give one to each who is configured and has none, as far as the bundle reaches."""
        given = await caller.services.licences.assign_all(caller.actor, caller.tenant_id, licence_id)
        return AssignedRecord(assigned=given)

    @put(
        "/licences/{licence_id:str}/users/{user_id:str}",
        status_code=204,
        responses=problems(404, 409),
        opt=needs(Right.CHANGE_PEOPLE),
    )
    async def assign_licence(
        self, caller: NamedDependency[Caller], licence_id: PathId, user_id: PathId
    ) -> None:
        """Give a user one of a bundle."""
        await caller.services.licences.assign(caller.actor, caller.tenant_id, licence_id, user_id)

    @delete(
        "/licences/{licence_id:str}/users/{user_id:str}",
        responses=problems(404),
        opt=needs(Right.CHANGE_PEOPLE),
    )
    async def take_licence(
        self, caller: NamedDependency[Caller], licence_id: PathId, user_id: PathId
    ) -> None:
        """Take back the licence of a user."""
        await caller.services.licences.take(caller.actor, caller.tenant_id, licence_id, user_id)
