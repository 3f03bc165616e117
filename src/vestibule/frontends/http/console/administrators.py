"""Who administers: the people who have roles, what one of them proposes about another, and invitations.

All of it is about the whole installation, so its pages are those of the system tenant.
"""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule.frontends.http.console.desk import Desk, desk, refused_notice
from vestibule.frontends.http.fields import Fields, InPath, read_fields
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Choice, GrantRow, Notice, Words
from vestibule.model.actor import Right
from vestibule.model.role import Grant
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.services.refusal import Refused

_HOME: Final = "/tenants/{tenant:str}/administrators"
_ADMINISTRATORS: Final = needs(Right.ADMINISTRATORS)


async def system_desk(request: AnyRequest, tenant_id: str) -> Desk:
    """Return the administrator at work on the installation; its pages are nowhere else."""
    if tenant_id != SYSTEM_TENANT:
        raise NotFoundException
    return await desk(request, tenant_id)


@get(_HOME, opt=_ADMINISTRATORS)
async def administrators(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return await _page(await system_desk(request, tenant))


@post(f"{_HOME}/invite", opt=_ADMINISTRATORS)
async def invite(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Make a one-time link with which somebody becomes an administrator; it is shown once."""
    at = await system_desk(request, tenant)
    try:
        token = await at.services.roles.invite(at.actor, (_grant(at, await read_fields(request)),))
    except Refused as refused:
        return await _page(at, notices=refused_notice(refused))
    public_url = at.site.options.public_url.rstrip("/")
    return await _page(at, link=f"{public_url}/console/setup/{token.reveal()}")


@get(f"{_HOME}/{{user:str}}", opt=_ADMINISTRATORS)
async def show_administrator(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    return await _one(await system_desk(request, tenant), user)


@post(f"{_HOME}/{{user:str}}/give", opt=_ADMINISTRATORS)
async def give(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    """Give somebody one more role; the same one for the same tenant takes the place of what he had."""
    at = await system_desk(request, tenant)
    new = _grant(at, await read_fields(request))
    return await _given(at, user, new, adds=True)


@post(f"{_HOME}/{{user:str}}/take", opt=_ADMINISTRATORS)
async def take(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await system_desk(request, tenant)
    gone = _grant(at, await read_fields(request))
    return await _given(at, user, gone, adds=False)


async def _given(at: Desk, user_id: str, grant: Grant, *, adds: bool) -> Response[Any]:
    roles = at.services.roles
    before = (await roles.of(at.actor, user_id)).grants
    kept = [each for each in before if _place(each) != _place(grant)]
    try:
        await roles.give(at.actor, user_id, [*kept, grant] if adds else kept)
    except Refused as refused:
        return await _one(at, user_id, refused)
    return at.done(at.path("administrators", user_id), "form.saved")


@post(f"{_HOME}/proposals/{{proposal:str}}/confirm", opt=_ADMINISTRATORS)
async def confirm(request: AnyRequest, tenant: InPath, proposal: InPath) -> Response[Any]:
    at = await system_desk(request, tenant)
    try:
        done = await at.services.proposals.confirm(at.actor, proposal)
    except Refused as refused:
        return await _page(at, notices=refused_notice(refused))
    return at.done(at.path("administrators"), "role.confirmed", name=done.actor_name)


@post(f"{_HOME}/proposals/{{proposal:str}}/refuse", opt=_ADMINISTRATORS)
async def refuse(request: AnyRequest, tenant: InPath, proposal: InPath) -> Response[Any]:
    at = await system_desk(request, tenant)
    await at.services.proposals.refuse(at.actor, proposal)
    return at.done(at.path("administrators"), "role.refused")


# --- parts ----------------------------------------------------------------------------------------------


async def _page(at: Desk, *, notices: tuple[Notice, ...] = (), link: str = "") -> Response[Any]:
    holders = await at.services.roles.holders(at.actor)
    proposals = await at.services.proposals.list(at.actor)
    return at.page(
        "console/administrators.html",
        status=409 if notices else 200,
        notices=notices,
        holders=tuple((holder.user, _rows(at, holder.grants)) for holder in holders),
        proposals=tuple((each, _facts(at, each.facts)) for each in proposals),
        own_id=at.signed_in.user.user_id,
        link=link,
        **_choices(at),
    )


async def _one(at: Desk, user_id: str, refused: Refused | None = None) -> Response[Any]:
    holder = await at.services.roles.of(at.actor, user_id)
    return at.page(
        "console/administrator.html",
        status=409 if refused else 200,
        notices=refused_notice(refused) if refused else (),
        user=holder.user,
        grants=_rows(at, holder.grants),
        **_choices(at),
    )


def _choices(at: Desk) -> dict[str, tuple[Choice, ...]]:
    tenants = sorted(at.snapshot.tenants.values(), key=lambda tenant: tenant.name.casefold())
    groups = sorted(at.snapshot.groups.values(), key=lambda group: group.name.casefold())
    return {
        "roles": tuple(
            Choice(role.role_id, role.name if role.version else "")
            for role in at.services.roles.list(at.actor)
        ),
        "places": tuple(Choice(tenant.tenant_id, tenant.name) for tenant in tenants),
        "groups": tuple(
            Choice(group.group_id, f"{at.snapshot.tenants[group.tenant_id].name}: {group.name}")
            for group in groups
        ),
    }


def _rows(at: Desk, grants: tuple[Grant, ...]) -> tuple[GrantRow, ...]:
    return tuple(_row(at, grant) for grant in grants)


def _row(at: Desk, grant: Grant) -> GrantRow:
    role, tenant = at.snapshot.roles.get(grant.role_id), at.snapshot.tenants.get(grant.tenant_id)
    groups = [at.snapshot.groups.get((grant.tenant_id, group_id)) for group_id in grant.groups]
    return GrantRow(
        role_id=grant.role_id,
        role_name=role.name if role else "",
        tenant_id=grant.tenant_id,
        tenant_name=tenant.name if tenant else grant.tenant_id,
        group_names=tuple(group.name for group in groups if group),
    )


def _facts(at: Desk, facts: dict[str, Any]) -> tuple[tuple[Words, str], ...]:
    """Return what exactly is proposed, for who is to agree; roles by their names."""
    told = []
    for name, value in facts.items():
        if name == "roles":
            rows = [_row(at, Grant(**grant)) for grant in value]
            shown = ", ".join(f"{row.role_name or row.role_id} ({row.tenant_name or '*'})" for row in rows)
        else:
            shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        if shown:
            told.append((Words(f"role.fact.{name}"), shown))
    return tuple(told)


def _grant(at: Desk, fields: Fields) -> Grant:
    """Return what a form says; groups of other tenants than the one that was chosen are not meant."""
    tenant_id = fields.text("tenant_id", 64)
    groups = [each for each in fields.many("group_id") if (tenant_id, each) in at.snapshot.groups]
    return Grant(role_id=fields.text("role_id", 64), tenant_id=tenant_id, groups=tuple(sorted(groups)))


def _place(grant: Grant) -> tuple[str, str]:
    return grant.role_id, grant.tenant_id


ROUTES: Final = [administrators, invite, show_administrator, give, take, confirm, refuse]
