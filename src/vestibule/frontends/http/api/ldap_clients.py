"""LDAP clients: the applications that bind at the proxy in front of a directory."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType

from vestibule.frontends.http.api.applications import changes
from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.clients import find_client, listed, removed
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.records.applications import ClientRecord, client_record
from vestibule.frontends.http.api.records.listing import Listing
from vestibule.frontends.http.api.request import Discreet
from vestibule.frontends.http.api.values import Id, Name, PathId, ShortText, Version
from vestibule.frontends.http.rights import needs
from vestibule.model.actor import Right
from vestibule.model.application import ClientKind

ExemptBind = Annotated[str, Meta(min_length=1, max_length=1024, pattern=r"^[^\x00-\x1f\x7f]*$")]
Settings = Annotated[
    dict[Id, ShortText | bool | int | Annotated[tuple[ExemptBind, ...], Meta(max_length=32)]],
    Meta(max_length=32),
]


class NewLdapClient(Discreet):
    application_id: Id
    """The application whose directory stands behind it."""
    name: Name
    address: ShortText
    """IP address or network (CIDR) it connects from."""
    settings: Settings = msgspec.field(default_factory=dict)
    """See the reference of LDAP clients; what is left out is the safe default."""


class LdapClientChange(Discreet):
    """What is left out stays as it is; `settings` are replaced as a whole."""

    name: Name | UnsetType = UNSET
    address: ShortText | UnsetType = UNSET
    settings: Settings | UnsetType = UNSET
    is_enabled: bool | UnsetType = UNSET
    version: Version | None = None


class LdapClients(Controller):
    path = "/ldap-clients"
    tags = ("LDAP clients",)

    @get(responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def list_ldap_clients(self, caller: NamedDependency[Caller]) -> Listing[ClientRecord]:
        """List the LDAP clients by name."""
        return listed(caller, ClientKind.LDAP)

    @post(responses=problems(404, 409, 422), opt=needs(Right.APPLICATIONS))
    async def add_ldap_client(
        self, caller: NamedDependency[Caller], data: JSONBody[NewLdapClient]
    ) -> ClientRecord:
        """Add an LDAP client to an application that has a directory."""
        added = await caller.services.applications.add_client(
            caller.actor,
            caller.tenant_id,
            data.application_id,
            ClientKind.LDAP,
            data.name,
            address=data.address,
            settings=msgspec.to_builtins(data.settings),
        )
        return client_record(added)

    @get("/{client_id:str}", responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def read_ldap_client(self, caller: NamedDependency[Caller], client_id: PathId) -> ClientRecord:
        """Read one LDAP client."""
        return client_record(find_client(caller, client_id, ClientKind.LDAP))

    @patch("/{client_id:str}", responses=problems(404, 409, 422), opt=needs(Right.APPLICATIONS))
    async def change_ldap_client(
        self, caller: NamedDependency[Caller], client_id: PathId, data: JSONBody[LdapClientChange]
    ) -> ClientRecord:
        """Change an LDAP client; it holds within a second, for open connections too."""
        current = find_client(caller, client_id, ClientKind.LDAP)
        given = msgspec.to_builtins(changes(data, current.version))
        changed = msgspec.structs.replace(current, **given)
        return client_record(await caller.services.applications.change_client(caller.actor, changed))

    @delete("/{client_id:str}", responses=problems(404), opt=needs(Right.APPLICATIONS))
    async def remove_ldap_client(self, caller: NamedDependency[Caller], client_id: PathId) -> None:
        """Remove an LDAP client; its connections are closed."""
        await removed(caller, client_id, ClientKind.LDAP)
