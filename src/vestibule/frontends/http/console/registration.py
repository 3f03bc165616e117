"""Registration: its settings for a tenant, and what an administrator does about that of one person."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response, get, post

from vestibule.frontends.http.console.desk import CHANGED_MEANWHILE, Desk, desk, refused_words
from vestibule.frontends.http.console.user.access import PAGE, access_page
from vestibule.frontends.http.fields import Fields, InPath, read_fields
from vestibule.frontends.http.redirects import see_other
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.site import origin_of
from vestibule.frontends.http.templates.views import Form
from vestibule.interfaces.store import Conflict
from vestibule.model.actor import Right
from vestibule.model.tenant import TenantSettings, Whom
from vestibule.model.user import Requirement
from vestibule.model.voucher import Vouch
from vestibule.services.refusal import Refused

_NUMBERS: Final = ("registration_methods", "registration_skip_days", "registration_code_days")


# --- the settings ---------------------------------------------------------------------------------------


@get("/tenants/{tenant:str}/settings/registration", opt=needs(Right.READ_CONFIGURATION))
async def show_settings(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return _page(await desk(request, tenant))


@post("/tenants/{tenant:str}/settings/registration", opt=needs(Right.SETTINGS))
async def change_settings(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    if fields.whole("version") != at.tenant.version:
        return _page(at, Form(problem=CHANGED_MEANWHILE), status=409)
    wanted = _wanted(at, fields)
    try:
        await at.services.applications.change_settings(at.actor, tenant, wanted)
    except Refused as refused:
        return _page(at, Form(problem=refused_words(refused)), wanted)
    except Conflict:
        return _page(await desk(request, tenant), Form(problem=CHANGED_MEANWHILE), status=409)
    return at.done(at.path("settings", "registration"), "form.saved")


def _wanted(at: Desk, fields: Fields) -> TenantSettings:
    policy, groups = fields.text("registration_policy"), _groups(at)
    methods = tuple(name for name in _methods(at) if name in fields.many("methods"))
    return msgspec.structs.replace(
        at.tenant.settings,
        # All of them, ticked one by one, are those of tomorrow, too.
        methods=() if len(methods) == len(_methods(at)) else methods,
        registration_policy=Whom(policy) if policy in set(Whom) else Whom.NOBODY,
        registration_groups=tuple(name for name in fields.many("registration_groups") if name in groups),
        registration_except_groups=tuple(
            name for name in fields.many("registration_except_groups") if name in groups
        ),
        vouching=tuple(way for way in Vouch if way.value in fields.many("vouching")),
        registration_open_until=fields.text("registration_open_until", 10),
        **{name: -1 if (number := fields.whole(name)) is None else number for name in _NUMBERS},
    )


def _page(
    at: Desk, form: Form | None = None, typed: TenantSettings | None = None, status: int = 422
) -> Response[Any]:
    settings = typed or at.tenant.settings
    return at.page(
        "console/registration.html",
        status=status if form else 200,
        settings=settings,
        methods=_methods(at),
        chosen_methods=settings.methods or _methods(at),
        groups=tuple(sorted(_groups(at).items(), key=lambda each: each[1].casefold())),
        policies=tuple(each.value for each in Whom),
        ways=tuple(each.value for each in Vouch),
        open_until=at.tenant.registration_open_until,
        version=at.tenant.version,
        form=form or Form(),
    )


def _methods(at: Desk) -> tuple[str, ...]:
    methods = at.services.enrollments.methods
    return tuple(sorted(name for name in methods if methods[name].descriptor.is_own))


def _groups(at: Desk) -> dict[str, str]:
    return {
        group.group_id: group.name
        for (tenant_id, _), group in at.snapshot.groups.items()
        if tenant_id == at.tenant_id
    }


# --- one person -----------------------------------------------------------------------------------------


@post("/tenants/{tenant:str}/users/{user:str}/requirement", opt=needs(Right.CHANGE_PEOPLE))
async def require(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    wanted = (await read_fields(request)).text("requirement")
    person = await at.services.users.find(at.actor, tenant, user)
    if person is not None and wanted in set(Requirement):
        await at.services.requirements.require(at.actor, tenant, [person.user.username], Requirement(wanted))
    return at.done(at.path("users", user, PAGE), "form.saved")


@post("/tenants/{tenant:str}/users/{user:str}/registration/demand", opt=needs(Right.AUTHENTICATORS))
async def demand(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    try:
        await at.services.requirements.demand_registration(at.actor, tenant, user)
    except Refused as refused:
        return await access_page(at, user, refused)
    return at.done(at.path("users", user, PAGE), "registration.console.demanded")


@post("/tenants/{tenant:str}/users/{user:str}/registration/forgo", opt=needs(Right.AUTHENTICATORS))
async def forgo(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    await at.services.requirements.withdraw_demand(at.actor, tenant, user)
    return at.done(at.path("users", user, PAGE), "form.saved")


@post("/tenants/{tenant:str}/users/{user:str}/registration/code", opt=needs(Right.AUTHENTICATORS))
async def make_code(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    """Make a code and show it on a page that can be printed, this one time."""
    at = await desk(request, tenant)
    person = await at.services.users.find(at.actor, tenant, user)
    try:
        code = await at.services.vouchers.make_code(at.actor, tenant, user)
    except Refused as refused:
        return await access_page(at, user, refused)
    assert person is not None
    return at.page(
        "console/registration_letter.html",
        user=person.user,
        code=code.reveal(),
        days=at.tenant.settings.registration_code_days,
        address=f"{origin_of(request)}/portal/{tenant}/",
    )


@post("/tenants/{tenant:str}/users/{user:str}/registration/mail", opt=needs(Right.AUTHENTICATORS))
async def mail_code(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    try:
        await at.services.vouchers.mail_code(at.actor, tenant, user)
    except Refused as refused:
        return await access_page(at, user, refused)
    return at.done(at.path("users", user, PAGE), "registration.console.mailed")


@get("/tenants/{tenant:str}/users/{user:str}/registration/code", opt=needs(Right.AUTHENTICATORS))
async def after_code(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    """A code is shown once: who loads its page again comes to the person's."""
    return see_other((await desk(request, tenant)).path("users", user, PAGE))


@post("/tenants/{tenant:str}/users/{user:str}/registration/window", opt=needs(Right.AUTHENTICATORS))
async def open_window(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    hours = (await read_fields(request)).whole("hours") or 0
    try:
        await at.services.vouchers.open_window(at.actor, tenant, user, hours)
    except Refused as refused:
        return await access_page(at, user, refused)
    return at.done(at.path("users", user, PAGE), "registration.console.window_open")


@post("/tenants/{tenant:str}/users/{user:str}/registration/withdraw", opt=needs(Right.AUTHENTICATORS))
async def withdraw(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    await at.services.vouchers.withdraw(at.actor, tenant, user)
    return at.done(at.path("users", user, PAGE), "form.saved")


ROUTES: Final = [
    show_settings,
    change_settings,
    require,
    demand,
    forgo,
    make_code,
    after_code,
    mail_code,
    open_window,
    withdraw,
]
