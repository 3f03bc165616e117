"""Clients: the VPN concentrators and programs that ask, and their secrets. A secret is told once."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType

from vestibule.crypto.secret import Secret
from vestibule.frontends.http.api.applications import changes
from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.records.applications import (
    ClientRecord,
    NewSecretRecord,
    SecretRecord,
    client_record,
    secret_record,
)
from vestibule.frontends.http.api.records.listing import Listing, whole
from vestibule.frontends.http.api.request import Discreet
from vestibule.frontends.http.api.values import Id, Name, PathId, ShortText, Time, Version
from vestibule.frontends.http.rights import needs
from vestibule.model.actor import Right
from vestibule.model.application import Client, ClientKind
from vestibule.model.role import ADMINISTRATOR

Settings = Annotated[dict[Id, ShortText | bool | int], Meta(max_length=32)]
Scopes = Annotated[tuple[Literal["verify", "admin", "scim"], ...], Meta(min_length=1, max_length=3)]
SharedSecret = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")]


class NewRadiusClient(Discreet):
    application_id: Id
    name: Name
    address: ShortText
    """IP address or network (CIDR) it asks from."""
    settings: Settings = msgspec.field(default_factory=dict)
    """See the reference of RADIUS clients; what is left out is the safe default."""


class RadiusClientChange(Discreet):
    """What is left out stays as it is; `settings` are replaced as a whole."""

    name: Name | UnsetType = UNSET
    address: ShortText | UnsetType = UNSET
    settings: Settings | UnsetType = UNSET
    is_enabled: bool | UnsetType = UNSET
    version: Version | None = None


class NewApiClient(Discreet):
    application_id: Id
    name: Name
    address: ShortText = ""
    """IP address or network (CIDR) it may ask from; empty: from anywhere."""
    scopes: Scopes = ("verify",)
    role_id: Id = ADMINISTRATOR
    """Of a key with the scope `admin`: the role whose rights it has in this tenant."""
    settings: Settings = msgspec.field(default_factory=dict)
    """Of a key with the scope `scim`: `when_deleted` (`disable`, `remove`), `takes_over`, `requirement`,
    `phone_method` (`sms`, `voice`)."""


class ApiClientChange(Discreet):
    """What is left out stays as it is; `settings` are replaced as a whole."""

    name: Name | UnsetType = UNSET
    address: ShortText | UnsetType = UNSET
    scopes: Scopes | UnsetType = UNSET
    role_id: Id | UnsetType = UNSET
    settings: Settings | UnsetType = UNSET
    is_enabled: bool | UnsetType = UNSET
    version: Version | None = None


class NewSharedSecret(Discreet):
    secret: SharedSecret | None = None
    """Left out: one is made, 32 random characters."""


class SecretChange(Discreet):
    not_after: Time
    """When it ends."""


class RadiusClients(Controller):
    path = "/radius-clients"
    tags = ("RADIUS clients",)

    @get(responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def list_radius_clients(self, caller: NamedDependency[Caller]) -> Listing[ClientRecord]:
        """List the RADIUS clients by name."""
        return listed(caller, ClientKind.RADIUS)

    @post(responses=problems(404, 409, 422), opt=needs(Right.APPLICATIONS))
    async def add_radius_client(
        self, caller: NamedDependency[Caller], data: JSONBody[NewRadiusClient]
    ) -> ClientRecord:
        """Add a RADIUS client to an application. It is heard once it has a shared secret."""
        added = await caller.services.applications.add_client(
            caller.actor,
            caller.tenant_id,
            data.application_id,
            ClientKind.RADIUS,
            data.name,
            address=data.address,
            settings=dict(data.settings),
        )
        return client_record(added)

    @get("/{client_id:str}", responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def read_radius_client(self, caller: NamedDependency[Caller], client_id: PathId) -> ClientRecord:
        """Read one RADIUS client."""
        return client_record(find_client(caller, client_id, ClientKind.RADIUS))

    @patch("/{client_id:str}", responses=problems(404, 409, 422), opt=needs(Right.APPLICATIONS))
    async def change_radius_client(
        self, caller: NamedDependency[Caller], client_id: PathId, data: JSONBody[RadiusClientChange]
    ) -> ClientRecord:
        """Change a RADIUS client."""
        return await _changed(caller, client_id, ClientKind.RADIUS, data)

    @delete("/{client_id:str}", responses=problems(404), opt=needs(Right.APPLICATIONS))
    async def remove_radius_client(self, caller: NamedDependency[Caller], client_id: PathId) -> None:
        """Remove a RADIUS client and its secrets."""
        await removed(caller, client_id, ClientKind.RADIUS)

    @get("/{client_id:str}/secrets", responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def list_shared_secrets(
        self, caller: NamedDependency[Caller], client_id: PathId
    ) -> Listing[SecretRecord]:
        """List the shared secrets, newest first: their last characters only."""
        return await _secrets(caller, client_id, ClientKind.RADIUS)

    @post("/{client_id:str}/secrets", responses=problems(404, 422), opt=needs(Right.APPLICATIONS))
    async def add_shared_secret(
        self, caller: NamedDependency[Caller], client_id: PathId, data: JSONBody[NewSharedSecret]
    ) -> NewSecretRecord:
        """Add a shared secret beside those there are, and tell it this one time."""
        find_client(caller, client_id, ClientKind.RADIUS)
        shared = await caller.services.applications.add_shared_secret(
            caller.actor, caller.tenant_id, client_id, Secret(data.secret) if data.secret else None
        )
        return NewSecretRecord(secret=shared.reveal())

    @patch(
        "/{client_id:str}/secrets/{secret_id:str}",
        status_code=204,
        responses=problems(404),
        opt=needs(Right.APPLICATIONS),
    )
    async def end_shared_secret(
        self,
        caller: NamedDependency[Caller],
        client_id: PathId,
        secret_id: PathId,
        data: JSONBody[SecretChange],
    ) -> None:
        """Let a shared secret end at a time."""
        await _end(caller, client_id, ClientKind.RADIUS, secret_id, data.not_after)

    @delete(
        "/{client_id:str}/secrets/{secret_id:str}", responses=problems(404), opt=needs(Right.APPLICATIONS)
    )
    async def remove_shared_secret(
        self, caller: NamedDependency[Caller], client_id: PathId, secret_id: PathId
    ) -> None:
        """Remove a shared secret at once."""
        await _end(caller, client_id, ClientKind.RADIUS, secret_id, None)


class ApiClients(Controller):
    path = "/api-clients"
    tags = ("API clients",)

    @get(responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def list_api_clients(self, caller: NamedDependency[Caller]) -> Listing[ClientRecord]:
        """List the API clients by name."""
        return listed(caller, ClientKind.API)

    @post(responses=problems(404, 409, 422), opt=needs(Right.API_KEYS))
    async def add_api_client(
        self, caller: NamedDependency[Caller], data: JSONBody[NewApiClient]
    ) -> ClientRecord:
        """Add an API client to an application. It can do nothing until it has a key."""
        added = await caller.services.applications.add_client(
            caller.actor,
            caller.tenant_id,
            data.application_id,
            ClientKind.API,
            data.name,
            address=data.address,
            scopes=_unique(data.scopes),
            role_id=data.role_id,
            settings=dict(data.settings),
        )
        return client_record(added)

    @get("/{client_id:str}", responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def read_api_client(self, caller: NamedDependency[Caller], client_id: PathId) -> ClientRecord:
        """Read one API client."""
        return client_record(find_client(caller, client_id, ClientKind.API))

    @patch("/{client_id:str}", responses=problems(404, 409, 422), opt=needs(Right.API_KEYS))
    async def change_api_client(
        self, caller: NamedDependency[Caller], client_id: PathId, data: JSONBody[ApiClientChange]
    ) -> ClientRecord:
        """Change an API client; it holds at once."""
        return await _changed(caller, client_id, ClientKind.API, data)

    @delete("/{client_id:str}", responses=problems(404), opt=needs(Right.API_KEYS))
    async def remove_api_client(self, caller: NamedDependency[Caller], client_id: PathId) -> None:
        """Remove an API client and its keys."""
        await removed(caller, client_id, ClientKind.API)

    @get("/{client_id:str}/keys", responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def list_api_keys(
        self, caller: NamedDependency[Caller], client_id: PathId
    ) -> Listing[SecretRecord]:
        """List the keys, newest first: their last characters only."""
        return await _secrets(caller, client_id, ClientKind.API)

    @post("/{client_id:str}/keys", responses=problems(404), opt=needs(Right.API_KEYS))
    async def add_api_key(self, caller: NamedDependency[Caller], client_id: PathId) -> NewSecretRecord:
        """Add a key beside those there are, and tell it this one time."""
        find_client(caller, client_id, ClientKind.API)
        key = await caller.services.applications.add_api_key(caller.actor, caller.tenant_id, client_id)
        return NewSecretRecord(secret=key.reveal())

    @patch(
        "/{client_id:str}/keys/{secret_id:str}",
        status_code=204,
        responses=problems(404),
        opt=needs(Right.API_KEYS),
    )
    async def end_api_key(
        self,
        caller: NamedDependency[Caller],
        client_id: PathId,
        secret_id: PathId,
        data: JSONBody[SecretChange],
    ) -> None:
        """Let a key end at a time."""
        await _end(caller, client_id, ClientKind.API, secret_id, data.not_after)

    @delete("/{client_id:str}/keys/{secret_id:str}", responses=problems(404), opt=needs(Right.API_KEYS))
    async def remove_api_key(
        self, caller: NamedDependency[Caller], client_id: PathId, secret_id: PathId
    ) -> None:
        """Remove a key at once."""
        await _end(caller, client_id, ClientKind.API, secret_id, None)


def listed(caller: Caller, kind: ClientKind) -> Listing[ClientRecord]:
    """Return the clients of a kind in the caller's tenant."""
    found = caller.services.applications.clients(caller.actor, caller.tenant_id, kind)
    return whole(client_record(client) for client in found)


def find_client(caller: Caller, client_id: str, kind: ClientKind) -> Client:
    """Return a client of that kind in the caller's tenant; raises NotFoundException."""
    peer = caller.services.configuration.current.peers.get(client_id)
    if peer is None or peer.client.tenant_id != caller.tenant_id or peer.client.kind is not kind:
        raise NotFoundException
    return peer.client


async def _changed(
    caller: Caller, client_id: str, kind: ClientKind, data: RadiusClientChange | ApiClientChange
) -> ClientRecord:
    current = find_client(caller, client_id, kind)
    given = changes(data, current.version)
    if "scopes" in given:
        given["scopes"] = _unique(given["scopes"])
    changed = msgspec.structs.replace(current, **given)
    return client_record(await caller.services.applications.change_client(caller.actor, changed))


async def removed(caller: Caller, client_id: str, kind: ClientKind) -> None:
    """Remove a client of that kind; raises NotFoundException."""
    find_client(caller, client_id, kind)
    await caller.services.applications.remove_client(caller.actor, caller.tenant_id, client_id)


async def _secrets(caller: Caller, client_id: str, kind: ClientKind) -> Listing[SecretRecord]:
    find_client(caller, client_id, kind)
    found = await caller.services.applications.secrets(caller.actor, caller.tenant_id, client_id)
    return whole(secret_record(secret) for secret in found)


async def _end(
    caller: Caller, client_id: str, kind: ClientKind, secret_id: str, not_after: int | None
) -> None:
    find_client(caller, client_id, kind)
    await caller.services.applications.end_secret(
        caller.actor, caller.tenant_id, client_id, secret_id, not_after
    )


def _unique(scopes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(scopes))
