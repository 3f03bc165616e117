"""Roles that the installation names itself, beside the built-in ones."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from vestibule.frontends.http.console.administrators import system_desk
from vestibule.frontends.http.console.desk import Desk, refused_form
from vestibule.frontends.http.fields import Fields, InPath, read_fields
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Form, Words
from vestibule.model.actor import Right
from vestibule.model.right import OF_ADMINISTRATORS
from vestibule.model.role import AdminRole
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.roles import LONGEST_NAME

_HOME: Final = "/tenants/{tenant:str}/roles"
_ADMINISTRATORS: Final = needs(Right.ADMINISTRATORS)
_BESIDE: Final = {Refusal.NAME_TAKEN: "name"}
RIGHTS: Final = tuple(right.value for right in Right if right in OF_ADMINISTRATORS)


@get(_HOME, opt=_ADMINISTRATORS)
async def roles(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return _list(await system_desk(request, tenant))


@post(_HOME, opt=_ADMINISTRATORS)
async def add_role(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await system_desk(request, tenant)
    fields = await read_fields(request)
    form = _missing(fields)
    if form is None:
        try:
            added = await at.services.roles.add(at.actor, fields.text("name", LONGEST_NAME), _ticked(fields))
        except Refused as refused:
            form = refused_form(refused, _typed(fields), _BESIDE)
        else:
            return at.done(at.path("roles", added.role_id), "form.saved")
    return _list(at, form, _ticked(fields))


@get(f"{_HOME}/{{role:str}}", opt=_ADMINISTRATORS)
async def show_role(request: AnyRequest, tenant: InPath, role: InPath) -> Response[Any]:
    at = await system_desk(request, tenant)
    return _one(at, at.services.roles.find(at.actor, role))


@post(f"{_HOME}/{{role:str}}", opt=_ADMINISTRATORS)
async def change_role(request: AnyRequest, tenant: InPath, role: InPath) -> Response[Any]:
    at = await system_desk(request, tenant)
    fields = await read_fields(request)
    found = at.services.roles.find(at.actor, role)
    form = _missing(fields)
    if form is None:
        name, version = fields.text("name", LONGEST_NAME), fields.whole("version") or 0
        try:
            await at.services.roles.change(at.actor, role, name, _ticked(fields), version)
        except Refused as refused:
            form = refused_form(refused, _typed(fields), _BESIDE)
        else:
            return at.done(at.path("roles", role), "form.saved")
    return _one(at, found, form, _ticked(fields))


@post(f"{_HOME}/{{role:str}}/remove", opt=_ADMINISTRATORS)
async def remove_role(request: AnyRequest, tenant: InPath, role: InPath) -> Response[Any]:
    at = await system_desk(request, tenant)
    found = at.services.roles.find(at.actor, role)
    try:
        await at.services.roles.remove(at.actor, role)
    except Refused as refused:
        return _one(at, found, refused_form(refused, {}, {}))
    return at.done(at.path("roles"), "role.removed", name=found.name)


def _list(at: Desk, form: Form | None = None, ticked: tuple[str, ...] = ()) -> Response[Any]:
    return at.page(
        "console/roles.html",
        status=422 if form else 200,
        roles=at.services.roles.list(at.actor),
        rights=RIGHTS,
        ticked=ticked,
        form=form or Form(),
        longest_name=LONGEST_NAME,
    )


def _one(
    at: Desk, role: AdminRole, form: Form | None = None, ticked: tuple[str, ...] | None = None
) -> Response[Any]:
    return at.page(
        "console/role.html",
        status=422 if form else 200,
        role=role,
        rights=RIGHTS,
        ticked=role.rights if ticked is None else ticked,
        form=form or Form(),
        longest_name=LONGEST_NAME,
    )


def _missing(fields: Fields) -> Form | None:
    if not fields.text("name", LONGEST_NAME):
        return Form(_typed(fields), {"name": Words("form.required")})
    if not _ticked(fields):
        return Form(_typed(fields), problem=Words("form.choose"))
    return None


def _ticked(fields: Fields) -> tuple[str, ...]:
    return tuple(right for right in RIGHTS if right in fields.many("rights"))


def _typed(fields: Fields) -> dict[str, str]:
    return {"name": fields.text("name", LONGEST_NAME)}


ROUTES: Final = [roles, add_role, show_role, change_role, remove_role]
