"""API keys: one client with one key for each program, so that each can be revoked on its own."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule.frontends.http.console.applications import application_choices
from vestibule.frontends.http.console.desk import Desk, desk, refused_form
from vestibule.frontends.http.fields import Fields, InPath, read_fields
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import ApiKeyRow, Choice, Form, Words
from vestibule.model.actor import Right
from vestibule.model.application import Client, ClientKind
from vestibule.model.role import ADMINISTRATOR, BUILT_IN
from vestibule.services.refusal import Refusal, Refused

SCOPES: Final = ("verify", "admin")
_DAY_MS: Final = 24 * 3600 * 1000
_DAYS: Final = (1, 3650)
_BESIDE: Final = {
    Refusal.NAME_TAKEN: "name",
    Refusal.ADDRESS_INVALID: "address",
    Refusal.NOT_FOUND: "application_id",
}


@get("/tenants/{tenant:str}/api-keys", opt=needs(Right.READ_CONFIGURATION))
async def api_keys(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return await _page(await desk(request, tenant))


@post("/tenants/{tenant:str}/api-keys", opt=needs(Right.API_KEYS))
async def create_key(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Add a client with a key, and show that key."""
    at = await desk(request, tenant)
    fields = await read_fields(request)
    days = fields.whole("days")
    scopes = tuple(scope for scope in SCOPES if scope in fields.many("scopes"))
    errors = _errors(fields, days, scopes)
    if errors:
        return await _page(at, Form(_typed(fields), errors), scopes)
    applications = at.services.applications
    try:
        client = await applications.add_client(
            at.actor,
            tenant,
            fields.text("application_id"),
            ClientKind.API,
            fields.text("name", 100),
            address=fields.text("address", 64),
            scopes=scopes,
            role_id=fields.text("role_id", 64) or ADMINISTRATOR,
        )
    except Refused as refused:
        return await _page(at, refused_form(refused, _typed(fields), _BESIDE), scopes)
    key = await applications.add_api_key(at.actor, tenant, client.client_id)
    if days is not None:
        not_after = at.services.clock.now() + days * _DAY_MS
        for secret in await applications.secrets(at.actor, tenant, client.client_id):
            await applications.end_secret(at.actor, tenant, client.client_id, secret.secret_id, not_after)
    return await _page(at, new_key=key.reveal())


@post("/tenants/{tenant:str}/api-keys/{client:str}/revoke", opt=needs(Right.API_KEYS))
async def revoke_key(request: AnyRequest, tenant: InPath, client: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    peer = at.snapshot.peers.get(client)
    if peer is None or peer.client.kind is not ClientKind.API or peer.client.tenant_id != tenant:
        raise NotFoundException
    await at.services.applications.remove_client(at.actor, tenant, client)
    return at.done(at.path("api-keys"), "console.api_key.revoked", name=peer.client.name)


async def _page(
    at: Desk, form: Form | None = None, ticked: tuple[str, ...] = SCOPES[:1], new_key: str = ""
) -> Response[Any]:
    clients = at.services.applications.clients(at.actor, at.tenant_id, ClientKind.API)
    return at.page(
        "console/api_keys.html",
        status=422 if form else 200,
        rows=tuple([row for client in clients for row in await _rows(at, client)]),
        new_key=new_key,
        form=form or Form(),
        ticked=ticked,
        scopes=SCOPES,
        applications=application_choices(at),
        roles=_roles(at),
    )


def _roles(at: Desk) -> tuple[Choice, ...]:
    """Return the roles that a key may have; the label of a built-in one is empty."""
    own = sorted(at.snapshot.roles.values(), key=lambda role: role.name.casefold())
    return (*(Choice(name, "") for name in BUILT_IN), *(Choice(role.role_id, role.name) for role in own))


async def _rows(at: Desk, client: Client) -> list[ApiKeyRow]:
    now = at.services.clock.now()
    secrets = await at.services.applications.secrets(at.actor, at.tenant_id, client.client_id)
    return [
        ApiKeyRow(
            client_id=client.client_id,
            name=client.name,
            hint=secret.hint,
            scopes=client.scopes,
            role_id=client.role_id,
            role_name=role.name if (role := at.snapshot.roles.get(client.role_id)) else "",
            application_name=at.snapshot.peers[client.client_id].application.name,
            address=client.address,
            created_at=secret.created_at,
            not_after=secret.not_after,
            is_over=secret.not_after is not None and secret.not_after <= now,
        )
        for secret in secrets
    ]


def _typed(fields: Fields) -> dict[str, str]:
    return {name: fields.text(name) for name in ("name", "application_id", "address", "days", "role_id")}


def _errors(fields: Fields, days: int | None, scopes: tuple[str, ...]) -> dict[str, Words]:
    errors = {}
    if not fields.text("name", 100):
        errors["name"] = Words("form.required")
    if not scopes:
        errors["scopes"] = Words("form.choose")
    least, most = _DAYS
    if fields.text("days") and (days is None or not least <= days <= most):
        errors["days"] = Words("form.not_a_number", {"least": least, "most": most})
    return errors


ROUTES: Final = [api_keys, create_key, revoke_key]
