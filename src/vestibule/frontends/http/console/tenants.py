"""Tenants: who is isolated. A new one comes with its portal."""

from __future__ import annotations

import re
from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule.frontends.http.console.desk import (
    ROOT,
    Desk,
    administrator,
    base_of,
    desk,
    refused_form,
    tenants_in_reach,
)
from vestibule.frontends.http.fields import InPath, read_fields
from vestibule.frontends.http.notices import after
from vestibule.frontends.http.redirects import see_other
from vestibule.frontends.http.rights import ANY_ROLE, needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Form, Words
from vestibule.model.actor import Right
from vestibule.model.application import PORTAL_APPLICATION
from vestibule.model.edition import Edition
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.services.ceilings import MOST_COST, MOST_SENDINGS
from vestibule.services.refusal import Refusal, Refused

# It stands in addresses for ever, so it is plain.
_IDENTIFIER: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_RESERVED: Final = frozenset({SYSTEM_TENANT, "troubleshooting", "sign-in", "signed-out"})


@get("/tenants/{tenant:str}/tenants", opt=ANY_ROLE)
async def tenants(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return _page(await desk(request, tenant), Form())


@post("/tenants/{tenant:str}/tenants", opt=needs(Right.TENANTS))
async def add_tenant(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    tenant_id, name = fields.text("tenant_id", 64), fields.text("name", 100)
    typed = {"tenant_id": tenant_id, "name": name}
    errors = {}
    if not _IDENTIFIER.fullmatch(tenant_id) or tenant_id in _RESERVED:
        errors["tenant_id"] = Words("console.tenant.id_invalid")
    elif tenant_id in at.snapshot.tenants:
        errors["tenant_id"] = Words("refusal.name_taken", {"key": tenant_id})
    if not name:
        errors["name"] = Words("form.required")
    if errors:
        return _page(at, Form(typed, errors))
    try:
        await at.services.applications.add_tenant(at.actor, tenant_id, name)
    except Refused as refused:
        return _page(at, refused_form(refused, typed, {Refusal.NAME_TAKEN: "name"}))
    await at.services.setup.ensure_portal(tenant_id)
    return after(request, f"{base_of(tenant_id)}/", "console.tenant.added", name=name)


@post("/tenants/{tenant:str}/edition", opt=needs(Right.TENANTS))
async def change_edition(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    wanted = (await read_fields(request)).text("edition")
    if wanted not in list(Edition):
        raise NotFoundException
    try:
        changed = await at.services.editions.change(at.actor, tenant, Edition(wanted))
    except Refused as refused:
        return _page(at, refused_form(refused, {}, {}))
    values = {"name": changed.name, "edition": changed.edition.value}
    return at.done(at.path("tenants"), "console.tenant.edition_changed", **values)


@post("/tenants/{tenant:str}/ceiling", opt=needs(Right.TENANTS))
async def change_ceiling(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    most = {"sendings_ceiling": MOST_SENDINGS, "cost_ceiling": MOST_COST}
    wanted = {name: fields.whole(name) for name in most}
    errors = {
        name: Words("form.not_a_number", {"least": 0, "most": most[name]})
        for name, value in wanted.items()
        if value is None or not 0 <= value <= most[name]
    }
    if errors:
        return _page(at, Form({name: fields.text(name) for name in most}, errors))
    sendings, cost = wanted["sendings_ceiling"] or 0, wanted["cost_ceiling"] or 0
    try:
        changed = await at.services.ceilings.change(at.actor, tenant, sendings=sendings, cost=cost)
    except Refused as refused:
        return _page(at, refused_form(refused, {}, {}))
    return at.done(at.path("tenants"), "console.tenant.ceiling_changed", name=changed.name)


def _page(at: Desk, form: Form) -> Response[Any]:
    snapshot = at.snapshot
    rows = [
        (tenant, base_of(tenant.tenant_id), (tenant.tenant_id, PORTAL_APPLICATION) in snapshot.applications)
        for tenant in tenants_in_reach(snapshot, at.actor)
    ]
    status = 422 if form.errors or form.problem else 200
    public_url = at.site.options.public_url.rstrip("/")
    return at.page(
        "console/tenants.html",
        status=status,
        rows=tuple(rows),
        public_url=public_url,
        form=form,
        current=at.tenant,
        editions=tuple(Edition),
    )


@get("/tenants", opt=needs(Right.TENANTS))
async def to_first(request: AnyRequest) -> Response[Any]:
    await administrator(request)
    return see_other(f"{ROOT}/")


ROUTES: Final = [tenants, add_tenant, change_edition, change_ceiling, to_first]
