"""Directories: where passwords are checked that are not ours."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Controller, get, patch, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType

from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id
from vestibule.frontends.http.api.applications import changes
from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.records.applications import DirectoryRecord, directory_record
from vestibule.frontends.http.api.records.listing import Listing, whole
from vestibule.frontends.http.api.request import Discreet, invalid
from vestibule.frontends.http.api.values import Id, Name, Password, PathId, Version
from vestibule.frontends.http.rights import needs
from vestibule.model.actor import Right
from vestibule.model.application import DirectoryConfiguration

Text = Annotated[str, Meta(max_length=1000, pattern=r"^[^\x00]*$")]
Texts = Annotated[list[Text], Meta(max_length=32)]
Settings = Annotated[dict[Id, Text | bool | int | float | Texts], Meta(max_length=64)]
_STORED = "stored"
Kind = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_]*$")]


class NewDirectory(Discreet):
    kind: Kind
    """E.g. `ldap`."""
    name: Name
    settings: Settings = msgspec.field(default_factory=dict)
    """Of the kind; see its reference."""
    password: Password | None = None
    """Of the service account that searches."""


class DirectoryChange(Discreet):
    """What is left out stays as it is; `settings` are replaced as a whole."""

    name: Name | UnsetType = UNSET
    settings: Settings | UnsetType = UNSET
    password: Password | UnsetType = UNSET
    version: Version | None = None


class Directories(Controller):
    path = "/directories"
    tags = ("Directories",)

    @get(responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def list_directories(self, caller: NamedDependency[Caller]) -> Listing[DirectoryRecord]:
        """List the directories."""
        found = caller.services.applications.directories(caller.actor, caller.tenant_id)
        return whole(directory_record(directory) for directory in found)

    @post(responses=problems(404, 409, 422), opt=needs(Right.DIRECTORIES))
    async def add_directory(
        self, caller: NamedDependency[Caller], data: JSONBody[NewDirectory]
    ) -> DirectoryRecord:
        """Add a directory. Nothing asks it until an application names it."""
        directory = DirectoryConfiguration(
            tenant_id=caller.tenant_id,
            directory_id=new_id(),
            kind=data.kind,
            name=data.name,
            settings=dict(data.settings),
            created_at=caller.services.clock.now(),
        )
        password = Secret(data.password) if data.password else None
        await _check(caller, directory, password or Secret(""))
        put = await caller.services.applications.put_directory(caller.actor, directory, password)
        return directory_record(put)

    @get("/{directory_id:str}", responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def read_directory(self, caller: NamedDependency[Caller], directory_id: PathId) -> DirectoryRecord:
        """Read one directory."""
        return directory_record(_find(caller, directory_id))

    @patch("/{directory_id:str}", responses=problems(404, 409, 422), opt=needs(Right.DIRECTORIES))
    async def change_directory(
        self, caller: NamedDependency[Caller], directory_id: PathId, data: JSONBody[DirectoryChange]
    ) -> DirectoryRecord:
        """Change a directory; it holds from the next sign-in on."""
        current = _find(caller, directory_id)
        given = changes(data, current.version)
        password = given.pop("password", None)
        changed = msgspec.structs.replace(current, **given)
        # The stored password stays sealed; for the check it is enough that there is one.
        await _check(caller, changed, Secret(password or (_STORED if current.secret else "")))
        put = await caller.services.applications.put_directory(
            caller.actor, changed, Secret(password) if password else None
        )
        return directory_record(put)


async def _check(caller: Caller, directory: DirectoryConfiguration, password: Secret[str]) -> None:
    """Refuse a kind there is not, and settings that the kind cannot use."""
    directories = caller.services.directories
    if directory.kind not in directories.kinds:
        raise invalid("kind", "not a kind of this installation")
    if problem := await directories.problem(directory.kind, directory.settings, password):
        setting, _, message = problem.partition(": ")
        raise invalid(f"settings.{setting}" if message else "settings", message or problem)


def _find(caller: Caller, directory_id: str) -> DirectoryConfiguration:
    snapshot = caller.services.configuration.current
    found = snapshot.directories.get((caller.tenant_id, directory_id))
    if found is None:
        raise NotFoundException
    return found
