"""Roles, who has which, and what waits for a second administrator. For keys of the system tenant."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Controller, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.records.administrators import (
    AdministratorRecord,
    ProposalRecord,
    RoleRecord,
    administrator_record,
    proposal_record,
    role_record,
)
from vestibule.frontends.http.api.records.listing import Listing, whole
from vestibule.frontends.http.api.request import Discreet
from vestibule.frontends.http.api.values import Id, Name, PathId, Version
from vestibule.frontends.http.rights import needs
from vestibule.model.actor import Right
from vestibule.model.role import Grant
from vestibule.services.roles import MOST_GRANTS

_ADMINISTRATORS = needs(Right.ADMINISTRATORS)
Rights = Annotated[tuple[Id, ...], msgspec.Meta(min_length=1, max_length=50)]


class NewRole(Discreet):
    name: Name
    rights: Rights
    """Names of rights, such as `people.read`."""


class RoleChange(Discreet):
    name: Name
    rights: Rights
    version: Version | None = None


class GivenRole(Discreet):
    role_id: Id
    """Of a built-in role such as `help_desk`, or of one of your own."""
    tenant_id: Id = ""
    """Where it holds; empty: in every tenant."""
    groups: Annotated[tuple[Id, ...], msgspec.Meta(max_length=100)] = ()
    """Over the people of these groups of the tenant only; empty: over everybody."""


class GivenRoles(Discreet):
    roles: Annotated[tuple[GivenRole, ...], msgspec.Meta(max_length=MOST_GRANTS)]


class Roles(Controller):
    tags = ("Roles",)

    @get("/roles", responses=problems(404), opt=_ADMINISTRATORS)
    async def list_roles(self, caller: NamedDependency[Caller]) -> Listing[RoleRecord]:
        """List the roles, the built-in ones first."""
        return whole(role_record(role) for role in caller.services.roles.list(caller.actor))

    @post("/roles", responses=problems(404, 409, 422), opt=_ADMINISTRATORS)
    async def add_role(self, caller: NamedDependency[Caller], data: JSONBody[NewRole]) -> RoleRecord:
        """Add a role. A key gives no right that it has not itself."""
        return role_record(await caller.services.roles.add(caller.actor, data.name, data.rights))

    @get("/roles/{role_id:str}", responses=problems(404), opt=_ADMINISTRATORS)
    async def read_role(self, caller: NamedDependency[Caller], role_id: PathId) -> RoleRecord:
        """Read one role."""
        return role_record(caller.services.roles.find(caller.actor, role_id))

    @patch("/roles/{role_id:str}", responses=problems(404, 409, 422), opt=_ADMINISTRATORS)
    async def change_role(
        self, caller: NamedDependency[Caller], role_id: PathId, data: JSONBody[RoleChange]
    ) -> RoleRecord:
        """Define a role of your own otherwise, for all who have it."""
        roles = caller.services.roles
        return role_record(await roles.change(caller.actor, role_id, data.name, data.rights, data.version))

    @delete("/roles/{role_id:str}", responses=problems(404, 409, 422), opt=_ADMINISTRATORS)
    async def remove_role(self, caller: NamedDependency[Caller], role_id: PathId) -> None:
        """Remove a role that nobody has."""
        await caller.services.roles.remove(caller.actor, role_id)

    @get("/administrators", responses=problems(404), opt=_ADMINISTRATORS)
    async def list_administrators(self, caller: NamedDependency[Caller]) -> Listing[AdministratorRecord]:
        """List everybody who has a role."""
        return whole(
            administrator_record(holder) for holder in await caller.services.roles.holders(caller.actor)
        )

    @put("/administrators/{user_id:str}/roles", responses=problems(404, 409, 422), opt=_ADMINISTRATORS)
    async def give_roles(
        self, caller: NamedDependency[Caller], user_id: PathId, data: JSONBody[GivenRoles]
    ) -> AdministratorRecord:
        """Give somebody exactly these roles; none: he is no administrator any more. He is signed out. While a
        second administrator is asked for, no key does this."""
        grants = [
            Grant(role_id=one.role_id, tenant_id=one.tenant_id, groups=one.groups) for one in data.roles
        ]
        return administrator_record(await caller.services.roles.give(caller.actor, user_id, grants))

    @get("/proposals", responses=problems(404), opt=_ADMINISTRATORS)
    async def list_proposals(self, caller: NamedDependency[Caller]) -> Listing[ProposalRecord]:
        """List what waits for a second administrator, or was decided lately. People decide at the console."""
        return whole(
            proposal_record(proposal) for proposal in await caller.services.proposals.list(caller.actor)
        )
