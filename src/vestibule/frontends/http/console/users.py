"""People of a tenant: find, add, edit. The pages of one of them are in `user`."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule.frontends.http.console.desk import (
    Desk,
    desk,
    listed,
    refused_form,
    wanted_page,
)
from vestibule.frontends.http.console.user.subject import subject_of
from vestibule.frontends.http.console.user_filters import filter_of, words_of
from vestibule.frontends.http.fields import Fields, InPath, asked, chosen_language, read_fields
from vestibule.frontends.http.redirects import see_other
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Choice, Form
from vestibule.model.actor import Right
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.users import LANGUAGES_ELSEWHERE, UserFields

_RECENT: Final = 5
_LANGUAGES: Final = ("language", *LANGUAGES_ELSEWHERE)
_TYPED: Final = ("username", "other_names", "given_name", "family_name", "email", "phone", *_LANGUAGES)
_BESIDE: Final = {
    Refusal.NAME_INVALID: "username",
    Refusal.NAME_TAKEN: "username",
    Refusal.PASSWORD_TOO_SHORT: "password",
    Refusal.PASSWORD_TOO_LONG: "password",
    Refusal.PASSWORD_CONTAINS_NAME: "password",
}


@get("/tenants/{tenant:str}/users", opt=needs(Right.READ_PEOPLE))
async def users(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    words, page = words_of(lambda name: asked(request, name)), wanted_page(request)
    found = await listed(at.services.users.list(at.actor, tenant, filter_of(words), page))
    groups = tuple(Choice(group.group_id, group.name) for group in at.services.groups.list(at.actor, tenant))
    return at.page(
        "console/users.html",
        listed=found,
        where=words,
        cursor=page.cursor,
        groups=groups,
        methods=tuple(sorted(at.services.enrollments.methods)),
        bulk_acts=_bulk_acts(at, has_groups=bool(groups)),
    )


def _bulk_acts(at: Desk, *, has_groups: bool) -> tuple[str, ...]:
    acts = at.services.bulk.acts.values()
    return tuple(act.name for act in acts if has_groups or act.choice != "group")


# --- adding and editing ---------------------------------------------------------------------------------


@get("/tenants/{tenant:str}/users/new", opt=needs(Right.CHANGE_PEOPLE))
async def new_user(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Show the form; who administers the installation is invited by a link instead."""
    at = await desk(request, tenant)
    if tenant == SYSTEM_TENANT:
        return see_other(at.path("administrators"))
    return at.page("console/user_edit.html", user=None, form=Form())


@post("/tenants/{tenant:str}/users", opt=needs(Right.CHANGE_PEOPLE))
async def add_user(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    if tenant == SYSTEM_TENANT:
        raise NotFoundException
    fields = await read_fields(request)
    password = fields.secret("password")
    try:
        user = await at.services.users.add(at.actor, tenant, _user_fields(fields), password or None)
    except Refused as refused:
        form = refused_form(refused, _typed(fields), _BESIDE)
        return at.page("console/user_edit.html", status=422, user=None, form=form)
    return at.done(at.path("users", user.user_id), "form.saved")


@get("/tenants/{tenant:str}/users/{user:str}/edit", opt=needs(Right.CHANGE_PEOPLE))
async def edit_user(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    subject = await subject_of(at, user)
    return at.page("console/user_edit.html", user=subject.user, form=Form())


@post("/tenants/{tenant:str}/users/{user:str}", opt=needs(Right.CHANGE_PEOPLE))
async def change_user(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    password = fields.secret("password")
    try:
        await at.services.users.edit(
            at.actor,
            tenant,
            user,
            _user_fields(fields),
            password or None,
            version=fields.whole("version") or 0,
        )
    except Refused as refused:
        subject = await subject_of(at, user)
        if refused.why is Refusal.CHANGED_MEANWHILE:
            form = refused_form(refused, {}, {})  # the newest values, not the typed ones
            return at.page("console/user_edit.html", status=409, user=subject.user, form=form)
        form = refused_form(refused, {**_typed(fields), "version": str(subject.user.version)}, _BESIDE)
        return at.page("console/user_edit.html", status=422, user=subject.user, form=form)
    return at.done(at.path("users", user), "form.saved")


def _typed(fields: Fields) -> dict[str, str]:
    return {name: fields.text(name, 1000) for name in _TYPED}


def _user_fields(fields: Fields) -> UserFields:
    return UserFields(
        username=fields.text("username"),
        other_names=tuple(
            name for part in fields.text("other_names", 1000).split(",") if (name := part.strip())
        ),
        given_name=fields.text("given_name", 100),
        family_name=fields.text("family_name", 100),
        email=fields.text("email"),
        phone=fields.text("phone", 32),
        language=chosen_language(fields, "language"),
        language_call=chosen_language(fields, "language_call"),
        language_text=chosen_language(fields, "language_text"),
        language_app=chosen_language(fields, "language_app"),
        language_token=chosen_language(fields, "language_token"),
        send_mail=fields.is_ticked("send_mail"),
    )


ROUTES: Final = [users, new_user, add_user, edit_user, change_user]
