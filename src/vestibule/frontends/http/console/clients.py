"""RADIUS clients and their shared secrets. A secret is shown once, when it is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule.crypto.secret import Secret
from vestibule.frontends.http.console.applications import application_choices
from vestibule.frontends.http.console.desk import (
    CHANGED_MEANWHILE,
    Desk,
    desk,
    refused_form,
    refused_notice,
)
from vestibule.frontends.http.fields import Fields, InPath, read_fields
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import ClientRow, Form, Notice, SecretRow, Words
from vestibule.interfaces.store import Conflict
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import Right
from vestibule.model.application import Client, ClientKind
from vestibule.model.radius_client import Mode, Signing, read_settings
from vestibule.model.tenant import DAY_MS
from vestibule.policy.client_signing import ClientSigning
from vestibule.services.refusal import Refusal, Refused

# The first of each is the default.
MODES: Final = tuple(mode.value for mode in Mode)
REQUIREMENTS: Final = tuple(signing.value for signing in reversed(Signing))
PASSCODE_LENGTHS: Final = (6, 10)
RESPONSE_SECONDS: Final = (3, 300)
_USUAL_SECONDS: Final = 55

_BOUNDS: Final = {"passcode_length": PASSCODE_LENGTHS, "response_seconds": RESPONSE_SECONDS}
_RECENT: Final = 5
_HOUR_MS: Final = 3_600_000
_LONGEST_HOURS: Final = 24 * 90
_BESIDE: Final = {
    Refusal.ADDRESS_INVALID: "address",
    Refusal.ADDRESS_TAKEN: "address",
    Refusal.NAME_TAKEN: "name",
    Refusal.NOT_FOUND: "application_id",
}


@get("/tenants/{tenant:str}/clients", opt=needs(Right.READ_CONFIGURATION))
async def clients(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    sightings = at.services.client_sightings
    signing = {each.client_id: each for each in await sightings.signing(at.actor, tenant)}
    found = at.services.applications.clients(at.actor, tenant, ClientKind.RADIUS)
    return at.page(
        "console/clients.html",
        rows=tuple(_row(at, client, signing[client.client_id]) for client in found),
        strangers=await sightings.strangers(at.actor, at.services.clock.now() - DAY_MS),
    )


def _row(at: Desk, client: Client, signing: ClientSigning) -> ClientRow:
    now, peer = at.services.clock.now(), at.snapshot.peers[client.client_id]
    return ClientRow(
        client_id=client.client_id,
        name=client.name,
        address=client.address,
        application_name=peer.application.name,
        mode=client.settings.get("mode", MODES[0]),
        signing=signing,
        is_enabled=client.is_enabled,
        secrets=sum(not_after is None or now < not_after for not_after, _ in peer.secrets),
    )


# --- adding and editing ---------------------------------------------------------------------------------


@get("/tenants/{tenant:str}/clients/new", opt=needs(Right.APPLICATIONS))
async def new_client(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return _edit_page(await desk(request, tenant), None)


@get("/tenants/{tenant:str}/clients/{client:str}/edit", opt=needs(Right.APPLICATIONS))
async def edit_client(request: AnyRequest, tenant: InPath, client: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    return _edit_page(at, _client(at, client))


@post("/tenants/{tenant:str}/clients", opt=needs(Right.APPLICATIONS))
async def add_client(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Add the client with its first secret, and show that secret."""
    at = await desk(request, tenant)
    fields = await read_fields(request)
    applications = at.services.applications
    secret: Secret[str] | None = None
    settings, errors = _settings({}, fields)
    if errors:
        return _edit_page(at, None, Form(_typed(fields), errors), fields)
    try:
        added = await applications.add_client(
            at.actor,
            tenant,
            fields.text("application_id"),
            ClientKind.RADIUS,
            fields.text("name", 100),
            address=fields.text("address", 64),
            settings=settings,
        )
        if added.address:
            secret = await applications.add_shared_secret(at.actor, tenant, added.client_id)
    except Refused as refused:
        return _edit_page(at, None, refused_form(refused, _typed(fields), _BESIDE), fields)
    if not fields.is_ticked("is_enabled"):
        await applications.change_client(at.actor, msgspec.structs.replace(added, is_enabled=False))
    if secret is None:
        return at.done(at.path("certificates"), "console.certificates.needed", name=added.name)
    return await _client_page(at, added.client_id, new_secret=secret.reveal())


@post("/tenants/{tenant:str}/clients/{client:str}", opt=needs(Right.APPLICATIONS))
async def change_client(request: AnyRequest, tenant: InPath, client: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    current = _client(at, client)
    fields = await read_fields(request)
    if fields.whole("version") != current.version:
        return _changed_meanwhile(at, client)
    settings, errors = _settings(current.settings, fields)
    if errors:
        return _edit_page(at, current, Form(_typed(fields), errors), fields)
    changed = msgspec.structs.replace(
        current,
        name=fields.text("name", 100),
        address=fields.text("address", 64),
        application_id=_application_id(at, fields, current),
        settings=settings,
        is_enabled=fields.is_ticked("is_enabled"),
    )
    try:
        await at.services.applications.change_client(at.actor, changed)
    except Refused as refused:
        return _edit_page(at, current, refused_form(refused, _typed(fields), _BESIDE), fields)
    except Conflict:
        return _changed_meanwhile(at, client)
    return at.done(at.path("clients", client), "form.saved")


@post("/tenants/{tenant:str}/clients/{client:str}/remove", opt=needs(Right.APPLICATIONS))
async def remove_client(request: AnyRequest, tenant: InPath, client: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    name = _client(at, client).name
    await at.services.applications.remove_client(at.actor, tenant, client)
    return at.done(at.path("clients"), "console.client.removed", name=name)


def _changed_meanwhile(at: Desk, client_id: str) -> Response[Any]:
    notices = (Notice("bad", CHANGED_MEANWHILE),)
    return _edit_page(at, _client(at, client_id), notices=notices, status=409)


def _edit_page(
    at: Desk,
    client: Client | None,
    form: Form | None = None,
    fields: Fields | None = None,
    notices: tuple[Notice, ...] = (),
    status: int = 422,
) -> Response[Any]:
    settings = client.settings if client else {}
    return at.page(
        "console/client_edit.html",
        status=status if form or notices else 200,
        notices=notices,
        client=client,
        form=form or Form(),
        applications=application_choices(at),
        modes=MODES,
        requirements=REQUIREMENTS,
        requirement=read_settings(settings).message_authenticator.value,
        passcode_length=settings.get("passcode_length", PASSCODE_LENGTHS[0]),
        passcode_lengths=PASSCODE_LENGTHS,
        response_seconds=settings.get("response_seconds", _USUAL_SECONDS),
        seconds_bounds=RESPONSE_SECONDS,
        is_enabled=fields.is_ticked("is_enabled") if fields else client.is_enabled if client else True,
        without_secret=(
            fields.is_ticked("require_radius_1_1") if fields else settings.get("require_radius_1_1", False)
        ),
        **{
            name: fields.is_ticked(name) if fields else settings.get(name, True)
            for name in ("limit_proxy_state", "require_user_match", "require_inner_name")
        },
    )


def _typed(fields: Fields) -> dict[str, str]:
    names = (
        "name",
        "address",
        "application_id",
        "mode",
        "message_authenticator",
        "passcode_length",
        "response_seconds",
    )
    return {name: fields.text(name) for name in names}


def _settings(before: Mapping[str, Any], fields: Fields) -> tuple[dict[str, Any], dict[str, Words]]:
    """Return the settings of the client as the form wants them, and what is wrong with the form."""
    errors = {} if fields.text("name", 100) else {"name": Words("form.required")}
    numbers = {name: fields.whole(name) for name in _BOUNDS}
    for name, (least, most) in _BOUNDS.items():
        if not least <= (numbers[name] or 0) <= most:
            errors[name] = Words("form.not_a_number", {"least": least, "most": most})
    mode, requirement = fields.text("mode"), fields.text("message_authenticator")
    wanted = {
        **before,
        "mode": mode if mode in MODES else MODES[0],
        "message_authenticator": requirement if requirement in REQUIREMENTS else REQUIREMENTS[0],
        "limit_proxy_state": fields.is_ticked("limit_proxy_state"),
        "require_user_match": fields.is_ticked("require_user_match"),
        "require_inner_name": fields.is_ticked("require_inner_name"),
        "require_radius_1_1": fields.is_ticked("require_radius_1_1"),
        **numbers,
    }
    wanted.pop("has_signed", None)  # of the release before
    return wanted, errors


def _application_id(at: Desk, fields: Fields, current: Client) -> str:
    wanted = fields.text("application_id")
    return wanted if (at.tenant_id, wanted) in at.snapshot.applications else current.application_id


# --- one client and its secrets -------------------------------------------------------------------------


@get("/tenants/{tenant:str}/clients/{client:str}", opt=needs(Right.READ_CONFIGURATION))
async def show_client(request: AnyRequest, tenant: InPath, client: InPath) -> Response[Any]:
    return await _client_page(await desk(request, tenant), client)


@post("/tenants/{tenant:str}/clients/{client:str}/raise-signing", opt=needs(Right.APPLICATIONS))
async def raise_signing(request: AnyRequest, tenant: InPath, client: InPath) -> Response[Any]:
    """Demand one step more of the client."""
    at = await desk(request, tenant)
    try:
        await at.services.applications.raise_signing(at.actor, tenant, client)
    except Refused as refused:
        return await _client_page(at, client, refused=refused)
    return at.done(at.path("clients", client), "form.saved")


@post("/tenants/{tenant:str}/clients/{client:str}/secrets", opt=needs(Right.APPLICATIONS))
async def add_secret(request: AnyRequest, tenant: InPath, client: InPath) -> Response[Any]:
    """Add a secret: a random one that is shown once, or the one that the client has already."""
    at = await desk(request, tenant)
    chosen = (await read_fields(request)).secret("chosen")
    try:
        secret = await at.services.applications.add_shared_secret(at.actor, tenant, client, chosen or None)
    except Refused as refused:
        return await _client_page(at, client, refused=refused)
    if chosen:
        return at.done(at.path("clients", client), "form.saved")
    return await _client_page(at, client, new_secret=secret.reveal())


@post("/tenants/{tenant:str}/clients/{client:str}/secrets/{secret:str}/end", opt=needs(Right.APPLICATIONS))
async def end_secret(request: AnyRequest, tenant: InPath, client: InPath, secret: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    hours = (await read_fields(request)).whole("hours") or 0
    now = at.services.clock.now()
    not_after = now + min(hours, _LONGEST_HOURS) * _HOUR_MS if hours else None
    await at.services.applications.end_secret(at.actor, tenant, client, secret, not_after)
    return at.done(at.path("clients", client), "form.saved")


async def _client_page(
    at: Desk, client_id: str, new_secret: str = "", refused: Refused | None = None
) -> Response[Any]:
    client = _client(at, client_id)
    now = at.services.clock.now()
    secrets = await at.services.applications.secrets(at.actor, at.tenant_id, client_id)
    where = VerificationFilter(client_id=client_id)
    attempts = await at.services.attempts.list(at.actor, at.tenant_id, where, Page(_RECENT))
    reports = await at.services.client_sightings.signing(at.actor, at.tenant_id)
    return at.page(
        "console/client.html",
        status=422 if refused else 200,
        notices=refused_notice(refused) if refused else (),
        client=client,
        application_name=at.snapshot.peers[client_id].application.name,
        secrets=tuple(
            SecretRow(
                secret.secret_id,
                secret.hint,
                secret.created_at,
                secret.not_after,
                is_over=secret.not_after is not None and secret.not_after <= now,
            )
            for secret in secrets
        ),
        signing=next(each for each in reports if each.client_id == client_id),
        new_secret=new_secret,
        form=Form(),
        attempts=attempts.rows,
    )


def _client(at: Desk, client_id: str) -> Client:
    peer = at.snapshot.peers.get(client_id)
    if peer is None or peer.client.tenant_id != at.tenant_id or peer.client.kind is not ClientKind.RADIUS:
        raise NotFoundException
    return peer.client


ROUTES: Final = [
    clients,
    new_client,
    edit_client,
    add_client,
    change_client,
    remove_client,
    show_client,
    raise_signing,
    add_secret,
    end_secret,
]
