"""What a tenant has bought: its provider, its bundles of licences, and who has one."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from vestibule.frontends.http.console.desk import Desk, desk, refused_form, wanted_page
from vestibule.frontends.http.fields import Fields, InPath, read_fields
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Form, Words
from vestibule.model.actor import Right
from vestibule.model.licence import LicenceKind
from vestibule.model.user import User
from vestibule.services.licences import LONGEST_PRODUCT, MOST_LICENCES
from vestibule.services.name_list import named_lines
from vestibule.services.refusal import Refusal, Refused

_HOME: Final = "/tenants/{tenant:str}/licences"
_ONE: Final = f"{_HOME}/{{licence:str}}"
_BESIDE: Final = {
    Refusal.QUANTITY_INVALID: "quantity",
    Refusal.LICENCES_GIVEN: "quantity",
    Refusal.PERIOD_INVALID: "last_day",
}
_TYPED_NAMES: Final = 4096


@get(_HOME, opt=needs(Right.READ_BILLING))
async def licences(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return await _list(await desk(request, tenant))


@post(_HOME, opt=needs(Right.BILLING))
async def add_licence(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    typed = _typed(fields)
    kind = LicenceKind.BUNDLE if typed["product"] else LicenceKind.OWN
    try:
        added = await at.services.licences.add(
            at.actor,
            tenant,
            kind,
            fields.whole("quantity") or 0,
            typed["first_day"],
            typed["last_day"],
            typed["product"],
        )
    except Refused as refused:
        return await _list(at, refused_form(refused, typed, _BESIDE))
    return at.done(at.path("licences", added.licence_id), "licence.added", count=str(added.quantity))


@get(_ONE, opt=needs(Right.READ_BILLING))
async def show_licence(request: AnyRequest, tenant: InPath, licence: InPath) -> Response[Any]:
    return await _one(await desk(request, tenant), licence)


@post(_ONE, opt=needs(Right.BILLING))
async def change_licence(request: AnyRequest, tenant: InPath, licence: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    typed, quantity = _typed(fields), fields.whole("quantity") or 0
    try:
        await at.services.licences.change(at.actor, tenant, licence, quantity, typed["last_day"])
    except Refused as refused:
        return await _one(at, licence, form=refused_form(refused, typed, _BESIDE))
    return at.done(at.path("licences", licence), "form.saved")


@post(f"{_ONE}/end", opt=needs(Right.BILLING))
async def end_licence(request: AnyRequest, tenant: InPath, licence: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    try:
        ended = await at.services.licences.end(at.actor, tenant, licence)
    except Refused as refused:
        return await _one(at, licence, form=refused_form(refused, {}, {}))
    return at.done(at.path("licences"), "licence.ended", day=ended.last_day)


@post(f"{_ONE}/assign", opt=needs(Right.CHANGE_PEOPLE))
async def assign_licence(request: AnyRequest, tenant: InPath, licence: InPath) -> Response[Any]:
    """Give a licence to the people who are named, all or none, or to everybody who has none."""
    at = await desk(request, tenant)
    fields = await read_fields(request)
    typed = fields.text("names", _TYPED_NAMES)
    services = at.services.licences
    try:
        if fields.raw("act") == "everybody":
            given = await services.assign_all(at.actor, tenant, licence)
            return at.done(at.path("licences", licence), "licence.assigned", count=str(given))
        user_ids = [await _user_id(at, line.name) for line in named_lines(typed)]
        if not user_ids:
            return await _one(at, licence, names_form=Form(errors={"names": Words("form.required")}))
        for user_id in user_ids:
            await services.assign(at.actor, tenant, licence, user_id)
    except Refused as refused:
        return await _one(at, licence, names_form=refused_form(refused, {"names": typed}, {}))
    return at.done(at.path("licences", licence), "licence.assigned", count=str(len(user_ids)))


@post(f"{_ONE}/take", opt=needs(Right.CHANGE_PEOPLE))
async def take_licence(request: AnyRequest, tenant: InPath, licence: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    try:
        await at.services.licences.take(at.actor, tenant, licence, fields.text("user_id"))
    except Refused as refused:
        return await _one(at, licence, names_form=refused_form(refused, {}, {}))
    return at.done(at.path("licences", licence), "licence.taken")


def _typed(fields: Fields) -> dict[str, str]:
    names = ("quantity", "first_day", "last_day", "product")
    return {name: fields.text(name, LONGEST_PRODUCT) for name in names}


async def _user_id(at: Desk, name: str) -> str:
    found = await at.services.users.find_by_name(at.actor, at.tenant_id, name)
    if found is None:
        raise Refused(Refusal.NOT_FOUND, name)
    return found.user.user_id


async def _list(at: Desk, form: Form | None = None) -> Response[Any]:
    licences, tenant_id = at.services.licences, at.tenant_id
    return at.page(
        "console/licences.html",
        status=422 if form else 200,
        tenant=at.tenant,
        providers=await at.services.providers.of(at.actor, tenant_id),
        coverage=await licences.coverage(at.actor, tenant_id),
        bundles=await licences.list(at.actor, tenant_id),
        form=form or Form(),
        most_licences=MOST_LICENCES,
        longest_product=LONGEST_PRODUCT,
    )


async def _one(
    at: Desk, licence_id: str, *, form: Form | None = None, names_form: Form | None = None
) -> Response[Any]:
    licences, page = at.services.licences, wanted_page(at.request)
    licence = await licences.find(at.actor, at.tenant_id, licence_id)
    holders: tuple[User, ...] = ()
    if at.may(Right.READ_PEOPLE):
        holders = await licences.holders(at.actor, at.tenant_id, licence_id, page.cursor, page.limit)
    bundles = await licences.list(at.actor, at.tenant_id)
    return at.page(
        "console/licence.html",
        status=422 if form or names_form else 200,
        licence=licence,
        assigned=sum(each.assigned for each in bundles if each.licence.licence_id == licence_id),
        holders=holders,
        next_cursor=holders[-1].user_id if len(holders) == page.limit else "",
        cursor=page.cursor,
        form=form or Form(),
        names_form=names_form or Form(),
        most_licences=MOST_LICENCES,
    )


ROUTES: Final = [
    licences,
    add_licence,
    show_licence,
    change_licence,
    end_licence,
    assign_licence,
    take_licence,
]
