"""Servers that are activated here, their groups, and credentials for new ones, which are shown once."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from vestibule.frontends.http.console.desk import Desk, desk, refused_form
from vestibule.frontends.http.fields import InPath, read_fields
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Form, ServerRow, Words
from vestibule.model.actor import Right
from vestibule.model.replication import HOURS, MOST_HOURS
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.replication import LONGEST_NAME

_BESIDE: Final = {Refusal.REPLICATION_GROUP_NAME: "group", Refusal.SETTING_INVALID: "hours"}


@get("/tenants/{tenant:str}/servers", opt=needs(Right.READ_CONFIGURATION))
async def servers(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return await _page(await desk(request, tenant))


@post("/tenants/{tenant:str}/servers/credentials", opt=needs(Right.SERVERS))
async def make_credentials(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Make activation credentials, and show them."""
    at = await desk(request, tenant)
    fields = await read_fields(request)
    group, hours = fields.text("group", LONGEST_NAME), fields.whole("hours")
    typed = {"group": group, "hours": fields.text("hours")}
    if hours is None or not 1 <= hours <= MOST_HOURS:
        words = Words("form.not_a_number", {"least": 1, "most": MOST_HOURS})
        return await _page(at, Form(typed, {"hours": words}))
    try:
        made = await at.services.replication.make_credentials(at.actor, tenant, group, hours)
    except Refused as refused:
        return await _page(at, refused_form(refused, typed, _BESIDE))
    return await _page(at, shown=made.shown.reveal())


@post("/tenants/{tenant:str}/servers/credentials/{credentials:str}/withdraw", opt=needs(Right.SERVERS))
async def withdraw_credentials(request: AnyRequest, tenant: InPath, credentials: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    try:
        await at.services.replication.withdraw(at.actor, tenant, credentials)
    except Refused as refused:
        return await _page(at, refused_form(refused, {}, {}))
    return at.done(at.path("servers"), "console.server.withdrawn")


@post("/tenants/{tenant:str}/servers/{server:str}/remove", opt=needs(Right.SERVERS))
async def remove_server(request: AnyRequest, tenant: InPath, server: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    try:
        removed = await at.services.replication.remove_server(at.actor, tenant, server)
    except Refused as refused:
        return await _page(at, refused_form(refused, {}, {}))
    return at.done(at.path("servers"), "console.server.removed", name=removed.name)


@post("/tenants/{tenant:str}/servers/groups/{group:str}/rename", opt=needs(Right.SERVERS))
async def rename_group(request: AnyRequest, tenant: InPath, group: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    name = (await read_fields(request)).text("name", LONGEST_NAME)
    try:
        renamed = await at.services.replication.rename_group(at.actor, tenant, group, name)
    except Refused as refused:
        return await _page(at, refused_form(refused, {"hours": str(HOURS)}, {}))
    return at.done(at.path("servers"), "console.server.group_renamed", name=renamed.name)


@post("/tenants/{tenant:str}/servers/groups/{group:str}/remove", opt=needs(Right.SERVERS))
async def remove_group(request: AnyRequest, tenant: InPath, group: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    try:
        removed = await at.services.replication.remove_group(at.actor, tenant, group)
    except Refused as refused:
        return await _page(at, refused_form(refused, {}, {}))
    return at.done(at.path("servers"), "console.server.group_removed", name=removed.name)


async def _page(at: Desk, form: Form | None = None, shown: str = "") -> Response[Any]:
    fleet = await at.services.replication.fleet(at.actor, at.tenant_id)
    now = at.services.clock.now()
    rows = tuple(
        ServerRow(
            server_id=each.server_id,
            name=each.name,
            group_name=fleet.group_name(each.group_id),
            version=each.version,
            address=each.address,
            status=each.status(now),
            turned_away=each.turned_away,
            last_contact_at=each.last_contact_at,
        )
        for each in fleet.servers
    )
    return at.page(
        "console/servers.html",
        status=422 if form else 200,
        rows=rows,
        groups=tuple((each, fleet.size(each.group_id)) for each in fleet.groups),
        waiting=tuple((each, fleet.group_name(each.group_id)) for each in fleet.waiting),
        shown=shown,
        form=form or Form({"hours": str(HOURS)}),
        most_hours=MOST_HOURS,
        longest_name=LONGEST_NAME,
        is_open=at.services.links.is_open,
        service=at.services.public_url,
        own_pin=at.services.replication.own_pin,
    )


ROUTES: Final = [servers, make_credentials, withdraw_credentials, remove_server, rename_group, remove_group]
