"""Providers of all tenants: the operator creates, renames and deletes them."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule.frontends.http.console.administrators import system_desk
from vestibule.frontends.http.console.desk import Desk, base_of, refused_form
from vestibule.frontends.http.fields import InPath, read_fields
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Form, Words
from vestibule.model.actor import Right
from vestibule.model.provider import UsageModel
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.services.providers import LONGEST_NAME
from vestibule.services.refusal import Refusal, Refused

_HOME: Final = "/tenants/{tenant:str}/providers"
_BILLING: Final = needs(Right.BILLING)
_BESIDE: Final = {
    Refusal.NAME_TAKEN: "name",
    Refusal.CURRENCY_INVALID: "currency",
    Refusal.PROVIDER_THERE: "linked_to",
    Refusal.NOT_FOUND: "linked_to",
}


@get(_HOME, opt=_BILLING)
async def providers(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return await _list(await system_desk(request, tenant))


@post(_HOME, opt=_BILLING)
async def create_provider(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await system_desk(request, tenant)
    fields = await read_fields(request)
    names = ("name", "usage_model", "currency", "linked_to")
    typed = {name: fields.text(name, LONGEST_NAME) for name in names}
    if not typed["name"]:
        return await _list(at, Form(typed, {"name": Words("form.required")}))
    if typed["usage_model"] not in list(UsageModel):
        return await _list(at, Form(typed, {"usage_model": Words("form.required")}))
    try:
        added = await at.services.providers.create(
            at.actor,
            typed["name"],
            UsageModel(typed["usage_model"]),
            typed["currency"].upper(),
            typed["linked_to"],
        )
    except Refused as refused:
        return await _list(at, refused_form(refused, typed, _BESIDE))
    return at.done(at.path("providers", added.provider_id), "provider.created", name=added.name)


@get(f"{_HOME}/{{provider:str}}", opt=_BILLING)
async def show_provider(request: AnyRequest, tenant: InPath, provider: InPath) -> Response[Any]:
    return await _one(await system_desk(request, tenant), provider)


@post(f"{_HOME}/{{provider:str}}", opt=_BILLING)
async def rename_provider(request: AnyRequest, tenant: InPath, provider: InPath) -> Response[Any]:
    at = await system_desk(request, tenant)
    fields = await read_fields(request)
    name = fields.text("name", LONGEST_NAME)
    if not name:
        return await _one(at, provider, Form(errors={"name": Words("form.required")}))
    try:
        await at.services.providers.change(
            at.actor, provider, name=name, version=fields.whole("version") or 0
        )
    except Refused as refused:
        return await _one(at, provider, refused_form(refused, {"name": name}, {}))
    return at.done(at.path("providers", provider), "form.saved")


@post(f"{_HOME}/{{provider:str}}/delete", opt=_BILLING)
async def delete_provider(request: AnyRequest, tenant: InPath, provider: InPath) -> Response[Any]:
    at = await system_desk(request, tenant)
    name = at.services.providers.find(at.actor, provider).name
    try:
        await at.services.providers.delete(at.actor, provider)
    except Refused as refused:
        return await _one(at, provider, refused_form(refused, {}, {}))
    return at.done(at.path("providers"), "provider.deleted", name=name)


async def _list(at: Desk, form: Form | None = None) -> Response[Any]:
    tenants, there = at.snapshot.tenants, at.snapshot.providers
    free = [each for each in tenants.values() if each.tenant_id not in (SYSTEM_TENANT, *there)]
    return at.page(
        "console/providers.html",
        status=422 if form else 200,
        rows=tuple(
            (provider, tenants[provider.tenant_id], base_of(provider.tenant_id))
            for provider in await at.services.providers.list(at.actor)
            if provider.tenant_id in tenants
        ),
        free=tuple(sorted(free, key=lambda tenant: tenant.name.casefold())),
        models=tuple(UsageModel),
        form=form or Form(),
        longest_name=LONGEST_NAME,
    )


async def _one(at: Desk, provider_id: str, form: Form | None = None) -> Response[Any]:
    try:
        ending = await at.services.providers.ending(at.actor, provider_id)
    except Refused:
        raise NotFoundException from None
    return at.page(
        "console/provider.html",
        status=422 if form else 200,
        ending=ending,
        provider=ending.provider,
        tenant=ending.tenant,
        tenant_base=base_of(ending.tenant.tenant_id),
        form=form or Form(),
        longest_name=LONGEST_NAME,
    )


ROUTES: Final = [providers, create_provider, show_provider, rename_provider, delete_provider]
