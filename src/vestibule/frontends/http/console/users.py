"""People of a tenant: find, add, edit, disable, unlock, remove, and what each of them holds."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule.frontends.http.console.desk import (
    Desk,
    desk,
    listed,
    refused_form,
    refused_notice,
    wanted_page,
)
from vestibule.frontends.http.console.user_filters import filter_of, words_of
from vestibule.frontends.http.fields import Fields, InPath, asked, chosen_language, read_fields
from vestibule.frontends.http.holdings import default_methods, holding_of
from vestibule.frontends.http.pin_words import rule_words
from vestibule.frontends.http.redirects import see_other
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Choice, Form, Standing
from vestibule.interfaces.store import Page, Person, VerificationFilter
from vestibule.model.actor import Right
from vestibule.model.application import CONSOLE_APPLICATION
from vestibule.model.authenticator import AuthenticatorStatus
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import UserStatus
from vestibule.services.phones import numbers_of
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
    subject = await _subject(at, user)
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
        subject = await _subject(at, user)
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
    )


# --- one person -----------------------------------------------------------------------------------------


@get("/tenants/{tenant:str}/users/{user:str}", opt=needs(Right.READ_PEOPLE))
async def show_user(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    return await user_page(await desk(request, tenant), user)


async def user_page(
    at: Desk,
    user_id: str,
    form: Form | None = None,
    refused: Refused | None = None,
    *,
    pin_form: Form | None = None,
    phone_form: Form | None = None,
    password_form: Form | None = None,
    new_pin: str = "",
    block_form: Form | None = None,
    bypass_form: Form | None = None,
    new_pass: str = "",
) -> Response[Any]:
    """Return the page of one person, with what was refused above it or in one of its forms."""
    subject = await _subject(at, user_id)
    services, methods = at.services, at.services.enrollments.methods
    shown = tuple(
        held
        for held in subject.authenticators
        if held.status is not AuthenticatorStatus.REVOKED
        and not (held.method in methods and not methods[held.method].descriptor.is_own)
    )
    attempts = await _latest_attempts(at, user_id)
    directory = at.snapshot.directories.get((at.tenant_id, subject.user.directory_id))
    return at.page(
        "console/user.html",
        status=422
        if refused or form or pin_form or phone_form or password_form or block_form or bypass_form
        else 200,
        notices=refused_notice(refused) if refused else (),
        user=subject.user,
        groups=await services.groups.of(at.actor, at.tenant_id, user_id),
        directory_name=directory.name if directory else "",
        holdings=tuple(holding_of(held, shown) for held in shown),
        default_methods=default_methods(methods, shown),
        phone_form=phone_form or Form(),
        password_form=password_form or Form(),
        recovery_codes_left=services.enrollments.recovery_codes_left(subject),
        throttles=tuple(throttle for throttle in subject.throttles.values() if throttle.failures),
        now=services.clock.now(),
        attempts=attempts,
        form=form or Form(),
        app_passwords=await services.app_passwords.list(at.actor, at.tenant_id, user_id),
        application_names=services.app_passwords.application_names(at.tenant_id),
        vouchers=await services.vouchers.standing(at.actor, at.tenant_id, user_id),
        vouching=tuple(way.value for way in at.tenant.settings.vouching),
        has_registered=bool(services.enrollments.prover.registered(subject)),
        browsers=await services.remembered_browsers.list(at.actor, at.tenant_id, user_id),
        pin=await services.pins.status(at.actor, at.tenant_id, user_id),
        pin_rules=rule_words(services.pins.rules(at.tenant_id)),
        pin_form=pin_form or Form(),
        new_pin=new_pin,
        standing=await _standing(at, subject, block_form or Form(), bypass_form or Form()),
        new_pass=new_pass,
    )


async def _standing(at: Desk, subject: Person, block_form: Form, bypass_form: Form) -> Standing:
    services, tenant_id, user_id = at.services, at.tenant_id, subject.user.user_id
    applications = sorted(
        (each for each in at.snapshot.applications.values() if each.tenant_id == tenant_id),
        key=lambda application: application.name.casefold(),
    )
    return Standing(
        block=await services.blocks.of(at.actor, tenant_id, user_id),
        block_days=services.blocks.usual_days(tenant_id),
        numbers=tuple(number for number in numbers_of(subject) if number.startswith("+")),
        bypass=await services.bypasses.of(at.actor, tenant_id, user_id),
        applications=tuple(
            (each.application_id, each.name)
            for each in applications
            if each.application_id != CONSOLE_APPLICATION
        ),
        access_pass=services.passes.of(subject, services.clock.now()),
        can_pass=bool(services.passes.method),
        sources=subject.sources,
        block_form=block_form,
        bypass_form=bypass_form,
    )


@post("/tenants/{tenant:str}/users/{user:str}/password", opt=needs(Right.PASSWORDS))
async def set_password(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    password = (await read_fields(request)).secret("password")
    try:
        await at.services.users.edit(at.actor, tenant, user, UserFields(), password)
    except Refused as refused:
        return await user_page(at, user, password_form=refused_form(refused, {}, _BESIDE))
    return at.done(at.path("users", user), "form.saved")


@post("/tenants/{tenant:str}/users/{user:str}/disable", opt=needs(Right.CHANGE_PEOPLE))
async def disable(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    return await _set_status(await desk(request, tenant), user, UserStatus.DISABLED)


@post("/tenants/{tenant:str}/users/{user:str}/enable", opt=needs(Right.CHANGE_PEOPLE))
async def enable(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    return await _set_status(await desk(request, tenant), user, UserStatus.ACTIVE)


async def _set_status(at: Desk, user_id: str, status: UserStatus) -> Response[Any]:
    try:
        await at.services.users.edit(at.actor, at.tenant_id, user_id, UserFields(status=status))
    except Refused as refused:
        return await user_page(at, user_id, refused=refused)
    return at.done(at.path("users", user_id), "form.saved")


@post("/tenants/{tenant:str}/users/{user:str}/unlock", opt=needs(Right.BLOCKS))
async def unlock(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    try:
        await at.services.users.unlock(at.actor, tenant, user)
    except Refused as refused:
        return await user_page(at, user, refused=refused)
    return at.done(at.path("users", user), "console.user.unlocked")


@post("/tenants/{tenant:str}/users/{user:str}/remove", opt=needs(Right.CHANGE_PEOPLE))
async def remove_user(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    subject = await _subject(at, user)
    try:
        await at.services.users.remove(at.actor, tenant, user)
    except Refused as refused:
        return await user_page(at, user, refused=refused)
    return at.done(at.path("users"), "console.users.removed", name=subject.user.username)


# --- what a person holds --------------------------------------------------------------------------------


@post("/tenants/{tenant:str}/users/{user:str}/tokens", opt=needs(Right.TOKENS))
async def assign_token(request: AnyRequest, tenant: InPath, user: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    serial = (await read_fields(request)).text("serial", 64)
    try:
        token = await at.services.enrollments.assign(at.actor, tenant, user, serial)
    except Refused as refused:
        beside = {Refusal.SERIAL_UNKNOWN: "serial"}
        return await user_page(at, user, refused_form(refused, {"serial": serial}, beside))
    return at.done(at.path("users", user), "console.user.assigned", serial=token.serial or "")


@post(
    "/tenants/{tenant:str}/users/{user:str}/authenticators/{authenticator:str}/remove",
    opt=needs(Right.AUTHENTICATORS, Right.TOKENS),
)
async def remove_authenticator(
    request: AnyRequest, tenant: InPath, user: InPath, authenticator: InPath
) -> Response[Any]:
    at = await desk(request, tenant)
    try:
        await at.services.enrollments.remove(at.actor, tenant, user, authenticator)
    except Refused as refused:
        return await user_page(at, user, refused=refused)
    return at.done(at.path("users", user), "console.user.removed")


async def _latest_attempts(at: Desk, user_id: str) -> tuple[Any, ...]:
    if not at.has(Right.READ_HISTORY):
        return ()
    where = VerificationFilter(user_id=user_id)
    return (await at.services.attempts.list(at.actor, at.tenant_id, where, Page(_RECENT))).rows


async def _subject(at: Desk, user_id: str) -> Person:
    subject = await at.services.users.find(at.actor, at.tenant_id, user_id)
    if subject is None:
        raise NotFoundException
    return subject


ROUTES: Final = [
    users,
    new_user,
    add_user,
    edit_user,
    change_user,
    show_user,
    set_password,
    disable,
    enable,
    unlock,
    remove_user,
    assign_token,
    remove_authenticator,
]
