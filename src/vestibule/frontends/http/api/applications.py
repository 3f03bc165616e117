"""Applications: the services that are protected, and what their doors ask for."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import JSONBody
from msgspec import UNSET, UnsetType

from vestibule.frontends.http.api.caller import Caller, check_methods
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.records.applications import ApplicationRecord, application_record
from vestibule.frontends.http.api.records.listing import Listing, whole
from vestibule.frontends.http.api.request import Discreet
from vestibule.frontends.http.api.values import Id, Name, PathId, Version
from vestibule.frontends.http.rights import needs
from vestibule.interfaces.store import Conflict
from vestibule.model.actor import Right
from vestibule.model.application import Application, Caching, FirstFactor, Purpose, SecondFactor

Address = Annotated[str, msgspec.Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Addresses = Annotated[tuple[Address, ...], msgspec.Meta(max_length=1000)]
Days = Annotated[int, msgspec.Meta(ge=0, le=365)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=86_400)]
Methods = Annotated[tuple[Id, ...], msgspec.Meta(max_length=50)]


class NewApplication(Discreet):
    name: Name
    first_factor: FirstFactor = FirstFactor.LOCAL
    directory_id: Id = ""
    """Which directory checks the password, where one does."""
    second_factor: SecondFactor = SecondFactor.ALWAYS
    methods: Methods = ()
    """Methods that may open this door; empty: every method there is."""
    is_legacy: bool = False
    """Its clients can ask for nothing but name and password: users sign in with app passwords."""


class ApplicationChange(Discreet):
    """What is left out stays as it is."""

    name: Name | UnsetType = UNSET
    first_factor: FirstFactor | UnsetType = UNSET
    directory_id: Id | UnsetType = UNSET
    second_factor: SecondFactor | UnsetType = UNSET
    methods: Methods | UnsetType = UNSET
    is_enabled: bool | UnsetType = UNSET
    is_legacy: bool | UnsetType = UNSET
    purpose: Purpose | UnsetType = UNSET
    """What is done behind the door, where that is more than signing in."""
    trusted_addresses: Addresses | UnsetType = UNSET
    """Networks, ranges and addresses, e.g. `192.0.2.0/24`, from which no second factor is asked for here."""
    skips_trusted: bool | UnsetType = UNSET
    """Whether the addresses that the whole tenant trusts hold here, too."""
    remember_days: Days | UnsetType = UNSET
    """For how many days a browser may be remembered after a second factor; 0: not at all."""
    caching: Caching | UnsetType = UNSET
    """For whom a second factor that was proven a moment ago need not be proven again."""
    caching_seconds: Seconds | UnsetType = UNSET
    version: Version | None = None


class Applications(Controller):
    path = "/applications"
    tags = ("Applications",)

    @get(responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def list_applications(self, caller: NamedDependency[Caller]) -> Listing[ApplicationRecord]:
        """List the applications by name."""
        found = caller.services.applications.applications(caller.actor, caller.tenant_id)
        return whole(application_record(application) for application in found)

    @post(responses=problems(404, 409, 422), opt=needs(Right.APPLICATIONS))
    async def add_application(
        self, caller: NamedDependency[Caller], data: JSONBody[NewApplication]
    ) -> ApplicationRecord:
        """Add an application."""
        check_methods(caller, data.methods)
        added = await caller.services.applications.add_application(
            caller.actor,
            caller.tenant_id,
            data.name,
            first_factor=data.first_factor,
            directory_id=data.directory_id,
            second_factor=data.second_factor,
            methods=data.methods,
            is_legacy=data.is_legacy,
        )
        return application_record(added)

    @get("/{application_id:str}", responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def read_application(
        self, caller: NamedDependency[Caller], application_id: PathId
    ) -> ApplicationRecord:
        """Read one application."""
        return application_record(_find(caller, application_id))

    @patch("/{application_id:str}", responses=problems(404, 409, 422), opt=needs(Right.APPLICATIONS))
    async def change_application(
        self, caller: NamedDependency[Caller], application_id: PathId, data: JSONBody[ApplicationChange]
    ) -> ApplicationRecord:
        """Change an application; it holds from the next sign-in on."""
        current = _find(caller, application_id)
        if data.methods is not UNSET:
            check_methods(caller, data.methods)
        changed = msgspec.structs.replace(current, **changes(data, current.version))
        return application_record(
            await caller.services.applications.change_application(caller.actor, changed)
        )

    @delete("/{application_id:str}", responses=problems(404, 409), opt=needs(Right.APPLICATIONS))
    async def remove_application(self, caller: NamedDependency[Caller], application_id: PathId) -> None:
        """Remove an application that has no clients any more."""
        _find(caller, application_id)
        await caller.services.applications.remove_application(caller.actor, caller.tenant_id, application_id)


def changes(data: Discreet, version: int) -> dict[str, Any]:
    """Return the fields that a change names; raise `Conflict` if it is about another version."""
    given = {name: getattr(data, name) for name in data.__struct_fields__ if name != "version"}
    if getattr(data, "version", None) not in (None, version):
        raise Conflict
    return {name: value for name, value in given.items() if value is not UNSET}


def _find(caller: Caller, application_id: str) -> Application:
    snapshot = caller.services.configuration.current
    found = snapshot.applications.get((caller.tenant_id, application_id))
    if found is None:
        raise NotFoundException
    return found
