"""One user: setting his password, removing him. What marks a break-glass account is in standing_out.py."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from vestibule.frontends.http.console.desk import Desk, desk, refused_form
from vestibule.frontends.http.console.user.subject import page_of, subject_of
from vestibule.frontends.http.fields import InPath, read_fields
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Form
from vestibule.model.actor import Right
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.users import UserFields

PAGE: Final = "administration"
_BESIDE: Final = {
    Refusal.PASSWORD_TOO_SHORT: "password",
    Refusal.PASSWORD_TOO_LONG: "password",
    Refusal.PASSWORD_CONTAINS_NAME: "password",
}


@get(
    "/tenants/{tenant:str}/users/{user:str}/administration",
    opt=needs(Right.PASSWORDS, Right.CHANGE_PEOPLE, Right.RULES),
)
async def show_administration(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    return await administration_page(await desk(request, tenant), user)


async def administration_page(
    at: Desk, user_id: str, refused: Refused | None = None, *, password_form: Form | None = None
) -> Response[Any]:
    """Return the page, with what was refused above it or in its form."""
    subject = await subject_of(at, user_id)
    return page_of(at, subject, PAGE, refused, password_form, password_form=password_form or Form())


@post("/tenants/{tenant:str}/users/{user:str}/password", opt=needs(Right.PASSWORDS))
async def set_password(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    password = (await read_fields(request)).secret("password")
    try:
        await at.services.users.edit(at.actor, tenant, user, UserFields(), password)
    except Refused as refused:
        return await administration_page(at, user, password_form=refused_form(refused, {}, _BESIDE))
    return at.done(at.path("users", user, PAGE), "form.saved")


@post("/tenants/{tenant:str}/users/{user:str}/remove", opt=needs(Right.CHANGE_PEOPLE))
async def remove_user(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    subject = await subject_of(at, user)
    try:
        await at.services.users.remove(at.actor, tenant, user)
    except Refused as refused:
        return await administration_page(at, user, refused)
    return at.done(at.path("users"), "console.users.removed", name=subject.user.username)


ROUTES: Final = [show_administration, set_password, remove_user]
