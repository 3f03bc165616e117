"""Provisioning: the keys with which identity providers push people, and whom they have pushed last."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule.frontends.http.console.desk import Desk, desk, refused_form
from vestibule.frontends.http.fields import Fields, InPath, read_fields
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.scim.caller import ROOT
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.site import origin_of
from vestibule.frontends.http.templates.views import Form, ProvisioningKeyRow, Words
from vestibule.model.actor import Right
from vestibule.model.application import PORTAL_APPLICATION, Client, ClientKind
from vestibule.model.provisioning import PROVISION_SCOPE, ProvisioningSettings, read_settings
from vestibule.services.provisioned_users import KnownUser
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.setting_fields import chosen_settings, fields_of

_FIELDS: Final = fields_of(ProvisioningSettings)
_LATEST: Final = 20
_BESIDE: Final = {Refusal.NAME_TAKEN: "name", Refusal.ADDRESS_INVALID: "address"}


@get("/tenants/{tenant:str}/provisioning", opt=needs(Right.READ_CONFIGURATION))
async def provisioning(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return await _page(await desk(request, tenant))


@post("/tenants/{tenant:str}/provisioning", opt=needs(Right.API_KEYS))
async def create_provisioning_key(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Add a key, and show it this one time."""
    at = await desk(request, tenant)
    fields = await read_fields(request)
    if not fields.text("name", 100):
        return await _page(at, Form(_typed(fields), {"name": Words("form.required")}))
    applications = at.services.applications
    try:
        client = await applications.add_client(
            at.actor,
            tenant,
            PORTAL_APPLICATION,
            ClientKind.API,
            fields.text("name", 100),
            address=fields.text("address", 64),
            settings=chosen_settings(_FIELDS, _typed(fields)),
            scopes=(PROVISION_SCOPE,),
        )
    except Refused as refused:
        return await _page(at, refused_form(refused, _typed(fields), _BESIDE))
    key = await applications.add_api_key(at.actor, tenant, client.client_id)
    return await _page(at, new_key=key.reveal())


@post("/tenants/{tenant:str}/provisioning/{client:str}/revoke", opt=needs(Right.API_KEYS))
async def revoke_provisioning_key(request: AnyRequest, tenant: InPath, client: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    found = next((each for each in _clients(at) if each.client_id == client), None)
    if found is None:
        raise NotFoundException
    await at.services.applications.remove_client(at.actor, tenant, client)
    return at.done(at.path("provisioning"), "console.api_key.revoked", name=found.name)


ROUTES: Final = [provisioning, create_provisioning_key, revoke_provisioning_key]


async def _page(at: Desk, form: Form | None = None, new_key: str = "") -> Response[Any]:
    pushed: tuple[KnownUser, ...] = ()
    if at.may(Right.READ_PEOPLE):
        pushed = await at.services.provisioned_users.last(at.actor, at.tenant_id, _LATEST)
    return at.page(
        "console/provisioning.html",
        status=422 if form else 200,
        address=origin_of(at.request) + ROOT,
        rows=tuple([await _row(at, client) for client in _clients(at)]),
        names={client.client_id: client.name for client in _clients(at)},
        pushed=pushed,
        new_key=new_key,
        form=form or Form(),
    )


def _clients(at: Desk) -> list[Client]:
    peers = at.snapshot.peers.values()
    found = [
        peer.client
        for peer in peers
        if peer.client.tenant_id == at.tenant_id and PROVISION_SCOPE in peer.client.scopes
    ]
    return sorted(found, key=lambda client: client.name.casefold())


async def _row(at: Desk, client: Client) -> ProvisioningKeyRow:
    secrets = await at.services.applications.secrets(at.actor, at.tenant_id, client.client_id)
    return ProvisioningKeyRow(
        client_id=client.client_id,
        name=client.name,
        hints=tuple(secret.hint for secret in secrets),
        address=client.address,
        settings=read_settings(client.settings),
        created_at=client.created_at,
    )


def _typed(fields: Fields) -> dict[str, str]:
    names = ("name", "address", *(field.name for field in _FIELDS))
    return {name: fields.text(name) for name in names}
