"""Groups of people: add, rename, remove, and who is in each."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from vestibule.frontends.http.console.desk import Desk, desk, listed, refused_form, wanted_page
from vestibule.frontends.http.fields import Fields, InPath, read_fields
from vestibule.frontends.http.options import MIB
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Form, Words
from vestibule.model.actor import Right
from vestibule.services.groups import LONGEST_NAME, MembersReport
from vestibule.services.name_list import MOST_FILE_BYTES, MOST_NAMES, decoded_list, named_lines
from vestibule.services.refusal import Refusal, Refused

_TYPED_LIST: Final = 64 * 1024
_SHOWN_UNKNOWN: Final = 100
_BESIDE: Final = {Refusal.NAME_TAKEN: "name"}
_BESIDE_LIST: Final = {Refusal.LIST_TOO_LONG: "file", Refusal.NOT_TEXT: "file"}


@get("/tenants/{tenant:str}/groups", opt=needs(Right.READ_PEOPLE))
async def groups(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return await _list_page(await desk(request, tenant))


@post("/tenants/{tenant:str}/groups", opt=needs(Right.GROUPS))
async def add_group(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    name = (await read_fields(request)).text("name", LONGEST_NAME)
    if not name:
        return await _list_page(at, Form(errors={"name": Words("form.required")}))
    try:
        added = await at.services.groups.add(at.actor, tenant, name)
    except Refused as refused:
        return await _list_page(at, refused_form(refused, {"name": name}, _BESIDE))
    return at.done(at.path("groups", added.group_id), "group.added", name=added.name)


@get("/tenants/{tenant:str}/groups/{group:str}", opt=needs(Right.READ_PEOPLE))
async def show_group(request: AnyRequest, tenant: InPath, group: InPath) -> Response[Any]:
    return await _group_page(await desk(request, tenant), group)


@post("/tenants/{tenant:str}/groups/{group:str}", opt=needs(Right.GROUPS))
async def rename_group(request: AnyRequest, tenant: InPath, group: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    name = fields.text("name", LONGEST_NAME)
    if not name:
        return await _group_page(at, group, form=Form(errors={"name": Words("form.required")}))
    try:
        await at.services.groups.rename(at.actor, tenant, group, name, fields.whole("version") or 0)
    except Refused as refused:
        return await _group_page(at, group, form=refused_form(refused, {"name": name}, _BESIDE))
    return at.done(at.path("groups", group), "form.saved")


@post("/tenants/{tenant:str}/groups/{group:str}/remove", opt=needs(Right.GROUPS))
async def remove_group(request: AnyRequest, tenant: InPath, group: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    name = at.services.groups.find(at.actor, tenant, group).name
    await at.services.groups.remove(at.actor, tenant, group)
    return at.done(at.path("groups"), "group.removed", name=name)


@post(
    "/tenants/{tenant:str}/groups/{group:str}/members",
    request_max_body_size=MOST_FILE_BYTES + MIB,
    opt=needs(Right.GROUPS),
)
async def add_members(request: AnyRequest, tenant: InPath, group: InPath) -> Response[Any]:
    """Put people into the group, named in the field or in a file; try it first where that is asked for."""
    at = await desk(request, tenant)
    fields = await read_fields(request)
    typed = fields.text("names", _TYPED_LIST)
    is_dry_run = fields.raw("act") == "try"
    try:
        names = named_lines(typed or await _file(fields))
        if not names:
            return await _group_page(at, group, members_form=Form(errors={"names": Words("form.required")}))
        report = await at.services.groups.add_members(at.actor, tenant, group, names, is_dry_run=is_dry_run)
    except Refused as refused:
        return await _group_page(
            at, group, members_form=refused_form(refused, {"names": typed}, _BESIDE_LIST)
        )
    if report.unknown or is_dry_run:
        return await _group_page(at, group, members_form=Form({"names": typed}), report=report)
    return at.done(at.path("groups", group), "group.members_added", count=str(report.added))


@post("/tenants/{tenant:str}/groups/{group:str}/members/remove", opt=needs(Right.GROUPS))
async def remove_members(request: AnyRequest, tenant: InPath, group: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    chosen = (await read_fields(request)).many("user_id")
    if not chosen:
        return await _group_page(at, group, chosen_form=Form(problem=Words("form.choose")))
    removed = await at.services.groups.remove_members(at.actor, tenant, group, chosen)
    return at.done(at.path("groups", group), "group.members_removed", count=str(removed))


async def _file(fields: Fields) -> str:
    file = fields.files.get("file")
    return decoded_list(await file.read(MOST_FILE_BYTES + 1)) if file is not None else ""


async def _list_page(at: Desk, form: Form | None = None) -> Response[Any]:
    services = at.services.groups
    found = services.list(at.actor, at.tenant_id)
    return at.page(
        "console/groups.html",
        status=422 if form else 200,
        groups=found,
        sizes=await services.glance(at.actor, at.tenant_id, found),
        form=form or Form(),
        longest_name=LONGEST_NAME,
    )


async def _group_page(
    at: Desk,
    group_id: str,
    *,
    form: Form | None = None,
    members_form: Form | None = None,
    chosen_form: Form | None = None,
    report: MembersReport | None = None,
) -> Response[Any]:
    services, page = at.services.groups, wanted_page(at.request)
    group = services.find(at.actor, at.tenant_id, group_id)
    is_refused = form or chosen_form or (members_form and not report) or (report and report.unknown)
    return at.page(
        "console/group.html",
        status=422 if is_refused else 200,
        group=group,
        sizes=await services.glance(at.actor, at.tenant_id, (group,)),
        listed=await listed(services.members(at.actor, at.tenant_id, group_id, page)),
        cursor=page.cursor,
        form=form or Form(),
        members_form=members_form or Form(),
        chosen_form=chosen_form or Form(),
        report=report,
        unknown=report.unknown[:_SHOWN_UNKNOWN] if report else (),
        most_names=MOST_NAMES,
        longest_name=LONGEST_NAME,
    )


ROUTES: Final = [groups, add_group, show_group, rename_group, remove_group, add_members, remove_members]
