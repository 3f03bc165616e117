"""LDAP clients: the applications that bind at the proxy. They have no secret, only an address."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule.frontends.http.console.applications import application_choices
from vestibule.frontends.http.console.desk import CHANGED_MEANWHILE, Desk, desk, refused_form
from vestibule.frontends.http.fields import LONG, YES, Fields, InPath, read_fields
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Form, LdapClientRow, Notice, Words
from vestibule.interfaces.store import Conflict
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import Right
from vestibule.model.application import Client, ClientKind
from vestibule.model.ldap_client import LdapClientSettings, Passcodes, read_settings
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.setting_fields import chosen_settings, fields_of, typed_settings

_FIELDS: Final = fields_of(LdapClientSettings)
_EXEMPT: Final = "exempt_binds"
"""One a line: a distinguished name has commas in it."""
_TYPED: Final = tuple(field for field in _FIELDS if field.name != _EXEMPT)
_ROWS_OF_OWN: Final = ("name", "address", "application_id")
_RECENT: Final = 5
_BESIDE: Final = {
    Refusal.ADDRESS_INVALID: "address",
    Refusal.ADDRESS_TAKEN: "address",
    Refusal.NAME_TAKEN: "name",
    Refusal.NOT_FOUND: "application_id",
    Refusal.DIRECTORY_NEEDED: "application_id",
}

_NAMELESS: Final = {"name": Words("form.required")}


@get("/tenants/{tenant:str}/ldap-clients", opt=needs(Right.READ_CONFIGURATION))
async def ldap_clients(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    found = at.services.applications.clients(at.actor, tenant, ClientKind.LDAP)
    return at.page("console/ldap_clients.html", rows=tuple(_row(at, client) for client in found))


def _row(at: Desk, client: Client) -> LdapClientRow:
    return LdapClientRow(
        client_id=client.client_id,
        name=client.name,
        address=client.address,
        application_name=at.snapshot.peers[client.client_id].application.name,
        passcodes=client.settings.get("passcodes", Passcodes.OUT_OF_BAND.value),
        is_enabled=client.is_enabled,
        is_clear=not client.settings.get("demand_tls", True),
    )


@get("/tenants/{tenant:str}/ldap-clients/new", opt=needs(Right.APPLICATIONS))
async def new_ldap_client(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    return await _edit_page(at, None, Form({**typed_settings(_TYPED, {}), "is_enabled": YES}))


@get("/tenants/{tenant:str}/ldap-clients/{client:str}", opt=needs(Right.READ_CONFIGURATION))
async def show_ldap_client(request: AnyRequest, tenant: InPath, client: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    return await _stored_page(at, _client(at, client))


@post("/tenants/{tenant:str}/ldap-clients", opt=needs(Right.APPLICATIONS))
async def add_ldap_client(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    if not fields.text("name", 100):
        return await _edit_page(at, None, Form(_typed(fields), _NAMELESS))
    try:
        added = await at.services.applications.add_client(
            at.actor,
            tenant,
            fields.text("application_id"),
            ClientKind.LDAP,
            fields.text("name", 100),
            address=fields.text("address", 64),
            settings=_settings(fields),
        )
    except Refused as refused:
        return await _edit_page(at, None, refused_form(refused, _typed(fields), _BESIDE))
    if not fields.is_ticked("is_enabled"):
        await at.services.applications.change_client(
            at.actor, msgspec.structs.replace(added, is_enabled=False)
        )
    return at.done(at.path("ldap-clients"), "form.saved")


@post("/tenants/{tenant:str}/ldap-clients/{client:str}", opt=needs(Right.APPLICATIONS))
async def change_ldap_client(request: AnyRequest, tenant: InPath, client: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    current = _client(at, client)
    fields = await read_fields(request)
    if not fields.text("name", 100):
        return await _edit_page(at, current, Form(_typed(fields), _NAMELESS))
    changed = msgspec.structs.replace(
        current,
        name=fields.text("name", 100),
        address=fields.text("address", 64),
        application_id=fields.text("application_id"),
        settings=_settings(fields),
        is_enabled=fields.is_ticked("is_enabled"),
        version=fields.whole("version") or 0,
    )
    try:
        await at.services.applications.change_client(at.actor, changed)
    except Refused as refused:
        return await _edit_page(at, current, refused_form(refused, _typed(fields), _BESIDE))
    except Conflict:
        return await _stored_page(at, _client(at, client), (Notice("bad", CHANGED_MEANWHILE),), 409)
    return at.done(at.path("ldap-clients"), "form.saved")


@post("/tenants/{tenant:str}/ldap-clients/{client:str}/remove", opt=needs(Right.APPLICATIONS))
async def remove_ldap_client(request: AnyRequest, tenant: InPath, client: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    name = _client(at, client).name
    await at.services.applications.remove_client(at.actor, tenant, client)
    return at.done(at.path("ldap-clients"), "console.client.removed", name=name)


# --- parts ----------------------------------------------------------------------------------------------


async def _stored_page(
    at: Desk, client: Client, notices: tuple[Notice, ...] = (), status: int = 200
) -> Response[Any]:
    settings = read_settings(client.settings)
    shown = {
        **typed_settings(_TYPED, client.settings),
        _EXEMPT: "\n".join(settings.exempt_binds),
        **{name: getattr(client, name) for name in _ROWS_OF_OWN},
        "is_enabled": YES if client.is_enabled else "",
    }
    return await _edit_page(at, client, Form(shown), notices, status)


async def _edit_page(
    at: Desk,
    client: Client | None,
    form: Form,
    notices: tuple[Notice, ...] = (),
    status: int = 200,
) -> Response[Any]:
    attempts: tuple[Any, ...] = ()
    if client is not None:
        where = VerificationFilter(client_id=client.client_id)
        attempts = (await at.services.attempts.list(at.actor, at.tenant_id, where, Page(_RECENT))).rows
    return at.page(
        "console/ldap_client.html",
        status=422 if form.errors or form.problem else status,
        notices=notices,
        client=client,
        form=form,
        applications=application_choices(at),
        passcodes=tuple(each.value for each in Passcodes),
        attempts=attempts,
    )


def _settings(fields: Fields) -> dict[str, Any]:
    typed = {field.name: fields.text(field.name) for field in _TYPED}
    exempt = [line.strip() for line in fields.text(_EXEMPT, LONG).splitlines() if line.strip()]
    return {**chosen_settings(_TYPED, typed), **({_EXEMPT: exempt} if exempt else {})}


def _typed(fields: Fields) -> dict[str, str]:
    names = (*_ROWS_OF_OWN, "is_enabled", *(field.name for field in _TYPED))
    return {**{name: fields.text(name) for name in names}, _EXEMPT: fields.text(_EXEMPT, LONG)}


def _client(at: Desk, client_id: str) -> Client:
    peer = at.snapshot.peers.get(client_id)
    if peer is None or peer.client.tenant_id != at.tenant_id or peer.client.kind is not ClientKind.LDAP:
        raise NotFoundException
    return peer.client


ROUTES: Final = [
    ldap_clients,
    new_ldap_client,
    show_ldap_client,
    add_ldap_client,
    change_ldap_client,
    remove_ldap_client,
]
