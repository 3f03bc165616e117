"""One user: setting his password, linking him to a directory, removing him.

What marks a break-glass account is in standing_out.py.
"""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from vestibule.frontends.http.console.desk import Desk, desk, refused_form
from vestibule.frontends.http.console.user.subject import page_of, subject_of
from vestibule.frontends.http.fields import InPath, read_fields
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Choice, Form, Words
from vestibule.model.actor import Right
from vestibule.services.directories import DirectorySilent
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.users import UserFields

PAGE: Final = "administration"
_BESIDE: Final = {
    Refusal.PASSWORD_TOO_SHORT: "password",
    Refusal.PASSWORD_TOO_LONG: "password",
    Refusal.PASSWORD_CONTAINS_NAME: "password",
}

_BESIDE_LINK: Final = {
    Refusal.ENTRY_UNKNOWN: "name",
    Refusal.ENTRY_LINKED: "name",
    Refusal.NOT_FOUND: "directory_id",
}


@get(
    "/tenants/{tenant:str}/users/{user:str}/administration",
    opt=needs(Right.PASSWORDS, Right.CHANGE_PEOPLE, Right.RULES),
)
async def show_administration(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    return await administration_page(await desk(request, tenant), user)


async def administration_page(
    at: Desk,
    user_id: str,
    refused: Refused | None = None,
    *,
    password_form: Form | None = None,
    link_form: Form | None = None,
) -> Response[Any]:
    """Return the page, with what was refused above it or in one of its forms."""
    subject = await subject_of(at, user_id)
    found = at.snapshot.directories.values() if at.may(Right.DIRECTORIES) else ()
    return page_of(
        at,
        subject,
        PAGE,
        refused,
        password_form,
        link_form,
        password_form=password_form or Form(),
        link_form=link_form or Form({"name": subject.user.username}),
        directories=tuple(
            Choice(one.directory_id, one.name) for one in found if one.tenant_id == at.tenant_id
        ),
    )


@post("/tenants/{tenant:str}/users/{user:str}/password", opt=needs(Right.PASSWORDS))
async def set_password(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    password = (await read_fields(request)).secret("password")
    try:
        await at.services.users.edit(at.actor, tenant, user, UserFields(), password)
    except Refused as refused:
        return await administration_page(at, user, password_form=refused_form(refused, {}, _BESIDE))
    return at.done(at.path("users", user, PAGE), "form.saved")


@post("/tenants/{tenant:str}/users/{user:str}/link", opt=needs(Right.CHANGE_PEOPLE))
async def link_user(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    """Link him to his entry in a directory."""
    at = await desk(request, tenant)
    fields = await read_fields(request)
    typed = {name: fields.text(name) for name in ("directory_id", "name")}
    try:
        await at.services.directory_links.link(at.actor, tenant, user, typed["directory_id"], typed["name"])
    except Refused as refused:
        return await administration_page(at, user, link_form=refused_form(refused, typed, _BESIDE_LINK))
    except DirectorySilent:
        silent = Form(typed, problem=Words("refusal.directory_silent"))
        return await administration_page(at, user, link_form=silent)
    return at.done(at.path("users", user, PAGE), "console.user.linked")


@post("/tenants/{tenant:str}/users/{user:str}/remove", opt=needs(Right.CHANGE_PEOPLE))
async def remove_user(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    subject = await subject_of(at, user)
    try:
        await at.services.users.remove(at.actor, tenant, user)
    except Refused as refused:
        return await administration_page(at, user, refused)
    return at.done(at.path("users"), "console.users.removed", name=subject.user.username)


ROUTES: Final = [show_administration, set_password, link_user, remove_user]
