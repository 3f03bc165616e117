"""Applications: the protected services and the rules of each."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.exceptions import NotFoundException

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
from vestibule.frontends.http.templates.views import Choice, Form, Notice, Words
from vestibule.interfaces.store import Conflict
from vestibule.model.actor import Right
from vestibule.model.application import (
    CONSOLE_APPLICATION,
    PORTAL_APPLICATION,
    Application,
    FirstFactor,
    SecondFactor,
)
from vestibule.services.refusal import Refusal, Refused

BUILT_IN: Final = (CONSOLE_APPLICATION, PORTAL_APPLICATION)
_BESIDE: Final = {
    Refusal.NAME_TAKEN: "name",
    Refusal.NOT_FOUND: "directory_id",
    Refusal.LEGACY_UNCHECKED: "first_factor",
}


@get("/tenants/{tenant:str}/applications", opt=needs(Right.READ_CONFIGURATION))
async def applications(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return _list_page(await desk(request, tenant))


def _list_page(at: Desk, refused: Refused | None = None) -> Response[Any]:
    clients_of: dict[str, int] = {}
    for peer in at.snapshot.peers.values():
        if peer.client.tenant_id == at.tenant_id:
            application_id = peer.client.application_id
            clients_of[application_id] = clients_of.get(application_id, 0) + 1
    return at.page(
        "console/applications.html",
        status=409 if refused else 200,
        notices=refused_notice(refused) if refused else (),
        applications=at.services.applications.applications(at.actor, at.tenant_id),
        clients_of=clients_of,
    )


@get("/tenants/{tenant:str}/applications/new", opt=needs(Right.APPLICATIONS))
async def new_application(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return _edit_page(await desk(request, tenant), None)


@get("/tenants/{tenant:str}/applications/{application:str}", opt=needs(Right.READ_CONFIGURATION))
async def show_application(request: AnyRequest, tenant: InPath, application: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    return _edit_page(at, _application(at, application))


@post("/tenants/{tenant:str}/applications", opt=needs(Right.APPLICATIONS))
async def add_application(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    first_factor, second_factor = _factors(fields)
    if not fields.text("name", 100):
        return _edit_page(at, None, _form(fields, {"name": Words("form.required")}), fields)
    try:
        added = await at.services.applications.add_application(
            at.actor,
            tenant,
            fields.text("name", 100),
            first_factor=first_factor,
            directory_id=fields.text("directory_id") if first_factor is FirstFactor.DIRECTORY else "",
            second_factor=second_factor,
            methods=_methods(at, fields),
            is_legacy=fields.is_ticked("is_legacy"),
        )
    except Refused as refused:
        return _edit_page(at, None, refused_form(refused, _typed(fields), _BESIDE), fields)
    return at.done(at.path("applications"), "console.application.added", name=added.name)


@post("/tenants/{tenant:str}/applications/{application:str}", opt=needs(Right.APPLICATIONS))
async def change_application(request: AnyRequest, tenant: InPath, application: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    current = _application(at, application)
    fields = await read_fields(request)
    if fields.whole("version") != current.version:
        return _changed_meanwhile(at, application)
    if not fields.text("name", 100):
        return _edit_page(at, current, _form(fields, {"name": Words("form.required")}), fields)
    first_factor, second_factor = _factors(fields)
    changed = msgspec.structs.replace(
        current,
        name=fields.text("name", 100),
        first_factor=first_factor,
        directory_id=fields.text("directory_id") if first_factor is FirstFactor.DIRECTORY else "",
        second_factor=second_factor,
        methods=_methods(at, fields),
        is_enabled=fields.is_ticked("is_enabled"),
        is_legacy=fields.is_ticked("is_legacy"),
    )
    try:
        await at.services.applications.change_application(at.actor, changed)
    except Refused as refused:
        return _edit_page(at, current, refused_form(refused, _typed(fields), _BESIDE), fields)
    except Conflict:
        return _changed_meanwhile(at, application)
    return at.done(at.path("applications"), "form.saved")


@post("/tenants/{tenant:str}/applications/{application:str}/remove", opt=needs(Right.APPLICATIONS))
async def remove_application(request: AnyRequest, tenant: InPath, application: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    name = _application(at, application).name
    try:
        await at.services.applications.remove_application(at.actor, tenant, application)
    except Refused as refused:
        return _list_page(at, refused)
    return at.done(at.path("applications"), "console.application.removed", name=name)


# --- parts ----------------------------------------------------------------------------------------------


def application_choices(at: Desk) -> tuple[Choice, ...]:
    """Return the applications on whose behalf a client may ask: all but our own doors."""
    return tuple(
        Choice(application.application_id, application.name)
        for application in at.services.applications.applications(at.actor, at.tenant_id)
        if application.application_id not in BUILT_IN
    )


def _changed_meanwhile(at: Desk, application_id: str) -> Response[Any]:
    """Show the newest values, and that somebody else has written them."""
    notices = (Notice("bad", CHANGED_MEANWHILE),)
    return _edit_page(at, _application(at, application_id), notices=notices, status=409)


def _edit_page(
    at: Desk,
    application: Application | None,
    form: Form | None = None,
    fields: Fields | None = None,
    notices: tuple[Notice, ...] = (),
    status: int = 422,
) -> Response[Any]:
    names = tuple(sorted(at.services.enrollments.methods))
    chosen = _methods(at, fields) if fields else application.methods if application else ()
    stored = application.is_enabled if application else True
    return at.page(
        "console/application_edit.html",
        status=status if form or notices else 200,
        notices=notices,
        application=application,
        form=form or Form(),
        chosen_methods=chosen,
        is_enabled=fields.is_ticked("is_enabled") if fields else stored,
        can_be_legacy=application is None or application.application_id not in BUILT_IN,
        is_legacy=fields.is_ticked("is_legacy") if fields else bool(application and application.is_legacy),
        methods=names,
        directories=directory_choices(at),
    )


def directory_choices(at: Desk) -> tuple[Choice, ...]:
    found = at.services.applications.directories(at.actor, at.tenant_id)
    return tuple(Choice(directory.directory_id, directory.name) for directory in found)


def _application(at: Desk, application_id: str) -> Application:
    found = at.snapshot.applications.get((at.tenant_id, application_id))
    if found is None:
        raise NotFoundException
    return found


def _typed(fields: Fields) -> dict[str, str]:
    return {name: fields.text(name) for name in ("name", "first_factor", "directory_id", "second_factor")}


def _form(fields: Fields, errors: dict[str, Words]) -> Form:
    return Form(_typed(fields), errors)


def _factors(fields: Fields) -> tuple[FirstFactor, SecondFactor]:
    """Read both choices; what is none of them is the strict one."""
    first, second = fields.text("first_factor"), fields.text("second_factor")
    return (
        FirstFactor(first) if first in list(FirstFactor) else FirstFactor.LOCAL,
        SecondFactor(second) if second in list(SecondFactor) else SecondFactor.ALWAYS,
    )


def _methods(at: Desk, fields: Fields) -> tuple[str, ...]:
    known = at.services.enrollments.methods
    return tuple(sorted({name for name in fields.many("methods") if name in known}))


ROUTES: Final = [
    applications,
    new_application,
    show_application,
    add_application,
    change_application,
    remove_application,
]
